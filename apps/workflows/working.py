"""ACT: work off what is ready: claim a step, do what it says, keep what came of it, take the next."""

import logging
import threading
import time
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django.db import Error as DjangoDbError
from django.db import connection
from django.utils import timezone

from apps.agents.answers import Why, check_keepable
from apps.agents.calling import AgentFailed, call_agent
from apps.agents.models import Tool
from apps.agents.using import use_tool
from apps.core.connections import AWAY, drop_dead_connections
from apps.core.errors import NotFound
from apps.workflows.answering import await_answer
from apps.workflows.claiming import Claimed, claim
from apps.workflows.completing import complete, complete_all, fail
from apps.workflows.plans import Impossible, Pattern, Situation
from apps.workflows.situations import find_agent, rule_of, situation
from apps.workflows.states import StepKind
from apps.workflows.step_ends import Answer
from apps.workflows.waking import wake_successor, working

log = logging.getLogger(__name__)

# How long a worker goes on before it gives way, so that a stop or a deploy waits for one step and not for a backlog.
DRAIN_SECONDS = 20.0
# Between two attempts to keep an answer while the database is away.
AGAIN_SECONDS = 1.0
# Set when the process is to end: whoever works ends after the step in hand.
stop = threading.Event()


def work_steps(*, seconds: float = DRAIN_SECONDS) -> int:
    """Work off ready steps, the best first, until none is left or the time is over; how many were worked on."""
    until, worked = time.monotonic() + seconds, 0
    try:
        with working():
            while time.monotonic() < until and not stop.is_set():
                steps = claim()
                if not steps:
                    return worked
                work(steps)
                worked += len(steps)
    except AWAY as error:
        log.error("the database did not answer; what was in hand will be taken up again: %s", error)
        drop_dead_connections()
        return worked
    wake_successor()
    return worked


def work(steps: list[Claimed]) -> None:
    """Do what was claimed together, outside of any transaction, and keep what came of it."""
    if steps[0].kind == StepKind.COMPUTE:
        _compute_all(steps)
        return
    for step in steps:
        _work(step)


def work_id_of(step: Claimed) -> str:
    """What every attempt at a step carries to the outside, so that a repetition is known as one."""
    given = step.given.get("work_id") if step.pattern == "single" and step.kind == StepKind.AGENT else None
    return given if isinstance(given, str) and given else str(step.id)


def _work(step: Claimed) -> None:
    try:
        answer = _do(step)
    except AgentFailed as error:
        fail(step, error=str(error), why=str(error.why), again=error.again)
    except DjangoDbError:
        raise
    except Exception as error:
        log.exception("step %s of run %s failed in our own hands", step.key, step.run_id)
        fail(step, error=f"It could not be carried out: {type(error).__name__}", why="error", again=True)
    else:
        if answer is None:
            await_answer(step)
        else:
            _keep(step, answer)


def _keep(step: Claimed, answer: Answer) -> None:
    """Keep the answer, if need be once the database is back: what an agent worked on for long is not asked twice."""
    tried = False
    while True:
        try:
            complete(step, answer, first=not tried)
            return
        except AWAY:
            if timezone.now() >= step.leased_until or stop.is_set():
                raise
            log.warning("the database is away; the answer to %s is kept until it is back", step.key)
            tried = True
            drop_dead_connections()
            connection.close()
            stop.wait(AGAIN_SECONDS)


def _do(step: Claimed) -> Answer | None:
    """The answer; None when it will be given later. Raises AgentFailed."""
    if step.kind == StepKind.UNDO:
        return _undo(step)
    if step.kind == StepKind.TOOL:
        return _use(step, step.does, step.input)
    return _call(step, step.input)


def _undo(step: Claimed) -> Answer | None:
    undo: Mapping[str, Any] = step.input
    given = {"result": undo.get("result"), **(undo.get("input") or {})}
    if undo.get("kind") == StepKind.AGENT:
        return _call(step, given)
    if undo.get("kind") == StepKind.TOOL:
        return _use(step, step.does, given)
    return _computed(step, given)


def _call(step: Claimed, body: Mapping[str, Any]) -> Answer | None:
    agent = find_agent(step.agent_id) if step.agent_id else None
    if agent is None:
        raise AgentFailed(f"The agent {step.does} is not there any more", again=False, why=Why.MISSING)
    reply = call_agent(
        agent=agent, work_id=work_id_of(step), body=dict(body) | {"attempt": step.attempt}, timeout=step.timeout_seconds
    )
    if reply.later:
        return None
    return Answer(reply.content, reply.confidence, reply.reasoning, reply.cost, reply.took_ms)


def _use(step: Claimed, name: str, arguments: Mapping[str, Any]) -> Answer:
    tool = Tool.objects.filter(business_id=step.business_id, name=name).first()
    if tool is None:
        raise AgentFailed(f"The tool {name} is not there any more", again=False, why=Why.MISSING)
    reply = use_tool(tool=tool, arguments=dict(arguments), work_id=work_id_of(step))
    check_keepable(reply.data)
    return Answer(reply.data, took_ms=reply.took_ms)


def _compute_all(steps: list[Claimed]) -> None:
    """Rules of one business, of several runs perhaps: computed one after the other, kept together."""
    done: list[tuple[Claimed, Answer]] = []
    for _, of_run in groupby(steps, key=lambda step: step.run_id):
        done += _compute_run(list(of_run))
    if done:
        complete_all(done)


def _compute_run(steps: list[Claimed]) -> list[tuple[Claimed, Answer]]:
    done: list[tuple[Claimed, Answer]] = []
    try:
        rule, config = rule_of(steps[0].pattern, steps[0].config)
        current = _situation(steps[0])
        for step in steps:
            done.append((step, _compute(rule, config, current, step, step.input)))
    except DjangoDbError:
        raise
    except Exception as error:
        # A rule is pure: what it cannot compute now it cannot compute later either.
        _not_computed(steps[len(done)], error)
        done += _compute_run(rest) if (rest := steps[len(done) + 1 :]) else []
    return done


def _not_computed(step: Claimed, error: Exception) -> None:
    if isinstance(error, Impossible | AgentFailed | NotFound):
        fail(step, error=str(error), why="impossible", again=False)
        return
    log.error("the rule %s of run %s failed", step.does, step.run_id, exc_info=error)
    fail(step, error=f"The rule {step.does} failed: {type(error).__name__}", why="error", again=False)


def _compute(rule: Pattern, config: Any, current: Situation, step: Claimed, given: Mapping[str, Any]) -> Answer:
    content = rule.compute(config, step.does, current, given)
    check_keepable(content)
    return Answer(content)


def _computed(step: Claimed, given: Mapping[str, Any]) -> Answer:
    rule, config = rule_of(step.pattern, step.config)
    try:
        return _compute(rule, config, _situation(step), step, given)
    except Impossible as error:
        raise AgentFailed(str(error), again=False) from None


def _situation(step: Claimed) -> Situation:
    passed = max(0, step.stage - 1)
    return situation(run_id=step.run_id, business_id=step.business_id, given=step.given, passed=passed)
