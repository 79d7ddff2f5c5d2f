"""ACT: finish what a lost message or a killed process left behind. Cheap when there is nothing to do; may overlap."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State as RequestState
from apps.workflows.advancing import advance
from apps.workflows.asking import KIND, drop_request
from apps.workflows.completing import LOST, claimed_of, fail, give_up
from apps.workflows.models import Run, Step
from apps.workflows.models.runs import UNENDED
from apps.workflows.states import STEP_ENDS, StepState
from apps.workflows.waking import MOST_ON_THEIR_WAY, wake

log = logging.getLogger(__name__)

# Of each kind; one turn leaves the rest to the next one, five seconds later.
MOST = 500
# A run that cannot be advanced is tried again after this.
PAUSE = timedelta(seconds=30)
UNANSWERED = "The agent took the work on and did not answer in time"
WORDS = "The worker that had it was lost"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one turn did: leases taken back, steps given up, runs advanced, questions dropped, steps found ready."""

    taken_back: int
    given_up: int
    advanced: int
    dropped: int
    ready: int


def reconcile() -> Reconciled:
    """Do what is due. Runs with the rights of the tables' owner, because it looks across businesses."""
    now = timezone.now()
    return Reconciled(
        taken_back=_take_back_leases(now),
        given_up=_give_up_waiting(now),
        advanced=_advance_due(now),
        dropped=_drop_questions(),
        ready=_wake_for_ready(now),
    )


def _take_back_leases(now: datetime) -> int:
    """Steps whose worker is gone: ready again, or failed where every attempt was lost."""
    over = Step.objects.filter(state=StepState.RUNNING, run_after__lt=now).select_related("run").order_by("run_after")
    return _each(over[:MOST], lambda step: fail(claimed_of(step, step.run), error=WORDS, why=LOST, again=True))


def _give_up_waiting(now: datetime) -> int:
    """Agents that took work on and have not answered in time."""
    over = Step.objects.filter(state=StepState.WAITING, run_after__lt=now, request_id=None).select_related("run")
    return _each(
        over.order_by("run_after")[:MOST],
        lambda step: give_up(claimed_of(step, step.run), error=UNANSWERED, why="timeout"),
    )


def _advance_due(now: datetime) -> int:
    """Runs whose stage or own time is up, and those that could not go on when they should have."""
    due = Run.objects.filter(UNENDED, advance_after__lte=now).order_by("advance_after").only("pk")[:MOST]

    def go(run: Run) -> bool:
        # Put off first: one that cannot be advanced must not be tried every time.
        Run.objects.filter(pk=run.pk).update(advance_after=now + PAUSE)
        advance(run_id=run.pk)
        return True

    return _each(due, go)


def _drop_questions() -> int:
    """Questions in the queue whose step no longer waits for them."""
    ended = Step.objects.filter(pk=OuterRef("subject_id"), state__in=[state.value for state in STEP_ENDS])
    asked = ApprovalRequest.objects.filter(Exists(ended), kind=KIND, state=RequestState.WAITING)
    return _each(asked.only("pk", "subject_id")[:MOST], lambda request: drop_request(step_id=request.subject_id))


def _wake_for_ready(now: datetime) -> int:
    ready = Step.objects.filter(state=StepState.READY, run_after__lte=now).order_by()
    found = len(ready.values_list("pk")[:MOST_ON_THEIR_WAY])
    wake(found)
    return found


def _each(rows: Iterable[Any], act: Callable[[Any], bool]) -> int:
    done = 0
    for row in list(rows):
        try:
            done += bool(act(row))
        except Exception:
            log.exception("%s %s could not be reconciled; the next turn tries again", type(row).__name__, row.pk)
    return done
