"""RULE: the figures that are watched, the band each should keep to, and what can be said of one against its band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Figure(StrEnum):
    """What is watched. Shares are 0 to 1, latencies are in seconds."""

    SIGMA = "confidence_sigma"
    CATCH = "catch_rate"
    APPROVAL = "approval_rate"
    CLARIFICATION = "clarification_rate"
    EXECUTED = "executed_rate"
    REJECTED = "rejected_rate"
    LATENCY_P50 = "latency_p50"
    LATENCY_P95 = "latency_p95"
    ERRORS = "error_rate"
    FAILED = "failed_rate"


class Standing(StrEnum):
    """What can be said of a figure. UNSURE: outside of its band, but chance alone may have put it there."""

    IN_BAND = "in_band"
    UNSURE = "unsure"
    OUT_OF_BAND = "out_of_band"
    NOT_ENOUGH_DATA = "not_enough_data"
    NO_BAND = "no_band"


@dataclass(frozen=True, slots=True)
class Band:
    """From `low` to `high`, both included; None: open on that side. Raises ValueError when nothing fits between."""

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"A band needs low < high, not {self.low} to {self.high}.")

    @property
    def is_open(self) -> bool:
        return self.low is None and self.high is None

    def holds(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def overlaps(self, low: float, high: float) -> bool:
        """Whether any value from `low` to `high` lies in the band."""
        return (self.low is None or high >= self.low) and (self.high is None or low <= self.high)


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of one window: its value, the interval it lies in with the chosen certainty, and from how many goals.

    value None: nothing to measure; low and high are then 0 and mean nothing.
    """

    value: float | None
    low: float
    high: float
    n: int


# The targets that this product was specified with. Figures without one are shown and never alarm.
DEFAULT_BANDS: Mapping[Figure, Band] = MappingProxyType(
    {
        Figure.SIGMA: Band(low=0.25),
        Figure.CATCH: Band(low=0.80),
        Figure.APPROVAL: Band(0.10, 0.30),
        Figure.CLARIFICATION: Band(0.05, 0.15),
        Figure.LATENCY_P95: Band(high=0.5),
        Figure.ERRORS: Band(high=0.01),
    }
)
# With fewer goals than this nothing is said. An interval of 95 % about a share of one half is then 0.34 wide.
MINIMUM = 30
# What is shown is 95 % sure; an alarm that is raised every minute has to be surer.
SHOWN_LEVEL, ALARM_LEVEL = 0.95, 0.99


def standing_of(measured: Measured, band: Band | None, *, minimum: int = MINIMUM) -> Standing:
    """What can be said of a figure against its band; out of band only when all of its interval is."""
    if measured.value is None or measured.n < minimum:
        return Standing.NOT_ENOUGH_DATA
    if band is None or band.is_open:
        return Standing.NO_BAND
    if band.holds(measured.value):
        return Standing.IN_BAND
    return Standing.UNSURE if band.overlaps(measured.low, measured.high) else Standing.OUT_OF_BAND
