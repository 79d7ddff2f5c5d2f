"""ACT: try an agent or tool out by hand, and see what comes back."""

import json
import time
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.agents.altering import tell
from apps.agents.answers import CallFailed
from apps.agents.calling import call_agent
from apps.agents.models import Agent, Tool
from apps.agents.using import use_tool
from apps.core.ids import new_id

TRIAL_BODY: dict[str, Any] = {
    "trial": True,
    "goal": "Say that you are there. This is a trial by a person: change nothing.",
    "context": {},
    "history": [],
    "tools": [],
    "attempt": 1,
}
LONGEST_SHOWN = 20_000
# A page waits for it, and holds a connection to the database meanwhile.
MOST_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Trial:
    """failure: why it came to nothing, "" when it answered. answer: as text, cut to LONGEST_SHOWN characters."""

    took_ms: int
    answer: str = ""
    failure: str = ""
    why: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def try_agent(*, agent: Agent, actor: str) -> Trial:
    """Call the agent once, even if it is off, with work that says it is a trial.

    Waits MOST_SECONDS at most.
    """
    started = time.monotonic()
    try:
        reply = call_agent(agent=agent, work_id=f"trial-{new_id()}", body=TRIAL_BODY, timeout=MOST_SECONDS, trial=True)
    except CallFailed as error:
        trial = Trial(_ms(started), failure=str(error), why=error.why)
    else:
        facts = {
            "Confidence": "" if reply.confidence is None else f"{reply.confidence:g}",
            "Reasoning": reply.reasoning[:LONGEST_SHOWN],
            "Cost": "" if reply.cost is None else f"{reply.cost.normalize():f} USD",
            "Answers later": "yes, it answered 202" if reply.later else "",
        }
        trial = Trial(reply.took_ms, answer=_shown(reply.answer), facts=tuple((k, v) for k, v in facts.items() if v))
    _tell(agent, actor, trial)
    return trial


def try_tool(*, tool: Tool, arguments: dict[str, Any], actor: str) -> Trial:
    """Call the tool once with these arguments, even if it is off.

    Waits MOST_SECONDS at most.
    """
    started = time.monotonic()
    try:
        reply = use_tool(tool=tool, arguments=arguments, work_id=f"trial-{new_id()}", timeout=MOST_SECONDS, trial=True)
    except CallFailed as error:
        trial = Trial(_ms(started), failure=str(error), why=error.why)
    else:
        trial = Trial(reply.took_ms, answer=_shown(reply.data))
    _tell(tool, actor, trial)
    return trial


def _tell(owner: Agent | Tool, actor: str, trial: Trial) -> None:
    with transaction.atomic():
        tell(owner, "tried", actor, answered=not trial.failure, why=trial.why, took_ms=trial.took_ms)


def _ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _shown(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
