"""ACT: send what is due to one endpoint, one message after the other, with no transaction open while it answers.

One task at a time works for an endpoint, and it stops when no answer comes: a dead or slow endpoint holds one worker
for seconds, never the others.
"""

import json
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.approvals.endpoints import disable
from apps.approvals.models import WebhookDelivery, WebhookEndpoint
from apps.approvals.webhook_rules import next_try, pause_after, seconds_asked
from apps.core.errors import GatehouseError
from apps.core.outbound import send
from apps.core.sealing import unseal
from apps.core.signing import signed_headers

log = logging.getLogger(__name__)

ACTOR = "system:webhooks"
TIMEOUT_SECONDS = 15
# Longer than one message can take; when a worker dies, another goes on after it.
LEASE = timedelta(seconds=60)
WORK_SECONDS = 25
GONE = 410


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attempt. status None: no answer. retry_after: seconds the endpoint asked for."""

    status: int | None
    error: str = ""
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def due_endpoints(*, now: datetime, limit: int = 500) -> list[UUID]:
    """Endpoints with something due that nobody is sending now. Looks across businesses: for the owner of the tables."""
    rows = WebhookEndpoint.objects.filter(_is_free(now), enabled=True)
    due = rows.filter(deliveries__state=WebhookDelivery.State.PENDING, deliveries__next_attempt_at__lte=now)
    return list(due.order_by().values_list("pk", flat=True).distinct()[:limit])


def deliver_to(*, endpoint_id: UUID, business_id: UUID) -> tuple[int, bool]:
    """Send what is due, for at most WORK_SECONDS; (messages delivered, whether more is due)."""
    endpoint = _hold(endpoint_id, business_id)
    if endpoint is None:
        return 0, False
    delivered, until = 0, time.monotonic() + WORK_SECONDS
    while delivery := _take(endpoint):
        result = _post(endpoint, delivery)
        _keep(endpoint, delivery, result)
        delivered += result.ok
        if result.status in (None, GONE):
            return delivered, False
        if time.monotonic() > until:
            break
    _let_go(endpoint)
    return delivered, delivery is not None


def _is_free(now: datetime) -> Q:
    return Q(held_until=None) | Q(held_until__lte=now)


def _hold(endpoint_id: UUID, business_id: UUID) -> WebhookEndpoint | None:
    now = timezone.now()
    with acting_for(business_id):
        rows = WebhookEndpoint.objects.filter(pk=endpoint_id)
        if not rows.filter(_is_free(now), enabled=True).update(held_until=now + LEASE):
            return None
        return rows.get()


def _let_go(endpoint: WebhookEndpoint) -> None:
    with acting_for(endpoint.business_id):
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(held_until=None)


def _take(endpoint: WebhookEndpoint) -> WebhookDelivery | None:
    """Count an attempt and commit it before it is made, so that one who dies in it has used one up."""
    now = timezone.now()
    with acting_for(endpoint.business_id):
        rows = WebhookDelivery.objects.filter(
            endpoint=endpoint, state=WebhookDelivery.State.PENDING, next_attempt_at__lte=now
        )
        delivery = rows.order_by("next_attempt_at", "id").select_for_update(skip_locked=True).first()
        if delivery is None:
            return None
        delivery.attempts += 1
        delivery.next_attempt_at = now + LEASE
        delivery.save(update_fields=["attempts", "next_attempt_at"])
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(held_until=now + LEASE)
    return delivery


def _post(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> Result:
    content = json.dumps(delivery.body, separators=(",", ":"), ensure_ascii=False).encode()
    try:
        headers = signed(endpoint, str(delivery.event_id), content, datetime.now(UTC))
        answer = send("POST", endpoint.url, content=content, headers=headers, timeout=TIMEOUT_SECONDS)
    except GatehouseError as error:
        return Result(None, error.detail)
    if answer.ok:
        return Result(answer.status)
    words = "Redirects are not followed" if 300 <= answer.status < 400 else f"Answered {answer.status}"
    return Result(answer.status, words, seconds_asked(answer.headers.get("retry-after")))


def signed(endpoint: WebhookEndpoint, message_id: str, content: bytes, at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks; two signatures for a day after the secret was rotated."""
    secrets = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_secret_until and endpoint.old_secret_until > at:
        secrets.append(endpoint.old_secret)
    keys = [unseal(secret) for secret in secrets]
    return signed_headers(keys, message_id=message_id, at=at, content=content)


def _keep(endpoint: WebhookEndpoint, delivery: WebhookDelivery, result: Result) -> None:
    now = timezone.now()
    with acting_for(endpoint.business_id):
        # An attempt that outlived its lease must not overwrite what a later one found.
        rows = WebhookDelivery.objects.filter(
            pk=delivery.pk, attempts=delivery.attempts, state=WebhookDelivery.State.PENDING
        )
        told = {"response_status": result.status, "last_error": result.error[:300]}
        if result.ok:
            rows.update(state=WebhookDelivery.State.DELIVERED, delivered_at=now, **told)
        else:
            _keep_failure(endpoint, delivery, result, now, told)
        _keep_health(endpoint, result, now)


def _keep_failure(
    endpoint: WebhookEndpoint, delivery: WebhookDelivery, result: Result, now: datetime, told: Mapping[str, object]
) -> None:
    rows = WebhookDelivery.objects.filter(
        pk=delivery.pk, attempts=delivery.attempts, state=WebhookDelivery.State.PENDING
    )
    wait = None if result.status == GONE else next_try(delivery.attempts, random.random(), result.retry_after)  # noqa: S311
    if wait is not None:
        rows.update(next_attempt_at=now + wait, **told)
        return
    rows.update(state=WebhookDelivery.State.FAILED, **told)
    if result.status == GONE:
        disable(endpoint, actor=ACTOR, reason="It answered 410 Gone")
    elif not WebhookDelivery.objects.filter(endpoint=endpoint, delivered_at__gte=delivery.created_at).exists():
        disable(endpoint, actor=ACTOR, reason="Nothing could be delivered for three days")


def _keep_health(endpoint: WebhookEndpoint, result: Result, now: datetime) -> None:
    """No answer at all pauses the endpoint, the longer the more often; any answer ends that."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    if result.status is None:
        endpoint.failures = min(endpoint.failures + 1, 1000)
        rows.update(failures=endpoint.failures, held_until=now + pause_after(endpoint.failures))
    elif endpoint.failures:
        endpoint.failures = 0
        rows.update(failures=0)
