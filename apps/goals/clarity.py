"""How plainly a goal says what is wanted, from its words alone."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from apps.goals.reading import Word
from apps.goals.values import Value

# Words that stand for something unnamed: they carry a sentence without saying anything.
PLACEHOLDERS_TEXT = """
thing things stuff something anything everything someone anyone somebody somehow somewhere whatever whichever etc
issue problem matter way best better good nice right proper properly appropriate necessary
"""
PLACEHOLDERS = frozenset(PLACEHOLDERS_TEXT.split())
_POINTERS_TEXT = """
it this that these those them they he she him her
"""
_POINTERS = frozenset(_POINTERS_TEXT.split())

FIRST_WORDS = 3.0  # about so many words with content say a plain request
POINTER_COST = 0.25


class Clarity(msgspec.Struct, frozen=True):
    """`score` in [0, 1] and what keeps it down, as phrases for a person."""

    score: float
    gaps: tuple[str, ...]


def clarity_of(words: Sequence[Word], values: Sequence[Value], *, background: bool) -> Clarity:
    """`background` is True when context or earlier messages were given: then "it" can have something to point to."""
    telling = {word.stem for word in words if word.content and word.text not in PLACEHOLDERS}
    said = min(1.0, len(telling) / FIRST_WORDS)
    particular = 1.0 if values else 0.6 if len(telling) >= 2 else 0.3
    gaps = []
    if not telling:
        gaps.append("it names nothing to act on")
    elif said < 1.0:
        gaps.append("it says very little")
    if not values:
        gaps.append("it gives no particulars such as a name, number or date")
    score = 0.65 * said + 0.35 * particular
    if not background and _points_nowhere(words):
        score -= POINTER_COST
        gaps.insert(0, "it points to something that is not given")
    return Clarity(max(0.0, score), tuple(gaps))


def _points_nowhere(words: Sequence[Word]) -> bool:
    """A pointing word comes before anything it could stand for has been named."""
    named = 0
    for place, word in enumerate(words):
        if word.content:
            named += 1
        elif word.text in _POINTERS and named < 2:
            follows = words[place + 1] if place + 1 < len(words) else None
            if follows is None or not follows.content or word.text in ("it", "them"):
                return True
    return False


def wordlike_share(text: str, words: Sequence[Word]) -> float:
    """Share of the text's characters, spaces aside, in plausible words: with vowels when alphabetic, not one letter
    over and over, not endless."""
    dense = sum(1 for char in text if not char.isspace())
    if not dense:
        return 0.0
    good = sum(word.end - word.start for word in words if _plausible(word.text))
    return min(1.0, good / (0.85 * dense))


def _plausible(word: str) -> bool:
    if not word.isascii() or not word.isalpha():
        return len(word) <= 40
    if len(word) > 3 and (len(set(word)) < 3 or len(word) > 30):
        return False
    return len(word) <= 4 or _longest_run_without_vowel(word) <= 4


def _longest_run_without_vowel(word: str) -> int:
    longest = run = 0
    for char in word:
        run = 0 if char in "aeiouy" else run + 1
        longest = max(longest, run)
    return longest
