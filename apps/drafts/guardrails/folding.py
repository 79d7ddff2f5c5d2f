"""RULE: a text as the eye reads it: no invisible characters, plain digits, spaces and dashes, with the way back."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_HIGH = re.compile(r"[^\x00-\x7f]")
_GONE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0"
    "\u0305\u0331\u0332\u0333\u0335\u0336\u0337\u0338\u033f\u0347\u035f"  # lines under, over and through letters
)
_DASHES = frozenset(
    "\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u207b\u208b\u2212\u2e3a\u2e3b\u301c\u3030\ufe58\ufe63\uff0d"
)
_QUOTES = {"‘": "'", "’": "'", "‛": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}
_DOTS = {"·": ".", "․": ".", "‧": ".", "。": ".", "｡": ".", "∙": ".", "⋅": ".", "﹒": "."}


class Folded(NamedTuple):
    """text: what is read. offsets: for each of its characters where it stood; None when nothing moved."""

    text: str
    offsets: list[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of `text`, which is not empty, as a span of what was folded."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1


def fold(text: str) -> Folded:
    """The text with look-alikes of digits, letters, spaces, dashes and quotes made plain, invisible ones left out."""
    if text.isascii():
        return Folded(text, None)
    high = set(_HIGH.findall(text))
    if all(_TABLE[ord(c)] == c for c in high):
        return Folded(text, None)
    plain = text.translate(_TABLE)
    if len(plain) == len(text):
        return Folded(plain, None)
    return Folded(plain, [at for at, c in enumerate(text) if _TABLE[ord(c)]])


class _Table(dict[int, str]):
    """What stands for each character, by its number; filled as characters come, which Unicode bounds."""

    def __missing__(self, number: int) -> str:
        self[number] = plain = _plain(chr(number))
        return plain


_TABLE = _Table()


def _plain(c: str) -> str:
    """What stands for one character: itself, a plain one, or nothing."""
    if c < "\x80":
        return c
    if c in _QUOTES or c in _DOTS:
        return _QUOTES.get(c) or _DOTS[c]
    if c in _DASHES:
        return "-"
    category = unicodedata.category(c)
    if category == "Cf" or c in _GONE or "\ufe00" <= c <= "\ufe0f" or "\U000e0000" <= c <= "\U000e0fff":
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(c))
    if category in ("Zs", "Zl", "Zp"):
        return "\n" if category != "Zs" else " "
    wide = unicodedata.normalize("NFKC", c)
    return wide if len(wide) == 1 and wide < "\x80" else c
