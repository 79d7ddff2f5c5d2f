"""What the worker of steps knows besides, while bench.orchestrator measures: a task and steps that do nothing."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from celery import shared_task

from apps.workflows import patterns
from apps.workflows.plans import Pattern, Rating, Situation, StageOutline, StagePlan

NAME = "bench"


@shared_task
def nothing() -> None:
    """A bare task."""


class ScriptConfig(msgspec.Struct, frozen=True, kw_only=True):
    stages: tuple[StagePlan, ...] = ()


class Script:
    """Stages as its configuration has them; its rules do nothing."""

    name, title, description = NAME, "Bench", ""
    Config = ScriptConfig

    def outline(self, config: ScriptConfig) -> tuple[StageOutline, ...]:
        return tuple(StageOutline(key=stage.key, name=stage.name) for stage in config.stages)

    def problem_of(self, config: ScriptConfig) -> tuple[str, str] | None:
        return None

    def plan(self, config: ScriptConfig, stage: str, situation: Situation) -> StagePlan | None:
        return next(one for one in config.stages if one.key == stage)

    def compute(self, config: ScriptConfig, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        return None

    def result(self, config: ScriptConfig, situation: Situation) -> Any:
        return None

    def ratings(self, config: ScriptConfig, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        return (), None


def answer(body: Mapping[str, Any], work_id: str) -> Any:
    """A Python agent that does nothing."""
    return {"result": None}


patterns.PATTERNS[NAME] = cast(Pattern, Script())
