"""RULE: which agents a stage asks, with what, and when their answers are enough."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from apps.workflows.patterns.limits import (
    LONGEST_STEP_KEY,
    MOST_AGENTS,
    MOST_STEPS,
    Attempts,
    Count,
    Seconds,
    StageSeconds,
    TypeName,
)
from apps.workflows.plans import Barrier, Candidate, Impossible, Situation, StagePlan, StepPlan
from apps.workflows.states import StepKind

Build = Callable[[str, Candidate, str], Mapping[str, Any]]


class Asking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a stage asks. agents: of each type, those trusted most first; 0: all of them, at most 50.

    every_type: a type that no agent gives ends the run; else the others do. need: answers that are enough for the
    rules first, quorum and deadline; where fewer agents can be asked, all of these. seconds: of one attempt.
    stage_seconds: of the whole stage, attempts and waits included.
    """

    types: Annotated[
        tuple[TypeName, ...], Meta(min_length=1, max_length=10, title="Types", description="Of agents that are asked")
    ]
    agents: Annotated[Count, Meta(title="Agents of each type", description="Those trusted most first; 0: all")] = 3
    every_type: Annotated[bool, Meta(title="Every type must have an agent")] = True
    barrier: Annotated[Barrier, Meta(title="Goes on", description="When all, the first, or a quorum have answered")] = (
        Barrier.QUORUM
    )
    need: Annotated[Count, Meta(title="Answers needed", description="Not for the rule all")] = 1
    seconds: Annotated[Seconds, Meta(title="Seconds for an attempt")] = 120
    stage_seconds: Annotated[StageSeconds, Meta(title="Seconds for the stage")] = 900
    attempts: Annotated[Attempts, Meta(title="Attempts")] = 3


def optional(*types: str, agents: int = 2, seconds: int = 120) -> Asking:
    """Agents whose answers help, but without whom the run goes on: nobody there, all failed, or too late."""
    return Asking(
        types=types, agents=agents, every_type=False, barrier=Barrier.DEADLINE, need=0, seconds=seconds,
        stage_seconds=max(900, 3 * seconds),
    )  # fmt: skip


def lenient(plan: StagePlan) -> StagePlan:
    """The same stage, without which the run goes on: a further round only adds to what is there."""
    return msgspec.structs.replace(plan, barrier=Barrier.DEADLINE, need=0)


def pick(asking: Asking, situation: Situation, without: Collection[str] = ()) -> list[tuple[str, Candidate]]:
    """(type, agent) of all who are asked, in the order of trust. without: agents that may not be asked here.

    Raises Impossible: nobody gives the type.
    """
    most = asking.agents or MOST_AGENTS
    picked, lacking = [], []
    for type_ in dict.fromkeys(asking.types):
        able = [one for one in _once(situation.candidates.get(type_, ())) if one.key not in without]
        picked += [(type_, one) for one in able[:most]]
        if not able:
            lacking.append(type_)
    if lacking and (asking.every_type or not picked):
        raise Impossible(f"No agent that may be asked gives recommendations of the type {', '.join(lacking)}")
    return picked


def able_to(asking: Asking, situation: Situation) -> bool:
    """Whether `pick` would find somebody."""
    try:
        return bool(pick(asking, situation))
    except Impossible:
        return False


def agent_steps(
    asking: Asking, picked: Iterable[tuple[str, Candidate]], build: Build, *, about: str = ""
) -> tuple[StepPlan, ...]:
    """A step for each agent. build: (type, agent, step key) -> the body sent. about: what tells these steps apart."""
    several = len(set(asking.types)) > 1
    steps = []
    for type_, agent in picked:
        key = step_key(about, type_ if several else "", agent.key)
        steps.append(
            StepPlan(
                key=key,
                kind=StepKind.AGENT,
                does=agent.key,
                type=type_,
                input=dict(build(type_, agent, key)),
                timeout_seconds=asking.seconds,
                most_attempts=asking.attempts,
            )
        )
    return tuple(steps)


def asked(asking: Asking, *, key: str, name: str, steps: Iterable[StepPlan]) -> StagePlan:
    """The stage of these steps, each key once, with the barrier of the configuration."""
    once = list({step.key: step for step in steps}.values())[:MOST_STEPS]
    return StagePlan(
        key=key,
        name=name,
        steps=tuple(once),
        barrier=asking.barrier,
        need=0 if asking.barrier is Barrier.ALL else min(asking.need, len(once)),
        timeout_seconds=asking.stage_seconds,
    )


def step_key(*parts: str) -> str:
    """The parts that are not empty with dots between, at most 76 characters: a longer one ends in its digest."""
    key = ".".join(part for part in parts if part)
    if len(key) <= LONGEST_STEP_KEY:
        return key
    digest = hashlib.blake2s(key.encode(), digest_size=6).hexdigest()
    return f"{key[: LONGEST_STEP_KEY - len(digest) - 1]}~{digest}"


def _once(candidates: Iterable[Candidate]) -> list[Candidate]:
    return list({one.key: one for one in candidates}.values())
