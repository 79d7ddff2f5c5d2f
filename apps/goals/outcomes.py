"""ACT: what a person's decision does to the goal it was about."""

from django.utils import timezone

from apps.approvals.models import ApprovalRequest
from apps.approvals.selectors import last_decision
from apps.approvals.states import State as RequestState
from apps.core.events import record
from apps.core.transitions import move
from apps.goals.clarifying import take_answers
from apps.goals.ending import end
from apps.goals.models import Goal
from apps.goals.payload import tools_named
from apps.goals.release import let_go
from apps.goals.states import ENDS, ApprovalState, State

_END_OF_REQUEST = {
    RequestState.REJECTED: (State.REJECTED, ApprovalState.REJECTED),
    RequestState.EXPIRED: (State.EXPIRED, ApprovalState.EXPIRED),
    RequestState.CANCELLED: (State.CANCELLED, ApprovalState.CANCELLED),
}


def on_decision(request: ApprovalRequest) -> None:
    """Decision outcome of kind "goal": called once, in the transaction of the decision."""
    goal = Goal.objects.get(pk=request.subject_id)
    if request.state == RequestState.APPROVED:
        _approve(goal, request)
    elif request.state == RequestState.ANSWERED:
        _answer(goal, request)
    elif goal.state not in ENDS:
        state, approval_state = _END_OF_REQUEST[RequestState(request.state)]
        end(
            goal,
            to=state,
            allowed=[State.WAITING, State.ASKING],
            actor=request.decided_by or "system:deadline",
            approval_state=approval_state,
        )


def _approve(goal: Goal, request: ApprovalRequest) -> None:
    payload = request.payload
    changes = {
        "text": payload["goal"],
        "context": payload["context"],
        "tools": tools_named(goal, payload["tools"]),
        "approval_state": ApprovalState.APPROVED,
    }
    move(
        Goal.objects.filter(pk=goal.pk),
        allowed=[State.WAITING],
        to=State.READY,
        updated_at=timezone.now(),
        **changes,
    )
    for name, value in {"state": State.READY, **changes}.items():
        setattr(goal, name, value)
    record(
        kind="goal.released",
        subject_type="goal",
        subject_id=goal.pk,
        business_id=goal.business_id,
        actor=request.decided_by,
        edited=request.version > 1,
    )
    let_go(goal)


def _answer(goal: Goal, request: ApprovalRequest) -> None:
    decision = last_decision(request)
    take_answers(goal, decision.answers if decision else {}, actor=request.decided_by)
