"""RULE: a stage of one computed step, such as putting the final package together."""

from typing import Any

from apps.workflows.plans import StagePlan, StepPlan
from apps.workflows.states import StepKind


def computed(key: str, name: str, rule: str, **given: Any) -> StagePlan:
    """A stage in which the pattern's own rule is applied to what is there."""
    step = StepPlan(key=rule, kind=StepKind.COMPUTE, does=rule, input=given, most_attempts=1)
    return StagePlan(key=key, name=name, steps=(step,))
