"""What a goal orders, read off its words: kinds of task by the verbs, kinds of thing by the nouns, how it is put."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from apps.goals.clarity import words as cw
from apps.goals.reading import Word
from apps.goals.values import Value
from apps.goals.vocabulary import Kind

_TASKS = (
    ("advising", cw.ADVISING),
    ("timing", cw.TIMING),
    ("buying", cw.BUYING),
    ("listing", cw.LISTING),
    ("studying", cw.STUDYING),
    ("writing", cw.WRITING),
    ("telling", cw.TELLING),
    ("seeking", cw.SEEKING),
    ("working", cw.WORKING),
    ("making", cw.MAKING),
)
_THINGS = (
    ("local", cw.LOCAL),
    ("timed", cw.TIMED),
    ("goods", cw.GOODS),
    ("taste", cw.TASTE),
    ("source", cw.SOURCE),
    ("plan", cw.PLAN),
    ("advice", cw.ADVICE),
    ("handed", cw.HANDED),
    ("knowledge", cw.KNOWLEDGE),
    ("property", cw.PROPERTY),
    ("person", cw.PERSONS),
)


_SENTENCE = re.compile(r"[.!?;:]\s+|\n+")
_FACT = re.compile(
    r"(?:who|whom|whose|when|which|where|what(?:['\u2019]s)?|why|is|are|was|were|did|does|will"
    r"|how (?:many|much|tall|long|old|far|big|high|deep|fast|heavy|large|often|do|does|did|is|are|was|were))\b",
    re.I,
)
_OWN_QUESTION = re.compile(r"\b(?:should|can|could|do|must|would|shall) (?:i|we)\b", re.I)
_FOR_SELF = re.compile(r"\bfor (?:me|my|us|our|myself)\b|\bhelp (?:me|us|my|our)\b", re.I)
_PRECISE = (Kind.QUOTED, Kind.URL, Kind.EMAIL, Kind.FILE, Kind.PHONE)


class Told(msgspec.Struct):
    """The goal's words, sentences and values, sorted for the questions below."""

    text: str
    words: Sequence[Word]
    texts: list[str]
    said: set[str]
    names: list[Value]
    precise: list[Value]
    figures: list[Value]
    dates: list[Value]


def told_by(text: str, words: Sequence[Word], values: Sequence[Value]) -> Told:
    texts = [word.text for word in words]
    codes = [value for value in values if value.kind is Kind.CODE]
    bare = [value for value in codes if not any(char.isdigit() for char in value.text)]
    return Told(
        text=text,
        words=words,
        texts=texts,
        said=set(texts),
        names=[value for value in values if value.kind is Kind.NAME] + bare,
        precise=[value for value in values if value.kind in _PRECISE] + [value for value in codes if value not in bare],
        figures=[value for value in values if value.kind in (Kind.NUMBER, Kind.MONEY)],
        dates=[value for value in values if value.kind in (Kind.DATE, Kind.TIME)],
    )


def _sentences(told: Told) -> Iterator[tuple[str, list[int]]]:
    """(text, places of its words) of each sentence with words."""
    cuts = [0, *(cut.end() for cut in _SENTENCE.finditer(told.text)), len(told.text)]
    place = 0
    for start, end in pairwise(cuts):
        inside = []
        while place < len(told.words) and told.words[place].start < end:
            inside.append(place)
            place += 1
        if inside:
            yield told.text[start:end].strip(), inside


def tasks_of(told: Told, found: dict[str, float]) -> tuple[set[str], set[int]]:
    """The kinds of task ordered and the places of their verbs, with the signals of how the goal is put."""
    tasks: set[str] = set()
    verbs: set[int] = set()
    facts = own = tells = False
    article = ""
    for sentence, inside in _sentences(told):
        verb = next((place for place in inside if told.texts[place] not in cw.COURTESY), None)
        is_fact, is_own = bool(_FACT.match(sentence)), bool(_OWN_QUESTION.search(sentence))
        own = own or is_own
        task = "" if verb is None or is_fact else _task_of(told.words[verb])
        if task and verb is not None:
            tasks.add(task)
            verbs.add(verb)
            article = article or _article(told.texts, verb + 1)
            tells = tells or told.texts[inside[0]] in cw.SELF
        elif is_fact:
            facts = facts or not (is_own or told.said & {"my", "me"})
            own = own or not facts
        elif told.texts[inside[0]] in cw.SELF:
            tells = True
    for name, _ in _TASKS:
        found[f"task_{name}"] = float(name in tasks)
    found["fact_question"] = float(facts)
    found["own_question"] = float(own)
    found["how_to"] = float("how to" in told.text.lower())
    found["curious"] = float(bool(told.said & cw.CURIOUS))
    found["situation"] = float(tells)
    found["for_self"] = float(bool(_FOR_SELF.search(told.text)))
    found["own"] = share(sum(word in cw.POSSESSIVE for word in told.texts), 2)
    found["self"] = share(sum(word in cw.SELF for word in told.texts), 3)
    found["object_the"] = float(article == "the")
    found["object_a"] = float(article in cw.INDEFINITE)
    found["indefinite"] = share(sum(word in cw.INDEFINITE for word in told.texts), 3)
    return tasks, verbs


def _task_of(verb: Word) -> str:
    key = verb.stem if verb.content else verb.text
    return next((name for name, verbs in _TASKS if key in verbs), "")


def _article(texts: Sequence[str], start: int) -> str:
    """The first word of what is asked for, past the receiver and particles."""
    return next((word for word in texts[start : start + 4] if word not in cw.PARTICLES), "")


def things_in(told: Told, verbs: set[int]) -> dict[str, str]:
    """The kinds of thing named, each with the first word that names it; a verb that orders is no thing."""
    nouns = [word for place, word in enumerate(told.words) if place not in verbs]
    stems = {word.stem for word in nouns}
    things = {}
    for name, among in _THINGS:
        if not among.isdisjoint(stems):
            things[name] = next(word.text for word in nouns if word.stem in among)
    return things


def share(count: int, most: int) -> float:
    return min(count, most) / most
