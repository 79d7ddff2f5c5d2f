"""RULE: the stretch of time that is looked at, as the viewer chose it, and how it is cut into columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import MappingProxyType

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# name: (length, length of one column of the charts over time)
NAMED: Mapping[str, tuple[timedelta, timedelta]] = MappingProxyType(
    {
        "15m": (15 * MINUTE, MINUTE),
        "1h": (HOUR, 5 * MINUTE),
        "24h": (DAY, HOUR),
        "7d": (7 * DAY, 6 * HOUR),
        "30d": (30 * DAY, DAY),
    }
)
DEFAULT = "24h"
LONGEST = 31 * DAY
SHORTEST = MINUTE
MOST_COLUMNS = 32
_STEPS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY)


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` up to `end`, without it. `name` is one of NAMED, "" for the viewer's own."""

    name: str
    start: datetime
    end: datetime
    step: timedelta

    @property
    def before(self) -> datetime:
        """Where the window of the same length before this one starts."""
        return self.start - (self.end - self.start)

    @property
    def columns(self) -> list[tuple[datetime, datetime]]:
        """The columns of charts over time. All but the first and last start and end on whole steps since midnight."""
        bounds = [self.start, *_marks(self.start, self.end, self.step), self.end]
        return list(pairwise(bounds))


def named(name: str, now: datetime) -> Window:
    """Raises KeyError for a name that is none of NAMED."""
    length, step = NAMED[name]
    return Window(name, now - length, now, step)


def chosen(values: Mapping[str, str], now: datetime) -> Window:
    """The window of a query string: window=<name>, or from= and to= (RFC 3339; without an offset it is UTC).

    Raises ValueError with words for the viewer.
    """
    start, end = values.get("from", ""), values.get("to", "")
    if not (start or end):
        name = values.get("window", "") or DEFAULT
        if name not in NAMED:
            raise ValueError(f"The window is one of {', '.join(NAMED)}, or from and to")
        return named(name, now)
    return own(_moment(start, "from"), min(_moment(end, "to"), now) if end else now)


def own(start: datetime, end: datetime) -> Window:
    """Raises ValueError: it is shorter than SHORTEST or longer than LONGEST."""
    length = end - start
    if not SHORTEST <= length <= LONGEST:
        raise ValueError("The window is from one minute to 31 days long and does not start in the future")
    step = next((step for step in _STEPS if length / step <= MOST_COLUMNS), DAY)
    return Window("", start, end, step)


def hour_of(moment: datetime) -> datetime:
    """The start of its hour, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _moment(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"`{name}` is not a moment such as 2026-11-21T09:00Z") from None


def _marks(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    midnight = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    mark = midnight + step * ((start - midnight) // step + 1)
    marks = []
    while mark < end:
        marks.append(mark)
        mark += step
    return marks
