"""A pattern that does what its configuration says, and the agents it asks: what the tests of the engine run on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import msgspec
from django.db import transaction

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.sealing import seal
from apps.core.signing import as_secret
from apps.workflows import patterns
from apps.workflows.claiming import claim
from apps.workflows.models import Run, Step
from apps.workflows.plans import (
    Barrier,
    Impossible,
    Pattern,
    Rating,
    Situation,
    StageOutline,
    StagePlan,
    StepPlan,
    Undo,
)
from apps.workflows.starting import start_run
from apps.workflows.states import StepKind
from apps.workflows.working import work

SECRET = as_secret(b"0" * 32)
NAME = "scripted"


class ScriptConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The stages, as they are to be planned. ratings: (step, quality)."""

    stages: tuple[StagePlan, ...] = ()
    skips: tuple[str, ...] = ()
    impossible: str = ""
    ratings: tuple[tuple[str, float], ...] = ()
    quality: float | None = None


class Scripted:
    """Its rules: "echo" gives back its input, "sum" adds up what came before, "fail" and "crash" do not compute."""

    name, title, description = NAME, "Scripted", "For tests"
    Config = ScriptConfig

    def outline(self, config: ScriptConfig) -> tuple[StageOutline, ...]:
        return tuple(StageOutline(key=stage.key, name=stage.name) for stage in config.stages)

    def problem_of(self, config: ScriptConfig) -> tuple[str, str] | None:
        return None

    def plan(self, config: ScriptConfig, stage: str, situation: Situation) -> StagePlan | None:
        if stage in config.skips:
            return None
        if stage == config.impossible:
            raise Impossible(f"Nobody can do {stage}")
        if stage == "crash":
            raise RuntimeError("a fault in the pattern")
        return next(one for one in config.stages if one.key == stage)

    def compute(self, config: ScriptConfig, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        if rule == "sum":
            return sum(one.content["n"] for one in situation.results)
        if rule == "fail":
            raise Impossible("It does not add up")
        if rule == "crash":
            raise ZeroDivisionError
        return dict(given)

    def result(self, config: ScriptConfig, situation: Situation) -> Any:
        return {f"{one.stage}/{one.key}": one.content for one in situation.results if one.content is not None}

    def ratings(self, config: ScriptConfig, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        return tuple(Rating(step=step, quality=quality) for step, quality in config.ratings), config.quality


def enlist() -> None:
    patterns.PATTERNS[NAME] = cast(Pattern, Scripted())


# A worker that is started with this module included knows the pattern too.
enlist()


def rule(key: str = "a", does: str = "echo", **given: Any) -> StepPlan:
    return StepPlan(key=key, kind=StepKind.COMPUTE, does=does, input=given)


def asks(agent: Agent | str, key: str = "", **more: Any) -> StepPlan:
    name = agent if isinstance(agent, str) else agent.key
    more.setdefault("input", {"ask": name})
    return StepPlan(key=key or name, kind=StepKind.AGENT, does=name, type=more.pop("type", "research"), **more)


def person(key: str = "person", **given: Any) -> StepPlan:
    return StepPlan(key=key, kind=StepKind.PERSON, does="person", input={"payload": {"n": 1}} | given, most_attempts=1)


def stage(
    key: str, *steps: StepPlan, barrier: Barrier = Barrier.ALL, need: int = 0, seconds: int | None = None
) -> StagePlan:
    return StagePlan(key=key, name=key.title(), steps=steps, barrier=barrier, need=need, timeout_seconds=seconds)


def undoing(step: StepPlan, does: str = "echo", kind: StepKind = StepKind.COMPUTE, **given: Any) -> StepPlan:
    return msgspec.structs.replace(step, undo=Undo(kind=kind, does=does, input=given))


def an_agent(business: Business, key: str = "helper", url: str = "http://127.0.0.1:9/", **more: Any) -> Agent:
    more.setdefault("timeout_seconds", 5)
    return Agent.objects.create(business=business, key=key, name=key.title(), url=url, secret=seal(SECRET), **more)


def begin(business: Business, *stages: StagePlan, key: str = "one", **more: Any) -> Run:
    """Start a run of these stages."""
    config = {"stages": stages} | {
        name: more.pop(name) for name in list(more) if name in ScriptConfig.__struct_fields__
    }
    more.setdefault("input", {})
    with transaction.atomic():
        return start_run(
            business_id=business.pk,
            pattern=NAME,
            config=msgspec.to_builtins(config),
            title=more.pop("title", f"Run {key}"),
            key=key,
            correlation_id=more.pop("correlation_id", "matter"),
            started_by="user:alice",
            **more,
        )


def work_once() -> int:
    """What one worker does in one turn; how many steps that were."""
    steps = claim()
    if steps:
        work(steps)
    return len(steps)


def work_all() -> int:
    """Work off what is ready; how many steps that were."""
    worked = 0
    while done := work_once():
        worked += done
    return worked


def states(run: Run) -> dict[str, str]:
    """The states of the run's steps by key."""
    return dict(Step.objects.filter(run=run).order_by("id").values_list("key", "state"))


def step_of(run: Run, key: str) -> Step:
    return Step.objects.get(run=run, key=key)


@contextmanager
def without_pattern() -> Iterator[None]:
    """Meanwhile the library has lost the pattern, as after a deploy."""
    taken = patterns.PATTERNS.pop(NAME)
    try:
        yield
    finally:
        patterns.PATTERNS[NAME] = taken
