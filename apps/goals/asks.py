"""The things a goal asks for: from each verb of action that leads a clause to the next one.

A verb counts where it leads: at the start of a clause, after "please", "could you", "and", "I'd like to" (said
directly), or as "by converting", "to have it added" (said in passing). Sentences that only tell the background have
none. Without any such verb, questions are asks, and at last the whole text is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from apps.goals.actions import ASKING, NONE, Kinds, kinds_of
from apps.goals.reading import Word
from apps.goals.values import Value

MAX_ASKS = 12
DIRECT, QUESTION, PASSING = 1.0, 0.7, 0.5

_BEFORE_TEXT = """
to please kindly can you could would will and then also let's let i'd like need want help me us afterwards finally next
now just first proceed with by
"""
_BEFORE = frozenset(_BEFORE_TEXT.split())
_DIRECTLY_TEXT = """
please kindly you then also and me let us let's just now afterwards finally next
"""
_DIRECTLY = frozenset(_DIRECTLY_TEXT.split())
_WISHING = frozenset(["like", "want", "need", "wish", "love", "you", "going", "me", "us"])
_BEFORE_ING = frozenset(
    ["by", "with", "like", "mind", "consider", "considering", "of", "for", "and", "start", "on", "in", "help"]
)
_AUXILIARIES = frozenset(
    ["have", "has", "had", "be", "been", "being", "is", "are", "was", "were", "get", "gets", "getting", "got"]
)
_CLAUSE_END = re.compile(r"[.!?;:,\n]")
_BOUND = re.compile(r"[.!?;\n]+\s|,\s|^\s*(?:[-*\u2022]|\d+[.)])\s+", re.M)
_SENTENCE_END = re.compile(r"[.!?;](?=\s|$)|\n")
_QUESTION = re.compile(r"[^.!?\n]*\?")
_QUESTION_WORD = re.compile(r"\W*(?:what|where|who|whom|whose|how|when|which|why|is|are|do|does|did|any)\b", re.I)


class Ask(msgspec.Struct, frozen=True, gc=False):
    """Where it stands in the text, the kinds of action asked for (none if unknown) and how directly it is said."""

    start: int
    end: int
    kinds: Kinds
    weight: float


def asks_in(text: str, words: Sequence[Word], values: Sequence[Value]) -> tuple[Ask, ...]:
    """The asks in order of place, at most MAX_ASKS; `words` and `values` are those of `text`."""
    heads = _heads(text, words, values)
    bounds = [0, *(match.end() for match in _BOUND.finditer(text))]
    asks: list[Ask] = []
    for place, (word, kinds, weight) in enumerate(heads):
        following = heads[place + 1][0].start if place + 1 < len(heads) else len(text)
        end = _end_of(text, word.start, following)
        start = _start_of(word, bounds, heads[place - 1][0].end if place else 0)
        if end == following and place + 1 < len(heads) and _content(words, start, end) < 2:
            continue  # "go ahead and book": the second verb says what is asked
        asks.append(Ask(start, end, kinds, weight))
    asks += _questions(text, asks)
    if not asks and text.strip():
        asks = [Ask(0, len(text), NONE, PASSING)]
    return tuple(sorted(asks, key=lambda ask: ask.start)[:MAX_ASKS])


def _heads(text: str, words: Sequence[Word], values: Sequence[Value]) -> list[tuple[Word, Kinds, float]]:
    inside = [(value.start, value.end) for value in values]
    heads = []
    for place, word in enumerate(words):
        kinds = kinds_of(word.stem)
        if not kinds or any(start <= word.start < end for start, end in inside):
            continue
        weight = _weight(text, words, place)
        if weight:
            if _signs_in(text, word):
                kinds |= {"sign_in"}
            heads.append((word, kinds, weight))
    return heads


def _weight(text: str, words: Sequence[Word], place: int) -> float:
    """How directly the verb at `place` asks; 0 when it does not lead."""
    word = words[place]
    before = words[place - 1].text if place else ""
    earlier = words[place - 2].text if place > 1 else ""
    opens = place == 0 or bool(_CLAUSE_END.search(text[words[place - 1].end : word.start]))
    if word.text.endswith("ing"):
        return PASSING if opens or before in _BEFORE_ING else 0.0
    if word.text.endswith("ed") and not opens:
        return PASSING if any(one.text in _AUXILIARIES for one in words[max(0, place - 3) : place]) else 0.0
    adverb = before.endswith("ly") and (earlier in _BEFORE)
    if not (opens or before in _BEFORE or adverb):
        return 0.0
    said = opens or before in _DIRECTLY or (before == "to" and earlier in _WISHING) or adverb
    return DIRECT if said else PASSING


def _signs_in(text: str, word: Word) -> bool:
    return word.stem in ("log", "sign") and bool(re.match(r"[^.!?]{0,40}?\bin(?:to)?\b", text[word.end :]))


def _start_of(word: Word, bounds: Sequence[int], last: int) -> int:
    """ "... and have it added": what is added stands before the verb."""
    if not word.text.endswith("ed"):
        return word.start
    return max(last, *(bound for bound in bounds if bound <= word.start))


def _end_of(text: str, start: int, following: int) -> int:
    stop = _SENTENCE_END.search(text, start, following)
    return stop.end() if stop else following


def _content(words: Sequence[Word], start: int, end: int) -> int:
    return sum(1 for word in words if word.content and start <= word.start < end)


def _questions(text: str, asks: Sequence[Ask]) -> list[Ask]:
    found = []
    for match in _QUESTION.finditer(text):
        start, end = match.span()
        if not any(start <= ask.start < end for ask in asks):
            asking = bool(_QUESTION_WORD.match(match.group()))
            found.append(Ask(start, end, ASKING if asking else NONE, DIRECT if asking else QUESTION))
    return found
