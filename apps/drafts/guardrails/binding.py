"""RULE: whether a value is said of the thing of which its source says it: of helmets, of the deposit, per night."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.drafts.guardrails.facts import Fact
from apps.drafts.guardrails.fitting import same_record
from apps.drafts.guardrails.roles import key_words
from apps.drafts.guardrails.sentences import Sentence
from apps.drafts.guardrails.sources import Sources
from apps.drafts.guardrails.splitting import WORD
from apps.drafts.guardrails.stems import stems_of
from apps.drafts.guardrails.values import Value

_BOUND = re.compile(r"[,;:()–—]|\b(?:and|but|while|und|et|y|en)\b")
_MEASURED = frozenset({"amount", "time", "duration", "number", "percentage"})


def of_another(value: Value, sentence: Sentence, fact: Fact, sources: Sources) -> bool:
    """Whether the clause names another thing that is known, and not the one of which the fact is."""
    if value.kind not in _MEASURED:
        return False
    if fact.pointer.kind == "tool":
        siblings = _siblings(fact, value.kind == "time", sources)
        if not siblings:
            return False
        clause = frozenset().union(*_around(value, sentence))
        return any(not other.isdisjoint(clause) and own.isdisjoint(clause) for other, own in siblings)
    before, after = _around(value, sentence) if fact.line is not None and fact.trust == "fact" else (_NONE, _NONE)
    if not before or not before.isdisjoint(fact.line.stems):  # type: ignore[union-attr]
        return False
    if value.kind == "number" and _counted_by_tool(after, sources):
        return True
    return any(
        line.trust == "fact" and line.pointer.kind == "snippet" and before <= line.sentence.stems
        for line in sources.lines
    )


_NONE: frozenset[str] = frozenset()


def _around(value: Value, sentence: Sentence) -> tuple[frozenset[str], frozenset[str]]:
    """What carries the clause before a value, and the two words behind it."""
    start, end = value.start - sentence.start, value.end - sentence.start
    begin = max(0, start - 80)
    for bound in _BOUND.finditer(sentence.lower, begin, start):
        begin = bound.end()
    behind = " ".join(WORD.findall(sentence.lower, end, end + 40)[:2])
    return stems_of(sentence.lower[begin:start]) - _GENERAL, stems_of(behind)


_GENERAL = frozenset({"order", "free", "price", "total"})


def _counted_by_tool(noun: frozenset[str], sources: Sources) -> bool:
    """Whether a tool has a number of such things."""
    return any(
        isinstance(field.value, int)
        and not isinstance(field.value, bool)
        and not noun.isdisjoint(_path_stems(field.words))
        for field in sources.fields
    )


def _siblings(fact: Fact, timed: bool, sources: Sources) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Of each like field of a name that is partly the same: the words by which it differs, and those of the fact's."""
    known: dict[tuple[str, bool], list[tuple[frozenset[str], frozenset[str]]]] = sources.kept.setdefault("siblings", {})
    key = (fact.pointer.path, timed)
    if key not in known:
        known[key] = []
        mine = _path_stems(_words_of(fact.pointer.path))
        for field in sources.fields if mine else ():
            theirs = _path_stems(_words_of(field.fact.pointer.path))
            other, own = theirs - mine - _PLAIN, mine - theirs
            if not other or not own or mine.isdisjoint(theirs) or isinstance(field.value, bool):
                continue
            alike = isinstance(field.value, int | float) or _SHAPES[timed].fullmatch(str(field.value))
            if alike and same_record(field.fact.entities, fact.entities):
                known[key].append((other, own))
    return known[key]


_SHAPES = {False: re.compile(r"[^\d]{0,5}\d[\d.,]*[^\d]{0,12}"), True: re.compile(r"\d{1,2}:\d{2}.{0,6}")}
_PLAIN = frozenset({"date", "amoun", "numbe", "name", "total", "statu", "order", "value", "next", "time"})


@lru_cache(maxsize=2048)
def _words_of(path: str) -> tuple[str, ...]:
    return tuple(word for part in path.split(".") for word in key_words(part) if not word.isdigit())


@lru_cache(maxsize=2048)
def _path_stems(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word[:5].rstrip("s") if len(word) > 3 else word for word in words if len(word) > 2)


_PER = re.compile(r" ?/ ?(\w+)| (?:per|an?|each|every|pro|par|por|al) (\w+)(?:(?: and| per| a|/) ?(\w+))?")
_UNITS = {
    "day": "day",
    "daily": "day",
    "night": "night",
    "nightly": "night",
    "week": "week",
    "weekly": "week",
    "month": "month",
    "monthly": "month",
    "year": "year",
    "yearly": "year",
    "annual": "year",
    "annually": "year",
    "hour": "hour",
    "hourly": "hour",
    "person": "person",
    "guest": "person",
    "seat": "seat",
    "user": "seat",
    "item": "item",
    "piece": "item",
}


def other_unit(value: Value, sentence: Sentence, fact: Fact) -> bool:
    """Whether the draft says an amount per night (and so on), and the source as a total or per something else."""
    found = _PER.match(sentence.lower, value.end - sentence.start)
    stated = {_UNITS[word] for word in found.groups() if word in _UNITS} if found else set()
    if not stated:
        return False
    words = fact.line.words if fact.line else key_words(fact.pointer.path)
    known = {_UNITS[word] for word in words if word in _UNITS}
    return not stated <= known if known else "total" in fact.roles
