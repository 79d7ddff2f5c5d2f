"""RULE: times that are said without a number or the name of a day: by the end of the month, in a couple of days."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from apps.drafts.guardrails.calendar_words import UNITS
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.values import Key, Value

CUES = table("week weekend month year day morning afternoon evening hour couple few")
_SPAN = re.compile(
    r"\bend of (?:the|this) (?P<late>day|week|month|year)\b"
    r"|\bthis (?P<this>week|weekend|month|morning|afternoon|evening)\b"
    r"|\b(?:by|before|over|at|during) the (?P<free>weekend)\b"
    r"|\bfirst thing in the (?P<early>morning)\b"
    r"|\bwithin the (?:next )?(?P<within>hour|day|week|month)\b"
    r"|\b(?:in|within|take|takes|another) (?:about |around |just |only )?(?:a |the next )?(?P<some>couple"
    r"|few) (?:of |more )?"
    r"(?P<working>business |working )?(?P<unit>minutes|hours|days|weeks|months)\b",
    re.I,
)


def loose_times(text: str, now: date) -> Iterator[Value]:
    """What such words may mean: the days, or how long. Their unit is "loose", or that of a span of time."""
    for found in _SPAN.finditer(text):
        words = " ".join(found.group().lower().split())
        if found["within"]:
            hours, name = UNITS[found["within"].lower()]
            yield Value("duration", *found.span(), (("rel", words), ("u", round(hours, 2), name)), name)
        elif found["some"]:
            yield Value("duration", *found.span(), (("rel", words), *_some(found)))
        else:
            yield Value("date", *found.span(), (("rel", words), *(("d", day) for day in _days(found, now))), "loose")


def _some(found: re.Match[str]) -> Iterator[Key]:
    hours, name = UNITS[found["unit"].lower()]
    for count in (2,) if found["some"].lower() == "couple" else (3, 4):
        yield ("u", round(count * hours, 2), "bd" if found["working"] else name)


def _days(found: re.Match[str], now: date) -> Iterator[date]:
    """A week ends on Friday and the days after it; a month and a year in their last five days."""
    span = (found["late"] or found["this"] or found["free"] or "").lower()
    monday = now - timedelta(days=now.weekday())
    first, last = now, now
    if found["early"]:
        first = last = now + timedelta(days=1)
    elif span in ("week", "weekend"):
        late = 4 if found["late"] else 5 if span == "weekend" else 0
        first, last = monday + timedelta(days=late), monday + timedelta(days=6)
    elif span == "month":
        last = now.replace(day=monthrange(now.year, now.month)[1])
        first = last - timedelta(days=4) if found["late"] else now.replace(day=1)
    elif span == "year":
        last = date(now.year, 12, 31)
        first = last - timedelta(days=4)
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
