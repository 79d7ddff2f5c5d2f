"""ACT: put what a learning cycle found into sentences."""

from uuid import UUID

import msgspec

from apps.accounts.row_access import acting_for
from apps.agents.models import Agent
from apps.trust.insights import AgentFigures, Figures, PatternFigures, insights_of
from apps.trust.models import LearningCycle, Pattern, PatternEvent, TrustScore

# Of patterns: those that are surest. More make no more sentences.
MOST_PATTERNS = 200
MOST_RETIRED = 50


def advise(cycle: LearningCycle) -> None:
    """Sets insights of the cycle ([{kind, text, link, n, value, low, high}], apps/trust/insights.py)."""
    with acting_for(cycle.business_id):
        cycle.insights = msgspec.to_builtins(insights_of(figures_of(cycle)))
        LearningCycle.objects.filter(pk=cycle.pk).update(insights=cycle.insights)


def figures_of(cycle: LearningCycle) -> Figures:
    """What stands after this cycle. Four queries."""
    agents = {
        agent.pk: agent for agent in Agent.objects.filter(business_id=cycle.business_id).only("key", "name", "enabled")
    }
    retired = PatternEvent.objects.filter(
        business_id=cycle.business_id, at__gte=cycle.started_at, what=Pattern.State.RETIRED
    ).values_list("pattern__name", flat=True)
    found = cycle.accuracy or {}
    return Figures(
        patterns=_patterns(cycle.business_id, agents),
        agents=_agents(cycle.business_id, agents),
        accuracy=found.get("words", ""),
        accuracy_n=found.get("n", 0),
        accuracy_verdict=found.get("verdict", ""),
        share_right=tuple(found["share_right"]) if found.get("share_right") else None,
        coverage=cycle.coverage,
        retired=tuple(retired[:MOST_RETIRED]),
    )


def _patterns(business_id: UUID, agents: dict[UUID, Agent]) -> tuple[PatternFigures, ...]:
    rows = Pattern.objects.filter(business_id=business_id).exclude(state=Pattern.State.RETIRED).order_by("-low", "pk")
    return tuple(
        PatternFigures(
            category=row.category,
            type=row.type,
            name=row.name,
            agents=tuple(agents[pk].name for pk in row.agent_ids if pk in agents),
            confirmed=row.state == Pattern.State.CONFIRMED,
            trials=row.trials,
            rate=row.rate,
            low=row.low,
            high=row.high,
            base_rate=row.base_rate,
        )
        for row in rows[:MOST_PATTERNS]
    )


def _agents(business_id: UUID, agents: dict[UUID, Agent]) -> tuple[AgentFigures, ...]:
    rows = TrustScore.objects.filter(business_id=business_id, type="")
    return tuple(
        AgentFigures(
            key=agents[row.agent_id].key,
            name=agents[row.agent_id].name,
            enabled=agents[row.agent_id].enabled,
            enough=row.enough,
            overall=row.overall,
            low=row.low,
            high=row.high,
            judged=row.judged,
            trend=row.trend,
            change=row.change,
        )
        for row in rows
        if row.agent_id in agents
    )
