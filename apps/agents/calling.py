"""ACT: hand work to an agent, whatever kind it is, and understand its answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from apps.agents.answers import CallFailed, Understood, Why, decode, understand
from apps.agents.asking_http import post_signed
from apps.agents.entries import AGENTS, call_entry
from apps.agents.kinds import AgentKind
from apps.agents.models import Agent
from apps.core import breaking
from apps.llm.answering import ModelFailed, NoProvider, complete

# `again` and `why` say what kind of failure it is.
AgentFailed = CallFailed
# What a process may need beyond the time of the call before another is let through to find out in its place.
PROBE_MARGIN = 5.0
ACCEPTED = 202
_FORM = (
    "Answer with one JSON object and nothing else: "
    '{"result": what you recommend, "confidence": a number from 0 to 1, "reasoning": why, in a few sentences}.'
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent said.

    answer: the whole JSON; content: its `result` if it has one. confidence in [0, 1]. cost in USD: what the answer or
    the provider told, else the agent's price hint, None where that is 0. later: the agent took the work on (HTTP 202)
    and will post its answer.
    """

    answer: Any
    content: Any
    confidence: float | None = None
    reasoning: str = ""
    cost: Decimal | None = None
    took_ms: int = 0
    later: bool = False


def call_agent(
    *, agent: Agent, work_id: str, body: dict[str, Any], timeout: float | None = None, trial: bool = False
) -> Reply:
    """Give `body` to the agent; its answer.

    work_id: the same at every attempt at one piece of work, so that an agent can tell a repetition. timeout: seconds
    for everything together, at most the agent's own. trial: a person tries the agent out, so it is called even if it
    is off or its breaker open. Call outside of a transaction. Raises AgentFailed.
    """
    if not (agent.enabled or trial):
        words = f"The agent is switched off: {agent.disabled_reason or 'no reason given'}"
        raise CallFailed(words, again=False, why=Why.OFF)
    seconds = float(agent.timeout_seconds) if timeout is None else min(timeout, agent.timeout_seconds)
    wait = 0.0 if trial else breaking.may_call(agent.pk, probe_seconds=seconds + PROBE_MARGIN)
    if wait:
        raise CallFailed(breaking.words("agent", wait), again=True, why=Why.BREAKER_OPEN)
    started = time.monotonic()
    try:
        said, later = _WAYS[AgentKind(agent.kind)](agent, work_id, body, seconds)
    except CallFailed as error:
        note_failure(agent, error)
        raise
    breaking.note(agent.pk, ok=True)
    return Reply(
        answer=said.answer,
        content=said.content,
        confidence=said.confidence,
        reasoning=said.reasoning,
        cost=said.cost if said.cost is not None else (agent.price_per_call or None),
        took_ms=round((time.monotonic() - started) * 1000),
        later=later,
    )


def note_failure(owner: Any, error: CallFailed) -> None:
    """Tell the breaker of an agent or tool. One that answered, if only to refuse, is there."""
    if error.counts:
        breaking.note(owner.pk, ok=False, why=error.why, told=str(error))
    elif error.why in (Why.STATUS, Why.BAD_ANSWER):
        breaking.note(owner.pk, ok=True)


def _by_http(agent: Agent, work_id: str, body: dict[str, Any], seconds: float) -> tuple[Understood, bool]:
    status, answered = post_signed(agent, work_id=work_id, content=msgspec.json.encode(body), timeout=seconds)
    if status == ACCEPTED:
        # It has taken the work on; what else it says is kept if it can be read and decides nothing.
        try:
            said = decode(answered)
        except CallFailed:
            said = None
        return Understood(said, None), True
    return understand(decode(answered)), False


def _by_model(agent: Agent, work_id: str, body: dict[str, Any], seconds: float) -> tuple[Understood, bool]:
    instructions = "\n\n".join(filter(None, [agent.prompt, _FORM]))
    material = msgspec.json.encode(body).decode()
    try:
        done = complete(
            instructions=instructions,
            material=material,
            model=agent.model,
            timeout=seconds,
            business_id=agent.business_id,
            subject=("agent", agent.pk),
        )
    except NoProvider as error:
        raise CallFailed(str(error), again=False, why=Why.MISSING) from None
    except ModelFailed as error:
        why = Why.TIMEOUT if error.timed_out else Why.STATUS if error.status else Why.UNREACHABLE
        raise CallFailed(str(error), again=error.again, why=why) from error
    if not done.text:
        raise CallFailed("The model wrote nothing", again=True, why=Why.NOT_JSON)
    said = understand(decode(done.text.encode("utf-8", "surrogatepass")))
    cost = said.cost if said.cost is not None else done.cost
    return Understood(said.answer, said.content, said.confidence, said.reasoning, cost), False


def _by_python(agent: Agent, work_id: str, body: dict[str, Any], seconds: float) -> tuple[Understood, bool]:
    return understand(call_entry(AGENTS, agent.entry, timeout=seconds, given=body, work_id=work_id)), False


_WAYS: dict[AgentKind, Callable[[Agent, str, dict[str, Any], float], tuple[Understood, bool]]] = {
    AgentKind.HTTP: _by_http,
    AgentKind.MODEL: _by_model,
    AgentKind.PYTHON: _by_python,
}
