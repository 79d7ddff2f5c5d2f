"""SELECTOR: rows and principals turned into the facts that the rules of a verdict ask for."""

from uuid import UUID

from apps.accounts.models import User
from apps.accounts.principals import Principal
from apps.accounts.selectors import seats_of
from apps.approvals.models import ApprovalRequest
from apps.approvals.verdicts import Asked, Decider


def asked_of(request: ApprovalRequest) -> Asked:
    """Reads who holds the request, if somebody does."""
    return Asked(
        state=request.state,
        payload_hash=request.payload_hash,
        decider_role=request.decider_role,
        approvers_needed=request.approvers_needed,
        requester_may_decide=request.requester_may_decide,
        requested_by=request.requested_by,
        requester_id=request.requester_id,
        fields=frozenset(question["field"] for question in request.questions),
        on_timeout=request.on_timeout,
        deadline=request.deadline,
        held_by_id=request.claimed_by_id,
        held_by=str(request.claimed_by or ""),
        held_until=request.claimed_until,
        decided_by=request.decided_by,
        decided_at=request.decided_at,
    )


def decider_of(by: Principal) -> Decider:
    return Decider(
        actor=by.actor[:120],
        user_id=by.user.pk if by.user else None,
        role=by.role,
        made_by=by.key.created_by_id if by.key else None,
    )


def role_in(business_id: UUID, user: User) -> str | None:
    """The role of this person in this business; None for a stranger."""
    return next((seat.role for seat in seats_of(user) if seat.business_id == business_id), None)
