"""RULE: a reply cut into plain text and the facts in it, each with the words for where it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KIND_WORDS = {
    "number": "Number",
    "date": "Date",
    "id": "Reference",
    "amount": "Amount",
    "status": "Status",
    "promise": "Promise",
    "name": "Name",
}
UNKNOWN = "Nothing here says so: no tool, no mail of this thread, no snippet"


@dataclass(frozen=True, slots=True)
class Fact:
    """One claim of the reply. source: words; quote: what stands there; anchor: id of the place on the page, or ""."""

    number: int
    kind: str
    text: str
    supported: bool
    source: str
    quote: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the reply: `fact` is None for plain text."""

    text: str
    fact: Fact | None = None


def facts_of(claims: Sequence[Mapping[str, Any]]) -> tuple[Fact, ...]:
    """claims: as DraftVersion keeps them. What is not a claim is left out: they are rows of a database, not code."""
    return tuple(_fact(number, claim) for number, claim in enumerate(_in_order(claims), 1))


def runs_of(body: str, claims: Sequence[Mapping[str, Any]]) -> tuple[Run, ...]:
    """The body in runs. A claim whose place does not hold its text any more is looked for further on, else dropped."""
    placed = _placed(body, _in_order(claims), facts_of(claims))
    return tuple(_cut(body, sorted(placed, key=lambda one: one[0])))


def _in_order(claims: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """As they stand in the reply; those of the subject first."""
    whole = [claim for claim in claims if isinstance(claim, Mapping) and claim.get("text")]
    return sorted(whole, key=lambda claim: (claim.get("place", "body") == "body", _start(claim)))


def _start(claim: Mapping[str, Any]) -> int:
    start = claim.get("start")
    return start if isinstance(start, int) else 0


def _cut(body: str, placed: list[tuple[int, int, Fact]]) -> Iterator[Run]:
    at = 0
    for start, end, fact in placed:
        if start < at:
            continue
        if start > at:
            yield Run(body[at:start])
        yield Run(body[start:end], fact)
        at = end
    if at < len(body):
        yield Run(body[at:])


def _placed(body: str, claims: Sequence[Mapping[str, Any]], facts: Sequence[Fact]) -> Iterator[tuple[int, int, Fact]]:
    for claim, fact in zip(claims, facts, strict=True):
        if claim.get("place", "body") != "body":
            continue
        start, end = claim.get("start"), claim.get("end")
        if isinstance(start, int) and isinstance(end, int) and body[start:end] == fact.text and start < end:
            yield start, end, fact
        elif (found := body.find(fact.text)) >= 0:
            yield found, found + len(fact.text), fact


def _fact(number: int, claim: Mapping[str, Any]) -> Fact:
    kind, supported = str(claim.get("kind", "")), bool(claim.get("supported"))
    source = claim.get("source")
    pointer: Mapping[str, Any] = source if isinstance(source, Mapping) else {}
    words, anchor = _words(pointer) if supported else (str(claim.get("words") or UNKNOWN), "")
    quote = str(pointer.get("quote") or "")[:300] if supported else ""
    return Fact(number, KIND_WORDS.get(kind, kind.capitalize()), str(claim["text"]), supported, words, quote, anchor)


def _words(pointer: Mapping[str, Any]) -> tuple[str, str]:
    """(words for the person, id of the element that shows the evidence)."""
    kind, name, path = (str(pointer.get(key) or "") for key in ("kind", "id", "path"))
    if kind == "tool" and not name:
        return "What the tools say", ""
    if kind == "tool":
        return f"Tool {name}{', ' + path if path else ''}", f"tool-{name}"
    if kind == "thread":
        return "This conversation", f"mail-{name}"
    if kind == "snippet":
        return f"Snippet{' ' + path if path else ''}", f"passage-{name}"
    if kind == "reply":
        return "An earlier reply", f"passage-{name}"
    return {"own": "Known of this business", "calendar": "The calendar"}.get(kind, kind.capitalize() or "Known"), ""
