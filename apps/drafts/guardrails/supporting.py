"""RULE: whether a stated value, status or promise is known, and from where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from apps.drafts.guardrails.entailing import contradicts, entails
from apps.drafts.guardrails.fitting import at_least, fits, one_off, rank, same_hours, same_record
from apps.drafts.guardrails.hours import speaks_of_hours
from apps.drafts.guardrails.promises import SPEAKS, Promise
from apps.drafts.guardrails.roles import NEAR, role_near
from apps.drafts.guardrails.sentences import Sentence
from apps.drafts.guardrails.sources import Entity, Fact, Sources
from apps.drafts.guardrails.statuses import STATUS_WORDS, Status
from apps.drafts.guardrails.terms import Pointer
from apps.drafts.guardrails.values import Key, Value

Answer = tuple[bool, Pointer | None, str]  # supported, where (also where it is contradicted), words when it is not

NOWHERE = "Nothing that is known says this."
OTHERS = "Only a reply to somebody else says this."
SAID = "Only the customer says this: it is no fact of yours."


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
        role = role_near(sentence.lower, value.start - sentence.start, value.end - sentence.start, value.kind)
        words = NOWHERE
        topics = sentence.topics
        for fact in sorted(facts, key=rank):
            if fact.trust == "style":
                words = OTHERS if words == NOWHERE else words
            elif fact.trust == "said" and not (echo or value.kind == "id"):
                words = SAID
            elif not same_record(fact.entities, about):
                words = f"It is of another record ({fact.pointer.path or fact.pointer.id})."
            elif fact.pointer.kind == "tool" and self._other_role(value, role, fact, about):
                words = f"{fact.pointer.path} says this, which is something else."
            elif (
                fact.topics
                and topics
                and fact.trust == "fact"
                and value.kind != "id"
                and fact.topics.isdisjoint(topics)
            ):
                words = "What says this is about something else."
            elif (
                value.kind in ("time", "number", "date")
                and fact.line is not None
                and not same_hours(value, sentence, fact.line)
            ):
                words = "What says this says it of other days."
            elif fact.low and not value.low and value.kind == "duration" and not at_least(sentence, value):
                words = "Only the lower end of what is known."
            else:
                return True, fact.pointer, ""
        return False, None, words

    def _keys(self, value: Value, sentence: Sentence) -> Iterable[Key]:
        yield from value.keys
        if value.kind == "time" and speaks_of_hours(sentence):
            for key in value.keys:
                if key[2] == 0:  # "from 10 to 16" are hours as well
                    yield ("n", float(str(key[1])))
                    yield ("n", float(int(str(key[1])) % 12 or 12))
        if value.kind == "duration":
            for key in value.keys:
                if key[0] != "u":
                    continue
                hours = float(str(key[1]))
                # Two weeks are fourteen days; "in 3 days" and "3 days ago" are a day of the calendar.
                yield from (
                    ("u", hours, name) for name in ("", "month", "year", "night") if name != key[2] and key[2] != "bd"
                )
                if hours % 24 == 0 and hours <= 24 * 400 and key[2] != "bd":
                    days = timedelta(days=int(hours // 24))
                    yield ("d", self.sources.now + days)
                    yield ("d", self.sources.now - days)
        elif value.kind == "date":
            for key in value.keys:
                if key[0] == "d" and isinstance(key[1], date) and value.unit == "relative":
                    yield ("md", key[1].month, key[1].day)
                    yield ("wd", key[1].isoweekday())
                elif key[0] == "d" and isinstance(key[1], date):
                    yield ("md!", key[1].month, key[1].day)
        elif value.kind == "number":
            yield from (("i", str(int(float(str(key[1]))))) for key in value.keys if float(str(key[1])).is_integer())

    def _other_role(self, value: Value, role: str, fact: Fact, about: frozenset[Entity]) -> bool:
        """Whether the sentence says what the value is of, a field of that role is known, and this is none."""
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
        for tool in self.sources.statuses:
            if not same_record(tool.fact.entities, about):
                continue
            if entails(tool.family, tool.positive, status.family, status.positive):
                return True, tool.fact.pointer, ""
            if contradicts(tool.family, tool.positive, status.family, status.positive):
                against = against or tool.fact
        if against:
            return False, against.pointer, f"{against.pointer.path} says: {against.pointer.quote}."
        words = NOWHERE
        for line in self.sources.lines:
            if not _says(status, line.sentence):
                continue
            general = line.pointer.kind == "snippet" and "your" in sentence.words and line.trust == "fact"
            if line.trust == "fact" and not general:
                return True, line.pointer, ""
            if line.trust == "said":
                if echo:
                    return True, line.pointer, ""
                words = SAID
            elif words == NOWHERE:
                words = OTHERS
        return False, None, words

    def of_promise(self, promise: Promise, sentence: Sentence, about: frozenset[Entity]) -> Answer:
        """Of what a sentence commits to. Nothing that the customer writes supports it."""
        speaks = SPEAKS[promise.category]
        for tool in self.sources.statuses:
            if same_record(tool.fact.entities, about) and _keeps(promise.category, tool.family, tool.positive):
                return True, tool.fact.pointer, ""
        for (_, role), facts in self.sources.roles.items():
            if role in _FIELDS.get(promise.category, ()):
                for fact in facts:
                    if same_record(fact.entities, about) and fact.pointer.quote not in ("0", "0.0", "0.00", ""):
                        return True, fact.pointer, ""
        words = NOWHERE
        hedged = sentence.conditional(promise.end) or bool(
            sentence.words
            & {"once", "when", "after", "if", "within", "usually", "normally", "sobald", "dès", "provided", "eligible"}
        )
        for line in self.sources.lines:
            found = speaks.search(line.sentence.lower)
            if not found:
                continue
            if line.trust == "said":
                words = SAID
            elif line.trust == "style":
                words = OTHERS if words == NOWHERE else words
            elif (
                line.pointer.kind == "snippet"
                and promise.category in ("refund", "replacement", "cancel")
                and not (hedged or _firm(line.sentence))
            ):
                words = "A general term says this, of no case in particular."
            elif (
                "full" in sentence.words
                and promise.category == "refund"
                and not line.sentence.words & {"full", "fully", "complete", "total"}
            ):
                words = "Nothing says that it is in full."
            elif sentence.topics and line.sentence.topics and sentence.topics.isdisjoint(line.sentence.topics):
                words = "What says this is about something else."
            elif (
                promise.category == "free"
                and _ON_CONDITION.search(line.sentence.lower)
                and not (_ON_CONDITION.search(sentence.lower) or hedged)
            ):
                words = f"It is said only on a condition: {line.pointer.quote[:80]}"
            elif _refuses(line.sentence):
                words = f"It is said otherwise: {line.pointer.quote[:80]}"
            else:
                return True, line.pointer, ""
        return False, None, words

    def of_name(self, name: str, *, greeted: bool, facts_only: bool) -> Answer:
        """Of a name: it stands in a source of any kind but a reply to somebody else."""
        lower = name.lower()
        for own in self.sources.own:
            if lower in own or (
                "@" in own and any(part in own.partition("@")[0] for part in lower.split() if len(part) > 2)
            ):
                return True, Pointer("own", own), ""
        for text in self.sources.tool_text:
            if lower in text:
                return True, Pointer("tool", "", "", text[:80]), ""
        parts = [part for part in lower.replace("-", " ").split() if len(part) > 2] or [lower]
        style = False
        for line in self.sources.lines:
            if lower in line.sentence.lower or (not facts_only and all(part in line.sentence.lower for part in parts)):
                if line.trust != "style":
                    return True, line.pointer, ""
                style = True
        if not facts_only and all(any(part in text for text in self.sources.tool_text) for part in parts):
            return True, Pointer("tool", ""), ""
        return False, None, OTHERS if style else ("This is not the customer's name." if greeted else NOWHERE)


_FIELDS = {
    "delivery": frozenset({"expected", "appointment"}),
    "refund": frozenset({"refund"}),
    "compensation": frozenset({"discount"}),
    "replacement": frozenset(),
    "free": frozenset(),
}
_KEPT = {
    "delivery": frozenset("shipped out_for_delivery processing confirmed partly_shipped rescheduled".split()),
    "refund": frozenset("refunded refund_pending refund_approved partly_refunded".split()),
    "replacement": frozenset({"replaced"}),
    "cancel": frozenset("cancelled waived extended upgraded activated".split()),
    "compensation": frozenset("issued applied".split()),
}


_ON_CONDITION = re.compile(r"\b(?:over|above|from (?=[\d£€$])|if|when|orders of|faulty|within|up to|only|members?)\b")


def _keeps(category: str, family: str, positive: bool) -> bool:
    return positive and family in _KEPT.get(category, ())


def _firm(sentence: Sentence) -> bool:
    return bool(sentence.words & {"always", "will", "guarantee", "guaranteed", "every", "any"})


_REFUSALS = frozenset("not no never cannot non-refundable excluded except nicht kein keine pas".split())


def _refuses(sentence: Sentence) -> bool:
    return (
        bool(sentence.words & _REFUSALS)
        and "free" not in sentence.words
        and "cost" not in sentence.words
        and "charge" not in sentence.words
    )


def _says(status: Status, sentence: Sentence) -> bool:
    """Whether the sentence of a source uses a word of the same family, negated alike."""
    for word in sentence.words:
        if STATUS_WORDS.get(word) == status.family:
            negative = bool(sentence.words & {"not", "never", "no", "nicht", "pas"}) or any(
                w.endswith("n't") for w in sentence.words
            )
            return negative != status.positive
    return False
