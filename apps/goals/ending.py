"""ACT: bring a goal to its end, once, and let the audit and the callback know; cancel one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.approvals.requesting import cancel_request
from apps.core.errors import NotFound, StaleState
from apps.core.events import event_of
from apps.core.inserting import insert
from apps.core.later import later
from apps.core.models import Event
from apps.core.transitions import move
from apps.goals.models import Goal
from apps.goals.states import CANCELLABLE, ApprovalState, CallbackState, State
from apps.workflows.ending import cancel_run
from apps.workflows.models import Run


def end(goal: Goal, *, to: State, allowed: list[State], actor: str, says: str = "", **changes: Any) -> None:
    """Bring a goal to one of its ends, once; tell the audit and the callback. Raises StaleState."""
    # `state` travels with the fields for the goal in memory; in the database the transition sets it.
    fields = {**finish_fields(goal), **changes}
    move(Goal.objects.filter(pk=goal.pk), allowed=allowed, to=to, says=says, updated_at=timezone.now(), **fields)
    insert(_ended(goal, to, actor, fields))


def end_unwritten(goal: Goal, *, to: State, actor: str, **changes: Any) -> Event:
    """End a goal whose row is yet to be written; the event to write beside it."""
    return _ended(goal, to, actor, {**finish_fields(goal), **changes})


def _ended(goal: Goal, to: State, actor: str, fields: dict[str, Any]) -> Event:
    for name, value in {"state": to, **fields}.items():
        setattr(goal, name, value)
    if goal.callback_state == CallbackState.PENDING:
        later("apps.goals.tasks.send_callback", str(goal.pk))
    return event_of(
        kind=f"goal.{to}",
        subject_type="goal",
        subject_id=goal.pk,
        business_id=goal.business_id,
        actor=actor,
        **({"error": goal.error} if goal.error else {}),
    )


def finish_fields(goal: Goal) -> dict[str, Any]:
    """The columns every end sets."""
    now: datetime = timezone.now()
    fields: dict[str, Any] = {"finished_at": now, "run_after": None}
    if goal.callback_url:
        fields |= {"callback_state": CallbackState.PENDING, "callback_after": now}
    return fields


def cancel(*, goal_id: UUID, actor: str, reason: str = "") -> Goal:
    """Take a goal back. One that runs ends with its run, which may first have to undo what it did.

    Raises NotFound, StaleState (it has ended).
    """
    with transaction.atomic():
        goal = Goal.objects.filter(pk=goal_id).first()
        if goal is None:
            raise NotFound
        if goal.state == State.RUNNING:
            return _cancel_running(goal, actor, reason)
        awaited = goal.state in (State.WAITING, State.ASKING)
        end(
            goal,
            to=State.CANCELLED,
            allowed=list(CANCELLABLE),
            actor=actor,
            says=f"The goal is {goal.state} and cannot be cancelled any more",
            approval_state=ApprovalState.CANCELLED if awaited else goal.approval_state,
            error=reason[:500],
        )
        if awaited and goal.request_id:
            cancel_request(request_id=goal.request_id, actor=actor, why=reason or "The goal was cancelled")
    return goal


def _cancel_running(goal: Goal, actor: str, reason: str) -> Goal:
    run = Run.objects.filter(subject_id=goal.pk).first()
    if run is None:
        raise StaleState("The goal is about to run; try again in a moment")
    cancel_run(run_id=run.pk, actor=actor, reason=reason or "The goal was cancelled")
    goal.refresh_from_db()
    return goal
