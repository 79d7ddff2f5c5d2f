"""RULE: whether a fact of a source may be the one that a draft states: of its kind, its record, its days."""

from __future__ import annotations

from datetime import date

from apps.drafts.guardrails.calendar_words import KIN
from apps.drafts.guardrails.facts import Entity, Fact
from apps.drafts.guardrails.hours import hours_in, speaks_of_hours
from apps.drafts.guardrails.reading import read_values
from apps.drafts.guardrails.sentences import Sentence
from apps.drafts.guardrails.terms import Pointer
from apps.drafts.guardrails.values import Key, Value, offered

Answer = tuple[bool, Pointer | None, str]  # supported, where (also where it is contradicted), words when it is not

NOWHERE = "Nothing that is known says this."
OTHERS = "Only a reply to somebody else says this."
SAID = "Only the customer says this: it is no fact of yours."


def same_hours(value: Value, sentence: Sentence, line: Sentence) -> bool:
    """Whether the source gives a time, or says "open", of the days of which the draft says it."""
    if not speaks_of_hours(line) or not speaks_of_hours(sentence):
        return True
    at = value.start - sentence.start
    mine = next((part for part in hours_in(sentence) if part.start <= at < part.end), None)
    if mine is None:
        return True
    theirs = [part for part in hours_in(line) if part.days & mine.days]
    if value.kind == "date":
        return any(part.closed == mine.closed for part in theirs)
    stated = {str(key) for key in value.keys}
    for part in theirs:
        said = read_values(line.raw[part.start : part.end], _ANY_DAY)
        offers = {
            str(key)
            for one in said
            for key in offered(one)
            if key[0] == "t" or one.kind == "number" or value.kind == "number"
        }
        clock = {str(("n", float(str(key[1])))) for key in value.keys if key[0] == "t"} | {
            str(("n", float(int(str(key[1])) % 12 or 12))) for key in value.keys if key[0] == "t"
        }
        if (stated | clock) & offers:
            return True
    return False


_ANY_DAY = date(2026, 1, 1)


def rank(fact: Fact) -> tuple[int, int]:
    kinds = {"tool": 0, "thread": 1, "snippet": 1}
    return ("fact", "said", "style").index(fact.trust), kinds.get(fact.pointer.kind, 2)


def same_record(entities: frozenset[Entity], about: frozenset[Entity]) -> bool:
    """Whether a fact may be of the record that is spoken of: it names no other of its kind."""
    if not about or not entities or entities & about:
        return True
    kinds = {kind for kind, _ in about}
    return not any(kind in kinds for kind, _ in entities)


def fits(value: Value, key: Key, fact: Fact) -> bool:
    if value.kind == "time":
        return key[0] == "t" or fact.kind == "number"
    if value.kind == "amount":
        if fact.money is False or fact.kind in ("date", "id", "time", "duration", "percentage"):
            return False
        return alike(value.unit, fact.unit)
    if value.kind == "number":
        return fact.kind not in ("date", "time", "duration", "percentage") or fact.pointer.kind != "tool"
    return True


def alike(one: str, other: str) -> bool:
    """Whether two currencies may be the same; an unknown one may be any."""
    return not (one and other) or one == other or other in KIN.get(one, ()) or one in KIN.get(other, ())


def at_least(sentence: Sentence, value: Value) -> bool:
    lead = sentence.lower[max(0, value.start - sentence.start - 24) : value.start - sentence.start]
    return any(word in lead for word in ("at least", "from", "as little as", "minimum", "as early as"))


def one_off(one: str, other: str) -> bool:
    """Whether two ids of the same length differ in one character, or in two that changed places."""
    if len(one) != len(other) or len(one) < 4:
        return False
    return 0 < sum(a != b for a, b in zip(one, other, strict=True)) <= 2
