"""What the pages of trust show, made row by row: scores, days, tallies, patterns, recommendations, cycles."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.ids import new_id
from apps.trust.models import (
    DailyTally,
    LearningCycle,
    Outcome,
    Pattern,
    PatternEvent,
    Recommendation,
    TrustDay,
    TrustScore,
)
from tests.trust.conftest import an_agent


def a_score(agent: Agent, overall: float = 0.8, spread: float = 0.05, **changes: Any) -> TrustScore:
    """A score of enough evidence, unless told otherwise."""
    low, high = max(0.0, overall - spread), min(1.0, overall + spread)
    values = {
        "type": "", "overall": overall, "low": low, "high": high, "accuracy": overall, "consistency": 0.9,
        "timeliness": 0.95, "reliability": 0.99, "effective_n": 60, "judged": 80, "asked": 100, "enough": True,
        "trend": "stable", "approval_rate": overall, "average_quality": 100 * overall,
        "boost": max(-0.5, min(0.5, low - 0.5)), "computed_at": timezone.now(),
    }  # fmt: skip
    return TrustScore.objects.create(business_id=agent.business_id, agent=agent, **values | changes)


def a_tally(agent: Agent, day: date, *, judged: int = 10, approved: int = 8, **changes: Any) -> DailyTally:
    values = {
        "type": "draft", "asked": judged + 2, "answered": judged + 1, "on_time": judged, "judged": judged,
        "weight": judged, "weight2": judged, "value": approved, "value2": approved, "approved": approved,
        "rejected": judged - approved, "rated": judged, "quality": 75 * judged, "claimed": judged,
        "confidence": 0.7 * judged,
    }  # fmt: skip
    return DailyTally.objects.create(business_id=agent.business_id, agent=agent, day=day, **values | changes)


def patterns_made(business: Business, number: int, *, agents: list[str], **changes: Any) -> list[Pattern]:
    """Patterns found a week ago, each a little weaker than the one before."""
    now = timezone.now()
    rows = [
        Pattern(
            business=business,
            **{
                "key": f"expert:{new_id()}", "category": "expert", "name": f"Expert number {place}", "type": "draft",
                "agent_keys": agents, "trials": 40, "successes": 36, "rate": 0.9, "low": 0.85 - place / 1e5,
                "high": 0.95, "base_rate": 0.6, "q_value": 0.01, "strength": "strong", "state": "confirmed",
                "found_at": now - timedelta(days=7), "confirmed_at": now - timedelta(days=1),
            } | changes,
        )
        for place in range(number)
    ]  # fmt: skip
    made = Pattern.objects.bulk_create(rows, batch_size=1000)
    events = [
        PatternEvent(business=business, pattern=row, what=what, rate=0.9, trials=40, at=at)
        for row in made
        for what, at in (("found", row.found_at), ("confirmed", now))
    ]
    PatternEvent.objects.bulk_create(events, batch_size=1000)
    return made


def a_recommendation(agent: Agent, *, judged_by: str = "", **changes: Any) -> Recommendation:
    values = {
        "type": "draft", "correlation_id": "goal-1", "digest": "ab" * 32, "confidence": 0.8, "latency_ms": 1500,
        "verdict": "approved", "value": 1.0, "quality": 90, "created_at": timezone.now(),
    }  # fmt: skip
    row = Recommendation.objects.create(business_id=agent.business_id, agent=agent, **values | changes)
    if judged_by:
        Outcome.objects.create(
            business_id=agent.business_id, recommendation=row, source=judged_by, verdict=row.verdict,
            value=row.value or 0, judged_by="user:alice", judged_at=timezone.now(), feedback="Too long",
        )  # fmt: skip
    return row


def a_cycle(business: Business, *, at: datetime | None = None, **changes: Any) -> LearningCycle:
    began = at or timezone.now()
    values = {
        "kind": "incremental", "state": "done", "started_by": "system:nightly", "started_at": began, "seen_at": began,
        "finished_at": began, "progress": 1, "outcomes": 40, "agents": 2, "coverage": 0.8, "duration_ms": 3200,
        "accuracy": {"n": 100, "share_right": [0.87, 0.8, 0.92], "words": "Trust foretold better.",
                     "trust": {"log_loss": [0.4, 0.35, 0.45]}, "average": {"log_loss": [0.5, 0.45, 0.55]}},
        "insights": [
            {"kind": "insight", "text": "Writer is an expert", "link": "agent:writer", "n": 40, "value": 0.9,
             "low": 0.8, "high": 0.95},
            {"kind": "advice", "text": "Ask Reader less", "link": "trust", "n": 0, "value": None, "low": None,
             "high": None},
        ],
    }  # fmt: skip
    return LearningCycle.objects.create(business=business, **values | changes)


def many_agents(business: Business, number: int) -> list[Agent]:
    """Agents with all that pages show of them, over the last ten days."""
    today, agents = timezone.now().date(), []
    for place in range(number):
        agent = an_agent(business, f"agent-{place:02}", types=["draft", "review"])
        for kind in ("", "draft", "review"):
            a_score(agent, 0.3 + 0.6 * place / number, type=kind)
        for back in range(10):
            a_tally(agent, today - timedelta(days=back))
            TrustDay.objects.create(
                business=business, agent=agent, day=today - timedelta(days=back), overall=0.8, low=0.7, high=0.9,
                effective_n=50, enough=True,
            )  # fmt: skip
        a_recommendation(agent, judged_by="approval")
        agents.append(agent)
    return agents
