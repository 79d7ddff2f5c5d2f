"""RULE: the request for a text, as a provider wants it: they differ in which fields they know."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from apps.llm.responses import Form, Turn

# What a provider may refuse, and the words in its refusal that tell.
MAX_COMPLETION = "max_completion_tokens"
NO_TEMPERATURE = "temperature"
NO_STREAM_OPTIONS = "stream_options"
NO_FORM = "response_format"
_REFUSALS = {
    MAX_COMPLETION: (b"max_completion_tokens",),
    NO_STREAM_OPTIONS: (b"stream_options", b"include_usage"),
    NO_FORM: (b"response_format", b"json_schema", b"json_object"),
    NO_TEMPERATURE: (b"temperature",),
}
LONGEST_WAIT = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, whoever is asked. json: one JSON object, of `schema` where there is one."""

    system: str
    turns: tuple[Turn, ...]
    schema: dict[str, Any] | None = None
    json: bool = False
    max_tokens: int = 1024
    temperature: float | None = None

    @property
    def text(self) -> str:
        """All that is sent, for estimating."""
        return "\n".join([self.system, *(turn.text for turn in self.turns)])


def body_of(wanted: Wanted, *, form: Form, quirks: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields of the request but model and stream. quirks: what this provider has refused before."""
    form = _lowered(form, quirks)
    system = wanted.system
    if wanted.schema is not None and form is not Form.SCHEMA:
        told = json.dumps(wanted.schema, ensure_ascii=False, separators=(",", ":"))
        system = f"{system}\n\nAnswer with one JSON object and nothing else. It fits this JSON Schema:\n{told}"
    messages = [{"role": turn.role, "content": turn.text} for turn in wanted.turns]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    body: dict[str, Any] = {"messages": messages}
    body[MAX_COMPLETION if MAX_COMPLETION in quirks else "max_tokens"] = wanted.max_tokens
    if wanted.temperature is not None and NO_TEMPERATURE not in quirks:
        body["temperature"] = wanted.temperature
    if wanted.schema is not None and form is Form.SCHEMA:
        described = {"name": "answer", "schema": wanted.schema, "strict": False}
        body["response_format"] = {"type": "json_schema", "json_schema": described}
    elif (wanted.json or wanted.schema is not None) and form is Form.OBJECT:
        body["response_format"] = {"type": "json_object"}
    return body


def refused_field(said: bytes, body: Mapping[str, Any], quirks: frozenset[str]) -> str:
    """Which field a provider refuses, by its words (of a 400 or 422); the name to remember it by, "" for none."""
    lowered = said[:20_000].lower()
    sent = {
        MAX_COMPLETION: "max_tokens" in body,
        NO_STREAM_OPTIONS: "stream_options" in body,
        NO_FORM: "response_format" in body,
        NO_TEMPERATURE: "temperature" in body,
    }
    for name, words in _REFUSALS.items():
        if sent[name] and any(word in lowered for word in words):
            # Whoever knows no schema may still know a plain object.
            schema = name == NO_FORM and body["response_format"]["type"] == "json_schema"
            return f"{name}:schema" if schema and f"{name}:schema" not in quirks else name
    return ""


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds the provider asks to wait, 0 to LONGEST_WAIT; None where it does not say. now: aware.

    Retry-After of RFC 9110 (10.2.3), a number or a date, and retry-after-ms before it.
    """
    told = _number(headers.get("retry-after-ms", ""))
    if told is not None:
        return min(told / 1000, LONGEST_WAIT)
    text = headers.get("retry-after", "").strip()
    told = _number(text)
    if told is not None:
        return min(told, LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - now).total_seconds()), LONGEST_WAIT)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _lowered(form: Form, quirks: frozenset[str]) -> Form:
    if NO_FORM in quirks:
        return Form.WORDS
    return Form.OBJECT if form is Form.SCHEMA and f"{NO_FORM}:schema" in quirks else form
