"""RULE: figures that are neither digits nor plain number words: twice a day, a dozen, half the price, XII days."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from apps.drafts.guardrails.calendar_words import NUMBERS, UNITS
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.values import Key, Value

CUES = table(
    """
    once twice thrice times time half dozen hundred thousand einmal zweimal dreimal fois vez veces volta volte keer
    """
)
_ONE = {"once": 1, "twice": 2, "thrice": 3, "einmal": 1, "zweimal": 2, "dreimal": 3}
_OFTEN = re.compile(
    r"\b(?:(?P<one>once|twice|thrice|einmal|zweimal|dreimal)|(?P<count>\w+) (?:times?|fois|vez|veces|volta"
    r"|volte|keer|mal))"
    r" (?:an?|per|every|each|am|pro|par|al|à la|por|in der|im) (?P<unit>\w+)",
    re.I,
)
_MANY = re.compile(
    r"\b(?P<lead>an?|half a|\w+) (?P<many>dozen|hundred|thousand)\b(?= (?!thanks|apologies|times)[^\W\d_]{3})", re.I
)
_HALF = re.compile(
    r"(?:\bhalf|½)[ -](?:the )?(?:price|cost|fee|amount|off)\b|\bhalf of the (?:price|cost|fee|amount)\b", re.I
)
_AND_HALF = re.compile(r"\b(?P<count>\w+) and a half (?P<unit>\w+)\b", re.I)
_ROMAN = re.compile(r"(?<![\w.])(?P<roman>[IVXLC]{2,7}) (?P<unit>[a-z]+)\b")
_SINGLE = re.compile("[\u00bc-\u00be\u2150-\u215e\u2460-\u249b\u2776-\u2793]")
_LETTERS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def odd_figures(text: str) -> Iterator[Value]:
    """Such figures, with their offsets; their words decide, so one that a source says as it stands is known."""
    for found in _OFTEN.finditer(text):
        count = _ONE.get((found["one"] or "").lower()) or _number(found["count"] or "")
        unit = UNITS.get(found["unit"].lower())
        if count and unit:
            yield Value("duration", *found.span(), (("often", float(count), round(unit[0], 2)),), "often")
    for found in _MANY.finditer(text):
        lead, many = found["lead"].lower(), NUMBERS[found["many"].lower()]
        if lead in ("a", "an", "half a"):
            yield Value("number", *found.span(), (("n", float(many if lead != "half a" else many / 2)),))
    for found in _HALF.finditer(text):
        yield Value("percentage", *found.span(), (("p", 50.0),))
    for found in _AND_HALF.finditer(text):
        yield from _spans(found, _number(found["count"]) + 0.5)
    for found in _ROMAN.finditer(text):
        yield from _spans(found, _roman(found["roman"]))


def _spans(found: re.Match[str], count: float) -> Iterator[Value]:
    unit = UNITS.get(found["unit"].lower())
    if unit and count >= 1:
        yield Value("duration", *found.span(), (("u", round(count * unit[0], 2), unit[1]),), unit[1])


def signs_in(text: str) -> Iterator[Value]:
    """Numbers of one sign: in a ring, or a fraction."""
    for found in _SINGLE.finditer(text) if not text.isascii() else ():
        keys: tuple[Key, ...] = (("n", round(unicodedata.numeric(found.group(), 0.0), 4)),)
        yield Value("number", *found.span(), keys)


def _number(word: str) -> float:
    lower = word.lower()
    return (
        float(lower) if lower.isdecimal() and len(lower) < 4 else float(NUMBERS.get(lower, 1 if lower == "one" else 0))
    )


def _roman(letters: str) -> float:
    values = [_LETTERS[letter] for letter in letters]
    return float(sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True)))
