"""ACT: ask a business's tools for the facts a reply needs: what the mail names goes in, named fields come out."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.agents.answers import Why
from apps.agents.models import Tool
from apps.agents.using import ToolFailed, use_tool
from apps.drafts.guardrails.tool_data import has_data
from apps.drafts.intents import Reading
from apps.drafts.models import IntentTool

log = logging.getLogger(__name__)

# What of a mail may fill a parameter of a tool (IntentTool.arguments).
SOURCES = ("order_number", "tracking_number", "sender", "sender_name", "date", "subject")
# Calls for one draft, and for one tool where a mail names several orders.
MOST_CALLS, MOST_OF_ONE = 6, 3
# A 4xx is an answer: there is no such order. All else says that the tool, or what we asked of it, is wrong.
_ANSWERS = frozenset({Why.STATUS, Why.REFUSED})
_WORDS = {
    "order_number": "an order number",
    "tracking_number": "a tracking number",
    "date": "a day",
    "sender": "a sender",
    "sender_name": "a name",
    "subject": "a subject",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the mail may be asked with."""

    reading: Reading
    sender: str = ""
    sender_name: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to be made. why_not: in words, where the mail does not name what the tool needs; then it is not made."""

    tool: Tool
    arguments: Mapping[str, Any]
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a call. data: not masked yet. ok: there is data. wrong: no answer, or not what was agreed on."""

    name: str
    arguments: Mapping[str, Any]
    data: Any = None
    ok: bool = False
    wrong: bool = False
    error: str = ""
    took_ms: int = 0
    called: bool = True

    @property
    def title(self) -> str:
        """Its name as people read it."""
        return self.name.replace("_", " ").capitalize()


def gather(*, calls: Sequence[Call], work_id: str, seconds: float) -> tuple[Called, ...]:
    """Make the calls one after the other, `seconds` for all together. Call outside of a transaction; never raises.

    work_id: the same at every attempt at one version of one draft; each call's Idempotency-Key is made from it.
    """
    until = time.monotonic() + seconds
    return tuple(_make(call, f"{work_id}/{number}", until) for number, call in enumerate(calls))


def calls_of(mapped: Sequence[IntentTool], asked: Asked) -> tuple[Call, ...]:
    """What to call with which arguments: once for every order or parcel that the mail names, up to MOST_OF_ONE."""
    calls = [call for one in mapped for call in _calls(one, asked)]
    return tuple(calls[:MOST_CALLS])


def _calls(mapped: IntentTool, asked: Asked) -> Iterator[Call]:
    found = {name: _values(source, asked) for name, source in mapped.arguments.items()}
    missing = [name for name, values in found.items() if not values]
    if missing and (len(missing) == len(found) or set(missing) & _needed(mapped.tool)):
        named = " and ".join(dict.fromkeys(_WORDS.get(mapped.arguments[name], "what it needs") for name in missing))
        yield Call(mapped.tool, {}, f"The mail does not name {named}")
        return
    rounds = max((len(values) for values in found.values()), default=1)
    for number in range(min(rounds, MOST_OF_ONE)):
        given = {name: values[min(number, len(values) - 1)] for name, values in found.items() if values}
        yield Call(mapped.tool, {name: _typed(mapped.tool, name, value) for name, value in given.items()})


def _values(source: str, asked: Asked) -> tuple[str, ...]:
    values: Mapping[str, tuple[str, ...]] = {
        "order_number": asked.reading.order_numbers,
        "tracking_number": asked.reading.tracking_numbers,
        "date": asked.reading.dates[:1],
        "sender": (asked.sender,),
        "sender_name": (asked.sender_name,),
        "subject": (asked.subject[:200],),
    }
    return tuple(value for value in values.get(source, ()) if value)


def _needed(tool: Tool) -> set[str]:
    required = tool.parameters.get("required") if isinstance(tool.parameters, dict) else None
    return set(required) if isinstance(required, list) else set()


def _typed(tool: Tool, name: str, value: str) -> str | int:
    """A number where the tool's schema wants one: mails only hold text."""
    properties = tool.parameters.get("properties") if isinstance(tool.parameters, dict) else None
    schema = properties.get(name) if isinstance(properties, dict) else None
    wants = schema.get("type") if isinstance(schema, dict) else None
    return int(value) if wants in ("integer", "number") and value.isascii() and value.isdigit() else value


def _make(call: Call, work_id: str, until: float) -> Called:
    name, given = call.tool.name, dict(call.arguments)
    if call.why_not:
        return Called(name, given, error=call.why_not, called=False)
    left = until - time.monotonic()
    if left <= 0:
        return Called(name, given, error="There was no time left to ask it", wrong=True)
    started = time.monotonic()
    try:
        reply = use_tool(tool=call.tool, arguments=given, work_id=work_id, timeout=left)
    except ToolFailed as error:
        took = round((time.monotonic() - started) * 1000)
        wrong = error.why not in _ANSWERS or error.counts
        return Called(name, given, error=str(error)[:300], wrong=wrong, took_ms=took)
    except Exception as error:
        # One tool that breaks in our own hands must not cost the draft.
        log.exception("the tool %s failed in our own hands", name)
        return Called(name, given, error=f"It could not be asked: {type(error).__name__}", wrong=True)
    if reply.data is None:
        return Called(name, given, error="It answered with none of its fields", wrong=True, took_ms=reply.took_ms)
    if not has_data(reply.data):
        return Called(name, given, data=reply.data, error="It knows nothing of this", took_ms=reply.took_ms)
    return Called(name, given, data=reply.data, ok=True, took_ms=reply.took_ms)
