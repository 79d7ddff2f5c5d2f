"""ACT: what people decided becomes a label of the goal it was about, once."""

from collections.abc import Sequence
from uuid import UUID

from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State
from apps.core.models import Event
from apps.goals.models import Goal
from apps.tuning.models import ReviewedGoal

DECIDED = {"approval.approved", "approval.rejected"}


def label_goals(events: Sequence[Event]) -> None:
    """Event consumer: one label for each decided goal. Told twice or out of order, the rows say the same.

    A clarification that was answered, a deadline that passed, a goal taken back: none of these says whether the goal
    could be carried out, so none makes a label.
    """
    ids = [
        event.subject_id
        for event in events
        if event.kind in DECIDED and event.subject_type == "approval" and event.data.get("request_kind") == "goal"
    ]
    if not ids:
        return
    decided = ApprovalRequest.objects.filter(pk__in=ids, state__in=[State.APPROVED, State.REJECTED])
    requests = list(decided.only("subject_id", "state", "payload", "original", "decided_at"))
    goals = _judged([request.subject_id for request in requests])
    rows = [
        label_of(goals[request.subject_id], request, source=ReviewedGoal.Source.DECISION, weight=1.0)
        for request in requests
        if request.subject_id in goals
    ]
    ReviewedGoal.objects.bulk_create(rows, ignore_conflicts=True)


def label_of(goal: Goal, request: ApprovalRequest, *, source: str, weight: float) -> ReviewedGoal:
    """The label of an approved or rejected request, unsaved.

    Right is a goal approved as it stood. One that was changed first could not be carried out as stated, which is what
    confidence speaks of, so it counts as wrong and is told apart by its outcome.
    """
    if goal.raw_confidence is None or goal.confidence is None or request.decided_at is None:
        raise ValueError("A label needs a graded goal and a decision")
    outcome = ReviewedGoal.Outcome.REJECTED
    if request.state == State.APPROVED:
        edited = request.original is not None and request.original != request.payload
        outcome = ReviewedGoal.Outcome.EDITED if edited else ReviewedGoal.Outcome.APPROVED
    return ReviewedGoal(
        goal=goal,
        business_id=goal.business_id,
        kind=goal.kind,
        raw_confidence=goal.raw_confidence,
        confidence=goal.confidence,
        stopped=not goal.unsure_path,
        outcome=outcome,
        right=outcome == ReviewedGoal.Outcome.APPROVED,
        source=source,
        weight=weight,
        decided_at=request.decided_at,
    )


def _judged(ids: Sequence[UUID]) -> dict[UUID, Goal]:
    """Those with a graded confidence: without one there is nothing to calibrate."""
    rows = Goal.objects.filter(pk__in=ids, raw_confidence__isnull=False)
    return {goal.pk: goal for goal in rows.only("business_id", "kind", "raw_confidence", "confidence", "unsure_path")}
