"""ACT: put a recommendation before a person, and take what they decide as its outcome."""

import logging
from typing import Any
from uuid import UUID

from apps.accounts.principals import Principal
from apps.agents.models import Agent
from apps.approvals.models import ApprovalRequest, Decision
from apps.approvals.requesting import request_approval
from apps.approvals.states import State
from apps.approvals.verdicts import EditVerdict
from apps.core.errors import GatehouseError
from apps.trust.edits import judge_edit
from apps.trust.evaluating import MOST_FEEDBACK, record_outcome
from apps.trust.verdicts import Source, Verdict

log = logging.getLogger(__name__)

KIND = "recommendation"
# Where the content stands in the payload.
PART = "recommendation"


def ask_about(
    *,
    recommendation_id: UUID,
    agent: Agent,
    type: str,  # noqa: A002
    content: Any,
    by: Principal,
    title: str = "",
    reasoning: str = "",
    confidence: float | None = None,
) -> ApprovalRequest:
    """Ask people whether to take a recommendation, as it is or edited. Raises as request_approval."""
    return request_approval(
        business_id=agent.business_id,
        kind=KIND,
        subject_id=recommendation_id,
        title=title or f"{agent.name} recommends: {type}",
        why=reasoning,
        payload={PART: content},
        requested_by=by.actor,
        requester=by.user,
        confidence=confidence,
    )


def on_decision(request: ApprovalRequest) -> None:
    """Decision outcome of kind "recommendation". What was neither approved nor rejected says nothing."""
    if request.state not in (State.APPROVED, State.REJECTED):
        return
    verdict, value, edited = Verdict.REJECTED, 0.0, None
    if request.state == State.APPROVED:
        original = request.payload if request.original is None else request.original
        verdict, value, edited = judge_edit(original.get(PART), request.payload.get(PART))
    try:
        record_outcome(
            business_id=request.business_id,
            recommendation_id=request.subject_id,
            source=Source.APPROVAL,
            verdict=verdict,
            value=value,
            edited=edited,
            feedback=feedback_of(request),
            judged_by=request.decided_by,
            judged_at=request.decided_at,
        )
    except GatehouseError as error:
        # Its agent may have been deleted meanwhile; people decide all the same.
        log.warning("the decision %s judges no recommendation: %s", request.pk, error.detail)


def recheck_edit(request: ApprovalRequest, payload: Any) -> EditVerdict:
    """Edit check of kind "recommendation": the content may be changed, not taken away or put beside."""
    if set(payload) != {PART} or payload[PART] is None:
        return EditVerdict(allowed=False, reason=f"Change what stands under {PART}, and reject what is not to be taken")
    return EditVerdict(allowed=True)


def feedback_of(request: ApprovalRequest) -> str:
    """What those who decided said, in their order."""
    said = Decision.objects.filter(request=request).order_by("at", "id").values_list("reason", "comment")
    return " ".join(part for words in said for part in words if part)[:MOST_FEEDBACK]
