"""RULE: whether a stated value, status or promise is known, and from where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from apps.drafts.guardrails.allowing import support_of_promise
from apps.drafts.guardrails.binding import of_another, other_unit
from apps.drafts.guardrails.entailing import contradicts, entails
from apps.drafts.guardrails.facts import Entity, Fact
from apps.drafts.guardrails.fitting import (
    NOWHERE,
    OTHERS,
    SAID,
    Answer,
    at_least,
    fits,
    one_off,
    rank,
    same_hours,
    same_record,
)
from apps.drafts.guardrails.hours import speaks_of_hours
from apps.drafts.guardrails.promises import Promise
from apps.drafts.guardrails.roles import NEAR, role_near
from apps.drafts.guardrails.sentences import Sentence
from apps.drafts.guardrails.sources import Sources
from apps.drafts.guardrails.status_words import STATUS_WORDS
from apps.drafts.guardrails.statuses import Status, clause_at
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.terms import Pointer
from apps.drafts.guardrails.values import Key, Value


class Support:
    """Looks values up in the sources, for one draft."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources

    def of_value(self, value: Value, sentence: Sentence, about: frozenset[Entity], *, echo: bool) -> Answer:
        """Of a date, amount, id, number and so on. about: the records of which the sentence speaks."""
        facts = [
            f for key in self._keys(value, sentence) for f in self.sources.by_key.get(key, ()) if fits(value, key, f)
        ]
        if value.kind == "email" or value.kind == "url":
            return self._address(value, facts)
        if not facts:
            return False, None, self._near_miss(value)
        words = NOWHERE
        for fact in sorted(facts, key=rank):
            against = self._against(value, sentence, about, fact, echo=echo)
            if not against:
                return True, fact.pointer, ""
            words = against if against != OTHERS or words == NOWHERE else words
        return False, None, words

    def _against(self, value: Value, sentence: Sentence, about: frozenset[Entity], fact: Fact, *, echo: bool) -> str:
        """Why a fact with the same value does not support it; empty when it does."""
        if fact.trust == "style":
            return OTHERS
        denied = value.kind in ("date", "time") and sentence.negative
        if fact.trust == "said" and not (echo or denied or value.kind == "id"):
            return SAID
        if not same_record(fact.entities, about):
            return f"It is of another record ({fact.pointer.path or fact.pointer.id})."
        if fact.pointer.kind == "tool" and self._other_role(value, sentence, fact, about):
            return f"{fact.pointer.path} says this, which is something else."
        return self._other_matter(value, sentence, fact)

    def _other_matter(self, value: Value, sentence: Sentence, fact: Fact) -> str:
        """Whether the fact is of another topic, of other days, past, or only a lower bound: in words, or empty."""
        topics = sentence.topics
        if fact.trust == "fact" and value.kind != "id" and fact.topics and topics and fact.topics.isdisjoint(topics):
            return "What says this is about something else."
        hours = value.kind in ("time", "number", "date") and fact.line is not None
        if hours and not same_hours(value, sentence, fact.line):  # type: ignore[arg-type]
            return "What says this says it of other days."
        if (
            sentence.ahead_at(value.start)
            and fact.day
            and fact.day < self.sources.now
            and value.keys[0][0] in ("wd", "dom", "md")
        ):
            return "What says this lies in the past."
        if fact.low and not value.low and value.kind == "duration" and not at_least(sentence, value):
            return "Only the lower end of what is known."
        if (value.kind == "amount" and other_unit(value, sentence, fact)) or of_another(
            value, sentence, fact, self.sources
        ):
            return "What says this says it of something else."
        return ""

    def _keys(self, value: Value, sentence: Sentence) -> Iterable[Key]:
        """All keys under which a source may offer the value."""
        yield from value.keys
        for key in value.keys:
            if value.kind == "time" and key[0] == "t" and key[2] == 0 and speaks_of_hours(sentence):
                yield ("n", float(str(key[1])))  # "from 10 to 16" are hours as well
                yield ("n", float(int(str(key[1])) % 12 or 12))
            elif value.kind == "duration" and key[0] == "u":
                yield from self._spans(key)
            elif value.kind == "date" and isinstance(key[1], date):
                yield from _days(value, key[1])
            elif value.kind == "number" and float(str(key[1])).is_integer():
                yield ("i", str(int(float(str(key[1])))))

    def _spans(self, key: Key) -> Iterable[Key]:
        """Two weeks are fourteen days; "in 3 days" and "3 days ago" are a day of the calendar."""
        hours = float(str(key[1]))
        if key[2] == "bd":
            return
        yield from (("u", hours, name) for name in ("", "month", "year", "night") if name != key[2])
        if hours % 168 == 0:
            yield ("u", hours / 168 * 120, "bd")
        if hours % 24 == 0 and hours <= 24 * 400:
            days = timedelta(days=int(hours // 24))
            yield ("d", self.sources.now + days)
            yield ("d", self.sources.now - days)

    def _other_role(self, value: Value, sentence: Sentence, fact: Fact, about: frozenset[Entity]) -> bool:
        """Whether the sentence says what the value is of, a field of that role is known, and this is none."""
        role = role_near(sentence.lower, value.start - sentence.start, value.end - sentence.start, value.kind)
        if not role or role in fact.roles or fact.roles & NEAR.get(role, set()):
            return False
        wanted = {role} | NEAR.get(role, set())
        kinds = (value.kind, "number") if value.kind == "amount" else (value.kind,)
        return any(
            same_record(f.entities, about) for r in wanted for k in kinds for f in self.sources.roles.get((k, r), ())
        )

    def _address(self, value: Value, facts: list[Fact]) -> Answer:
        for fact in facts:
            if fact.trust == "fact":
                return True, fact.pointer, ""
        text = str(value.keys[0][1])
        for own in self.sources.own:
            bare = own.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
            if bare == text or (
                value.kind == "url" and bare and "@" not in bare and "." in bare and text == value.unit == bare
            ):
                return True, Pointer("own", bare), ""
            if value.kind == "url" and "@" in own and value.unit == own.rpartition("@")[2] == text:
                return True, Pointer("own", own), ""
        return False, None, SAID if any(fact.trust == "said" for fact in facts) else NOWHERE

    def _near_miss(self, value: Value) -> str:
        """Why nothing was found, with what it may have been meant to be."""
        if value.kind == "id":
            stated = str(value.keys[0][1])
            for key, facts in self.sources.by_key.items():
                if key[0] == "i" and facts[0].trust != "style" and one_off(stated, str(key[1])):
                    return f"It differs in one character from {facts[0].pointer.quote[:40] or key[1]}."
        return NOWHERE

    def of_status(self, status: Status, sentence: Sentence, about: frozenset[Entity], *, echo: bool) -> Answer:
        """Of what a sentence says happened."""
        against: Fact | None = None
        claimed = self._claimed(status, sentence)
        for tool in self.sources.statuses:
            if not same_record(tool.fact.entities, about) or (tool.words and tool.words.isdisjoint(sentence.words)):
                continue
            if entails(tool.family, tool.positive, claimed, status.positive):
                return True, tool.fact.pointer, ""
            if contradicts(tool.family, tool.positive, claimed, status.positive):
                against = against or tool.fact
        if against:
            return False, against.pointer, f"{against.pointer.path} says: {against.pointer.quote}."
        if status.family == "warranty":
            return self._covered(status)
        if status.family == "confirmed" and status.positive and (booked := self._booked(about)):
            return True, booked, ""
        return self._told(status, sentence, echo=echo)

    def _claimed(self, status: Status, sentence: Sentence) -> str:
        """What is meant: a gift that arrived was received, glasses that arrived may be ready at the shop."""
        if status.family == "delivered" and not _COMES_TO_US.isdisjoint(sentence.words):
            return "received"
        ready = any(tool.family == "ready" and tool.positive for tool in self.sources.statuses)
        return "ready" if ready and _ARRIVED.match(sentence.lower, status.start - sentence.start) else status.family

    def _booked(self, about: frozenset[Entity]) -> Pointer | None:
        """The day or time of an appointment of the record."""
        facts = (f for kind in ("date", "time") for f in self.sources.roles.get((kind, "appointment"), ()))
        return next((fact.pointer for fact in facts if same_record(fact.entities, about)), None)

    def _covered(self, status: Status) -> Answer:
        """Whether a field or a text of the business speaks of a warranty, and says yes or no alike."""
        for field in self.sources.fields if status.positive else ():
            if "warranty" in field.fact.pointer.path.lower() and not field.says_no:
                return True, field.fact.pointer, ""
        for line in self.sources.lines:
            warrants = not _WARRANTS.isdisjoint(line.sentence.words)
            if warrants and line.trust == "fact" and line.sentence.negative != status.positive:
                return True, line.pointer, ""
        return False, None, NOWHERE

    def _told(self, status: Status, sentence: Sentence, *, echo: bool) -> Answer:
        """Whether a text says that it happened."""
        words = NOWHERE
        lead = sentence.lower[clause_at(sentence.lower, status.start - sentence.start) : status.start - sentence.start]
        yours = not _YOURS.isdisjoint(lead.split()) and not _ABLE.search(lead)
        for line in self.sources.lines:
            if not _says(status, line.sentence):
                continue
            general = line.pointer.kind == "snippet" and yours
            if (line.trust == "fact" and not general) or (line.trust == "said" and echo):
                return True, line.pointer, ""
            if line.trust == "said":
                words = SAID
            elif words == NOWHERE:
                words = OTHERS
        return False, None, words

    def of_promise(self, promise: Promise, sentence: Sentence, about: frozenset[Entity]) -> Answer:
        """Of what a sentence commits to. Nothing that the customer writes supports it."""
        return support_of_promise(self.sources, promise, sentence, about)

    def of_sentence(self, sentence: Sentence) -> Pointer | None:
        """The snippet in which the whole sentence stands, word by word."""
        return self.sources.quotable.get(sentence.plain)

    def of_name(self, name: str, *, greeted: bool) -> Answer:
        """Of a name: it stands in a source of any kind but a reply to somebody else."""
        lower = name.lower()
        for own in self.sources.own:
            if lower in own or _is_of(own, lower):
                return True, Pointer("own", own), ""
        field = next((text for text in self.sources.tool_text if lower in text), None)
        if field is not None:
            return True, Pointer("tool", "", "", field[:80]), ""
        parts = [part for part in lower.replace("-", " ").split() if len(part) > 2] or [lower]
        style = False
        for line in self.sources.lines:
            if all(part in line.sentence.lower for part in parts):
                if line.trust != "style":
                    return True, line.pointer, ""
                style = True
        if all(any(part in text for text in self.sources.tool_text) for part in parts):
            return True, Pointer("tool", ""), ""
        return False, None, OTHERS if style else ("This is not the customer's name." if greeted else NOWHERE)


_YOURS = table("your votre ihre ihr ihren uw")
_ABLE = re.compile(r"\b(?:can(?:not|'t)?|may not|can not) (?:\w+ )?be $")
_COMES_TO_US = table("donation payment transfer money deposit documents form letter application gift")
_ARRIVED = re.compile(r"arriv|angekommen|aangekomen|llegad")
_WARRANTS = table("warranty warranties cover covers covered guarantee garantie garantía garanzia")


def _is_of(address: str, name: str) -> bool:
    """Whether a part of the name stands before the @ of the address."""
    local, at, _ = address.partition("@")
    return bool(at) and any(part in local for part in name.split() if len(part) > 2)


def _days(value: Value, day: date) -> Iterable[Key]:
    if value.unit not in ("relative", "loose"):
        yield ("md!", day.month, day.day)
        return
    yield ("md", day.month, day.day)
    if len(value.keys) <= 2:  # a single day; of a whole week every weekday would do
        yield ("wd", day.isoweekday())


def _says(status: Status, sentence: Sentence) -> bool:
    """Whether the sentence of a source uses a word of the same family, negated alike."""
    for word in sentence.words:
        if STATUS_WORDS.get(word) == status.family:
            return sentence.negative != status.positive
    return False
