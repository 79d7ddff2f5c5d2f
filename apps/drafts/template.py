"""RULE: the reply that is written without a model: tool results, the best snippet, and what a past reply asked for.

It invents nothing. What it says of an order is the tool's field, as it stands there; where a tool is needed and brought
nothing it asks for what is missing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.drafts.prompting import Materials
from apps.drafts.states import TOOL_REQUIRED, Intent, MadeBy

NAME = "template drafter"
MOST_FIELDS = 12
MOST_VALUE = 160
MOST_SENTENCES = 2
DEEPEST = 3

_ASKED = {
    Intent.ORDER: "your order number, which stands in the confirmation we sent you",
    Intent.TRACKING: "your order number or the tracking number of the parcel",
    Intent.REFUND: "your order number and which items it is about",
    Intent.APPOINTMENT: "the day and time that suit you, and the name the appointment is under",
}
# Of a past reply only what it asks for is taken, and nothing that may be about somebody else's case.
_PARTICULAR = re.compile(
    r"\d|[€$£@#]|https?:|\b(?:mr|mrs|ms|dr|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tomorrow|yesterday|"
    r"will|shall|refund\w*|shipp\w*|sent|deliver\w*|cancel\w*|confirm\w*|arriv\w*|replac\w*|discount\w*|guarantee\w*|"
    r"free|paid|dispatch\w*|stock|january|february|march|april|may|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]{12,200}[.!?]")
_ASKS = re.compile(r"^(?:please|could you|would you|can you)\b|\?$", re.IGNORECASE)
_NAMED = re.compile(r"(?<=[a-z,;:] )[A-Z]")
_FRAME = re.compile(
    r"^(?:dear|hello|hi|hey|good (?:morning|afternoon|evening)|kind regards|best|yours|regards|sincerely|thank)", re.I
)


@dataclass(frozen=True, slots=True)
class Written:
    """body: plain text. made_by: TEMPLATE, or VERIFICATION when it asks for what is missing."""

    body: str
    made_by: MadeBy


def write_reply(intent: Intent, materials: Materials) -> Written:
    """The reply to materials.message; it never raises and never states what the materials do not."""
    facts = [lines for name, data in materials.tools if (lines := list(_told(name, data)))]
    if intent in TOOL_REQUIRED and not facts:
        return Written(write_verification(intent, materials), MadeBy.VERIFICATION)
    parts = [_greeting(materials), "Thank you for your message."]
    parts += ["\n".join(lines) for lines in facts]
    if materials.snippets:
        parts.append(materials.snippets[0][1].strip())
    parts += _plain_sentences(materials.replies)
    if len(parts) == 2:
        parts.append("If there is anything you would like to add in the meantime, please reply to this e-mail.")
    else:
        parts.append("If anything is missing here, please reply to this e-mail.")
    parts.append(f"Kind regards\n{materials.business}")
    return Written("\n\n".join(parts), MadeBy.TEMPLATE)


def write_verification(intent: Intent, materials: Materials) -> str:
    """The reply that states nothing and asks for what is needed to look the matter up."""
    needed = _ASKED.get(intent, "a little more about what it is about")
    return (
        f"{_greeting(materials)}\n\nThank you for your message. So that we can look into this for you, "
        f"could you please send us {needed}? If you have sent it already, please check it once more.\n\n"
        f"Kind regards\n{materials.business}"
    )


def _greeting(materials: Materials) -> str:
    first = materials.customer.split()[0] if materials.customer.split() else ""
    return f"Hello {first}," if first.isalpha() and len(first) <= 30 else "Hello,"


def _told(name: str, data: Any) -> Iterator[str]:
    """A tool's result as lines "Status: shipped"; nothing for a result without a value."""
    lines = [f"- {label[:1].upper()}{label[1:]}: {value}" for label, value in _fields(data, "", 0)][:MOST_FIELDS]
    if lines:
        yield f"This is what we have on record ({name.replace('_', ' ')}):"
        yield from lines


def _fields(data: Any, label: str, depth: int) -> Iterator[tuple[str, str]]:
    """(label, value) of everything in a result that has a value, down to DEEPEST."""
    if isinstance(data, bool):
        yield label, "yes" if data else "no"
    elif isinstance(data, str | int | float):
        if text := " ".join(str(data).split()):
            yield label, text[:MOST_VALUE]
    elif isinstance(data, Mapping) and depth <= DEEPEST:
        for key, value in data.items():
            yield from _fields(value, f"{label} {_words(key)}".strip(), depth + 1)
    elif isinstance(data, list | tuple) and depth <= DEEPEST:
        yield from _listed(data, label, depth)


def _listed(data: Sequence[Any], label: str, depth: int) -> Iterator[tuple[str, str]]:
    """A list of plain values on one line, of records a line each."""
    if all(isinstance(one, str | int | float) for one in data):
        if told := ", ".join(str(one) for one in data):
            yield label, told[:MOST_VALUE]
        return
    for number, value in enumerate(data[:MOST_FIELDS], 1):
        if told := ", ".join(f"{name}: {text}" if name else text for name, text in _fields(value, "", depth + 1)):
            yield f"{label} {number}".strip() if len(data) > 1 else label, told[:MOST_VALUE]


def _words(key: Any) -> str:
    return str(key).replace("_", " ").replace("-", " ")[:60].lower()


def _plain_sentences(replies: Sequence[tuple[str, str]]) -> list[str]:
    """What the most alike past reply asks for, where that is about nobody in particular."""
    if not replies:
        return []
    found = (match.group().strip() for match in _SENTENCE.finditer(replies[0][1][:4000]))
    kept = [
        one
        for one in found
        if _ASKS.search(one) and not (_PARTICULAR.search(one) or _NAMED.search(one) or _FRAME.match(one))
    ]
    return [" ".join(kept[:MOST_SENTENCES])] if kept else []
