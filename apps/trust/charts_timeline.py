"""RULE: when patterns were found, confirmed and retired, week by week."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from apps.trust.charts import Tick, day_ticks, scale_of

WIDE, TALL, LEFT, TOP, BELOW = 640, 120, 40, 10, 26
KINDS = ("found", "confirmed", "retired")
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Piece:
    """A column's piece of one kind, in the drawing's units."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    said: str

    @property
    def path(self) -> str:
        """Its outline, as one value: a page has dozens of them."""
        return f"M{self.x} {self.y}h{self.width}v{self.height}h-{self.width}z"


@dataclass(frozen=True, slots=True)
class Timeline:
    """zero: y of the line between what was gained above and what was retired below it."""

    pieces: list[Piece]
    zero: float
    weeks: list[Tick]
    values: list[Tick]


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def timeline_of(counts: Mapping[tuple[date, str], int], *, first: date, last: date) -> Timeline | None:
    """counts: how many events of a kind by (Monday, kind). From the week of `first` to that of `last`.

    Found and confirmed are stacked upwards, retired hang below. None where nothing happened in that time.
    """
    start, end = week_of(first), max(week_of(first), week_of(last))
    weeks = [start + number * WEEK for number in range((end - start).days // 7 + 1)]
    gained = [counts.get((week, "found"), 0) + counts.get((week, "confirmed"), 0) for week in weeks]
    lost = [counts.get((week, "retired"), 0) for week in weeks]
    if not any(gained) and not any(lost):
        return None
    up = scale_of([max(*gained, *lost, 1)], least=2)
    # As many steps down as are needed, of the same size.
    down = math.ceil(max(lost) / up.step) * up.step
    tall = TALL / (up.high + down)
    zero = round(TOP + up.high * tall, 1)
    slot = WIDE / len(weeks)
    pieces: list[Piece] = []
    for place, week in enumerate(weeks):
        x, width, y = LEFT + place * slot + slot * 0.12, slot * 0.76, zero
        for kind in KINDS:
            count = counts.get((week, kind), 0)
            if not count:
                continue
            height = count * tall
            y = zero if kind == "retired" else y - height
            said = f"Week of {week:%-d %b}: {count:,} {kind}"
            pieces.append(Piece(round(x, 1), round(y, 1), round(width, 1), round(height, 1), kind, said))
    values = [Tick(round(zero - value * tall, 1), f"{value:g}") for value in up.values]
    below = [Tick(round(zero + value * tall, 1), f"{value:g}") for value in up.values[1:] if value <= down]
    return Timeline(pieces, zero, day_ticks(start, end, (LEFT + slot / 2, LEFT + WIDE - slot / 2)), [*values, *below])
