"""RULE: the words of a text. Plain ones are split by a table of characters, at a fifth of what an expression costs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LETTERS = re.compile(r"[^\W\d_]+")
_HIGH = re.compile(r"[^\x00-\x7f]")
_MARKED = re.compile(r"['-]{2}")


def _blanks(kept: str) -> dict[int, str]:
    return str.maketrans({c: " " for c in map(chr, range(128)) if not c.isalpha() and c not in kept})


_LETTERS_ONLY = _blanks("")
_WITH_MARKS = _blanks("'-")


def plain_of(text: str) -> str:
    """The text with blanks for what is no letter beyond ASCII, when that makes it ASCII; else as it is."""
    if text.isascii():
        return text
    high = set(_HIGH.findall(text))
    if any(map(str.isalpha, high)):
        return text
    for c in high:
        text = text.replace(c, " ")
    return text


def letters_in(text: str) -> list[str]:
    """Its words of letters alone, in order, in lower case."""
    lower = plain_of(text.lower())
    return lower.translate(_LETTERS_ONLY).split() if lower.isascii() else _LETTERS.findall(lower)


def words_in(lower: str) -> frozenset[str]:
    """The words of a text in lower case, with the apostrophes and hyphens within them."""
    plain = lower if lower.isascii() or "’" in lower else plain_of(lower)
    if not plain.isascii():
        return frozenset(WORD.findall(lower))
    found = plain.translate(_WITH_MARKS).split()
    if "'" not in plain and "-" not in plain:
        return frozenset(found)
    if _MARKED.search(plain):
        return frozenset(WORD.findall(lower))
    return frozenset(filter(None, [word.strip("'-") for word in found]))


@lru_cache(maxsize=32)
def words_of(text: str) -> frozenset[str]:
    """Its words of letters alone, in lower case; a draft is asked for them by several layers."""
    return frozenset(letters_in(text))


@lru_cache(maxsize=32)
def long_words(text: str) -> tuple[str, ...]:
    """What stands between two blanks and has fifteen characters or more, as keys and tokens do."""
    return tuple(word for word in text.split() if len(word) >= 15)


def lowered(text: str) -> str:
    """In lower case, with plain apostrophes, and as long as the text itself."""
    plain = text.replace("’", "'")
    lower = plain.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)


def places_of(words: Iterable[str], lower: str) -> Iterator[tuple[int, str]]:
    """Where each of the words stands as a whole, with the word; in no order."""
    for word in words:
        at = lower.find(word)
        while at >= 0:
            if WORD.match(lower, at).group() == word and not (at and _inside(lower, at)):  # type: ignore[union-attr]
                yield at, word
            at = lower.find(word, at + len(word))


def _inside(lower: str, at: int) -> bool:
    """Whether a word that began before goes on at the offset."""
    before = lower[at - 1]
    if before in "'’-":
        before = lower[at - 2] if at > 1 else " "
    return before.isalpha()
