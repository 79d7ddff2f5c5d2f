"""Push to open browsers: which business changed, and what; the page then fetches what it may see."""

import asyncio
import logging
import os
import threading
from collections.abc import Coroutine, Sequence
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings

from apps.core.models import Event

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
# The channel group of superusers: they look after what belongs to the installation, whichever business they are in.
INSTALLATION = "installation"


def group_of(business_id: UUID | str) -> str:
    """The channel group of everybody who looks at this business."""
    return f"business-{business_id}"


def push_events(events: Sequence[Event]) -> None:
    """Event consumer: tell open pages that something changed, and what, without content.

    A push that fails is not repeated: pages also poll.
    """
    try:
        _loop.run(_push_all(events))
    except Exception as error:
        log.warning("live push failed: %s", error)


async def _push_all(events: Sequence[Event]) -> None:
    layer = get_channel_layer()
    for event in events:
        message = {"kind": event.kind, "type": event.subject_type, "id": event.subject_id}
        for group in groups_of(event):
            await layer.group_send(group, {"type": "changed", "message": message, "group": group})


def groups_of(event: Event) -> list[str]:
    """Who is told: everybody who looks at its business; superusers, where it belongs to none or is theirs to watch."""
    groups = [group_of(event.business_id)] if event.business_id else []
    if event.business_id is None or event.subject_type in settings.LIVE_FOR_SUPERUSERS:
        groups.append(INSTALLATION)
    return groups


class _Loop:
    """One event loop a process, in a thread of its own: the layer keeps its connection to Redis there.

    A loop for each push, as async_to_sync makes, took twenty times as long as the push.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait until `work` is done there. Raises what it raises, TimeoutError after PATIENCE_SECONDS."""
        # A forked child inherits the mark but not the thread.
        if self._pid != os.getpid():
            self._start()
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    def _start(self) -> None:
        with self._lock:
            if self._pid != os.getpid():
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="live", daemon=True).start()
                self._pid = os.getpid()


_loop = _Loop()
