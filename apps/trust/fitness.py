"""RULE: is learning well? The figures that say so, what each should be, and how it stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

WINDOW = timedelta(days=30)  # that figures are of
FEWEST = 10  # of anything, before a share of it is called bad


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"  # too little to say


class Figure(StrEnum):
    CYCLES = "cycle_success"
    DURATION = "cycle_duration"
    PATTERNS = "patterns"
    ACCURACY = "model_accuracy"
    AGAINST_AVERAGE = "against_average"
    COVERAGE = "coverage"
    TRUST = "average_trust"
    SPREAD = "trust_variance"
    DECLINING = "declining_agents"
    IMPROVING = "improving_agents"
    APPROVAL = "approval_rate"
    QUALITY = "average_quality"
    ROWS = "recommendations_kept"
    PATTERN_ROWS = "patterns_kept"


NAMES = {
    Figure.CYCLES: "Learning cycles that succeed",
    Figure.DURATION: "Average length of a cycle",
    Figure.PATTERNS: "Patterns that stand",
    Figure.ACCURACY: "Decisions trust called right",
    Figure.AGAINST_AVERAGE: "Gain over a running average",
    Figure.COVERAGE: "Recommendations with an outcome",
    Figure.TRUST: "Average trust",
    Figure.SPREAD: "Variance of trust",
    Figure.DECLINING: "Declining agents",
    Figure.IMPROVING: "Improving agents",
    Figure.APPROVAL: "Lowest approval rate of an agent",
    Figure.QUALITY: "Average quality",
    Figure.ROWS: "Recommendations kept",
    Figure.PATTERN_ROWS: "Patterns kept",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Within `good` it is well; within `fair` it is worth a look; beyond it is bad. higher: whether more is better."""

    good: float
    fair: float
    higher: bool
    words: str

    def state_of(self, value: float) -> State:
        def reaches(bound: float) -> bool:
            return value >= bound if self.higher else value <= bound

        return State.OK if reaches(self.good) else State.WARN if reaches(self.fair) else State.BAD


# The targets that this product was specified with; `fair` is ours.
TARGETS = {
    Figure.CYCLES: Target(0.95, 0.8, True, "above 95 %"),
    Figure.DURATION: Target(300, 600, False, "below 5 minutes"),
    Figure.ACCURACY: Target(0.8, 0.7, True, "above 80 %"),
    Figure.COVERAGE: Target(0.7, 0.4, True, "above 70 %"),
    Figure.DECLINING: Target(2, 4, False, "at most 2"),
    Figure.APPROVAL: Target(0.5, 0.4, True, "above 50 %, surely not below 40 %"),
    Figure.QUALITY: Target(70, 50, True, "above 70"),
    Figure.ROWS: Target(1_000_000, 5_000_000, False, "below 1,000,000"),
    Figure.PATTERN_ROWS: Target(10_000, 50_000, False, "below 10,000"),
}
PERCENT = {Figure.CYCLES, Figure.ACCURACY, Figure.COVERAGE, Figure.APPROVAL}


@dataclass(frozen=True, slots=True)
class HealthFigure:
    """key: of Figure. value: shares 0 to 1, seconds, points or counts; None without data. series: how it was, oldest
    first, None where nothing was known."""

    key: str
    name: str
    value: float | None
    shown: str
    target: str
    state: State
    words: str
    series: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentRate:
    """An agent's approval rate of the last 30 days with its 90 % interval. judged: outcomes, effective."""

    key: str
    name: str
    judged: float
    rate: float
    low: float
    high: float

    @property
    def is_low(self) -> bool:
        """Surely below the target."""
        return self.judged >= FEWEST and self.high < TARGETS[Figure.APPROVAL].good


def figure(
    key: Figure,
    value: float | None,
    words: str = "",
    *,
    series: Sequence[float | None] = (),
    state: State | None = None,
) -> HealthFigure:
    """With its name, target and state; state overrules what the target says."""
    target = TARGETS.get(key)
    if value is None or not math.isfinite(value):
        value, said = None, State.UNKNOWN
    else:
        said = target.state_of(value) if target else State.OK
    return HealthFigure(
        key.value,
        NAMES[key],
        value,
        written(key, value),
        target.words if target else "",
        state if state is not None else said,
        words,
        tuple(series),
    )


def worst(figures: Sequence[HealthFigure]) -> State:
    """The state of all together; unknown only where nothing is known."""
    states = {one.state for one in figures}
    return next((state for state in (State.BAD, State.WARN, State.OK) if state in states), State.UNKNOWN)


def written(key: Figure, value: float | None) -> str:
    """87 %, 2.4 s, 4 min, 0.62, 1,204; a dash for nothing."""
    if value is None:
        return "–"
    if key in PERCENT:
        return f"{100 * value:.0f} %"
    if key is Figure.DURATION:
        return f"{value:.1f} s" if value < 60 else f"{value / 60:.0f} min"
    if key in (Figure.TRUST, Figure.SPREAD, Figure.AGAINST_AVERAGE):
        return f"{value:.3f}" if key is not Figure.TRUST else f"{value:.2f}"
    return f"{value:,.0f}"
