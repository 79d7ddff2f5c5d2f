"""RULE: what a text says happened: shipped, delivered, cancelled, refunded and the like, or that it did not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from apps.drafts.guardrails.sentences import Sentence
from apps.drafts.guardrails.splitting import WORD, places_of, words_in
from apps.drafts.guardrails.status_words import (
    BEING,
    CUES_OF_PHRASES,
    DETERMINERS,
    FIELD_VALUES,
    FUTURE,
    OBJECTS,
    PHRASE_CUES,
    PHRASES,
    STATUS_WORDS,
    SUBJECTS,
    TOLD_BY,
)
from apps.drafts.guardrails.stems import NOT
from apps.drafts.guardrails.tables import table


class Status(NamedTuple):
    """family: what happened. positive: False when the text says that it did not. Offsets of the whole text."""

    family: str
    positive: bool
    start: int
    end: int
    future: bool = False


def statuses_in(sentence: Sentence) -> Iterator[Status]:
    """Statuses that one sentence states; questions, requests and conditions state none."""
    if sentence.question and not _KNOWN_THAT.search(sentence.lower):
        return
    for start, phrase in _phrases_in(sentence.lower, sentence.words):
        words = WORD.findall(sentence.lower, max(0, start - 60), start)
        yield from _status(sentence, PHRASES[phrase], words, start, start + len(phrase), framed=True)
    told = sentence.words & TOLD_BY
    for start, word in sorted(places_of(told, sentence.lower)) if told else ():
        if word in OBJECTS and not OBJECTS[word].search(sentence.lower):
            continue
        before = WORD.findall(sentence.lower, max(0, start - 80), start)
        framed = _framed(sentence, before, start, STATUS_WORDS[word])
        yield from _status(sentence, STATUS_WORDS[word], before, start, start + len(word), framed=framed)


def _phrases_in(lower: str, words: frozenset[str]) -> list[tuple[int, str]]:
    """Where phrases stand that say a status, none overlapping another; of several at one place the longest."""
    cues = words & PHRASE_CUES
    if not cues:
        return []
    found = [place for cue in cues for phrase in CUES_OF_PHRASES[cue] for place in _whole(lower, phrase)]
    kept: list[tuple[int, str]] = []
    end = 0
    for start, phrase in sorted(found, key=lambda place: (place[0], -len(place[1]))):
        if start >= end:
            kept.append((start, phrase))
            end = start + len(phrase)
    return kept


def _whole(lower: str, phrase: str) -> Iterator[tuple[int, str]]:
    """Where a phrase stands that no letter or digit touches."""
    at = lower.find(phrase)
    while at >= 0:
        end = at + len(phrase)
        if not (at and lower[at - 1].isalnum()) and not lower[end : end + 1].isalnum():
            yield at, phrase
        at = lower.find(phrase, end)


def _framed(sentence: Sentence, before: list[str], at: int, family: str) -> bool:
    """Whether the word is said of something, rather than naming a kind of thing as in "a damaged item"."""
    near = before[-4:]
    if near and near[-1] in DETERMINERS:
        return False
    if any(word in BEING or word.endswith(("'s", "'ve", "'re")) for word in near) or any(
        word in ("we", "i") for word in near[-3:]
    ):
        return True
    if family in ("shipped", "delivered", "refunded", "cancelled", "failed", "received") and any(
        word in SUBJECTS for word in near[-2:]
    ):
        return True
    after = WORD.match(sentence.lower, at + len(_word_at(sentence.lower, at)) + 1)
    if (
        after
        and after.group() in _OBJECT_WORDS
        and near
        and "you" not in near[-3:]
        and near[-1] not in ("to", "and", "or", "be")
    ):
        return True  # somebody did it: "the manager approved it"
    lead = sentence.lower[max(0, at - 12) : at].rstrip()
    return lead.endswith((":", "|", "(")) or not before


_OBJECT_WORDS = table("it your this the them these him her")


def _word_at(text: str, at: int) -> str:
    found = WORD.match(text, at)
    return found.group() if found else ""


def _status(
    sentence: Sentence, family: str, before: list[str], start: int, end: int, *, framed: bool
) -> Iterator[Status]:
    at = sentence.start + start
    if not framed or sentence.conditional(at) or (sentence.request and not _TOLD.search(sentence.lower, 0, start)):
        return
    near = WORD.findall(sentence.lower, clause_at(sentence.lower, start), start)[-6:]
    negative = (
        any(word in NOT or word.endswith("n't") for word in near)
        or "yet to" in sentence.lower[max(0, start - 20) : start]
    )
    future = (
        any(word in FUTURE or word.endswith("'ll") for word in near[-5:])
        or " to be " in sentence.lower[max(0, start - 24) : start]
    )
    if future and _perfect(near):
        future = False
    if "longer" in near[-3:] and "no" in near:
        negative = True
    yield Status(family, not negative, at, sentence.start + end, future)


_CLAUSE = re.compile(
    r"[,;:()–—]|\b(?:but|however|although|while|because|since)\b|\band (?=(?:it|we|i|the|your|is|has|was"
    r"|will|they|now)\b)"
)


def clause_at(text: str, at: int) -> int:
    """Where the clause begins in which the offset lies."""
    begin = max(0, at - 80)
    for bound in _CLAUSE.finditer(text, begin, at):
        begin = bound.end()
    return begin


_KNOWN_THAT = re.compile(
    r"\b(?:did you (?:see|know|notice)|have you (?:seen|noticed)|are you aware|now|given|since)\b[^?]{0,40}\bthat\b"
)
_TOLD = re.compile(r"\b(?:that|as|because|since)\b")


def _perfect(near: list[str]) -> bool:
    """Whether "to" and the like stand before a finished action: "we are happy to say it has been shipped"."""
    marks = [n for n, word in enumerate(near) if word in FUTURE or word.endswith("'ll")]
    done = [
        n
        for n, word in enumerate(near)
        if word in ("has", "have", "had", "was", "were", "hasn't", "haven't", "is", "are", "it's", "we've", "i've")
    ]
    return bool(done) and (not marks or done[-1] > marks[-1])


@lru_cache(maxsize=4096)
def status_of(value: str) -> tuple[str, bool] | None:
    """The status that a tool's field says, and whether it says that it is so; None when it says none."""
    plain = re.sub(r"[_\-]+", " ", value).lower().strip()
    if plain in FIELD_VALUES:
        return FIELD_VALUES[plain], True
    words = WORD.findall(plain)
    if not words or len(words) > 6:
        return None
    negative = any(word in NOT or word.endswith("n't") for word in words)
    for _, phrase in _phrases_in(plain, words_in(plain)):
        return PHRASES[phrase], not negative
    for word in words:
        if word in STATUS_WORDS:
            family = STATUS_WORDS[word]
            under_way = family in _ENDS and not _ON_THE_WAY.isdisjoint(words)
            return "shipped" if under_way else family, not negative
    return None


# "Collected by carrier" and "arrived at sorting centre" are of a parcel that is under way.
_ENDS = frozenset({"collected", "delivered", "received"})
_ON_THE_WAY = table("carrier courier driver depot facility hub sorting centre center terminal airport customs origin")
