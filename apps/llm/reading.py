"""RULE: what a provider's answer says. Nothing of it is taken for granted."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.llm.responses import Tokens

MOST_TOKENS = 10_000_000
MOST_COST = Decimal(100_000)
LONGEST_NAME = 120
LONGEST_REASON = 40
CENTS = Decimal("0.00000001")  # what a cost is rounded to, in USD


class Unreadable(ValueError):
    """The answer has another form than that of a completion."""


@dataclass(frozen=True, slots=True)
class Read:
    """A completion. tokens: None when the provider does not count. cost: USD, None when it does not tell."""

    text: str
    finish_reason: str = ""
    model: str = ""
    refusal: str = ""
    tokens: Tokens | None = None
    cost: Decimal | None = None


def read_completion(body: bytes) -> Read:
    """A whole answer. Raises Unreadable."""
    told = _object(body)
    try:
        choice = told["choices"][0]
        message = choice["message"]
        text = _text_of(message.get("content"))
        refusal = message.get("refusal")
    except (TypeError, AttributeError, LookupError, RecursionError) as error:
        raise Unreadable("no message") from error
    usage = told.get("usage")
    return Read(
        text=text,
        finish_reason=_word(choice.get("finish_reason"), LONGEST_REASON),
        model=_word(told.get("model"), LONGEST_NAME),
        refusal=refusal if isinstance(refusal, str) else "",
        tokens=tokens_of(usage),
        cost=cost_of(usage),
    )


def read_vectors(body: bytes, count: int) -> tuple[list[list[float]], str, Tokens | None, Decimal | None]:
    """(rows in the order asked, model, tokens, cost) of an embedding answer. Raises Unreadable."""
    told = _object(body)
    data = told.get("data")
    if not isinstance(data, list) or len(data) != count:
        raise Unreadable("not as many vectors as texts")
    rows: list[list[float] | None] = [None] * count
    for place, item in enumerate(data):
        vector, index = _vector(item, place)
        if not 0 <= index < count or rows[index] is not None:
            raise Unreadable("vectors out of order")
        rows[index] = vector
    whole = [row for row in rows if row is not None]
    if len({len(row) for row in whole}) > 1:
        raise Unreadable("vectors of different lengths")
    usage = told.get("usage")
    return whole, _word(told.get("model"), LONGEST_NAME), tokens_of(usage), cost_of(usage)


def tokens_of(usage: Any) -> Tokens | None:
    """Tokens by what the provider counted, cached ones only once; None where it did not count.

    OpenAI and those who speak like it count the cached tokens among prompt_tokens and name them in
    prompt_tokens_details.cached_tokens (DeepSeek: prompt_cache_hit_tokens). The shape of Anthropic leaves them out of
    input_tokens: cache_read_input_tokens, and cache_creation_input_tokens, which are read as any other.
    """
    if not isinstance(usage, dict):
        return None
    if "input_tokens" in usage and "prompt_tokens" not in usage:
        return _tokens_apart(usage)
    prompt = count(usage.get("prompt_tokens"))
    written = count(usage.get("completion_tokens"))
    if prompt is None and written is None:
        return None
    cached = min(_cached(usage), prompt or 0)
    return Tokens((prompt or 0) - cached, cached, written or 0)


def _tokens_apart(usage: dict[str, Any]) -> Tokens | None:
    read, written = count(usage["input_tokens"]), count(usage.get("output_tokens"))
    if read is None:
        return None
    details = usage.get("input_tokens_details")
    if isinstance(details, dict):  # the newer shape of OpenAI, cached ones among input_tokens
        cached = min(count(details.get("cached_tokens")) or 0, read)
        return Tokens(read - cached, cached, written or 0)
    made = count(usage.get("cache_creation_input_tokens")) or 0
    return Tokens(read + made, count(usage.get("cache_read_input_tokens")) or 0, written or 0)


def _cached(usage: dict[str, Any]) -> int:
    details = usage.get("prompt_tokens_details")
    told = details.get("cached_tokens") if isinstance(details, dict) else None
    for value in (told, usage.get("prompt_cache_hit_tokens"), usage.get("cache_read_input_tokens")):
        found = count(value)
        if found is not None:
            return found
    return 0


def cost_of(usage: Any) -> Decimal | None:
    """USD as the provider tells them (usage.cost, as gateways do); None where it does not."""
    told = usage.get("cost") if isinstance(usage, dict) else None
    if isinstance(told, bool) or not isinstance(told, int | float) or not 0 <= told <= MOST_COST:
        return None
    return Decimal(str(told)).quantize(CENTS)


def count(value: Any) -> int | None:
    """A number of tokens; None for what cannot be one."""
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS
    return value if good else None


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    if not isinstance(told, dict):
        raise Unreadable("not an object")
    return told


def _text_of(content: Any) -> str:
    """Some give the text in parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    if content is None:
        return ""
    raise TypeError("content")


def _vector(item: Any, place: int) -> tuple[list[float], int]:
    vector = item.get("embedding") if isinstance(item, dict) else None
    if not isinstance(vector, list) or not vector:
        raise Unreadable("no vector")
    if not all(isinstance(x, int | float) and not isinstance(x, bool) and abs(x) < 1e6 for x in vector):
        raise Unreadable("a vector of something else than numbers")
    index = item.get("index", place)
    if isinstance(index, bool) or not isinstance(index, int):
        raise Unreadable("a vector without its place")
    return vector, index


def _word(value: Any, longest: int) -> str:
    """A name the provider gives, fit to be stored: it decides nothing."""
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value if letter.isprintable() and not "\ud800" <= letter <= "\udfff")[:longest]
