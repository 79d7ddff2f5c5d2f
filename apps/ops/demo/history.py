"""ACT: give the demo shop a past: some hundreds of goals of the last weeks, with what became of them. All made up.

Written as rows, not carried out: nobody is mailed, no agent called, no webhook told. The same goals on every load.
"""

import random
import re
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import Business
from apps.approvals.models import ApprovalRequest
from apps.approvals.payloads import payload_hash
from apps.approvals.states import OnTimeout
from apps.approvals.states import State as RequestState
from apps.core.ids import first_id_at
from apps.goals.calibration import SHIPPED
from apps.goals.gate import shown
from apps.goals.models import GateSettings, Goal
from apps.goals.payload import payload_of
from apps.goals.states import ApprovalState, State
from apps.goals.vocabulary import FactorName
from apps.tuning.models import AuditShare, ReviewedGoal
from apps.tuning.sampling import is_picked
from apps.tuning.simulation import PastGoal, path_at

GOALS = 480
BY = "demo:history"
SEED = 20260301
DAYS = 35
# More than an installation looks at by itself, so that a past this short has something to show.
AUDIT_SHARE = 0.25
JITTER = 0.12
REVIEWERS = ("user:alice@example.com", "user:ben@example.com")
NUMBERS = re.compile(r"(?<=HP-)\d{4}|(?<=PN)\d{8}")
BROKEN = ["The agent answered 503", "The agent could not be reached: timed out", "The agent answered 422"]

Row = tuple[Goal, ApprovalRequest | None, ReviewedGoal | None]


def load_history(business: Business, *, now: datetime) -> int:
    """Write the past of the shop, once; the number of goals written. Needs the goals of the demo, which it varies."""
    known = Goal.objects.filter(business=business)
    patterns = list(known.exclude(submitted_by=BY).filter(raw_confidence__isnull=False).order_by("text")[:200])
    if not patterns or known.filter(submitted_by=BY).exists():
        return 0
    chance = random.Random(SEED)  # noqa: S311 a stage, not a secret
    thresholds = GateSettings.objects.get(business=business)
    moments = sorted(_moment(now, chance) for _ in range(GOALS))
    rows = [_past(business, chance.choice(patterns), moment, thresholds, chance) for moment in moments]
    with transaction.atomic():
        AuditShare.objects.get_or_create(business=business, defaults={"share": AUDIT_SHARE})
        _write(Goal, [goal for goal, _, _ in rows])
        _write(ApprovalRequest, [request for _, request, _ in rows if request])
        ReviewedGoal.objects.bulk_create([label for _, _, label in rows if label])
    return len(rows)


def _moment(now: datetime, chance: random.Random) -> datetime:
    """Some time of the last weeks, the later the more, in the shop's hours."""
    day = (now - timedelta(days=1 + (DAYS - 1) * chance.random() ** 1.7)).replace(hour=0, minute=0, second=0)
    return day + timedelta(hours=chance.triangular(7, 20, 11))


def _past(business: Business, pattern: Goal, moment: datetime, thresholds: GateSettings, chance: random.Random) -> Row:
    goal = _varied(business, pattern, moment, thresholds, chance)
    # Less often than said in the middle, and about as often at the top: what calibration is there to show.
    sure = goal.confidence or 0.0
    right = chance.random() < min(0.97, max(0.04, sure - 1.2 * sure * (1 - sure)))
    if goal.execution_path == "approved":
        return _asked(goal, right, chance)
    if goal.execution_path == "executed":
        _run(goal, chance)
        picked = is_picked(goal.pk, AUDIT_SHARE)
        return goal, None, _label(goal, right, "audit", 1 / AUDIT_SHARE) if picked else None
    goal.approval_state = ApprovalState.NOT_REQUIRED
    goal.state = State.REJECTED if goal.execution_path == "rejected" else State.EXPIRED
    goal.finished_at = moment if goal.state == State.REJECTED else moment + timedelta(hours=8)
    return goal, None, None


def _varied(
    business: Business, pattern: Goal, moment: datetime, thresholds: GateSettings, chance: random.Random
) -> Goal:
    """The pattern with other numbers in its words, a little surer or less sure than it was."""
    factors, moved = _moved(pattern.factors, chance.uniform(-JITTER, JITTER / 3))
    raw = min(1.0, max(0.0, (pattern.raw_confidence or 0.0) + moved))
    sure, high, medium = SHIPPED.apply(raw), thresholds.high, thresholds.medium
    path = path_at(PastGoal(sure, pattern.execution_path, pattern.unsure_path), high=high, medium=medium)
    return Goal(
        id=id_at(moment, chance),
        business=business,
        text=NUMBERS.sub(lambda found: f"{chance.randrange(10 ** len(found[0])):0{len(found[0])}}", pattern.text),
        context={},
        tools=pattern.tools,
        agent_key=pattern.agent_key,
        submitted_by=BY,
        execution_path=path,
        kind=pattern.kind,
        confidence=round(sure, 4),
        raw_confidence=raw,
        unsure_path=pattern.unsure_path,
        factors=_calibrated(factors, raw, sure),
        checks=pattern.checks,
        check_marks=pattern.check_marks,
        reasons=_reasons(pattern, path, sure, high, medium),
        questions=pattern.questions if path == "clarification" else [],
        timings=[us and max(40, round(us * chance.lognormvariate(0, 0.35))) for us in pattern.timings or []] or None,
        created_at=moment,
        updated_at=moment,
    )


def _moved(factors: Sequence[dict[str, Any]], by: float) -> tuple[list[dict[str, Any]], float]:
    """The factors with one of them that much stronger or weaker, and what that adds to their sum."""
    changed = deepcopy(list(factors))
    weighted = [factor for factor in changed if factor["weight"] > 0]
    if not weighted:
        return changed, 0.0
    factor = max(weighted, key=lambda one: one["weight"])
    before = factor["contribution"]
    factor["score"] = round(min(1.0, max(0.0, factor["score"] + by / factor["weight"])), 4)
    factor["contribution"] = round(factor["score"] * factor["weight"], 4)
    return changed, factor["contribution"] - before


def _calibrated(factors: list[dict[str, Any]], raw: float, sure: float) -> list[dict[str, Any]]:
    """The factors with that of calibration as it is for this sum."""
    kept = [factor for factor in factors if factor["name"] != FactorName.CALIBRATION]
    changed = {"name": FactorName.CALIBRATION.value, "score": round(sure, 4), "weight": 0.0}
    reason = f"Of earlier goals that scored {raw:.2f}, {sure:.0%} went well."
    return [*kept, {**changed, "contribution": round(sure - raw, 4), "reason": reason}] if sure != raw else kept


def _reasons(pattern: Goal, path: str, raw: float, high: float, medium: float) -> list[str]:
    if not pattern.unsure_path:
        return pattern.reasons
    words = {
        "executed": f"Confidence {shown(raw)} is at least {shown(high)}.",
        "approved": f"Confidence {shown(raw)} is between {shown(medium)} and {shown(high)}.",
    }
    return [words.get(path, f"Confidence {shown(raw)} is below {shown(medium)}.")]


def _run(goal: Goal, chance: random.Random) -> None:
    goal.approval_state = goal.approval_state or ApprovalState.NOT_REQUIRED
    begun = goal.finished_at or goal.created_at
    goal.started_at = begun if goal.agent_key else None
    goal.attempts = 1 if goal.agent_key else 0
    goal.finished_at = begun + timedelta(seconds=chance.uniform(1, 6) if goal.agent_key else 0)
    goal.state, goal.result = State.DONE, {"demo": "Nothing was done: this goal is part of the made-up past"}
    if goal.agent_key and chance.random() < 0.05:
        goal.state, goal.result, goal.error = State.FAILED, None, chance.choice(BROKEN)


def _asked(goal: Goal, right: bool, chance: random.Random) -> Row:
    """A goal that waited for a person: mostly decided within hours, now and then not at all."""
    decided = goal.created_at + timedelta(hours=chance.lognormvariate(-1, 1))
    luck = chance.random()
    goal.finished_at = decided
    request = _request(goal, decided, chance)
    if luck < 0.05:
        goal.state, goal.approval_state, request.state = State.EXPIRED, ApprovalState.EXPIRED, RequestState.EXPIRED
        request.decided_by = "system:sweep"
        return goal, request, None
    if right or luck > 0.9:
        goal.approval_state, request.state = ApprovalState.APPROVED, RequestState.APPROVED
        outcome = "approved" if right else "edited"
        if not right:
            request.original, request.version = {**request.payload, "context": {"note": "as it was asked"}}, 2
        _run(goal, chance)
    else:
        goal.state, goal.approval_state, request.state = State.REJECTED, ApprovalState.REJECTED, RequestState.REJECTED
        outcome = "rejected"
    return goal, request, _label(goal, right, "decision", 1.0, outcome=outcome, at=decided)


def _request(goal: Goal, decided: datetime, chance: random.Random) -> ApprovalRequest:
    payload = payload_of(goal)
    request = ApprovalRequest(
        id=id_at(goal.created_at, chance),
        business_id=goal.business_id,
        kind="goal",
        subject_id=goal.pk,
        title=goal.text[:200],
        why=" ".join(goal.reasons)[:500],
        requested_by=BY,
        payload=payload,
        payload_hash=payload_hash(payload),
        confidence=goal.confidence,
        factors=goal.factors,
        checks=goal.checks,
        on_timeout=OnTimeout.REJECT,
        escalate_to="admin",
        created_at=goal.created_at,
        deadline=goal.created_at + timedelta(hours=8),
        decided_at=decided,
        decided_by=chance.choice(REVIEWERS),
    )
    goal.request_id = request.pk
    return request


def _label(
    goal: Goal, right: bool, source: str, weight: float, *, outcome: str = "", at: datetime | None = None
) -> ReviewedGoal:
    return ReviewedGoal(
        goal=goal,
        business_id=goal.business_id,
        kind=goal.kind,
        raw_confidence=goal.raw_confidence or 0.0,
        confidence=goal.confidence or 0.0,
        stopped=not goal.unsure_path,
        outcome=outcome or ("approved" if right else "rejected"),
        right=right,
        source=source,
        weight=weight,
        decided_at=at or goal.created_at + timedelta(hours=3),
    )


def id_at(moment: datetime, chance: random.Random) -> UUID:
    """An id that tells this moment as its time, as if it had been made then."""
    return UUID(int=first_id_at(moment).int | chance.getrandbits(62))


def _write(model: Any, rows: Sequence[Any]) -> None:
    """New rows with the times they have: a column that sets itself would say now."""
    moments = [(row.created_at, getattr(row, "updated_at", None)) for row in rows]
    model.objects.bulk_create(rows, batch_size=200)
    for row, (created, updated) in zip(rows, moments, strict=True):
        row.created_at, row.updated_at = created, updated
    fields = [name for name in ("created_at", "updated_at") if any(f.name == name for f in model._meta.fields)]
    model.objects.bulk_update(rows, fields, batch_size=200)
