"""RULE: the pattern of one step: one agent does the work. Goals that name an agent run by it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from apps.workflows.patterns.asking import Asking, pick
from apps.workflows.patterns.limits import Attempts, Name, Seconds, TypeName
from apps.workflows.patterns.prompts import body
from apps.workflows.patterns.stages import Staged, StageRule
from apps.workflows.plans import Situation, StagePlan, StepPlan
from apps.workflows.states import StepKind


class SingleConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """agent: the key of who does it; empty: whoever is trusted most for the type. seconds: empty, as the agent has."""

    agent: Name = ""
    type: TypeName = "general"
    seconds: Seconds | None = None
    attempts: Attempts = 3


class Single(Staged[SingleConfig]):
    name = "single"
    title = "One agent"
    description = "One agent does the work and its answer is the result: the named one, or the one trusted most."
    Config = SingleConfig

    def stages(self, config: SingleConfig) -> tuple[StageRule[SingleConfig], ...]:
        types = () if config.agent else (config.type,)
        return (StageRule("work", "Work", "One agent does it", types, self._work),)

    def _work(self, config: SingleConfig, situation: Situation) -> StagePlan:
        agent = config.agent or pick(Asking(types=(config.type,), agents=1), situation)[0][1].key
        given = situation.input.get("body")
        step = StepPlan(
            key="goal",
            kind=StepKind.AGENT,
            does=agent,
            type=config.type,
            input=dict(given) if isinstance(given, Mapping) else self._body(config, situation),
            timeout_seconds=config.seconds,
            most_attempts=config.attempts,
        )
        return StagePlan(key="work", name="Work", steps=(step,))

    def _body(self, config: SingleConfig, situation: Situation) -> dict[str, Any]:
        return body(
            pattern=self.name,
            stage="work",
            step="goal",
            task=config.type,
            instruction="Reach the goal and give the result.",
            situation=situation,
        )

    def result(self, config: SingleConfig, situation: Situation) -> Any:
        done = situation.of("work")
        return done[0].content if done else None
