"""ACT: say how far a learning cycle has come: on its row, so that another process can go on, and on open pages."""

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core.live import push_events
from apps.core.models import Event
from apps.trust.models import LearningCycle

SUBJECT = "learning_cycle"
PROGRESS = "learning_cycle.progress"
# Pages are told at most so often, in seconds.
PUSH_EVERY = 0.5
# A phase that begins sooner after the last word need not be written down: begun again, it does the same.
SAVE_EVERY = timedelta(seconds=0.25)
KEPT = ("attempts",)
COUNTED = ("recommendations", "outcomes", "agents", "rules_updated")

_pushed: dict[UUID, float] = {}


def save(cycle: LearningCycle, *, position: dict[str, Any] | None = None, progress: float | None = None) -> None:
    """Write down what the cycle has counted so far, where it is and that it is alive; tell open pages after commit.

    position: where in its phase it goes on. progress: of the whole, 0 to 1; it never goes back.
    """
    cycle.seen_at = timezone.now()
    if position is not None:
        cycle.position = position
    if progress is not None:
        cycle.progress = max(cycle.progress, min(1.0, progress))
    rows = LearningCycle.objects.filter(pk=cycle.pk, state=LearningCycle.State.RUNNING)
    rows.update(
        seen_at=cycle.seen_at,
        phase=cycle.phase,
        position=cycle.position,
        progress=cycle.progress,
        **{name: getattr(cycle, name) for name in COUNTED},
    )
    transaction.on_commit(lambda: push(cycle))


def begin(cycle: LearningCycle, phase: str, *, progress: float) -> None:
    """The cycle enters a phase, at its beginning. Written down unless something was a moment ago."""
    cycle.phase = phase
    cycle.progress = max(cycle.progress, progress)
    # What a phase has kept of its place is nothing to the next one.
    cycle.position = {name: cycle.position[name] for name in KEPT if name in cycle.position}
    if timezone.now() - cycle.seen_at > SAVE_EVERY:
        save(cycle)


def push(cycle: LearningCycle, *, at_once: bool = False) -> None:
    """Have open pages look at the cycle again. No event is kept of it: the row says all."""
    now = time.monotonic()
    if not at_once and now - _pushed.get(cycle.pk, -PUSH_EVERY) < PUSH_EVERY:
        return
    if len(_pushed) > 100:
        _pushed.clear()
    _pushed[cycle.pk] = now
    push_events([Event(kind=PROGRESS, subject_type=SUBJECT, subject_id=str(cycle.pk), business_id=cycle.business_id)])


def took_ms(cycle: LearningCycle, until: datetime) -> int:
    return max(0, int((until - cycle.started_at).total_seconds() * 1000))
