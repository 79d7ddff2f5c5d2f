"""RULE: whether the day of the week that stands beside a date is that of the date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from apps.drafts.guardrails.reading_dates import day_of
from apps.drafts.guardrails.sources import Sources
from apps.drafts.guardrails.terms import Pointer
from apps.drafts.guardrails.values import Key, Value

_FAR = timedelta(days=183)
_BETWEEN = 9  # characters between the two: a comma, "the", "le"


def beside(value: Value, text: str, values: Sequence[Value]) -> Value | None:
    """The date of which a weekday says what day it is: "Friday, 16 January", "16 January (Friday)"."""
    if value.keys[0][0] != "wd":
        return None
    for other in values:
        if other.kind != "date" or other.keys[0][0] not in ("d", "md") or other.unit in ("relative", "loose"):
            continue
        between = text[value.end : other.start] if other.start >= value.end else text[other.end : value.start]
        if abs(other.start - value.start) < 40 and len(between) < _BETWEEN and between.strip(" ,(") in _ARTICLES:
            return other
    return None


def days_later(value: Value, values: Sequence[Value], sources: Sources) -> Pointer | None:
    """Where a date comes from that lies a known number of days behind another date of the same sentence."""
    if value.kind != "date" or value.keys[0][0] not in ("d", "md"):
        return None
    mine = {day for key in value.keys for day in _days(key, sources.now)}
    firsts = [
        day
        for v in values
        if v.kind == "date" and v.start < value.start
        for key in v.keys
        for day in _days(key, sources.now)
    ]
    for key, facts in sources.by_key.items() if firsts else ():
        if key[0] == "u" and float(str(key[1])) % 24 == 0 and key[2] in ("", "night"):
            fact = next((f for f in facts if f.trust == "fact"), None)
            if fact and any(first + timedelta(hours=float(str(key[1]))) in mine for first in firsts):
                return fact.pointer
    return None


_ARTICLES = ("", "the", "den", "dem", "le", "el", "il", "de", "der")


def right_day(value: Value, other: Value, now: date) -> tuple[bool, Pointer | None, str]:
    """Whether it is; of a date without a year in the half year before or after the day of writing."""
    days = [day for key in other.keys for day in _days(key, now)]
    if any(value.keys[0][1] == day.isoweekday() for day in days):
        return True, Pointer("calendar", ""), ""
    return False, None, f"That day is a {days[0]:%A}." if days else "There is no such day."


def _days(key: Key, now: date) -> list[date]:
    if isinstance(key[1], date):
        return [key[1]]
    if key[0] != "md":
        return []
    found = (day_of(year, int(str(key[1])), int(str(key[2]))) for year in (now.year - 1, now.year, now.year + 1))
    return [day for day in found if day and abs(day - now) <= _FAR]
