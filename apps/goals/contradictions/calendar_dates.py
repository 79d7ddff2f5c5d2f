"""Dates as people write them in English, as the first and last day they can mean.

Numbers like 3/4/2026 are read both ways, so the span runs from the earlier reading to the later one. A day without a
year means the coming one: nothing without a year lies in the past, except what says so ("last Friday", "3 days ago").
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

import msgspec

from apps.goals.facts import Contradiction

MAX_DAYS = 40
FEBRUARY = 2
LONGEST = 40  # characters a date can reach ahead of what gives it away
IMPOSSIBLE, WRONG_WEEKDAY = 0.8, 0.55

_MONTHS_TEXT = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTHS_TEXT.split(), 1)}
_WEEKDAYS_TEXT = "mon tue wed thu fri sat sun"
_WEEKDAYS = {name: number for number, name in enumerate(_WEEKDAYS_TEXT.split())}
_MONTH = (
    r"(?P<{0}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR = r"(?P<{0}>(?:19|20)\d\d)\b"
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_COUNT = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|couple of|few)"
_SPOKEN = re.compile(
    rf"\b(?P<iso>\d{{4}}-\d{{1,2}}-\d{{1,2}})\b"
    rf"|\b(?P<ymd>\d{{4}}[/.]\d{{1,2}}[/.]\d{{1,2}})\b"
    rf"|\b(?P<num>\d{{1,2}}([/.-])\d{{1,2}}\4(?:19|20)\d\d)\b"
    rf"|\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH.format('m1')}\b(?:,?\s+(?:of\s+)?{_YEAR.format('y1')})?"
    rf"|\b{_MONTH.format('m2')}\s+(?:the\s+)?(?P<d2>\d{{1,2}})(?:st|nd|rd|"
    rf"th)?\b(?!\s?(?:[ap]\.?m\b|:|%|/))(?:,?\s+(?:of\s+)?{_YEAR.format('y2')})?"
    rf"|\b{_MONTH.format('m3')}\s+(?:of\s+)?{_YEAR.format('y3')}"
    rf"|\b(?P<season>spring|summer|autumn|winter|q[1-4]|(?:the\s+)?(?:end|beginning|start|"
    rf"middle)\s+of)\s+(?:of\s+)?{_YEAR.format('y4')}"
    rf"|\b(?P<ago>{_COUNT}\s+(?:day|week|month|year)s?\s+ago)\b"
    rf"|\b(?P<rel>(?:the\s+day\s+before\s+)?yesterday|last\s+(?:night|week|weekend|month|year|"
    rf"summer|winter|spring|autumn|{_WEEKDAY})|today|tomorrow)\b"
    rf"|(?<=\bin\s)(?P<y5>(?:19|20)\d\d)\b(?!\s*(?:%|[a-z]*(?:euro|dollar|pound)))",
    re.I,
)
_HAS_DATE = re.compile(
    r"\d{1,4}[-/.]\d|\b(?:19|20)\d\d\b|\bago\b|\blast\b|yesterday|today|tomorrow|\b(?:jan|feb|"
    r"mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.I,
)
_WEEKDAY_BEFORE = re.compile(rf"\b({_WEEKDAY})\b,?\s+(?:the\s+|on\s+)?$", re.I)


class Day(msgspec.Struct, frozen=True, gc=False):
    """A date in a text: the first and last day it can mean (None when no such day exists), and whether a year is given.

    `month_day` is (month, day) where both are written, for dates without a year.
    """

    text: str
    start: int
    end: int
    first: date | None
    last: date | None
    has_year: bool
    month_day: tuple[int, int] | None = None


def days_in(text: str, today: date) -> list[Day]:
    """The dates of `text` in order. Cheap where there is none."""
    hint = _HAS_DATE.search(text)
    if hint is None:
        return []
    found = []
    for match in _SPOKEN.finditer(text, max(0, hint.start() - LONGEST)):
        day = _day(match, today)
        if day is not None:
            found.append(day)
            if len(found) == MAX_DAYS:
                break
    return found


def impossible_days(text: str, days: list[Day]) -> list[Contradiction]:
    """Days that no calendar has (31 November), and days under the wrong name (Monday 24 December 2026)."""
    found = []
    for day in days:
        if day.first is None:
            found.append(Contradiction("no such day", day.text, "the calendar", IMPOSSIBLE))
        elif day.has_year and day.first == day.last:
            named = _WEEKDAY_BEFORE.search(text[max(0, day.start - 18) : day.start])
            if named and _WEEKDAYS[named.group(1)[:3].lower()] != day.first.weekday():
                other = f"{day.text}, which is a {calendar.day_name[day.first.weekday()]}"
                found.append(Contradiction("the day of the week is another", named.group(1), other, WRONG_WEEKDAY))
    return found


def _day(match: re.Match[str], today: date) -> Day | None:
    got = {name: said for name, said in match.groupdict().items() if said}
    text, start, end = match.group(), match.start(), match.end()
    for name in ("iso", "ymd", "num"):
        if name in got:
            return _digits(text, start, end, [int(part) for part in re.split(r"[-/.]", got[name])])
    for place in "12":
        if f"d{place}" in got:
            month, year = _MONTHS[got[f"m{place}"][:3].lower()], got.get(f"y{place}")
            return _named(text, start, end, int(got[f"d{place}"]), month, year, today)
    if "y3" in got:
        year, month = int(got["y3"]), _MONTHS[got["m3"][:3].lower()]
        return Day(text, start, end, date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]), True)
    if "y4" in got or "y5" in got:
        year = int(got.get("y4") or got["y5"])
        return Day(text, start, end, date(year, 1, 1), date(year, 12, 31), True)
    return _relative(text, start, end, (got.get("ago") or got["rel"]).lower(), today)


def _digits(text: str, start: int, end: int, parts: list[int]) -> Day | None:
    """Year first, or last and then read both ways."""
    if parts[0] > 31:
        year, month, day = parts
        found = _date(year, month, day)
        return Day(text, start, end, found, found, True, (month, day)) if month <= 12 and day <= 31 else None
    one, other, year = parts
    both = sorted(day for day in (_date(year, one, other), _date(year, other, one)) if day)
    return Day(text, start, end, both[0], both[-1], True) if both else None


def _named(text: str, start: int, end: int, day: int, month: int, year: str | None, today: date) -> Day | None:
    if not 1 <= day <= 31:
        return None
    if year:
        found = _date(int(year), month, day)
        return Day(text, start, end, found, found, True, (month, day))
    if day > (29 if month == FEBRUARY else calendar.monthrange(today.year, month)[1]):
        return Day(text, start, end, None, None, False, (month, day))
    coming = _date(today.year, month, day)
    if coming is None or coming < today:
        coming = _date(today.year + 1, month, day) or date(today.year + 1, month, 28)
    return Day(text, start, end, coming, coming, False, (month, day))


def _relative(text: str, start: int, end: int, said: str, today: date) -> Day:
    if said == "today":
        return Day(text, start, end, today, today, True)
    if said == "tomorrow":
        return Day(text, start, end, today + timedelta(1), today + timedelta(1), True)
    yesterday = today - timedelta(1)
    first = yesterday if said.endswith(("yesterday", "night")) else today - timedelta(366)
    return Day(text, start, end, first, yesterday, False)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
