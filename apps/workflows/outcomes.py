"""ACT: what a person's decision does to the step that waits for it, and to the recommendations it judges."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.approvals.models import ApprovalRequest
from apps.approvals.selectors import last_decision
from apps.approvals.states import State as RequestState
from apps.core.errors import StaleState
from apps.workflows.advancing import go_on
from apps.workflows.holding import lock_run
from apps.workflows.judging import judge_recommendations
from apps.workflows.models import Run, Step
from apps.workflows.states import STEP_ENDS, StepState
from apps.workflows.words import words

_WHY = {
    RequestState.REJECTED: "rejected",
    RequestState.EXPIRED: "expired",
    RequestState.CANCELLED: "withdrawn",
}
_SAYS = {
    RequestState.REJECTED: "Rejected by {who}",
    RequestState.EXPIRED: "Nobody decided in time",
    RequestState.CANCELLED: "The question was withdrawn by {who}",
}


def on_decision(request: ApprovalRequest) -> None:
    """Decision outcome of kind "step": the step is done with what was decided, or has failed; the run goes on.

    Called in the transaction of the decision, which holds the request. Raises StaleState where the run went on without
    the decision in the meantime, so that nobody believes to have decided what no longer waits.
    """
    run_id = Step.objects.filter(pk=request.subject_id).values_list("run_id", flat=True).first()
    if run_id is None:
        return
    run, now = lock_run(run_id), timezone.now()
    step = Step.objects.get(pk=request.subject_id)
    if step.state in STEP_ENDS or step.request_id != request.pk:
        if request.state in (RequestState.APPROVED, RequestState.REJECTED, RequestState.ANSWERED):
            raise StaleState(f"The workflow has gone on without this: the step is {step.state}")
        return
    _decide(run, step, request, now)
    go_on(run, now)


def _decide(run: Run, step: Step, request: ApprovalRequest, now: datetime) -> None:
    state = RequestState(request.state)
    took = round((now - step.started_at).total_seconds() * 1000) if step.started_at else None
    changes: dict[str, Any] = {"finished_at": now, "took_ms": took}
    if state in _WHY:
        who = request.decided_by.removeprefix("user:")
        said = last_decision(request) if state == RequestState.REJECTED else None
        reason = ": ".join(filter(None, [_SAYS[state].format(who=who), said.comment or said.reason if said else ""]))
        changes |= {"state": StepState.FAILED, "why": _WHY[state], "error": words(reason)}
    else:
        changes |= {"state": StepState.DONE, "result": _content(request), "why": "", "error": ""}
    Step.objects.filter(pk=step.pk).update(**changes)
    if state in (RequestState.APPROVED, RequestState.REJECTED):
        judge_recommendations(run, step, request, approved=state == RequestState.APPROVED)


def _content(request: ApprovalRequest) -> Mapping[str, Any]:
    """What the step came to: the payload as decided, and the answers where questions were asked."""
    if request.state != RequestState.ANSWERED:
        return request.payload
    decision = last_decision(request)
    return {**request.payload, "answers": decision.answers if decision else {}}
