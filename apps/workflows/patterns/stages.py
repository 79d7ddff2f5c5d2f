"""RULE: what all patterns share: stages by name, planned one after the other, and what a run is started with."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta

from apps.workflows.patterns.asking import Asking, agent_steps, asked, pick
from apps.workflows.patterns.computing import computed
from apps.workflows.patterns.limits import MOST_STEPS
from apps.workflows.patterns.problems import problem_in
from apps.workflows.patterns.prompts import body
from apps.workflows.plans import Candidate, Impossible, Rating, Situation, StageOutline, StagePlan, StepPlan

C = TypeVar("C", bound=msgspec.Struct)
FINALE = "finalisation"
_FINALE = computed(FINALE, "Finalisation", "package")


class GoalInput(msgspec.Struct, forbid_unknown_fields=True):
    """What a run is started with. context: facts the agents need, by name; each pattern says which it reads."""

    goal: Annotated[str, Meta(min_length=1, max_length=20_000)]
    context: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class StageRule(Generic[C]):
    """One stage of a pattern: how the diagram shows it, and how it is planned (None: passed over)."""

    key: str
    name: str
    says: str
    types: tuple[str, ...]
    plan: Callable[[C, Situation], StagePlan | None]


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a stage's work that agents do by themselves. key: what its steps are told apart by.

    more: what their bodies hold besides. without: agents that may not do it, such as who wrote what it checks.
    """

    key: str
    instruction: str
    more: Mapping[str, Any] = field(default_factory=dict)
    without: frozenset[str] = frozenset()


class Staged(Generic[C]):
    """The base of the patterns: a subclass gives `stages`, and what it computes, results in and rates."""

    name = ""
    title = ""
    description = ""
    Config: type[msgspec.Struct]
    Input: type[msgspec.Struct] = GoalInput

    def stages(self, config: C) -> tuple[StageRule[C], ...]:
        """All stages that may come, in order."""
        raise NotImplementedError

    def outline(self, config: C) -> tuple[StageOutline, ...]:
        return tuple(
            StageOutline(key=stage.key, name=stage.name, says=stage.says, types=stage.types)
            for stage in self.stages(config)
        )

    def problem_of(self, config: C) -> tuple[str, str] | None:
        return problem_in(config)

    def plan(self, config: C, stage: str, situation: Situation) -> StagePlan | None:
        for rule in self.stages(config):
            if rule.key == stage:
                return rule.plan(config, situation)
        raise Impossible(f"The pattern {self.name} has no stage {stage}")

    def compute(self, config: C, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        raise Impossible(f"The pattern {self.name} computes nothing called {rule}")

    def result(self, config: C, situation: Situation) -> Any:
        """The package, for the patterns that end by putting one together."""
        done = situation.of(FINALE)
        return done[0].content if done else None

    def ratings(self, config: C, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        return (), None

    def finale(self, says: str) -> StageRule[C]:
        """The last stage: the pattern computes `package` from what is left."""
        return StageRule(FINALE, "Finalisation", says, (), lambda config, situation: _FINALE)

    def ask(
        self,
        asking: Asking,
        situation: Situation,
        *,
        key: str,
        name: str,
        instruction: str,
        stages: Sequence[str] = (),
        answer: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> StagePlan:
        """A stage in which all who are picked do the same. Raises Impossible: nobody gives the type."""
        whole = Part("", instruction, more)
        build = self._builder(key, situation, stages, answer, whole)
        return asked(asking, key=key, name=name, steps=agent_steps(asking, pick(asking, situation), build))

    def share_out(
        self,
        asking: Asking,
        situation: Situation,
        parts: Sequence[Part],
        *,
        key: str,
        name: str,
        stages: Sequence[str] = (),
        answer: Mapping[str, Any] | None = None,
        each: int = 0,
    ) -> StagePlan:
        """A stage whose parts are shared out among those who are picked, in turn. each: agents of one part; 0: all.

        An agent that may not do a part does it all the same where there is nobody else. Raises Impossible as `ask`.
        """
        steps: list[StepPlan] = []
        for turn, part in enumerate(parts):
            able = self._able(asking, situation, part)
            most = min(each or len(able), len(able), max(1, MOST_STEPS // len(parts)))
            chosen = [able[(turn * most + n) % len(able)] for n in range(most)]
            build = self._builder(key, situation, stages, answer, part)
            steps += agent_steps(asking, chosen, build, about=part.key)
        return asked(asking, key=key, name=name, steps=steps)

    def _able(self, asking: Asking, situation: Situation, part: Part) -> list[tuple[str, Candidate]]:
        if part.without:
            with suppress(Impossible):
                return pick(asking, situation, part.without)
        return pick(asking, situation)

    def _builder(
        self, key: str, situation: Situation, stages: Sequence[str], answer: Mapping[str, Any] | None, part: Part
    ) -> Callable[[str, Candidate, str], Mapping[str, Any]]:
        def build(type_: str, agent: Candidate, step: str) -> Mapping[str, Any]:
            return body(
                pattern=self.name,
                stage=key,
                step=step,
                task=type_,
                instruction=part.instruction,
                situation=situation,
                stages=stages,
                answer=answer,
                **part.more,
            )

        return build
