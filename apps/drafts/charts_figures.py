"""RULE: the chart of one figure over time: line, band, target and alert as shapes in a drawing of 360 by 150.

A column that rests on few observations is drawn hollow; one without any is a gap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core.measures import Figured
from apps.drafts.figures import Figure, Limit, Part
from apps.drafts.figures_found import Found, interval_words, written

LEFT, RIGHT, TOP, BOTTOM = 40.0, 352.0, 8.0, 124.0
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
# Of numbers of incidents: half of each is a whole number.
_EVEN_STEPS = (1.0, 2.0, 4.0, 10.0)


@dataclass(frozen=True, slots=True)
class Point:
    """A column of a chart. start, end: the stretch of time; said: all of it in words."""

    start: datetime
    end: datetime
    main: Found
    alerting: Found | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    thin: bool
    said: str
    start: datetime
    end: datetime
    width: float
    n: int


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    said: str


@dataclass(frozen=True, slots=True)
class Line:
    """A target or an alert limit. kind: target or alert; side: below or above what is healthy."""

    y: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """stretches: points of polylines; bands: of polygons; second: polylines of what the alert looks at."""

    values: list[Tick]
    times: list[Tick]
    lines: list[Line]
    bands: list[str]
    stretches: list[str]
    second: list[str]
    dots: list[Dot]
    bars: list[Bar]
    said: str


def chart_of(figure: Figure, points: Sequence[Point], when: Callable[[datetime], str]) -> Chart | None:
    """The chart of a figure; None where there is nothing to draw. when: a moment in words, short."""
    if not any(point.main.n for point in points):
        return None
    part = figure.part
    top = _top(figure, points)
    place = _Places(points, top)
    counts = part.kind is Figured.COUNT
    known = [(point, point.main) for point in points]
    return Chart(
        values=[Tick(place.y(value), _tick_text(part, value)) for value in _values(top)],
        times=_times(points, place, when),
        lines=_lines(figure, place),
        bands=[] if counts else _bands(known, place),
        stretches=[] if counts else _stretches(known, place),
        second=_stretches([(point, point.alerting) for point in points], place) if figure.alert_part else [],
        dots=[] if counts else [_dot(part, point, place, when) for point in points if point.main.value is not None],
        bars=[_bar(part, point, place, when) for point in points if counts and point.main.hits],
        said=f"{part.title} over time, target {figure.target_words}, alert {figure.alert_words}",
    )


@dataclass(frozen=True, slots=True)
class _Places:
    points: Sequence[Point]
    top: float

    @property
    def span(self) -> timedelta:
        return self.points[-1].end - self.points[0].start

    def x(self, moment: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * ((moment - self.points[0].start) / self.span), 1)

    def middle(self, point: Point) -> float:
        return self.x(point.start + (point.end - point.start) / 2)

    def y(self, value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * min(1.0, max(0.0, value / self.top)), 1)


def _top(figure: Figure, points: Sequence[Point]) -> float:
    """The value at the upper end: 100 % of shares, else a round number above all there is."""
    if figure.part.kind is Figured.SHARE:
        return 1.0
    if figure.part.kind is Figured.COUNT:
        return _round_up(max([point.main.hits for point in points] + [4.0]), _EVEN_STEPS)
    values = [point.main.value or 0.0 for point in points]
    return _round_up(max([*values, *(limit for limit in _ends(figure.alert)), 0.1]) * 1.05)


def _round_up(value: float, steps: Sequence[float] = _STEPS) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in steps if step * power >= value)


def _values(top: float) -> list[float]:
    return [0.0, top / 2, top]


def _tick_text(part: Part, value: float) -> str:
    return written(part, value) if part.unit else f"{value:g}"


def _ends(limit: Limit) -> list[float]:
    return [end for end in (limit.low, limit.high) if end is not None]


def _lines(figure: Figure, place: _Places) -> list[Line]:
    part = figure.part
    if part.kind is Figured.COUNT:
        return [Line(place.y(0), "target", "target 0, alert above")]
    targets = [Line(place.y(end), "target", f"target {written(part, end)}") for end in _ends(figure.target)]
    alerts = [Line(place.y(end), "alert", f"alert {written(figure.alerting, end)}") for end in _ends(figure.alert)]
    return [*targets, *alerts]


def _runs(known: Sequence[tuple[Point, Found | None]]) -> list[list[tuple[Point, Found]]]:
    """Neighbouring columns that have a value, together."""
    runs: list[list[tuple[Point, Found]]] = [[]]
    for point, found in known:
        if found is None or found.value is None:
            runs.append([])
        else:
            runs[-1].append((point, found))
    return [run for run in runs if run]


def _stretches(known: Sequence[tuple[Point, Found | None]], place: _Places) -> list[str]:
    return [
        " ".join(f"{place.middle(point)},{place.y(found.value or 0.0)}" for point, found in run)
        for run in _runs(known)
        if len(run) > 1
    ]


def _bands(known: Sequence[tuple[Point, Found | None]], place: _Places) -> list[str]:
    """Of the columns whose interval is known at both ends."""
    whole = [(point, found if found and None not in (found.low, found.high) else None) for point, found in known]
    polygons = []
    for run in _runs(whole):
        # A column of its own has a band as wide as itself.
        ends = [(place.x(p.start), place.x(p.end), f) for p, f in run] if len(run) == 1 else []
        over = [(x, f) for left, right, f in ends for x in (left, right)]
        over = over or [(place.middle(point), found) for point, found in run]
        upper = [f"{x},{place.y(f.high or 0.0)}" for x, f in over]
        lower = [f"{x},{place.y(f.low or 0.0)}" for x, f in reversed(over)]
        polygons.append(" ".join([*upper, *lower]))
    return polygons


def _dot(part: Part, point: Point, place: _Places, when: Callable[[datetime], str]) -> Dot:
    found = point.main
    said = f"From {when(point.start)}: {written(part, found.value)} ({interval_words(part, found)}) of {found.n:,}"
    width = place.x(point.end) - place.x(point.start)
    return Dot(
        place.middle(point), place.y(found.value or 0.0), found.thin, said, point.start, point.end, width, found.n
    )


def _bar(part: Part, point: Point, place: _Places, when: Callable[[datetime], str]) -> Bar:
    x, right, y = place.x(point.start), place.x(point.end), place.y(point.main.hits)
    said = f"From {when(point.start)}: {point.main.hits:g} in {point.main.n:,} {part.of}"
    return Bar(round(x + 0.5, 1), y, round(max(2.0, right - x - 1), 1), round(BOTTOM - y, 1), said)


def _times(points: Sequence[Point], place: _Places, when: Callable[[datetime], str]) -> list[Tick]:
    every = max(1, math.ceil(len(points) / 4))
    return [Tick(place.x(point.start), when(point.start)) for point in points[::every]]
