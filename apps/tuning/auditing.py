"""ACT: put a random share of the goals that ran alone before a person afterwards, and take what they say as a label."""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest
from apps.approvals.policies import Terms
from apps.approvals.requesting import request_approval, terms_of
from apps.approvals.states import OnTimeout, State
from apps.approvals.verdicts import EditVerdict
from apps.core.errors import GatehouseError, Invalid
from apps.core.events import record
from apps.core.models import Event
from apps.goals.models import Goal
from apps.goals.states import ApprovalState
from apps.goals.vocabulary import ExecutionPath
from apps.tuning.labelling import label_of
from apps.tuning.models import AuditShare, ReviewedGoal
from apps.tuning.sampling import DEFAULT_SHARE, is_picked

log = logging.getLogger(__name__)

KIND = "audit"
ACTOR = "system:audit"
ENDED = {"goal.done", "goal.failed"}
DEADLINE_MINUTES = 7 * 24 * 60
# A look back is never urgent: it stands below what waits to run.
RISK = 0.05
REASONS = ["A person should have been asked", "Not what was asked", "A question should have been asked first"]
# Of a result; more is seen on the page of the goal.
MOST_SHOWN = 20_000
ASKS = "It ran alone and nothing waits for this. Approve if that was right; reject if a person should have been asked."


def pick_for_audit(events: Sequence[Event]) -> None:
    """Event consumer: ask about those of the ended goals that are in the share. Told twice, still asked once."""
    ended = [event for event in events if event.kind in ENDED and event.business_id]
    if not ended:
        return
    shares = _shares({event.business_id for event in ended if event.business_id})
    picked = [
        goal_id
        for event in ended
        if is_picked(goal_id := UUID(event.subject_id), shares.get(event.business_id, DEFAULT_SHARE))  # type: ignore[arg-type]
    ]
    if not picked:
        return
    asked = set(ApprovalRequest.objects.filter(kind=KIND, subject_id__in=picked).values_list("subject_id", flat=True))
    alone = Goal.objects.filter(
        pk__in=set(picked) - asked,
        execution_path=ExecutionPath.EXECUTED,
        approval_state=ApprovalState.NOT_REQUIRED,
        raw_confidence__isnull=False,
    )
    for goal in alone:
        _ask(goal, shares.get(goal.business_id, DEFAULT_SHARE))


def share_for(business_id: UUID) -> float:
    """The share of goals that ran alone which people look at, 0 to 1."""
    return _shares({business_id}).get(business_id, DEFAULT_SHARE)


def set_share(*, business_id: UUID, share: float, actor: str) -> None:
    """From now on look at this share of the goals that ran alone. Raises Invalid unless 0 <= share <= 1."""
    if not 0.0 <= share <= 1.0:
        raise Invalid("share", "From 0 to 100 %")
    with transaction.atomic():
        before = share_for(business_id)
        AuditShare.objects.update_or_create(business_id=business_id, defaults={"share": share})
        record(
            kind="audit_share.set",
            subject_type="gate",
            subject_id=business_id,
            business_id=business_id,
            actor=actor,
            before=before,
            share=share,
        )


def on_decision(request: ApprovalRequest) -> None:
    """Decision outcome of kind "audit": a label. The goal has long run, and nothing is undone; no verdict, no label."""
    if request.state not in (State.APPROVED, State.REJECTED):
        return
    goal = Goal.objects.filter(pk=request.subject_id, raw_confidence__isnull=False).first()
    if goal is not None:
        weight = 1 / request.payload["share"]
        label = label_of(goal, request, source=ReviewedGoal.Source.AUDIT, weight=weight)
        ReviewedGoal.objects.bulk_create([label], ignore_conflicts=True)


def refuse_edit(request: ApprovalRequest, payload: Any) -> EditVerdict:
    """Edit check of kind "audit"."""
    return EditVerdict(allowed=False, reason="This has run already; there is nothing to change")


def _shares(businesses: set[UUID]) -> dict[UUID, float]:
    return dict(AuditShare.objects.filter(pk__in=businesses).values_list("business_id", "share"))


def _ask(goal: Goal, share: float) -> None:
    try:
        with acting_for(goal.business_id):
            request_approval(
                business_id=goal.business_id,
                kind=KIND,
                subject_id=goal.pk,
                title=f"Was this right? {goal.text}",
                why=ASKS,
                payload=_payload(goal, share),
                requested_by=ACTOR,
                confidence=goal.confidence,
                risk=RISK,
                factors=goal.factors,
                checks=goal.checks,
                terms=_terms(goal.business_id),
            )
    except GatehouseError as error:
        # One goal that cannot be shown must not keep the events behind it from their listeners.
        log.warning("goal %s cannot be audited: %s", goal.pk, error.detail)


def _terms(business_id: UUID) -> Terms:
    """The business's, but in peace: one look is enough, nobody is reminded, and after a week it goes by itself."""
    return replace(
        terms_of(business_id, KIND),
        approvers=1,
        on_timeout=OnTimeout.REJECT,
        deadline_minutes=DEADLINE_MINUTES,
        reason_presets=REASONS,
        reminds=False,
    )


def _payload(goal: Goal, share: float) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "goal": goal.text,
        "why_it_ran": " ".join(goal.reasons),
        "agent": goal.agent_key or "none; its caller carried it out",
        "context": _bounded(goal.context),
        "tools": [tool.get("function", {}).get("name", "") for tool in goal.tools],
        "result": _bounded(goal.result) if goal.error == "" else {"error": goal.error},
        "share": share,
    }
    return shown


def _bounded(value: Any) -> Any:
    size = len(json.dumps(value))
    return value if size <= MOST_SHOWN else f"{size:,} characters: see the page of the goal"
