"""ACT: turn events into deliveries, and send one again on request."""

import logging
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from redis.exceptions import RedisError

from apps.approvals.models import WebhookDelivery, WebhookEndpoint
from apps.approvals.webhook_rules import body_of, wants
from apps.core.errors import NotFound, StaleState
from apps.core.events import record
from apps.core.later import later
from apps.core.models import Event

log = logging.getLogger(__name__)

DELIVER = "apps.approvals.tasks.deliver_webhooks"
# Wakes a delivery task at most so often while events pour in; the task takes the mark away before it looks.
NUDGE_SECONDS = 2


def queue_deliveries(events: Sequence[Event]) -> None:
    """Event consumer: a delivery for each endpoint that wants an event; told twice, still one."""
    businesses = {event.business_id for event in events if event.business_id}
    # Read once for all, and after the events: an endpoint that was there when one of them happened is found.
    endpoints = list(
        WebhookEndpoint.objects.filter(business_id__in=businesses, enabled=True).only("id", "business_id", "kinds")
    )
    for event in events:
        for endpoint in endpoints:
            if endpoint.business_id == event.business_id and wants(endpoint.kinds, event.kind):
                _queue(event, endpoint)


def redeliver(*, delivery_id: UUID, actor: str) -> WebhookDelivery:
    """Send a delivery that has ended once more, with all its tries. Raises NotFound, StaleState."""
    with transaction.atomic():
        rows = WebhookDelivery.objects.filter(pk=delivery_id)
        delivery = rows.select_for_update(of=("self",)).select_related("endpoint").first()
        if delivery is None:
            raise NotFound
        if not delivery.endpoint.enabled:
            raise StaleState("The endpoint is disabled; enable it first")
        if delivery.state == WebhookDelivery.State.PENDING:
            raise StaleState("This is on its way already")
        delivery.state, delivery.attempts = WebhookDelivery.State.PENDING, 0
        delivery.next_attempt_at, delivery.delivered_at = timezone.now(), None
        delivery.save(update_fields=["state", "attempts", "next_attempt_at", "delivered_at"])
        record(
            kind="webhook.redelivered",
            subject_type="webhook",
            subject_id=delivery.endpoint_id,
            business_id=delivery.business_id,
            actor=actor,
            delivery=str(delivery.pk),
        )
        wake(delivery.endpoint_id)
    return delivery


def wake(endpoint_id: UUID) -> None:
    """Have a worker look at this endpoint after commit."""
    transaction.on_commit(partial(_nudge, endpoint_id))


def nudge_key(endpoint_id: UUID | str) -> str:
    return f"webhooks:{endpoint_id}"


def _nudge(endpoint_id: UUID) -> None:
    try:
        fresh = cache.add(nudge_key(endpoint_id), 1, NUDGE_SECONDS)
    except RedisError as error:
        log.warning("could not wake the deliveries to %s: %s", endpoint_id, error)
        return
    if fresh:
        later(DELIVER, str(endpoint_id))


def _queue(event: Event, endpoint: WebhookEndpoint) -> None:
    body = body_of(
        event_id=event.pk,
        kind=event.kind,
        at=event.at,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        actor=event.actor,
        data=event.data,
    )
    delivery = WebhookDelivery(
        business_id=endpoint.business_id,
        endpoint=endpoint,
        event_id=event.pk,
        kind=event.kind,
        body=body,
        next_attempt_at=timezone.now(),
    )
    WebhookDelivery.objects.bulk_create([delivery], ignore_conflicts=True)
    wake(endpoint.pk)
