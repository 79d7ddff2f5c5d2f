"""Particulars in a text: dates, times, numbers, money, addresses, codes, quoted words, names, files.

A value is something a goal fills in, as opposed to what it asks for. Recognised by form alone, never by a list of known
names; the only vocabularies are the calendar's, number words and units of money.
"""

from __future__ import annotations

import re

import msgspec

from apps.goals.reading import FUNCTION_WORDS
from apps.goals.vocabulary import Kind


class Value(msgspec.Struct, frozen=True, gc=False):
    """One particular: its kind, the text as written, and its place."""

    kind: Kind
    text: str
    start: int
    end: int


_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
_SPAN = r"(?:days?|weeks?|weekends?|months?|years?|quarters?|hours?|minutes?|seconds?)"
_COUNT = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a|an|few|couple of|several)"
_NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    r"eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|dozen|half|twice|double)"
)

# In order of preference: where two overlap, the earlier pattern wins.
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.URL, re.compile(r"\b(?:https?://|www\.)[^\s\"'<>)\]]+", re.I)),
    (Kind.EMAIL, re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")),
    (
        Kind.QUOTED,
        re.compile(
            r"\"[^\"\n]{1,400}\"|\u201c[^\u201d\n]{1,400}\u201d|(?<!\w)'[^'\n]{1,200}'(?!\w)|\u2018[^\u2019\n]{1,200}\u2019(?!\w)|`[^`\n]{1,200}`"
        ),
    ),
    (
        Kind.FILE,
        re.compile(
            r"(?<![\w@])(?:[~.]{0,2}/)?(?:[\w-]+/)*[\w-]+\.(?:[a-z][a-z0-9]{1,4})(?![\w@])|(?<!\w)/(?:[\w.-]+/)*[\w.-]+",
            re.I,
        ),
    ),
    (
        Kind.MONEY,
        re.compile(
            r"[$\u20ac\u00a3\u00a5\u20b9]\s?\d[\d,.]*\s?(?:k|m|bn|million|billion)?\b|\b\d[\d,.]*\s?(?:dollars?|euros?|pounds?|cents?|usd|eur|gbp|inr|yen|rupees?)\b",
            re.I,
        ),
    ),
    (
        Kind.DATE,
        re.compile(
            r"\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b"
            rf"|\b{_MONTH}\.?\s+{_ORDINAL}(?:,?\s+\d{{4}})?\b|\b{_MONTH}\s+\d{{4}}\b"
            rf"|\b(?:the\s+)?{_ORDINAL}\s+(?:of\s+)?{_MONTH}(?:,?\s+\d{{4}})?\b|\b(?:today|tonight|tomorrow|yesterday)\b"
            rf"|\b(?:next|this|last|coming|past|previous)\s+(?:{_COUNT}\s+)?(?:{_SPAN}|{_DAY}|{_MONTH})\b|\b{_DAY}\b"
            rf"|\b(?:in|for|within|after)\s+{_COUNT}\s+{_SPAN}\b|\b{_COUNT}\s+{_SPAN}\s+(?:ago|from now|later)\b"
            r"|\b(?:the\s+)?\d{1,2}(?:st|nd|rd|th)\b",
            re.I,
        ),
    ),
    (
        Kind.TIME,
        re.compile(
            r"\b\d{1,2}:\d{2}(?::\d{2})?\s?(?:[ap]\.?m\b\.?)?|\b\d{1,2}\s?[ap]\.?m\b\.?|\b(?:noon|midnight|morning|afternoon|evening|o'clock)\b",
            re.I,
        ),
    ),
    (Kind.PHONE, re.compile(r"(?<![\w.-])\+?\d[\d ()-]{7,}\d(?![\w-])")),
    (
        Kind.CODE,
        re.compile(
            r"#\w+|(?<![\w.])(?=[\w.:-]*\d)(?=[\w.:-]*[A-Za-z_])[A-Za-z0-9][\w.:-]*[\w]|(?<!\w)[A-Z][A-Z0-9]{1,5}(?!\w)|(?<!\w)[A-Za-z]+_[\w]+"
        ),
    ),
    (Kind.NUMBER, re.compile(rf"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?\s?%?|\b{_NUMBER_WORD}\b", re.I)),
)
_NAME = re.compile(
    r"(?<![\w'\u2019])[A-Z][\w'\u2019-]*(?:(?:\s+(?:of|de|the|and|&|la|van|von|da)\s+|\s+|,\s?)[A-Z][\w'\u2019-]*)*"
)
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n]\s*|[\"'\u201c(]\s*)$")


def values_of(text: str) -> tuple[Value, ...]:
    """The particulars of `text` in order of place, not overlapping."""
    taken: list[Value] = []
    covered = bytearray(len(text))
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            _take(taken, covered, kind, match.group(), match.start(), match.end())
    for match in _NAME.finditer(text):
        _take_name(taken, covered, text, match)
    taken.sort(key=lambda value: value.start)
    return tuple(taken)


def _take(taken: list[Value], covered: bytearray, kind: Kind, found: str, start: int, end: int) -> None:
    if not any(covered[start:end]) and found.strip():
        taken.append(Value(kind, found.strip(), start, end))
        covered[start:end] = b"\x01" * (end - start)


def _take_name(taken: list[Value], covered: bytearray, text: str, match: re.Match[str]) -> None:
    """Capitalised words that are not merely the first word of a sentence, or function words."""
    start, found = match.start(), match.group()
    first = re.match(r"\S+", found)
    at_start = bool(_SENTENCE_START.search(text[max(0, start - 4) : start]))
    while first is not None and (at_start or first.group().lower().strip(",'\u2019") in FUNCTION_WORDS):
        at_start = False
        found = found[first.end() :]
        shift = len(found) - len(found.lstrip())
        start += first.end() + shift
        found = found[shift:]
        first = re.match(r"\S+", found)
    if found:
        _take(taken, covered, Kind.NAME, found, start, start + len(found))
