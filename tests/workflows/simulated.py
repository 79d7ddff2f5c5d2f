"""A run of a pattern in memory: stage after stage, with agents that answer whatever they are told to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from apps.workflows.patterns import PATTERNS
from apps.workflows.patterns.stages import Staged
from apps.workflows.plans import (
    Barrier,
    Candidate,
    Impossible,
    Pattern,
    Situation,
    StagePlan,
    StepPlan,
    StepResult,
)
from apps.workflows.states import StepKind, StepState

# What is in the library itself; other tests put a pattern of their own beside it.
LIBRARY = {name: pattern for name, pattern in PATTERNS.items() if isinstance(pattern, Staged)}
FAILED = object()
Answers = Callable[[str, StepPlan], Any]


class Simulated(msgspec.Struct):
    """What came of it. impossible: why it ended before its end."""

    plans: dict[str, StagePlan]
    situation: Situation
    result: Any = None
    ratings: Any = None
    impossible: str = ""


def candidates(config: Any, pattern: Pattern, agents: Sequence[str], **known: Any) -> dict[str, list[Candidate]]:
    """Agents that give whatever a pattern asks for."""
    types = {type_ for stage in pattern.outline(config) for type_ in stage.types}
    return {type_: [Candidate(key=key, name=key, types=(), **known) for key in agents] for type_ in sorted(types)}


def run(
    pattern: Pattern,
    config: Any,
    answers: Answers,
    *,
    agents: Sequence[str] = ("ann", "ben", "cid"),
    by_type: Mapping[str, Sequence[Candidate]] | None = None,
    given: Mapping[str, Any] | None = None,
    **known: Any,
) -> Simulated:
    """Go through all stages. answers: (stage, step) -> content, or FAILED; a dict with "confidence" states it."""
    found = Simulated(
        plans={}, situation=Situation(run_id="run", input=given or {"goal": "Do it", "context": {"a": 1}})
    )
    able = by_type if by_type is not None else candidates(config, pattern, agents, **known)
    results: list[StepResult] = []
    for stage in pattern.outline(config):
        found.situation = msgspec.structs.replace(found.situation, results=tuple(results), candidates=able)
        try:
            plan = pattern.plan(config, stage.key, found.situation)
        except Impossible as why:
            found.impossible = str(why)
            return found
        if plan is None:
            continue
        found.plans[stage.key] = plan
        mine = [_result(pattern, config, stage.key, step, answers, found.situation) for step in plan.steps]
        results += mine
        if problem := _closed(plan, mine):
            found.impossible = problem
            return found
    found.situation = msgspec.structs.replace(found.situation, results=tuple(results), candidates=able)
    found.result = pattern.result(config, found.situation)
    found.ratings = pattern.ratings(config, found.situation)
    return found


def _result(
    pattern: Pattern, config: Any, stage: str, step: StepPlan, answers: Answers, situation: Situation
) -> StepResult:
    if step.kind is StepKind.COMPUTE:
        content = pattern.compute(config, step.does, situation, step.input)
    elif step.kind is StepKind.PERSON:
        content = answers(stage, step)
        content = step.input["payload"] if content is None else content
    else:
        content = answers(stage, step)
    done = content is not FAILED
    stated = content.get("confidence") if isinstance(content, dict) else None
    return StepResult(
        stage=stage,
        key=step.key,
        kind=step.kind,
        does=step.does,
        type=step.type,
        state=StepState.DONE if done else StepState.FAILED,
        content=content if done else None,
        confidence=stated if isinstance(stated, float) else None,
    )


def _closed(plan: StagePlan, results: Sequence[StepResult]) -> str:
    done = sum(one.state is StepState.DONE for one in results)
    need = len(results) if plan.barrier is Barrier.ALL else plan.need
    return "" if done >= need else f"stage {plan.key}: {done} of {need}"
