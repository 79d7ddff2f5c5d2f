"""RULE: values over days as lines: trust with its interval, or agents side by side, told apart without colour too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from apps.trust.charts import Scale, Tick, day_ticks, finite, scale_of

WIDE, TALL, LEFT, TOP, BELOW = 640, 170, 48, 12, 26
# What is asked of so few says little: drawn hollow.
THIN = 5
_APART = 13.0


@dataclass(frozen=True, slots=True)
class Moment:
    """n: on how many it rests. low, high: None where no interval is known. value None: nothing on that day."""

    day: date
    value: float | None
    n: float = 0.0
    low: float | None = None
    high: float | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    moments: Sequence[Moment]


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    said: str
    thin: bool


@dataclass(frozen=True, slots=True)
class Line:
    """place: 0 to 5, by which its colour, dash and mark are chosen. label_y: of its name beside its last dot."""

    place: int
    name: str
    stretches: list[str]
    bands: list[str]
    dots: list[Dot]
    label_y: float


@dataclass(frozen=True, slots=True)
class LineChart:
    lines: list[Line]
    days: list[Tick]
    values: list[Tick]
    marks: list[Tick]


def line_chart(
    series: Sequence[Series],
    *,
    written: Callable[[float], str],
    scale: Scale | None = None,
    span: tuple[date, date] | None = None,
    marks: Sequence[tuple[float, str]] = (),
) -> LineChart | None:
    """None where no series has a value. span: first and last day shown; without it, from the first to the last value.

    A day without a value parts a line in two. marks: values with a line and words of their own.
    """
    known = [[one for one in each.moments if finite(one.value) is not None] for each in series]
    if not any(known):
        return None
    days = [one.day for each in known for one in each]
    first, last = span or (min(days), max(days))
    ends = [end for each in known for one in each for end in (one.value, one.low, one.high)]
    up = scale or scale_of(ends)

    def across(day: date) -> float:
        part = (day - first).days / ((last - first).days or 1) if first != last else 0.5
        return round(LEFT + WIDE * min(1.0, max(0.0, part)), 1)

    def down(value: float) -> float:
        return round(TOP + TALL * (1 - up.place(value)), 1)

    lines = [_line(place % 6, each, across, down) for place, each in enumerate(series) if known[place]]
    middle = [LEFT + WIDE / 2] * 2 if first == last else [LEFT, LEFT + WIDE]
    return LineChart(
        lines=_labels_apart(lines),
        days=day_ticks(first, last, middle),
        values=[Tick(down(value), written(value)) for value in up.values],
        marks=[Tick(down(value), words) for value, words in marks if finite(value) is not None],
    )


def _line(place: int, series: Series, across: Callable[[date], float], down: Callable[[float], float]) -> Line:
    stretches: list[list[Moment]] = [[]]
    for one in series.moments:
        if finite(one.value) is not None:
            stretches[-1].append(one)
        elif stretches[-1]:
            stretches.append([])
    kept = [stretch for stretch in stretches if stretch]
    dots = [Dot(across(one.day), down(one.value or 0.0), one.said, one.n < THIN) for stretch in kept for one in stretch]
    return Line(
        place=place,
        name=series.name,
        stretches=[" ".join(f"{across(one.day)},{down(one.value or 0.0)}" for one in each) for each in kept],
        bands=[band for each in kept if (band := _band(each, across, down))],
        dots=dots,
        label_y=dots[-1].y,
    )


def _band(moments: Sequence[Moment], across: Callable[[date], float], down: Callable[[float], float]) -> str:
    ends = [(one.day, low, high) for one in moments if (low := finite(one.low)) is not None
            and (high := finite(one.high)) is not None]  # fmt: skip
    if len(ends) < 2:
        return ""
    upper = [f"{across(day)},{down(high)}" for day, _, high in ends]
    lower = [f"{across(day)},{down(low)}" for day, low, _ in reversed(ends)]
    return " ".join(upper + lower)


def _labels_apart(lines: Sequence[Line]) -> list[Line]:
    """Names that would stand upon each other are moved down, and up again where they would leave the drawing."""
    order = sorted(range(len(lines)), key=lambda place: lines[place].label_y)
    heights: dict[int, float] = {}
    edge = 0.0
    for place in order:
        heights[place] = max(lines[place].label_y, edge)
        edge = heights[place] + _APART
    edge = TOP + TALL
    for place in reversed(order):
        heights[place] = min(heights[place], edge)
        edge = heights[place] - _APART
    return [replace(line, label_y=round(heights[place], 1)) for place, line in enumerate(lines)]
