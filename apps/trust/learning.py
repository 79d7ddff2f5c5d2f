"""ACT: learning cycles: one at a time in each business, phase by phase, gone on with where a killed one stopped.

A cycle is a row, of which a business has at most one that runs; the process at work on it holds an advisory lock, which
goes when the process does. Every phase may be begun again: what it did is committed batch by batch, and doing it twice
comes to the same.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core.connections import AWAY
from apps.core.errors import GatehouseError, Invalid, NotFound, StaleState
from apps.core.later import later
from apps.core.locking import holding
from apps.trust import pacing, phases
from apps.trust.advising import advise
from apps.trust.concluding import TOO_LONG, conclude, give_up, record_cycle, tell_slow
from apps.trust.discovering import discover
from apps.trust.measuring import measure
from apps.trust.models import LearningCycle
from apps.trust.switch import is_learning

log = logging.getLogger(__name__)

RUN = "apps.trust.tasks.run_learning_cycle"
Kind = LearningCycle.Kind
# A cycle that nobody has got on with for so long has lost its process.
LOST = timedelta(minutes=1)
MOST_ATTEMPTS = 3
SWITCHED_OFF = "Learning was switched off"


class Phase(NamedTuple):
    """One phase. title: as pages show it while it goes on. kinds: of the cycles it belongs to."""

    name: str
    title: str
    does: Callable[[LearningCycle], None]
    kinds: frozenset[str]


ALL = frozenset({Kind.FULL.value, Kind.INCREMENTAL.value, Kind.TRUST.value})
DEEP = frozenset({Kind.FULL.value, Kind.INCREMENTAL.value})
FULL = frozenset({Kind.FULL.value})
PHASES: tuple[Phase, ...] = (
    Phase("fold", "Taking in new outcomes", phases.fold, ALL),
    Phase("rebuild", "Adding everything up anew", phases.sum_anew, FULL),
    Phase("learn", "Learning how fast evidence ages", phases.learn, FULL),
    Phase("score", "Computing trust", phases.score, ALL),
    Phase("steer", "Switching off whom nobody trusts", phases.steer, ALL),
    Phase("discover", "Looking for patterns", discover, DEEP),
    Phase("measure", "Measuring how well trust foretold", measure, DEEP),
    Phase("advise", "Putting it into words", advise, DEEP),
)


def start_cycle(*, business_id: UUID, kind: str, started_by: str) -> LearningCycle:
    """Begin a cycle, which a worker carries out after commit. kind: full, incremental or trust.

    Raises Invalid (kind), StaleState: one runs already, or the business does not learn.
    """
    cycle = _begin(business_id, kind, started_by)
    later(RUN, str(cycle.pk))
    return cycle


def run_cycle(*, business_id: UUID, kind: str, started_by: str) -> LearningCycle:
    """Begin a cycle and carry it out here and now; as it ended. Raises as start_cycle, and what a phase raises."""
    return resume(cycle_id=_begin(business_id, kind, started_by).pk)


def resume(*, cycle_id: UUID) -> LearningCycle:
    """Carry a cycle out from where it stands; as it is then. One that another process is at work on is left to it.

    Raises NotFound, and what a phase raises: the cycle then goes on at the next call, and has failed for good at the
    third error. While the database is away no error counts.
    """
    cycle = LearningCycle.objects.filter(pk=cycle_id).first()
    if cycle is None:
        raise NotFound("There is no learning cycle of this id")
    with holding(f"learning:{cycle.business_id}") as mine:
        if mine:
            cycle.refresh_from_db()
            if cycle.state == LearningCycle.State.RUNNING:
                _carry_out(cycle)
    cycle.refresh_from_db()
    return cycle


def lost_cycles(*, now: datetime) -> list[UUID]:
    """Cycles that no process has got on with of late. Of those that take too long, people are told."""
    running = LearningCycle.objects.filter(state=LearningCycle.State.RUNNING)
    for cycle in running.filter(started_at__lt=now - TOO_LONG):
        with transaction.atomic():
            tell_slow(cycle)
    return list(running.filter(seen_at__lt=now - LOST).values_list("pk", flat=True))


def phases_of(kind: str) -> list[Phase]:
    """The phases of a kind of cycle, in order."""
    return [phase for phase in PHASES if kind in phase.kinds]


def _begin(business_id: UUID, kind: str, started_by: str) -> LearningCycle:
    if kind not in Kind.values:
        raise Invalid("kind", f"One of {', '.join(Kind.values)}")
    if not is_learning(business_id):
        raise StaleState("Learning is switched off for this business")
    now = timezone.now()
    cycle = LearningCycle(business_id=business_id, kind=kind, started_by=started_by[:120], started_at=now, seen_at=now)
    try:
        with transaction.atomic():
            cycle.save(force_insert=True)
            record_cycle("learning_cycle.started", cycle)
    except IntegrityError as error:
        if "cycle_one_at_a_time" not in str(error):
            raise
        raise _already(business_id) from None
    return cycle


def _already(business_id: UUID) -> StaleState:
    running = LearningCycle.objects.filter(business_id=business_id, state=LearningCycle.State.RUNNING).first()
    if running is None:
        return StaleState("A learning cycle has only just ended; try again")
    when, share = running.started_at.isoformat(timespec="seconds"), f"{running.progress:.0%}"
    words = f"A learning cycle runs already: {running.started_by} began it at {when}, and {share} of it is done"
    return StaleState(words, cycle=str(running.pk))


def _carry_out(cycle: LearningCycle) -> None:
    try:
        if _go_through(cycle):
            conclude(cycle)
    except AWAY:
        raise
    except Exception as error:
        _count_error(cycle, error)
        raise


def _go_through(cycle: LearningCycle) -> bool:
    """The phases from where the cycle stands; False when it has come to an end before them."""
    todo = phases_of(cycle.kind)
    names = [phase.name for phase in todo]
    first = names.index(cycle.phase) if cycle.phase in names else 0
    for place, phase in enumerate(todo[first:], start=first):
        if not is_learning(cycle.business_id):
            give_up(cycle, SWITCHED_OFF, alarm=False)
            return False
        if cycle.phase != phase.name:
            pacing.begin(cycle, phase.name, progress=place / len(todo))
        phase.does(cycle)
    return True


def _count_error(cycle: LearningCycle, error: Exception) -> None:
    words = error.detail if isinstance(error, GatehouseError) else f"{type(error).__name__}: {error}"
    attempts = int(cycle.position.get("attempts", 0)) + 1
    log.warning("learning cycle %s failed at %s, attempt %s: %s", cycle.pk, cycle.phase, attempts, words)
    if attempts >= MOST_ATTEMPTS:
        give_up(cycle, words)
        return
    # The counts of a batch that was taken back are taken back too.
    phase = cycle.phase
    cycle.refresh_from_db()
    cycle.phase = phase
    LearningCycle.objects.filter(pk=cycle.pk).update(error=words[:500])
    pacing.save(cycle, position={**cycle.position, "attempts": attempts})
