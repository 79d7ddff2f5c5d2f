"""RULE: whether what a draft commits to may be promised: a tool says it is done, or a term of ours allows it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apps.drafts.guardrails.facts import Entity, Fact, Line
from apps.drafts.guardrails.fitting import NOWHERE, OTHERS, SAID, Answer, same_record
from apps.drafts.guardrails.promises import SPEAKS, Promise
from apps.drafts.guardrails.sentences import WORD, Sentence
from apps.drafts.guardrails.sources import Sources
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.terms import Pointer

_HEDGES = table("once when after if within until before up usually normally sobald dès provided eligible")
_WHOLE = frozenset({"full", "fully", "complete", "total"})
_NOTHING = ("0", "0.0", "0.00", "")


def support_of_promise(sources: Sources, promise: Promise, sentence: Sentence, about: frozenset[Entity]) -> Answer:
    """Of what a sentence commits to. Nothing that the customer writes supports it."""
    done = _by_tool(sources, promise, about)
    if done:
        return True, done, ""
    words = NOWHERE
    hedged = sentence.conditional(promise.end) or not sentence.words.isdisjoint(_HEDGES)
    for line in sources.lines:
        found = SPEAKS[promise.category].search(line.sentence.lower)
        if not found:
            continue
        against = _against(promise, sentence, line, found.start(), hedged=hedged)
        if not against:
            return True, line.pointer, ""
        words = against if against != OTHERS or words == NOWHERE else words
    return False, None, words


def _by_tool(sources: Sources, promise: Promise, about: frozenset[Entity]) -> Pointer | None:
    facts = (fact for fact in _kept_by(sources, promise.category) if same_record(fact.entities, about))
    return next((fact.pointer for fact in facts), None)


def _kept_by(sources: Sources, category: str) -> Iterator[Fact]:
    """What tools say that keeps such a promise: a status, a date or an amount of it, a field of its name."""
    for tool in sources.statuses:
        if _keeps(category, tool.family, tool.positive):
            yield tool.fact
    for (_, role), facts in sources.roles.items():
        if role in _FIELDS.get(category, ()):
            yield from (fact for fact in facts if fact.pointer.quote not in _NOTHING)
    for field in sources.fields if category in _NAMED else ():
        if _NAMED[category] in field.words and not field.says_no:
            yield field.fact


# A field whose name says that the customer has it: free_cancellation_until.
_NAMED = {"free": "free", "cancel": "cancellation"}


def _against(promise: Promise, sentence: Sentence, line: Line, at: int, *, hedged: bool) -> str:
    """Why a sentence that speaks of the same does not allow it; empty when it does. at: where it speaks of it."""
    if line.trust == "said":
        return SAID
    if line.trust == "style":
        return OTHERS
    general = line.pointer.kind == "snippet" and promise.category in ("refund", "replacement", "cancel")
    if general and not (hedged or _firm(line.sentence)):
        return "A general term says this, of no case in particular."
    if promise.category == "refund" and "full" in sentence.words and line.sentence.words.isdisjoint(_WHOLE):
        return "Nothing says that it is in full."
    if sentence.topics and line.sentence.topics and sentence.topics.isdisjoint(line.sentence.topics):
        return "What says this is about something else."
    if promise.category in ("free", "compensation") and _only_if(line.sentence) and not (_only_if(sentence) or hedged):
        return f"It is said only on a condition: {line.pointer.quote[:80]}"
    return f"It is said otherwise: {line.pointer.quote[:80]}" if _refuses(line.sentence, at) else ""


def _only_if(sentence: Sentence) -> bool:
    return _ON_CONDITION.search(sentence.lower) is not None


_FIELDS = {
    "delivery": frozenset({"expected", "appointment"}),
    "refund": frozenset({"refund"}),
    "compensation": frozenset({"discount"}),
    "replacement": frozenset(),
    "free": frozenset(),
}
_KEPT = {
    "delivery": table("shipped out_for_delivery processing confirmed partly_shipped rescheduled"),
    "refund": table("refunded refund_pending refund_approved partly_refunded"),
    "replacement": frozenset({"replaced"}),
    "cancel": table("cancelled waived extended upgraded activated"),
    "compensation": table("issued applied"),
}


_ON_CONDITION = re.compile(r"\b(?:over|above|from (?=[\d£€$])|if|when|orders of|faulty|within|up to|only|members?)\b")


def _keeps(category: str, family: str, positive: bool) -> bool:
    return positive and family in _KEPT.get(category, ())


def _firm(sentence: Sentence) -> bool:
    return bool(sentence.words & {"always", "will", "guarantee", "guaranteed", "every", "any"})


_REFUSALS = table("not no never cannot non-refundable excluded except nicht kein keine pas")


def _refuses(sentence: Sentence, at: int) -> bool:
    """Whether the clause in which the offset (of the sentence) lies says no."""
    begin, end = 0, len(sentence.lower)
    for bound in _CLAUSES.finditer(sentence.lower):
        if bound.start() < at:
            begin = bound.end()
        else:
            end = bound.start()
            break
    words = frozenset(WORD.findall(sentence.lower, begin, end))
    return not words.isdisjoint(_REFUSALS) and words.isdisjoint(_COSTS)


_COSTS = frozenset({"free", "cost", "costs", "charge", "fee", "fees"})
_CLAUSES = re.compile(r"[;:.]|, (?:but|and|though|however)\b|\bbut\b")
