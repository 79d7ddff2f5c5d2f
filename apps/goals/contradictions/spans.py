"""Spans of days whose end lies before their start, or that are not as long as said."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import date

from apps.goals.contradictions.calendar_dates import Day
from apps.goals.facts import Contradiction

SWAPPED, LENGTH = 0.85, 0.7
SWAPPED_KIND = "the end is before the start"
NEAR = 60  # characters between two days of one span

_IN_ORDER = re.compile(
    r"\b(?:from|check-?in|checking in|start(?:s|ing)?|arriv(?:e|ing|al)|pick(?:ing)?[- ]up|"
    r"collect|between|leav(?:e|ing)|depart\w*|begin\w*)\b[^.;!?]{0,24}$",
    re.I,
)
_TO = re.compile(
    r"^\s*(?:at [\w: ]{1,8})?,?\s*(?:-|\u2013|to|until|till|and|"
    r"through)?\s*(?:and\s+)?(?:the\s+)?(?:check(?:ing)?[- ]?out|end(?:s|ing)?|return(?:s|"
    r"ing)?|leav(?:e|ing)|departure|departing|back|finish\w*)?"
    r"\s*(?:on|at|is|date|by)?\s*(?:the\s+)?$",
    re.I,
)
_MOVES = re.compile(
    r"\b(?:mov\w+|chang\w+|shift\w*|reschedul\w*|postpon\w*|bring|switch\w*|rebook\w*|swap\w*|advance)\b", re.I
)
_FROM_DAY = re.compile(
    r"\b(?:from )?(?:the )?(\d{1,2})(?:st|nd|rd|th)?\s?(?:to|until|till|-|\u2013)\s?(?:the )?$", re.I
)
_LONG = re.compile(r"\b(\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten)[- ](day|night|week)s?\b", re.I)
_NUMBERS_TEXT = "one two three four five six seven eight nine ten"
_NUMBERS = {name: number for number, name in enumerate(_NUMBERS_TEXT.split(), 1)}
_NOT_ITS_LENGTH = re.compile(
    r"\b(?:per|each|every|a) (?:day|week)\b|\bnotice\b|\bany\b|\bwithin\b|\bsome ?time\b|\bwindow\b", re.I
)


def order_in(text: str, days: Sequence[Day]) -> list[Contradiction]:
    """What cannot be as the calendar runs. `days` are the dates of `text` in order."""
    found = []
    for start, end in itertools.pairwise(days):
        if not _one_span(text, start, end):
            continue
        first, last = _aligned(start, end)
        if first is None or last is None:
            continue
        if last < first:
            found.append(Contradiction(SWAPPED_KIND, start.text, end.text, SWAPPED))
        else:
            found += _length(text, start, end, (last - first).days)
    return found + _short_spans(text, days)


def _one_span(text: str, start: Day, end: Day) -> bool:
    between = text[start.end : end.start]
    if (
        len(between) > NEAR
        or not _TO.match(between)
        or not _IN_ORDER.search(text[max(0, start.start - 40) : start.start])
    ):
        return False
    return not (" to " in between and _MOVES.search(text[max(0, start.start - 60) : start.start]))


def _short_spans(text: str, days: Sequence[Day]) -> list[Contradiction]:
    """ "From 4 to 10 June"."""
    found = []
    for end in days:
        before = _FROM_DAY.search(text[max(0, end.start - 20) : end.start])
        if before is None or end.month_day is None or end.first is None or not 1 <= int(before.group(1)) <= 31:
            continue
        length = end.month_day[1] - int(before.group(1))
        if length > 0:
            found += _length(text, end, end, length)
        elif length < 0 and before.group().lower().startswith("from"):
            found.append(Contradiction(SWAPPED_KIND, before.group().strip(), end.text, SWAPPED))
    return found


def _written_out(day: Day) -> bool:
    """Not "today" or "last week"."""
    return any(char.isdigit() for char in day.text)


def _aligned(start: Day, end: Day) -> tuple[date | None, date | None]:
    """Both days in the years they can have; (None, None) where a turn of the year could put them right."""
    if start.first is None or end.first is None or start.first != start.last or end.first != end.last:
        return None, None
    if not (_written_out(start) and _written_out(end)):
        return None, None
    if start.has_year == end.has_year and start.has_year:
        return start.first, end.first
    if not start.month_day or not end.month_day:
        return None, None
    year = (end if end.has_year else start).first
    assert year is not None
    same_month = start.month_day[0] == end.month_day[0]
    later = end.month_day < start.month_day
    try:
        if later and not same_month:
            return date(year.year, *start.month_day), date(year.year + 1, *end.month_day)
        return date(year.year, *start.month_day), date(year.year, *end.month_day)
    except ValueError:
        return None, None


def _length(text: str, start: Day, end: Day, days: int) -> list[Contradiction]:
    """A length said beside the span that it does not have; `days` lie between its ends."""
    near = text[max(0, start.start - 50) : end.end + 30]
    said = _LONG.search(near)
    if said is None or _NOT_ITS_LENGTH.search(near):
        return []
    number = said.group(1).lower()
    count = _NUMBERS[number] if number in _NUMBERS else int(number)
    unit = said.group(2).lower()
    fits = {"night": count == days, "day": abs(count - days) <= 1, "week": abs(count * 7 - days) <= 3}[unit]
    if fits or not count:
        return []
    span = start.text if start is end else f"{start.text} to {end.text}"
    return [Contradiction("the time between is not as long as said", said.group(), span, LENGTH)]
