"""RULE: a ladder with what must be measured before each of its stages, and the usual one."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from apps.pilots.criteria import Comparison, CriterionTerms
from apps.pilots.ladder import StageKind, StageTerms, problem_of_ladder, seven_days

MOST_CRITERIA = 20
LONGEST_WINDOW_HOURS = 90 * 24
MOST_OBSERVATIONS = 10_000_000


@dataclass(frozen=True, slots=True)
class StagePlan:
    """A stage, and the criteria of entering it."""

    stage: StageTerms
    criteria: tuple[CriterionTerms, ...] = ()


def seven_day_plan() -> list[StagePlan]:
    """The usual plan: from the expansion on, people must approve 70 % of what they decide, and few goals may fail."""
    return [StagePlan(stage, _usual_criteria(stage)) for stage in seven_days()]


def _usual_criteria(stage: StageTerms) -> tuple[CriterionTerms, ...]:
    if stage.position <= 2:
        return ()
    week_after = stage.kind == StageKind.PERCENTAGE and stage.share > 10
    window, minimum = (7 * 24, 100) if week_after else (48, 30)
    return (
        CriterionTerms("approval_rate", Comparison.AT_LEAST, 0.7, window, minimum),
        CriterionTerms("error_rate", Comparison.AT_MOST, 0.05, window, minimum),
    )


def problem_of_plans(plans: Sequence[StagePlan], metrics: Collection[str]) -> tuple[str, str] | None:
    """(field, reason) of the first thing wrong, fields as stages.0.criteria.1.metric; None for sound plans.

    metrics: the names that may be measured.
    """
    if problem := problem_of_ladder([plan.stage for plan in plans]):
        return problem
    for index, plan in enumerate(plans):
        if plan.stage.position != index + 1:
            return f"stages.{index}.position", "Positions go from 1 without a gap"
        if len(plan.criteria) > MOST_CRITERIA:
            return f"stages.{index}.criteria", f"At most {MOST_CRITERIA} criteria"
        for place, criterion in enumerate(plan.criteria):
            if problem := _problem_of_criterion(criterion, metrics):
                return f"stages.{index}.criteria.{place}.{problem[0]}", problem[1]
    return None


def _problem_of_criterion(criterion: CriterionTerms, metrics: Collection[str]) -> tuple[str, str] | None:
    if criterion.metric not in metrics:
        return "metric", f"One of {', '.join(sorted(metrics))}"
    if not math.isfinite(criterion.limit):
        return "limit", "A finite number"
    if not 1 <= criterion.window_hours <= LONGEST_WINDOW_HOURS:
        return "window_hours", f"From 1 to {LONGEST_WINDOW_HOURS} hours"
    if not 1 <= criterion.minimum <= MOST_OBSERVATIONS:
        return "minimum", f"From 1 to {MOST_OBSERVATIONS:,}"
    return None
