"""ACT: put a person's step before people, and take the question back when nobody needs the answer any more."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.row_access import across_businesses
from apps.approvals.models import ApprovalRequest
from apps.approvals.requesting import cancel_request, request_approval
from apps.approvals.states import State as RequestState
from apps.approvals.verdicts import EditVerdict
from apps.core.errors import StaleState
from apps.workflows.models import Run, Step
from apps.workflows.states import STEP_ENDS, StepState

KIND = "step"
# Of two steps in the queue the more urgent run's stands first, all else alike.
RISK = {0: 0.7, 1: 0.5, 2: 0.3}


def ask(run: Run, step: Step, *, due: datetime | None, now: datetime) -> ApprovalRequest:
    """Ask people about `step`, whose input says what: title, why (lines), payload, judges, questions, confidence, risk.

    Call with the run locked. due: when its stage is over. Raises Invalid for a payload the queue does not take.
    """
    given = step.input
    within = now + timedelta(seconds=step.timeout_seconds) if step.timeout_seconds else None
    deadlines = [moment for moment in (due, run.deadline, within) if moment is not None and moment > now]
    why = given.get("why") or [f"The workflow {run.title} goes on when a person has looked"]
    return request_approval(
        business_id=run.business_id,
        kind=KIND,
        subject_id=step.pk,
        title=f"{given['title']}: {run.title}" if given.get("title") else run.title,
        why="; ".join(why) if isinstance(why, list) else str(why),
        payload=given.get("payload") or {},
        requested_by=f"workflow:{run.pattern}",
        confidence=_share(given.get("confidence")),
        risk=_share(given.get("risk")) or RISK[int(run.priority)],
        questions=given.get("questions") or (),
        deadline=min(deadlines) if deadlines else None,
    )


def recheck_edit(request: ApprovalRequest, payload: Any) -> EditVerdict:
    """Edit check of kind "step": what stands beside the recommendations is there to be read, not to be changed."""
    before = request.payload
    if not isinstance(payload, dict) or "recommendations" not in before:
        return EditVerdict(allowed=True)
    changed = [key for key in {*before, *payload} if key != "recommendations" and before.get(key) != payload.get(key)]
    if changed:
        return EditVerdict(
            allowed=False, reason=f"Only the recommendations may be changed, not {', '.join(sorted(changed))}"
        )
    parts = payload.get("recommendations")
    if not isinstance(parts, dict) or set(parts) - set(before["recommendations"]):
        return EditVerdict(allowed=False, reason="A recommendation can be changed or left out; none can be added")
    return EditVerdict(allowed=True)


def drop_request(*, step_id: UUID) -> bool:
    """Take the question of a step that has ended out of the queue; whether it was there still."""
    with across_businesses():
        step = Step.objects.filter(pk=step_id, state__in=[state.value for state in STEP_ENDS]).first()
        if step is None or step.request_id is None or step.state == StepState.DONE:
            return False
        if not ApprovalRequest.objects.filter(pk=step.request_id, state=RequestState.WAITING).exists():
            return False
        try:
            cancel_request(
                request_id=step.request_id,
                actor="system:workflows",
                why=step.error or "The workflow went on without it",
            )
        except StaleState:
            # Somebody decided it at this very moment; the step had ended before.
            return False
    return True


def _share(value: Any) -> float | None:
    fit = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if fit else None
