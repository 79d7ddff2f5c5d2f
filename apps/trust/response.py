"""EDGE: recommendations, outcomes, trust and cycles as the JSON that programs read."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.trust.boosting import priority_of
from apps.trust.learning import phases_of
from apps.trust.models import LearningCycle, Outcome, Recommendation, TrustScore, TrustSettings
from apps.trust.scoring import LEVEL

_TRUST = (
    "type", "overall", "low", "high", "accuracy", "consistency", "timeliness", "reliability", "trend", "change",
    "effective_n", "judged", "asked", "enough", "approval_rate", "average_quality", "average_confidence", "boost",
)  # fmt: skip
_CYCLE = (
    "kind", "state", "started_by", "phase", "progress", "recommendations", "outcomes", "agents", "rules_updated",
    "patterns_found", "patterns_confirmed", "patterns_retired", "accuracy", "coverage", "insights", "duration_ms",
    "error",
)  # fmt: skip


def recommendation_of(row: Recommendation) -> dict[str, Any]:
    """Reads `agent`: select it with the row."""
    return {
        "id": str(row.pk),
        "agent": row.agent.key,
        "type": row.type,
        "correlation_id": row.correlation_id,
        "run": _id(row.run_id),
        "step": _id(row.step_id),
        "group": row.group,
        "digest": row.digest,
        "confidence": row.confidence,
        "reasoning": row.reasoning,
        "latency_ms": row.latency_ms,
        "on_time": row.on_time,
        "failure": row.failure,
        "verdict": str(row.verdict),
        "value": row.value,
        "quality": row.quality,
        "created_at": row.created_at.isoformat(),
        "decided_at": _moment(row.decided_at),
    }


def whole_of(row: Recommendation, outcomes: Iterable[Outcome]) -> dict[str, Any]:
    return recommendation_of(row) | {"outcomes": [_word(outcome) for outcome in outcomes]}


def outcome_of(row: Outcome) -> dict[str, Any]:
    """Reads `recommendation.agent`: select it with the row."""
    told = row.recommendation
    return {"recommendation": str(told.pk), "agent": told.agent.key, "type": told.type, **_word(row)}


def trust_of(row: TrustScore, averages: Mapping[str, float]) -> dict[str, Any]:
    """Reads `agent`: select it with the row."""
    return {
        "agent": row.agent.key,
        "agent_name": row.agent.name,
        "enabled": row.agent.enabled,
        **{name: getattr(row, name) for name in _TRUST},
        "trend": str(row.trend),
        "interval": {"level": LEVEL, "low": row.low, "high": row.high},
        "priority": priority_of(row.boost).name.lower(),
        "business_average": averages.get(row.type),
        "computed_at": row.computed_at.isoformat(),
    }


def cycle_of(row: LearningCycle) -> dict[str, Any]:
    titles = {phase.name: phase.title for phase in phases_of(row.kind)}
    return {
        "id": str(row.pk),
        **{name: getattr(row, name) for name in _CYCLE},
        "kind": str(row.kind),
        "state": str(row.state),
        "doing": titles.get(row.phase, ""),
        "started_at": row.started_at.isoformat(),
        "seen_at": row.seen_at.isoformat(),
        "finished_at": _moment(row.finished_at),
    }


def settings_as_json(row: TrustSettings) -> dict[str, Any]:
    return {
        "keep_reasoning": row.keep_reasoning,
        "may_disable": row.may_disable,
        "min_evidence": row.min_evidence,
        "updated_at": _moment(row.updated_at),
        "updated_by": row.updated_by,
    }


def _word(row: Outcome) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "source": str(row.source),
        "verdict": str(row.verdict),
        "value": row.value,
        "quality": row.quality,
        "edited": row.edited,
        "weight": row.weight,
        "feedback": row.feedback,
        "judged_by": row.judged_by,
        "judged_at": row.judged_at.isoformat(),
    }


def _id(value: UUID | None) -> str | None:
    return str(value) if value else None


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
