"""RULE: the seven days of the pilot of retrieval: what must be measured before each stage, and what takes it back.

The stages are those of apps/pilots/ladder.py; the criteria and triggers are those of the pilot's release plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.pilots.criteria import Comparison, CriterionTerms
from apps.pilots.ladder import Level, StageTerms, seven_days
from apps.pilots.plans import StagePlan

FEATURE = "RAG_PILOT"
TWO_DAYS, WEEK = 48, 7 * 24
_LEAST, _MOST = Comparison.AT_LEAST, Comparison.AT_MOST


@dataclass(frozen=True, slots=True)
class GuardPlan:
    """A trigger. why: what it says in the plan. minimum: fewest observations; 1 where the first incident acts."""

    metric: str
    comparison: Comparison
    limit: float
    level: Level
    why: str
    relative: bool = False
    minimum: int = 30

    @property
    def cooldown_minutes(self) -> int:
        """What must never happen is acted on again at once; a rate is given an hour."""
        return 0 if self.minimum == 1 else 60


# A fact without data, or an incident of security, is one too many wherever it happens: it takes everything back, as the
# plan's emergency does. The other triggers of the stages take the feature from the business they are about; the same
# figures twice as bad, over all businesses together, are the plan's emergency.
GUARDS: tuple[GuardPlan, ...] = (
    GuardPlan("hallucination_count", _MOST, 0, Level.EVERYTHING, "Hallucination detected", minimum=1),
    GuardPlan("security_incidents", _MOST, 0, Level.EVERYTHING, "Security incident", minimum=1),
    GuardPlan("retrieval_timeout_rate", _MOST, 0.05, Level.BUSINESS, "Retrieval time-outs above 5 %"),
    GuardPlan("tool_error_rate", _MOST, 0.01, Level.BUSINESS, "Tool validation errors above 1 %"),
    GuardPlan("draft_approval_rate", _LEAST, 0.8, Level.BUSINESS, "Approval rate drops by over 20 %", relative=True),
    GuardPlan("retrieval_timeout_rate", _MOST, 0.10, Level.EVERYTHING, "Retrieval time-outs above 10 %"),
    GuardPlan("tool_error_rate", _MOST, 0.02, Level.EVERYTHING, "Tool validation errors above 2 %"),
    GuardPlan("draft_approval_rate", _LEAST, 0.7, Level.EVERYTHING, "Approval rate drops by over 30 %", relative=True),
)


def rag_plan() -> list[StagePlan]:
    """The seven-day ladder with the plan's acceptance of each stage as the criteria of entering the next."""
    return [StagePlan(stage, _criteria(stage)) for stage in seven_days()]


def _criteria(stage: StageTerms) -> tuple[CriterionTerms, ...]:
    if stage.position == 1:
        return ()
    if stage.position == 2:
        return _baseline_accepted()
    if stage.position <= 4:
        expanded = stage.position == 4
        return (*_pilot_accepted(), *(_expansion_accepted() if expanded else ()))
    return _stable()


def _baseline_accepted() -> tuple[CriterionTerms, ...]:
    """Days 1 and 2: drafts are made, tools work, nothing leaks."""
    return (
        CriterionTerms("draft_success_rate", _LEAST, 0.95, TWO_DAYS, 20),
        CriterionTerms("tool_error_rate", _MOST, 0.01, TWO_DAYS, 20),
        CriterionTerms("security_incidents", _MOST, 0, TWO_DAYS, 20),
    )


def _pilot_accepted() -> tuple[CriterionTerms, ...]:
    """Days 3 and 4, the figures that are monitored for 48 hours."""
    return (
        CriterionTerms("rag_hit_rate", _LEAST, 0.60, TWO_DAYS, 30),
        CriterionTerms("rag_latency", _MOST, 0.2, TWO_DAYS, 30),
        CriterionTerms("draft_approval_rate", _LEAST, 0.70, TWO_DAYS, 30),
        CriterionTerms("hallucination_count", _MOST, 0, TWO_DAYS, 30),
    )


def _expansion_accepted() -> tuple[CriterionTerms, ...]:
    """Days 5 and 6: with at least a hundred samples of token estimates, and no incident of security."""
    return (
        CriterionTerms("token_error", _MOST, 0.15, TWO_DAYS, 100),
        CriterionTerms("security_incidents", _MOST, 0, TWO_DAYS, 30),
    )


def _stable() -> tuple[CriterionTerms, ...]:
    """Each share after the first: seven days stable at the one before."""
    return (
        CriterionTerms("draft_approval_rate", _LEAST, 0.70, WEEK, 100),
        CriterionTerms("hallucination_count", _MOST, 0, WEEK, 100),
        CriterionTerms("security_incidents", _MOST, 0, WEEK, 100),
    )
