"""RULE: what is counted of the goals of a window, as numbers that add up: those of two hours are those of each, added.

Figures (figures.py) are made from them and from nothing else, so a figure of 30 days costs 720 additions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from apps.goals.timing import Stage
from apps.goals.vocabulary import Check

# Changes whenever the places below change: hours that were folded in another layout are counted anew.
LAYOUT = 1

PATHS = ("executed", "approved", "clarification", "rejected")
FLAGS = ("warn", "fail")
NAMES = (
    *("judged", "ungated"),
    *PATHS,
    *("asked", "bad", "caught", "done", "failed"),
    *(f"{check}:{flag}" for check in Check for flag in FLAGS),
)
STAGES = tuple(Stage)

# Twenty bins of confidence, each from its edge up to the next; 1.0 belongs to the last.
CONFIDENCE_BINS = 20
CONFIDENCE_EDGES = tuple(round(place / CONFIDENCE_BINS, 2) for place in range(1, CONFIDENCE_BINS))
# Latency in microseconds, fifteen bins a decade from 0.1 ms to 100 s: two neighbours differ by 17 %.
PER_DECADE, FIRST_US, DECADES = 15, 100, 6
LATENCY_EDGES = tuple(round(FIRST_US * 10 ** (place / PER_DECADE)) for place in range(DECADES * PER_DECADE + 1))
LATENCY_BINS = len(LATENCY_EDGES) + 1

_PLACE = {name: place for place, name in enumerate(NAMES)}
_CONFIDENCE_AT = len(NAMES)
_LATENCY_AT = _CONFIDENCE_AT + CONFIDENCE_BINS
SIZE = _LATENCY_AT + len(STAGES) * LATENCY_BINS
# Sums of powers of the confidence are taken about the middle of its range, so that little is lost to rounding.
MIDDLE = 0.5
POWERS = 4


@dataclass(slots=True)
class Counts:
    """numbers: SIZE counts, by place. moments: the sums of (confidence - MIDDLE) to the power of 1 to POWERS."""

    numbers: list[int] = field(default_factory=lambda: [0] * SIZE)
    moments: list[float] = field(default_factory=lambda: [0.0] * POWERS)

    def __getitem__(self, name: str) -> int:
        return self.numbers[_PLACE[name]]

    def __setitem__(self, name: str, count: int) -> None:
        self.numbers[_PLACE[name]] = count

    @property
    def goals(self) -> int:
        """All goals, those that came while the gate was off too."""
        return self["judged"] + self["ungated"]

    @property
    def confidences(self) -> list[int]:
        return self.numbers[_CONFIDENCE_AT:_LATENCY_AT]

    def latencies(self, stage: Stage) -> list[int]:
        start = _LATENCY_AT + STAGES.index(stage) * LATENCY_BINS
        return self.numbers[start : start + LATENCY_BINS]

    def add_confidence(self, bin_: int, count: int) -> None:
        """bin_: 0 to CONFIDENCE_BINS - 1."""
        self.numbers[_CONFIDENCE_AT + bin_] += count

    def add_latency(self, stage: int, bin_: int, count: int) -> None:
        """stage: its place among STAGES. bin_: 0 (below the first edge) to LATENCY_BINS - 1."""
        self.numbers[_LATENCY_AT + stage * LATENCY_BINS + bin_] += count


def added(parts: Iterable[Counts]) -> Counts:
    """The counts of all parts together."""
    rows = list(parts)
    if not rows:
        return Counts()
    return Counts(
        _columns([row.numbers for row in rows]), [sum(of) for of in zip(*(row.moments for row in rows), strict=True)]
    )


def _columns(rows: Sequence[Sequence[int]]) -> list[int]:
    if len(rows) < 8:
        return [sum(of) for of in zip(*rows, strict=True)]
    import numpy as np

    return np.asarray(rows, dtype=np.int64).sum(axis=0).tolist()
