"""ACT: keep what came of a step, once: the attempt that has the step decides, and the run goes on with it at once.

A step's end and what follows from it are one transaction under the run's lock: a run whose stage is decided is never
seen undecided, whatever process is killed when. Only a step that will be tried again needs no lock: nothing follows.
"""

import logging
import random
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.workflows.advancing import go_on
from apps.workflows.claiming import Claimed
from apps.workflows.holding import Held, hold_all
from apps.workflows.models import Run, Step
from apps.workflows.retrying import after_failure
from apps.workflows.showing import show
from apps.workflows.states import StepState
from apps.workflows.step_ends import GIVEN_OUT, HELD, OVERDUE, Answer, StepEnd, tell_failure
from apps.workflows.waking import wake_after
from apps.workflows.words import words

log = logging.getLogger(__name__)

MOST_COUNTED = 32_767
# Why, where nobody has answered anything: the worker is gone.
LOST = "lost"
_OF_STEP = (
    "id", "business_id", "run_id", "stage_id", "key", "kind", "agent_id", "does", "type", "input", "attempt",
    "most_attempts", "timeout_seconds", "expected", "created_at",
)  # fmt: skip


def complete(step: Claimed, answer: Answer, *, first: bool = True) -> bool:
    """Keep the answer and bring the run on; False, and it is only counted, when another attempt has the step.

    first: not if this was tried before and the database went away meanwhile: the answer may be there already then.
    """
    return _end([StepEnd(step, HELD, answer)], counts=first)


def complete_all(answered: Sequence[tuple[Claimed, Answer]]) -> bool:
    """The same for steps of one business together; False when any of them was somebody else's by now."""
    return _end([StepEnd(step, HELD, answer) for step, answer in answered])


def fail(step: Claimed, *, error: str, why: str, again: bool) -> bool:
    """Note that this attempt failed: try again later, or fail the step and bring the run on.

    why: one word, "lost" where the worker is gone. again: whether trying once more may help. False when another attempt
    has the step; what the agent said is then counted as late.
    """
    following = after_failure(
        attempt=step.attempt,
        most_attempts=step.most_attempts,
        again=again,
        why=why,
        age=timezone.now() - step.created_at,
        pause=settings.AGENT_BREAKER_SECONDS,
        chance=random.random(),  # noqa: S311
    )
    if following.wait is None:
        return _end([StepEnd(step, HELD, error=error, why=why)])
    with acting_for(step.business_id):
        held = Step.objects.filter(pk=step.id, state=StepState.RUNNING, attempt=step.attempt).update(
            state=StepState.READY,
            attempt=F("attempt") - (0 if following.counts else 1),
            run_after=timezone.now() + following.wait,
            error=words(error),
            why=why[:20],
        )
        if held:
            if following.counts:
                tell_failure("step.attempt_failed", step, error=error, why=why)
            show(step.business_id, step.run_id)
            wake_after(following.wait)
        elif why != LOST:
            count_late(step)
    return bool(held)


def keep_answer(step: Claimed, answer: Answer) -> bool:
    """Keep an answer that came without a worker and bring the run on; False, and it is counted, if none is awaited."""
    return _end([StepEnd(step, GIVEN_OUT, answer)])


def give_up(step: Claimed, *, error: str, why: str) -> bool:
    """Fail a step whose agent took it on and let its time pass, and bring the run on; False if it has just ended."""
    return _end([StepEnd(step, OVERDUE, error=error, why=why)])


def claimed_of(step: Step, run: Run) -> Claimed:
    """The step as a worker would have it, for what is kept of it without one."""
    return Claimed(
        **{name: getattr(step, name) for name in _OF_STEP},
        leased_until=step.run_after,
        pattern=run.pattern,
        config=run.config,
        given=run.input,
        stage=run.stage,
        correlation_id=run.correlation_id,
    )


def count_late(step: Claimed) -> None:
    """Count an answer, or a failure, that came when nobody waited for it any more."""
    Step.objects.filter(pk=step.id, late_answers__lt=MOST_COUNTED).update(late_answers=F("late_answers") + 1)
    show(step.business_id, step.run_id)


def _end(ends: Sequence[StepEnd], *, counts: bool = True) -> bool:
    runs = [list(of_run) for _, of_run in groupby(sorted(ends, key=_run_id), key=_run_id)]
    try:
        return _write(runs, go_on, counts)
    except DatabaseError:
        if len(runs) == 1:
            raise
    except Exception:
        if len(runs) == 1:
            # What the steps came to must not be lost because what follows went wrong; the reconciler tries that.
            log.exception("run %s could not go on after %s", ends[0].step.run_id, ends[0].step.key)
            return _write(runs, _put_off, counts)
    # One of several has spoilt it for all: each for itself.
    kept = [_end(of_run, counts=counts) for of_run in runs]
    return all(kept)


def _run_id(end: StepEnd) -> UUID:
    return end.step.run_id


def _put_off(run: Run, now: datetime, seen: Held) -> None:
    Run.objects.filter(pk=run.pk).update(advance_after=now)


def _write(runs: Sequence[Sequence[StepEnd]], then: Callable[[Run, datetime, Held], None], counts: bool) -> bool:
    now = timezone.now()
    with acting_for(runs[0][0].step.business_id):
        found = hold_all([(_run_id(ends[0]), [end.write(now) for end in ends]) for ends in runs])
        for ends, held in zip(runs, found, strict=True):
            _follow_up(ends, held, counts)
            then(held.run, now, held)
    return all(all(held.changed) for held in found)


def _follow_up(ends: Sequence[StepEnd], held: Held, counts: bool) -> None:
    cost = Decimal(0)
    for end, changed in zip(ends, held.changed, strict=True):
        if changed:
            end.tell()
            cost += (end.answer and end.answer.cost) or 0
        elif counts and end.why != LOST and end.where != OVERDUE:
            count_late(end.step)
    if cost:
        held.run.cost += cost
        Run.objects.filter(pk=held.run.pk).update(cost=F("cost") + cost)
