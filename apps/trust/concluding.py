"""ACT: how a learning cycle ends, with its audit event, and with a notice where somebody must look after it."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from apps.alerts.raising import raise_notice, resolve_notice
from apps.alerts.severities import Severity
from apps.core.events import record
from apps.trust import pacing
from apps.trust.alerting import on_cycle_ended
from apps.trust.models import LearningCycle

SOURCE = "learning"
FAILED, SLOW = "learning:failed", "learning:slow"
TOO_LONG = timedelta(minutes=10)


def conclude(cycle: LearningCycle) -> bool:
    """The cycle has done its work; False when it was ended already. A failure or slowness told of before is over."""
    now = timezone.now()
    cycle.state, cycle.finished_at, cycle.duration_ms = LearningCycle.State.DONE, now, pacing.took_ms(cycle, now)
    cycle.progress, cycle.phase, cycle.error = 1.0, "", ""
    with transaction.atomic():
        if not _end(cycle):
            return False
        record_cycle(
            "learning_cycle.done",
            cycle,
            duration_ms=cycle.duration_ms,
            recommendations=cycle.recommendations,
            outcomes=cycle.outcomes,
            agents=cycle.agents,
            rules_updated=cycle.rules_updated,
        )
        resolve_notice(business_id=cycle.business_id, dedup_key=FAILED)
        if now - cycle.started_at > TOO_LONG:
            tell_slow(cycle)
        else:
            resolve_notice(business_id=cycle.business_id, dedup_key=SLOW)
        on_cycle_ended(cycle)
    return True


def give_up(cycle: LearningCycle, words: str, *, alarm: bool = True) -> bool:
    """The cycle has failed for good; False when it was ended already. alarm: whether anybody is told by notice."""
    now = timezone.now()
    cycle.state, cycle.finished_at, cycle.duration_ms = LearningCycle.State.FAILED, now, pacing.took_ms(cycle, now)
    cycle.error = words[:500]
    with transaction.atomic():
        if not _end(cycle):
            return False
        record_cycle("learning_cycle.failed", cycle, error=cycle.error, phase=cycle.phase)
        if alarm:
            raise_notice(
                business_id=cycle.business_id,
                severity=Severity.CRITICAL,
                title="A learning cycle failed",
                text="Trust stays as it was until a cycle succeeds; the next one tries again.",
                facts=[("Cycle", cycle.kind), ("Phase", cycle.phase), ("Error", cycle.error)],
                link=page(),
                dedup_key=FAILED,
                source=SOURCE,
            )
    return True


def tell_slow(cycle: LearningCycle) -> None:
    """Say that the cycle takes, or took, longer than it should. Call inside a transaction."""
    raise_notice(
        business_id=cycle.business_id,
        severity=Severity.WARNING,
        title=f"A learning cycle takes longer than {TOO_LONG.total_seconds() / 60:.0f} minutes",
        facts=[("Cycle", cycle.kind), ("Phase", cycle.phase or "done"), ("Started", cycle.started_at.isoformat())],
        link=page(),
        dedup_key=SLOW,
        source=SOURCE,
    )


def record_cycle(kind: str, cycle: LearningCycle, **data: Any) -> None:
    record(
        kind=kind,
        subject_type=pacing.SUBJECT,
        subject_id=cycle.pk,
        business_id=cycle.business_id,
        actor=cycle.started_by,
        cycle_kind=cycle.kind,
        **data,
    )


def page() -> str:
    """The address of the page of cycles."""
    try:
        return reverse("admin:learning")
    except NoReverseMatch:
        return ""


def _end(cycle: LearningCycle) -> bool:
    rows = LearningCycle.objects.filter(pk=cycle.pk, state=LearningCycle.State.RUNNING)
    names = ("state", "finished_at", "duration_ms", "progress", "phase", "error")
    ended = rows.update(**{name: getattr(cycle, name) for name in names}) == 1
    if ended:
        transaction.on_commit(lambda: pacing.push(cycle, at_once=True))
    return ended
