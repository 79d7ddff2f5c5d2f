"""ACT: write down how a delivery ended and what that says of its channel, with the audit events."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from apps.alerts.models import Channel, Delivery, Notice
from apps.alerts.raising import SEND, resolve_notice
from apps.alerts.retrying import Result
from apps.core.events import record
from apps.core.later import later

ACTOR = "system:alerts"
TOO_MANY = 429


def end(delivery: Delivery, *, state: Delivery.State, words: str) -> None:
    """Delivered, failed for good, or withdrawn. Call inside `reach`, by whoever holds the delivery."""
    now, words = timezone.now(), words[:300]
    Delivery.objects.filter(pk=delivery.pk).update(
        state=state,
        last_error=words,
        held_until=None,
        delivered_at=now if state == Delivery.State.DELIVERED else None,
    )
    if state == Delivery.State.DELIVERED:
        _got_through(delivery.channel, now)
    elif state == Delivery.State.FAILED:
        _gave_up(delivery, words)
        _is_failing(delivery.channel, words, now)
    _go_on(delivery)


def pause(delivery: Delivery, result: Result, until: datetime) -> None:
    """An attempt that is to be repeated: note it on the channel, and leave one that asked for time in peace."""
    if delivery.channel is None:
        return
    Channel.objects.filter(pk=delivery.channel.pk).update(last_at=timezone.now(), last_words=result.error[:300])
    if result.status == TOO_MANY:
        others = Delivery.objects.filter(channel=delivery.channel_id, state=Delivery.State.PENDING)
        others.filter(next_attempt_at__lt=until).update(next_attempt_at=until)


def _go_on(delivery: Delivery) -> None:
    """The end of a beginning lets its end be told; a test is over once it was told."""
    if delivery.action != Delivery.Action.TRIGGER:
        return
    notice: Notice = delivery.notice
    if notice.test and notice.resolved_at is None:
        resolve_notice(business_id=notice.business_id, dedup_key=notice.dedup_key)
    waiting = Delivery.objects.filter(
        Q(channel=delivery.channel_id), notice=notice, action=Delivery.Action.RESOLVE, state=Delivery.State.PENDING
    )
    for pk in waiting.values_list("pk", flat=True):
        later(SEND, str(pk))


def _got_through(channel: Channel | None, now: datetime) -> None:
    if channel is None:
        return
    rows = Channel.objects.filter(pk=channel.pk)
    rows.update(last_at=now, last_words="Delivered")
    if rows.exclude(failing="").update(failing=""):
        _record("alert_channel.recovered", channel)


def _is_failing(channel: Channel | None, words: str, now: datetime) -> None:
    if channel is None:
        return
    rows = Channel.objects.filter(pk=channel.pk)
    rows.update(last_at=now, last_words=words)
    fresh = rows.filter(failing="").update(failing=words)
    rows.update(failing=words)
    if fresh:
        _record("alert_channel.failing", channel, reason=words)


def _gave_up(delivery: Delivery, words: str) -> None:
    record(
        kind="notice.not_delivered",
        subject_type="notice",
        subject_id=delivery.notice_id,
        business_id=delivery.business_id,
        actor=ACTOR,
        by=str(delivery.channel) if delivery.channel else "mail",
        action=delivery.action,
        attempts=delivery.attempts,
        reason=words,
    )


def _record(kind: str, channel: Channel, **data: str) -> None:
    record(
        kind=kind,
        subject_type="alert_channel",
        subject_id=channel.pk,
        business_id=channel.business_id,
        actor=ACTOR,
        name=channel.name,
        channel_kind=channel.kind,
        **data,
    )
