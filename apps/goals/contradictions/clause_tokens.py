"""The words of a text with their places, codes, clock times, dates and addresses kept whole."""

from __future__ import annotations

import re

import msgspec

from apps.goals.reading import stem

MAX_WORDS = 1600

_TOKEN = re.compile(r"[^\W_]+(?:[-'\u2019@./:_][^\W_]+)*")


class Token(msgspec.Struct, frozen=True, gc=False):
    """A word with its place; `named` when it is capitalised inside a sentence, or holds a digit."""

    text: str
    stem: str
    start: int
    end: int
    named: bool
    digit: bool


def tokens_of(text: str) -> list[Token]:
    """The words of `text`, at most MAX_WORDS; what is beyond is not read."""
    found = []
    fresh, last = True, 0
    for match in _TOKEN.finditer(text):
        word, start, end = match.group(), match.start(), match.end()
        gap = text[last:start]
        if not fresh and gap != " ":
            fresh = any(mark in gap for mark in ".!?\n:;")
        lower = word.lower().replace("\u2019", "'")
        bare = lower[:-2] if lower.endswith("'s") else lower
        digit = not bare.isalpha() and any(char.isdigit() for char in bare)
        capital = word != lower and word[0].isupper() and (not fresh or word[1:] != lower[1:]) and word != "I"
        found.append(Token(bare, bare if digit else stem(bare), start, end, capital, digit))
        if len(found) >= MAX_WORDS:
            break
        fresh, last = False, end
    return found
