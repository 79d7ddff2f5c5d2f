"""Push to open browsers: which business changed, and what; the page then fetches what it may see."""

import logging
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from apps.core.models import Event

log = logging.getLogger(__name__)


def group_of(business_id: UUID | str) -> str:
    """The channel group of everybody who looks at this business."""
    return f"business-{business_id}"


def push(business_id: UUID | str, message: dict[str, Any]) -> None:
    """Send a small JSON-able message, without content, to everybody who looks at this business."""
    layer = get_channel_layer()
    async_to_sync(layer.group_send)(group_of(business_id), {"type": "changed", "message": message})


def push_event(event: Event) -> None:
    """Event consumer: tell open pages that something changed. A push that fails is not repeated: pages also poll."""
    if event.business_id is None:
        return
    try:
        push(event.business_id, {"kind": event.kind, "type": event.subject_type, "id": event.subject_id})
    except Exception as error:
        log.warning("live push failed: %s", error)
