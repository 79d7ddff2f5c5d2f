"""RULE: words that are written so that no rule reads them: letters of two scripts in one word, letters spaced out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apps.drafts.guardrails.splitting import words_of

_OTHER_LETTER = re.compile("[\u0370-\u052f]")
_LATIN = re.compile("[A-Za-z]")
_WORD = re.compile(r"\w+")
_SPACED = re.compile(r"(?<!\w)\w(?:[ .\-_*]\w){4,}(?!\w)")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_PILED = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{3,}")
_BEYOND = re.compile("[\u0370-\u1fff\u2c00-\u2dff\u2e80-\ud7ff\uf900-\ufdff\ufe70-\ufeff]")


def disguised_in(text: str) -> Iterator[tuple[int, int]]:
    """Where such words stand."""
    if len(words_of(text) & _LETTERS) >= 3:
        yield from (m.span() for m in _SPACED.finditer(text) if sum(map(str.isalpha, m.group())) >= 5)
    if text.isascii():
        return
    if _OTHER_LETTER.search(text):
        yield from (m.span() for m in _WORD.finditer(text) if _OTHER_LETTER.search(m[0]) and _LATIN.search(m[0]))
    yield from (m.span() for m in _PILED.finditer(text))


def beyond_latin(text: str) -> int:
    """How many letters it has that are not Latin ones."""
    return 0 if text.isascii() else len(_BEYOND.findall(text))
