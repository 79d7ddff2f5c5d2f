"""RULE: reading what agents answered, whatever shape it has: nothing in an answer can break a run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.workflows.patterns.prompts import as_json
from apps.workflows.plans import Situation, StepResult
from apps.workflows.states import StepKind

UNKNOWN_TRUST = 0.5
_YES = frozenset({"yes", "true", "pass", "passed", "ok", "approve", "approved", "confirm", "confirmed", "same"})
_NO = frozenset({"no", "false", "fail", "failed", "reject", "rejected", "refute", "refuted", "different", "differs"})


@dataclass(frozen=True, slots=True)
class Answer:
    """One usable answer of an agent. ref: stage / step key. weight: 0 to 1, how likely trust holds its approval."""

    ref: str
    agent: str
    type: str
    content: Any
    confidence: float | None
    weight: float


def usable(content: Any) -> bool:
    """Whether there is anything in it: not null, not empty, not blanks only."""
    if isinstance(content, str):
        return bool(content.strip())
    return content is not None and content not in ([], {})


def answers_of(situation: Situation, *stages: str) -> list[Answer]:
    """The usable answers of agents in these stages, in the order of the steps."""
    found = [one for stage in stages for one in situation.of(stage)]
    return [_answer(one, situation) for one in found if one.kind is StepKind.AGENT and usable(one.content)]


def ref_of(result: StepResult) -> str:
    return f"{result.stage}/{result.key}"


def text_in(content: Any, *names: str) -> str:
    """The first text under one of the names, or the content itself where that is a text."""
    if isinstance(content, str):
        return content.strip()
    found = (content.get(name) for name in names) if isinstance(content, Mapping) else ()
    return next((value.strip() for value in found if isinstance(value, str) and value.strip()), "")


def number_in(content: Any, *names: str) -> float | None:
    """The first finite number under one of the names, or the content itself where that is one."""
    values = [content.get(name) for name in names] if isinstance(content, Mapping) else [content]
    for value in values:
        if isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value):
            return float(value)
    return None


def flag_in(content: Any, *names: str) -> bool | None:
    """Yes or no under one of the names, or as the content itself, in words such as passed and refuted too; or None."""
    values = [content.get(name) for name in names] if isinstance(content, Mapping) else [content]
    for value in values:
        if isinstance(value, bool):
            return value
        word = value.strip().lower() if isinstance(value, str) else ""
        if word in _YES or word in _NO:
            return word in _YES
    return None


def items_in(content: Any, *names: str, most: int = 200) -> list[Any]:
    """The usable members of the first list under one of the names, or of the content; one text is a list of it."""
    if isinstance(content, Mapping):
        content = next((content[name] for name in names if isinstance(content.get(name), list)), [])
    if isinstance(content, str):
        content = [content]
    return [one for one in content if usable(one)][:most] if isinstance(content, list) else []


def brief_of(content: Any, most: int = 300) -> str:
    """A content in one line of at most so many characters."""
    line = " ".join((content if isinstance(content, str) else as_json(content)).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def trust_of(situation: Situation, type_: str, agent: str) -> float:
    """How likely trust holds the approval of this agent's answers, 0 to 1; 0.5 where nothing is known."""
    found = next((one for one in situation.candidates.get(type_, ()) if one.key == agent), None)
    expected = found.expected if found else None
    return UNKNOWN_TRUST if expected is None else min(1.0, max(0.0, expected))


def _answer(one: StepResult, situation: Situation) -> Answer:
    return Answer(
        ref=ref_of(one),
        agent=one.does,
        type=one.type,
        content=one.content,
        confidence=one.confidence,
        weight=trust_of(situation, one.type, one.does),
    )


def _is_finite(value: int | float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False
