"""Questions about recommendations, outcomes, trust and cycles, for the API."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Avg, QuerySet

from apps.agents.models import Agent
from apps.trust.models import Buffered, LearningCycle, Outcome, Recommendation, TrustScore

_COLUMNS = ("run_id", "step_id", "group", "digest", "confidence", "reasoning", "latency_ms", "on_time", "failure")


def recommendations_of(business_id: UUID) -> QuerySet[Recommendation]:
    """With their agents. What was tracked in the last seconds may still be on its way (recommending.py)."""
    return Recommendation.objects.filter(business_id=business_id).select_related("agent")


def find_recommendation(business_id: UUID, recommendation_id: UUID) -> Recommendation | None:
    """The recommendation, also one that is still in the buffer, unsaved then."""
    found = recommendations_of(business_id).filter(pk=recommendation_id).first()
    return (
        found
        or _buffered(business_id, recommendation_id)
        or recommendations_of(business_id).filter(pk=recommendation_id).first()
    )


def outcomes_of(business_id: UUID) -> QuerySet[Outcome]:
    return Outcome.objects.filter(business_id=business_id).select_related("recommendation__agent")


def scores_of(business_id: UUID) -> QuerySet[TrustScore]:
    """With their agents, agents as a whole first, the surest first."""
    rows = TrustScore.objects.filter(business_id=business_id).select_related("agent")
    return rows.order_by("type", "-low", "agent__key")


def averages_of(business_id: UUID) -> dict[str, float]:
    """Mean overall trust by type, of the agents with enough evidence."""
    rows = TrustScore.objects.filter(business_id=business_id, enough=True).order_by()
    return dict(rows.values("type").annotate(mean=Avg("overall")).values_list("type", "mean"))


def cycles_of(business_id: UUID) -> QuerySet[LearningCycle]:
    return LearningCycle.objects.filter(business_id=business_id)


def matching(business_id: UUID, agent: Agent, correlation_id: str, most: int) -> Sequence[UUID]:
    """Answers of an agent in one matter, by id, at most so many."""
    rows = Recommendation.objects.filter(
        business_id=business_id, agent=agent, correlation_id=correlation_id, failure=""
    )
    return list(rows.order_by("pk").values_list("pk", flat=True)[:most])


def _buffered(business_id: UUID, recommendation_id: UUID) -> Recommendation | None:
    row = Buffered.objects.filter(pk=recommendation_id, business_id=business_id).first()
    if row is None:
        return None
    facts: dict[str, Any] = row.facts
    agent = Agent.objects.filter(pk=facts["agent"], business_id=business_id).first()
    if agent is None:
        return None
    return Recommendation(
        id=row.pk,
        business_id=business_id,
        agent=agent,
        type=facts["type"],
        correlation_id=facts["correlation_id"],
        created_at=datetime.fromisoformat(facts["created_at"]),
        **{name: facts[name] for name in _COLUMNS},
    )
