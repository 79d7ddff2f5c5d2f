"""ACT: make the rows of a stage: its steps ready for the workers, its questions put before people."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.agents.models import Agent, Tool
from apps.core.errors import GatehouseError
from apps.core.ids import new_id
from apps.core.inserting import insert
from apps.trust.routing import standing_of
from apps.workflows.asking import ask
from apps.workflows.models import Run, Stage, Step
from apps.workflows.plans import Impossible, StagePlan, StepPlan
from apps.workflows.situations import agents_of
from apps.workflows.states import Priority, StepKind, StepState
from apps.workflows.words import words

LONGEST_KEY = 95
# Written in one statement up to so many; planning a longer one costs more than a second round trip.
MOST_IN_ONE = 20
RULE_SECONDS = 30


def open_stage(run: Run, plan: StagePlan, now: datetime, *beside: Any) -> tuple[Stage, list[Step]]:
    """Write the stage after the run's present one, with its steps. Call with the run locked, or not yet written.

    beside: new rows to be written before them, in the same round trip. Raises Impossible: the plan cannot be kept.
    """
    _check(plan)
    stage = Stage(
        id=new_id(),
        business_id=run.business_id,
        run_id=run.pk,
        position=run.stage + 1,
        key=plan.key,
        name=plan.name[:120],
        rule=plan.barrier.value,
        need=plan.need,
        timeout_seconds=plan.timeout_seconds,
        due_at=now + timedelta(seconds=plan.timeout_seconds) if plan.timeout_seconds else None,
    )
    steps = steps_of(run, stage, plan.steps, now)
    if len(steps) <= MOST_IN_ONE:
        insert(*beside, stage, *steps)
    else:
        insert(*beside, stage)
        Step.objects.bulk_create(steps)
    for step in steps:
        if step.kind == StepKind.PERSON:
            put_before_people(run, stage, step, now)
    return stage, steps


def steps_of(run: Run, stage: Stage, plans: Iterable[StepPlan], now: datetime) -> list[Step]:
    """The rows of these steps, to be written."""
    wanted = list(plans)
    agents = _agents(run.business_id, {one.does for one in wanted if one.kind is StepKind.AGENT})
    tools = _tools(run.business_id, {one.does for one in wanted if one.kind is StepKind.TOOL})
    return [_step(run, stage, one, agents, tools, now) for one in wanted]


def put_before_people(run: Run, stage: Stage, step: Step, now: datetime) -> None:
    """Have a person's step wait for a decision; it fails where the queue does not take what it asks."""
    changes: dict[str, Any]
    try:
        request = ask(run, step, due=stage.due_at, now=now)
        changes = {"state": StepState.WAITING, "request_id": request.pk, "attempt": step.attempt + 1, "started_at": now}
    except GatehouseError as error:
        changes = {"state": StepState.FAILED, "why": "invalid", "error": words(error.detail), "finished_at": now}
    Step.objects.filter(pk=step.pk).update(**changes)
    for name, value in changes.items():
        setattr(step, name, value)


def priority_of(run: Run, trusted: int) -> int:
    """Where trust moves a step of this run to: an agent with a boost one place forward, a mistrusted one back."""
    return min(max(int(run.priority) + trusted - Priority.NORMAL, Priority.CRITICAL), Priority.LOW)


def _check(plan: StagePlan) -> None:
    keys = [f"{plan.key}/{one.key}" for one in plan.steps]
    if len(set(keys)) < len(keys):
        raise Impossible(f"The stage {plan.name} has two steps of one key")
    if any(len(key) > LONGEST_KEY for key in keys):
        raise Impossible(f"A key in the stage {plan.name} is longer than {LONGEST_KEY} characters")


def _step(
    run: Run, stage: Stage, plan: StepPlan, agents: Mapping[str, Agent], tools: Mapping[str, Tool], now: datetime
) -> Step:
    agent = agents.get(plan.does) if plan.kind is StepKind.AGENT else None
    step = Step(
        id=new_id(),
        business_id=run.business_id,
        run_id=run.pk,
        stage_id=stage.pk,
        key=f"{stage.key}/{plan.key}",
        kind=plan.kind.value,
        agent=agent,
        does=plan.does[:64],
        type=plan.type[:40],
        input=plan.input,
        undo={"kind": plan.undo.kind, "does": plan.undo.does, "input": plan.undo.input} if plan.undo else None,
        priority=int(run.priority),
        most_attempts=max(1, plan.most_attempts),
        timeout_seconds=_seconds(plan, agent, tools.get(plan.does)),
        run_after=now,
    )
    if agent is not None:
        standing = standing_of(run.business_id, agent.pk, plan.type)
        step.priority, step.expected = priority_of(run, standing.priority), standing.expected
    missing = (plan.kind is StepKind.AGENT and agent is None) or (plan.kind is StepKind.TOOL and plan.does not in tools)
    if missing:
        step.state, step.why, step.finished_at = StepState.FAILED, "missing", now
        step.error = f"There is no {plan.kind} of the key {plan.does}"
    return step


def _seconds(plan: StepPlan, agent: Agent | None, tool: Tool | None) -> int:
    """Of one attempt: what the plan says, but no more than the agent or tool has; of a person 0 for no limit."""
    own = (agent and agent.timeout_seconds) or (tool and tool.timeout_seconds) or 0
    if plan.kind is StepKind.PERSON:
        return plan.timeout_seconds or 0
    if not own:
        return plan.timeout_seconds or RULE_SECONDS
    return min(plan.timeout_seconds or own, own)


def _agents(business_id: UUID, keys: set[str]) -> dict[str, Agent]:
    found = {agent.key: agent for agent in agents_of(business_id) if agent.key in keys}
    if keys - found.keys():
        # Those that are switched off stand by name in the step, which then says so.
        found |= {agent.key: agent for agent in Agent.objects.filter(business_id=business_id, key__in=keys)}
    return found


def _tools(business_id: UUID, names: set[str]) -> dict[str, Tool]:
    if not names:
        return {}
    return {tool.name: tool for tool in Tool.objects.filter(business_id=business_id, name__in=names)}
