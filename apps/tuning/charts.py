"""RULE: where the marks of the two charts of the page stand, in the units of their drawings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.tuning.reliability import Bin

# The reliability diagram: a square of SIDE, with room for the figures on its left and below.
SIDE, LEFT, BELOW, TOP = 300, 40, 34, 8
# Measures over time: WIDE by TALL, with the same room.
WIDE, TALL = 640, 170


@dataclass(frozen=True, slots=True)
class Mark:
    """A bin: its place, the ends of its interval, and what it says to a reader who cannot see it."""

    x: float
    y: float
    low: float
    high: float
    said: str


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Diagram:
    before: list[Mark]
    after: list[Mark]
    curve: str


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    said: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Two lines over time as points of a polyline, with their dots; ticks of both axes; versions as (x, words)."""

    brier: str
    ece: str
    brier_dots: list[Dot]
    ece_dots: list[Dot]
    weeks: list[Tick]
    values: list[Tick]
    versions: list[Tick]


@dataclass(frozen=True, slots=True)
class Moment:
    """brier, ece at a moment. `seen` goals."""

    at: datetime
    seen: int
    brier: float
    ece: float


def across(value: float) -> float:
    return round(LEFT + value * SIDE, 1)


def down(value: float) -> float:
    return round(TOP + (1 - value) * SIDE, 1)


QUARTERS = [0.0, 0.25, 0.5, 0.75, 1.0]
X_TICKS = [Tick(across(value), f"{value:g}") for value in QUARTERS]
Y_TICKS = [Tick(down(value), f"{value:g}") for value in QUARTERS]


def diagram_of(before: Sequence[Bin], after: Sequence[Bin], curve: Sequence[tuple[float, float]]) -> Diagram:
    """Bins as marks, and the curve in force as the points of a polyline."""
    line = " ".join(f"{across(raw)},{down(value)}" for raw, value in curve)
    return Diagram([_mark(one) for one in before], [_mark(one) for one in after], line)


def _mark(one: Bin) -> Mark:
    found = one.found
    said = f"Said {one.said:.2f}, found {found.value:.2f} ({found.low:.2f} to {found.high:.2f}) on {found.seen} goals"
    return Mark(across(one.said), down(found.value), down(found.low), down(found.high), said)


def timeline_of(moments: Sequence[Moment], versions: Sequence[tuple[datetime, str]]) -> Timeline | None:
    """Measures week by week; None for fewer than two weeks, which make no line."""
    if len(moments) < 2:
        return None
    first, last = moments[0].at, max(moments[-1].at, *(at for at, _ in versions), moments[-1].at)
    span = (last - first).total_seconds() or 1.0
    most = max(0.05, *(max(one.brier, one.ece) for one in moments))
    top = next(step for step in (0.05, 0.1, 0.2, 0.3, 0.5, 1.0) if most <= step)

    def place(at: datetime) -> float:
        return round(LEFT + (at - first).total_seconds() / span * WIDE, 1)

    def height(value: float) -> float:
        return round(TOP + (1 - value / top) * TALL, 1)

    def dots(name: str) -> list[Dot]:
        return [
            Dot(
                place(one.at),
                height(getattr(one, name)),
                f"Week of {one.at:%d %b}: {getattr(one, name):.3f} on {one.seen} goals",
            )
            for one in moments
        ]

    brier, ece = dots("brier"), dots("ece")
    every = max(1, -(-len(moments) // 7))
    return Timeline(
        brier=_line(brier),
        ece=_line(ece),
        brier_dots=brier,
        ece_dots=ece,
        weeks=[Tick(place(one.at), f"{one.at:%d %b}") for one in moments[::every]],
        values=[Tick(height(top * part), f"{top * part:.3g}") for part in (0.0, 0.5, 1.0)],
        versions=[Tick(place(at), words) for at, words in versions if at >= first],
    )


def _line(dots: Sequence[Dot]) -> str:
    return " ".join(f"{dot.x},{dot.y}" for dot in dots)
