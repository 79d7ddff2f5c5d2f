"""ACT: make the deliveries that are due. An attempt is written before it is made, and made outside any transaction.

Of several workers one gets a delivery, by a conditional UPDATE, and holds it for LEASE. One that dies has used up the
attempt, and another goes on when the lease is over: what it had sent before is then sent twice (PagerDuty knows it by
its dedup_key, mail programs by its Message-ID, Slack shows it twice).
"""

import logging
import random
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.alerts.ending import end, pause
from apps.alerts.formats import Message
from apps.alerts.mailing import mail, people_to_mail
from apps.alerts.models import Channel, Delivery, Notice
from apps.alerts.raising import WITHDRAWN
from apps.alerts.reaching import reach
from apps.alerts.retrying import Result, next_try
from apps.alerts.severities import Severity
from apps.alerts.telling import tell

log = logging.getLogger(__name__)

# Longer than one attempt can take.
LEASE = timedelta(seconds=60)
TRIGGER, RESOLVE = Delivery.Action.TRIGGER, Delivery.Action.RESOLVE
PENDING, DELIVERED, WITHDRAWN_STATE = Delivery.State.PENDING, Delivery.State.DELIVERED, Delivery.State.WITHDRAWN


def due_deliveries(*, limit: int = 500) -> list[UUID]:
    """Those that are due and that nobody is sending. Looks across businesses: for the owner of the tables."""
    return list(_due(Delivery.objects.all()).order_by("next_attempt_at").values_list("pk", flat=True)[:limit])


def deliver(*, delivery_id: UUID, business_id: UUID | None) -> bool:
    """Make one attempt, if it is due and nobody else does; whether it got through."""
    taken = _take(delivery_id, business_id)
    if taken is None:
        return False
    delivery, message, people = taken
    result = _attempt(delivery, message, people)
    with reach(business_id):
        return _keep(delivery, result)


def _due(rows: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    now = timezone.now()
    begun = Delivery.objects.filter(
        notice=OuterRef("notice"), channel=OuterRef("channel"), action=TRIGGER, state=PENDING
    )
    free = Q(held_until=None) | Q(held_until__lte=now)
    # The end is told after the beginning, never before.
    return rows.filter(free, Q(action=TRIGGER) | ~Exists(begun), state=PENDING, next_attempt_at__lte=now)


def _take(delivery_id: UUID, business_id: UUID | None) -> tuple[Delivery, Message, list[str]] | None:
    with reach(business_id):
        rows = Delivery.objects.filter(pk=delivery_id)
        _lock_notice(delivery_id)
        if not _due(rows).update(attempts=F("attempts") + 1, held_until=timezone.now() + LEASE):
            return None
        delivery = rows.select_related("notice", "channel", "business").get()
        if reason := _needless(delivery):
            end(delivery, state=WITHDRAWN_STATE, words=reason)
            return None
        by_mail = delivery.channel is None or delivery.channel.kind == Channel.Kind.EMAIL
        return delivery, _message(delivery), people_to_mail(delivery) if by_mail else []


def _lock_notice(delivery_id: UUID) -> None:
    """Keep `resolve_notice` from passing by while a delivery of the notice changes; it locks in the same order."""
    list(Notice.objects.filter(deliveries=delivery_id).select_for_update(of=("self",)).values_list("pk"))


def _needless(delivery: Delivery) -> str:
    """Why a delivery need not be made any more; "" when it must."""
    if delivery.channel is not None and not delivery.channel.enabled:
        return "The channel was switched off"
    if delivery.action == TRIGGER:
        return WITHDRAWN if delivery.notice.resolved_at else ""
    begun = Delivery.objects.get(notice=delivery.notice_id, channel=delivery.channel_id, action=TRIGGER)
    if begun.state == DELIVERED:
        return ""
    # An attempt without a clear answer may have opened an incident all the same.
    unclear = begun.response_status is None or begun.response_status >= 500
    is_pagerduty = delivery.channel is not None and delivery.channel.kind == Channel.Kind.PAGERDUTY
    return "" if is_pagerduty and unclear else "It was never told that it began"


def _message(delivery: Delivery) -> Message:
    notice: Notice = delivery.notice
    return Message(
        notice_id=notice.pk,
        severity=Severity(notice.severity),
        title=notice.title,
        text=notice.text,
        facts=tuple((fact["name"], fact["value"]) for fact in notice.facts),
        url=settings.PUBLIC_URL.rstrip("/") + notice.link if notice.link else "",
        business=delivery.business.name if delivery.business else "",
        source=notice.source,
        opened_at=notice.opened_at,
        resolved_at=notice.resolved_at,
        over=delivery.action == RESOLVE,
    )


def _attempt(delivery: Delivery, message: Message, people: list[str]) -> Result:
    try:
        if delivery.channel is None or delivery.channel.kind == Channel.Kind.EMAIL:
            return mail(message, delivery, people)
        return tell(delivery.channel, message)
    except Exception as error:
        # Only the kind of error: its words might hold what must not be written anywhere.
        log.error("a notice could not be told: %s", type(error).__name__)
        return Result(ok=False, error=f"{type(error).__name__} in Gatehouse")


def _keep(delivery: Delivery, result: Result) -> bool:
    _lock_notice(delivery.pk)
    # An attempt that outlived its lease must not overwrite what a later one found.
    mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=PENDING)
    if not mine.exists():
        return result.ok
    delivery.mailed = [*delivery.mailed, *result.mailed]
    delivery.response_status = result.status
    mine.update(mailed=delivery.mailed, response_status=result.status)
    if result.ok:
        end(delivery, state=DELIVERED, words=result.error)
        return True
    wait = None if result.permanent else next_try(delivery.attempts, random.random(), result.retry_after)  # noqa: S311
    over = delivery.action == TRIGGER and not Notice.objects.filter(pk=delivery.notice_id, resolved_at=None).exists()
    if wait is None:
        end(delivery, state=Delivery.State.FAILED, words=result.error)
    elif over:
        end(delivery, state=WITHDRAWN_STATE, words=WITHDRAWN)
    else:
        then = timezone.now() + wait
        mine.update(next_attempt_at=then, held_until=None, last_error=result.error[:300])
        pause(delivery, result, then)
    return False
