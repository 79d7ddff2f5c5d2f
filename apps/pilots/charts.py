"""RULE: where the marks of a guard's chart stand, in the units of its drawing: the value over time with what is not
ruled out, its limit, from when on there was enough to act on, and when it acted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from apps.core.measures import Metric, written
from apps.pilots.guards import GuardVerdict

WIDE, TALL, LEFT, TOP, BELOW, RIGHT = 640, 170, 56, 12, 26, 12
MOST_POINTS = 240
_TICKS = 6


@dataclass(frozen=True, slots=True)
class Point:
    """A reading. n: observations since arming. low, high: of the interval; None where there is none."""

    at: datetime
    n: int
    value: float | None
    low: float | None
    high: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A reading's place, and what it says to whoever cannot see it or points at it."""

    x: float
    y: float
    said: str
    breached: bool


@dataclass(frozen=True, slots=True)
class GuardChart:
    """lines, bands: points of polylines and polygons, one for each stretch of evidence. limit_y: of the limit's line.

    healthy_y, healthy_height: the side of the limit on which all is well. enough_x: from there on there were
    observations enough; None if never, or from the start. breaches: x and words of when it acted.
    """

    lines: list[str]
    bands: list[str]
    dots: list[Dot]
    limit_y: float
    limit_words: str
    healthy_y: float
    healthy_height: float
    enough_x: float | None
    breaches: list[Tick]
    times: list[Tick]
    values: list[Tick]
    newest: str


def guard_chart(
    metric: Metric, points: Sequence[Point], *, limit: float, minimum: int, at_least: bool, breaches: Sequence[datetime]
) -> GuardChart | None:
    """The chart of a guard's readings, oldest first; None where fewer than two have a value, which make no line."""
    shown = _thinned([point for point in points if point.value is not None])
    if len(shown) < 2:
        return None
    first, span = shown[0].at, (shown[-1].at - shown[0].at) / timedelta(seconds=1) or 1.0
    low, high, step = _scale(metric, shown, limit, minimum)

    def across(at: datetime) -> float:
        return round(LEFT + min(1.0, max(0.0, (at - first) / timedelta(seconds=1) / span)) * WIDE, 1)

    def down(value: float) -> float:
        return round(TOP + (1 - (min(high, max(low, value)) - low) / (high - low)) * TALL, 1)

    stretches = _stretches(shown)
    limit_y = down(limit)
    enough = next((point for point in shown if point.n >= minimum), None)
    return GuardChart(
        lines=[" ".join(f"{across(one.at)},{down(one.value or 0)}" for one in stretch) for stretch in stretches],
        bands=[band for stretch in stretches if (band := _band(stretch, across, down))],
        dots=[_dot(metric, point, across(point.at), down(point.value or 0)) for point in shown],
        limit_y=limit_y,
        limit_words=f"{'at least' if at_least else 'at most'} {written(metric, limit)}",
        healthy_y=TOP if at_least else limit_y,
        healthy_height=round(limit_y - TOP if at_least else TOP + TALL - limit_y, 1),
        enough_x=across(enough.at) if enough and enough is not shown[0] else None,
        breaches=[Tick(across(at), f"Acted {at:%d %b %H:%M}") for at in breaches if at >= first],
        times=_times(first, span, across),
        values=[
            Tick(down(low + n * step), written(metric, low + n * step)) for n in range(round((high - low) / step) + 1)
        ],
        newest=_said(metric, shown[-1]),
    )


def _thinned(points: Sequence[Point]) -> list[Point]:
    """At most about MOST_POINTS, the last and those that breached among them."""
    every = max(1, -(-len(points) // MOST_POINTS))
    return [
        point
        for place, point in enumerate(points)
        if (len(points) - 1 - place) % every == 0 or point.verdict == GuardVerdict.BREACHED
    ]


def _stretches(points: Sequence[Point]) -> list[list[Point]]:
    """Parted where the evidence began anew, which is where there are fewer observations than before."""
    stretches = [[points[0]]]
    for before, point in pairwise(points):
        if point.n < before.n:
            stretches.append([])
        stretches[-1].append(point)
    return stretches


def _scale(metric: Metric, points: Sequence[Point], limit: float, minimum: int) -> tuple[float, float, float]:
    """(lowest, highest, step) of the values: round numbers around all that is shown, three to six steps apart."""
    values = [limit, *(point.value for point in points if point.value is not None)]
    # Early intervals are as wide as can be and would flatten all that matters.
    settled = [point for point in points if point.n >= minimum]
    values += [end for point in settled for end in (point.low, point.high) if end is not None]
    low, high = min(values), max(values)
    span = high - low or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 3))
    step = next(round_one * power for round_one in (1, 2, 2.5, 5, 10) if round_one * power >= span / 4)
    first, last = math.floor(low / step - 1e-9), math.ceil(high / step + 1e-9)
    if metric.unit == "%":
        last = min(last, round(1 / step)) if 1 / step == round(1 / step) else last
    return max(0, first) * step, max(last, first + 1) * step, step


def _band(stretch: Sequence[Point], across: Callable[[datetime], float], down: Callable[[float], float]) -> str:
    ends = [(one.at, one.low, one.high) for one in stretch if one.low is not None and one.high is not None]
    if len(ends) < 2:
        return ""
    upper = [f"{across(at)},{down(high)}" for at, _, high in ends]
    lower = [f"{across(at)},{down(low)}" for at, low, _ in reversed(ends)]
    return " ".join(upper + lower)


def _dot(metric: Metric, point: Point, x: float, y: float) -> Dot:
    return Dot(x, y, _said(metric, point), point.verdict == GuardVerdict.BREACHED)


def _said(metric: Metric, point: Point) -> str:
    interval = ""
    if point.low is not None and point.high is not None:
        interval = f" ({written(metric, point.low)} to {written(metric, point.high)})"
    return f"{point.at:%d %b %H:%M}: {written(metric, point.value)}{interval} from {point.n} {metric.of}"


def _times(first: datetime, span: float, across: Callable[[datetime], float]) -> list[Tick]:
    form = "%H:%M" if span <= 24 * 3600 else "%d %b" if span >= 4 * 24 * 3600 else "%a %H:%M"
    moments = [first + timedelta(seconds=span * part / (_TICKS - 1)) for part in range(_TICKS)]
    return [Tick(across(at), f"{at:{form}}") for at in moments]
