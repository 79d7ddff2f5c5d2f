"""RULE: dates and times that are written with digits."""

from __future__ import annotations

import re
from datetime import date

from apps.drafts.guardrails.calendar_words import MONTHS
from apps.drafts.guardrails.values import Value

ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ](\d{1,2}):(\d{2}))?(?::\d{2}(?:\.\d{1,9})?)?(?:Z"
    r"|[+-]\d{2}:?\d{2})?(?![\d])"
)
_NUMERIC = re.compile(
    r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)|(\d{1,2})/(\d{1,2})(?![\d/])|(\d{1,2})\.(\d{1,2})\.(?!\d)"
)
_DAY = re.compile(
    r"(\d{1,2})(?:\s?(?:st|nd|rd|th|\.|º|er))?(?:\s(?:of|de|del|da))?[ -]([^\W\d_]{3,10})\.?(?:,?(?: de"
    r"| del)?[ -](\d{4}))?(?![\w])"
)
_MONTH_FIRST = re.compile(
    r"([^\W\d_]{3,10})\.?\s(?:the\s)?(\d{1,2})(?:st|nd|rd|th)?(?![\d:.,]*\d)(?:,?\s(\d{4})(?!\d))?"
)
_MONTH_YEAR = re.compile(r"([^\W\d_]{3,10})\.?,?\s(\d{4})(?!\d)")
_TIME = re.compile(
    r"(\d{1,2})(?:[:.h](\d{2}))?\s?([ap])\.?m\b\.?|(\d{1,2})(?::(\d{2})(?::\d{2})?(?!\d)|\.(\d{2})\s?(?:h|uhr)\b)"
    r"|(\d{1,2})\s?(?:uhr|o'clock|h(?:eures)?)(?:\s?(\d{2})\b|\b)",
    re.I,
)
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)(?!\w)")


def day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def iso_moment(text: str, at: int) -> list[Value] | None:
    """2026-11-19, with or without a time."""
    found = ISO.match(text, at)
    day = day_of(int(found[1]), int(found[2]), int(found[3])) if found else None
    if found is None or day is None:
        return None
    if found[4] and (int(found[4]) or int(found[5])) and int(found[4]) < 24:
        moment = Value("time", found.start(4), found.end(), (("t", int(found[4]), int(found[5])),))
        return [Value("date", at, found.start(4) - 1, (("d", day),)), moment]
    return [Value("date", at, found.end(), (("d", day),))]


def numeric_date(text: str, at: int, now: date) -> Value | None:
    found = _NUMERIC.match(text, at)
    if not found:
        return None
    if found[1]:
        one, two, year = int(found[1]), int(found[3]), int(found[4])
        year += 2000 if year < 100 else 0
        days = [day for day in (day_of(year, two, one), day_of(year, one, two) if found[2] != "." else None) if day]
        return Value("date", at, found.end(), tuple(("d", day) for day in days)) if days else None
    one, two = (int(found[5]), int(found[6])) if found[5] else (int(found[7]), int(found[8]))
    pairs = [(m, d) for m, d in ((two, one), (one, two)) if 1 <= m <= 12 and 1 <= d <= 31]
    if (one, two) == (24, 7) or not pairs or (one > 12 and two > 12):
        return None
    return Value("date", at, found.end(), tuple(("md", *pair) for pair in pairs))


def day_month(text: str, at: int, now: date) -> Value | None:
    found = _DAY.match(text, at)
    month = MONTHS.get(found[2].lower()) if found else None
    if not found or not month or not 1 <= int(found[1]) <= 31:
        return None
    return _calendar(at, found.end(), int(found[1]), month, found[3])


def month_day(text: str, at: int, now: date) -> Value | None:
    """November 25, 2026 seen from its digit; November 2026 as well."""
    lead = text[max(0, at - 15) : at]
    word = re.search(r"([^\W\d_]{3,10})\.?,?\s(?:the\s)?$", lead)
    month = MONTHS.get(word[1].lower()) if word else None
    if not word or not month:
        return None
    start = at - len(lead) + word.start()
    if (found := _MONTH_FIRST.match(text, start)) and 1 <= int(found[2]) <= 31:
        return _calendar(start, found.end(), int(found[2]), month, found[3])
    if found := _MONTH_YEAR.match(text, start):
        return Value("date", start, found.end(), (("ym", int(found[2]), month),))
    return None


def _calendar(start: int, end: int, day: int, month: int, year: str | None) -> Value | None:
    if year:
        exact = day_of(int(year), month, day)
        return Value("date", start, end, (("d", exact),)) if exact else None
    return Value("date", start, end, (("md", month, day),))


def clock(text: str, at: int, now: date) -> Value | None:
    found = _TIME.match(text, at)
    if not found:
        return None
    if found[3]:
        hour, minute = int(found[1]) % 12 + (12 if found[3].lower() == "p" else 0), int(found[2] or 0)
    elif found[4]:
        hour, minute = int(found[4]), int(found[5] or found[6])
    else:
        hour, minute = int(found[7]), int(found[8] or 0)
    if hour > 24 or minute > 59:
        return None
    if found[7] and found.group().lower().endswith("h") and not _SINCE.search(text, max(0, at - 8), at):
        return None  # "24h" is how long, not when; "à 9 h" is when
    return Value("time", at, found.end(), (("t", hour, minute),))


_SINCE = re.compile(r"\b(?:de|à|dès|vers|entre|et|a|y|las|um|ab|von|bis|und|tot|van|dalle|alle)\s$", re.I)


def ordinal_day(text: str, at: int, now: date) -> Value | None:
    found = _ORDINAL.match(text, at)
    if not found or not 1 <= int(found[1]) <= 31:
        return None
    return Value("date", at, found.end(), (("dom", int(found[1])),))
