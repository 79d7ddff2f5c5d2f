"""RULE: what an agent's or tool's answer says, or why it cannot be taken."""

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

MOST_ANSWER_BYTES = 256 * 1024
DEEPEST = 64
# Above it a number is no amount or measure; PostgreSQL's jsonb would still take it, JavaScript would not.
MOST_DIGITS = 300
MOST_COST = Decimal(100_000)


class Why(StrEnum):
    """Why a call failed."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    STATUS = "status"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    BAD_ANSWER = "bad_answer"
    BAD_ARGUMENTS = "bad_arguments"
    OFF = "off"
    BUSY = "busy"
    BREAKER_OPEN = "breaker_open"
    MISSING = "missing"
    ERROR = "error"


# Failures of the side that was called, which its breaker counts. A 4xx or a claim that is out of range is an answer.
COUNTED = frozenset({Why.TIMEOUT, Why.UNREACHABLE, Why.TOO_LARGE, Why.NOT_JSON, Why.ERROR})


class CallFailed(Exception):
    """A call that came to nothing. `again`: whether trying once more may help."""

    def __init__(self, words: str, *, again: bool, why: Why = Why.ERROR) -> None:
        super().__init__(words)
        self.again = again
        self.why = why

    @property
    def counts(self) -> bool:
        """Whether it says something about the other side rather than about this one request."""
        return self.why in COUNTED or (self.why is Why.STATUS and self.again)


@dataclass(frozen=True, slots=True)
class Understood:
    """answer: the whole JSON; content: its `result` where it has one. cost: USD."""

    answer: Any
    content: Any
    confidence: float | None = None
    reasoning: str = ""
    cost: Decimal | None = None


def decode(body: bytes) -> Any:
    """JSON that PostgreSQL can keep; null for an empty body. Raises CallFailed: too_large, not_json, bad_answer.

    Of a key that comes twice in an object the last counts.
    """
    if len(body) > MOST_ANSWER_BYTES:
        raise CallFailed(f"The answer is larger than {MOST_ANSWER_BYTES} bytes", again=False, why=Why.TOO_LARGE)
    try:
        answer = msgspec.json.decode(body or b"null")
    except RecursionError:
        raise bad("is nested too deeply") from None
    except msgspec.ValidationError as error:
        raise bad(f"cannot be read: {error}") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise CallFailed("The answer is not JSON", again=False, why=Why.NOT_JSON) from error
    check_keepable(answer)
    return answer


def understand(answer: Any) -> Understood:
    """What a JSON answer says. Raises CallFailed (bad_answer) for confidence, reasoning or cost that are no such."""
    if not isinstance(answer, dict):
        return Understood(answer, answer)
    return Understood(
        answer=answer,
        content=answer.get("result", answer),
        confidence=_confidence(answer.get("confidence")),
        reasoning=_reasoning(answer.get("reasoning")),
        cost=_cost(answer.get("cost")),
    )


def check_keepable(value: Any) -> None:
    """Refuse what cannot be stored or shown: null characters, lone surrogates, nesting, endless numbers.

    Raises CallFailed (bad_answer). value: made of JSON's types.
    """
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict | list):
            if depth > DEEPEST:
                raise bad(f"is nested deeper than {DEEPEST}")
            if isinstance(item, dict):
                waiting.extend((key, depth) for key in item)
            waiting.extend((one, depth + 1) for one in (item.values() if isinstance(item, dict) else item))
        elif isinstance(item, int | float) and not isinstance(item, bool):
            _check_number(item)


def bad(words: str) -> CallFailed:
    return CallFailed(f"The answer {words}", again=False, why=Why.BAD_ANSWER)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise bad("contains a null character, which cannot be stored")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise bad("contains text that is not valid Unicode") from None


def _check_number(number: int | float) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        raise bad("contains a number that is not finite")
    if isinstance(number, int) and abs(number) >= 10**MOST_DIGITS:
        raise bad(f"contains a number of more than {MOST_DIGITS} digits")


def _confidence(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad(f"claims a confidence that is no number: {_shown(value)}")
    if not 0 <= value <= 1:
        raise bad(f"claims a confidence outside of 0 to 1: {_shown(value)}")
    return float(value)


def _reasoning(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise bad(f"gives a reasoning that is no text: {_shown(value)}")
    return value


def _cost(value: Any) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_COST:
        raise bad(f"names a cost that is no amount in USD: {_shown(value)}")
    return Decimal(str(value)).quantize(Decimal("0.000001"))


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:59]}…"
