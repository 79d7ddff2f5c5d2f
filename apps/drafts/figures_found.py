"""RULE: what a figure of drafts comes to: its value, between which values the true one may lie, how it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.core.intervals import Z95, score_interval
from apps.core.measures import QUANTILE, Figured, trimmed
from apps.drafts.figures import BASIS, Figure, Part

# Fewer observations than this say nothing of a share or a time, whatever they are.
MINIMUM = 20
# The shares of observations at which times are read off, so that an interval of the 95 % time can be found.
GRID = (0.0, 0.5, 0.75, 0.85, 0.88, 0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99, 0.995, 1.0)
LEVEL = 0.95


class Standing(StrEnum):
    NO_DATA = "no_data"
    DOES_NOT_APPLY = "does_not_apply"
    THIN = "thin"
    ON_TARGET = "on_target"
    NEAR = "near"
    OFF_TARGET = "off_target"
    ALERT = "alert"


WORDS = {
    Standing.NO_DATA: "no data",
    Standing.DOES_NOT_APPLY: "does not apply",
    Standing.THIN: "not enough evidence",
    Standing.ON_TARGET: "on target",
    Standing.NEAR: "about its target",
    Standing.OFF_TARGET: "off target",
    Standing.ALERT: "alert",
}


@dataclass(frozen=True, slots=True)
class Found:
    """n: observations. value: None without any. low, high: the 95 % interval."""

    n: int
    hits: float = 0.0
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def thin(self) -> bool:
        return self.n < MINIMUM


NOTHING = Found(0)


def found_of(part: Part, n: int, hits: float, grid: Sequence[float] | None = None) -> Found:
    """A figure with its 95 % interval. grid: of times, their quantiles at GRID.

    Shares: E. Wilson's score interval (1927), of hits of n (token_error averages numbers from 0 to 1, for which that
    interval is wider than it need be). Counts: F. Garwood's Poisson interval (1936), by the cube-root form of E. Wilson
    and M. Hilferty (1931). 95 % times: the order statistics that hold the quantile with 95 % certainty whatever the
    distribution (H. David and H. Nagaraja, Order Statistics, 2003, 7.1), taken at the next point of GRID further out;
    with few observations the upper end cannot be known and is None.
    """
    if n <= 0:
        return NOTHING
    if part.kind is Figured.SHARE:
        share = min(1.0, hits / n)
        low, high = score_interval(share, n, z=Z95)
        return Found(n, hits, share, low, high)
    if part.kind is Figured.COUNT:
        low, high = _poisson(hits)
        return Found(n, hits, hits, low, high)
    if not grid:
        return Found(n, hits)
    low, up = _order_statistics(n, grid)
    return Found(n, hits, grid[GRID.index(QUANTILE)], low, up)


def standing_in(figure: Figure, figures: Mapping[str, Found]) -> Standing:
    """How a figure stands among the others of its window; it does not apply where its basis is there without a hit."""
    basis = figures.get(BASIS.get(figure.name, ""), NOTHING)
    if not figures[figure.name].n and basis.n and not basis.hits:
        return Standing.DOES_NOT_APPLY
    return standing_of(figure, figures[figure.name], figures[figure.alerting.name])


def standing_of(figure: Figure, found: Found, alerting: Found | None = None) -> Standing:
    """How a figure stands. alerting: of what its alert looks at, where that is another one.

    An alert, on target and off target are said only when all of the interval says so; any count above its limit is one.
    """
    judged = alerting if figure.alert_part and alerting is not None else found
    if found.value is None:
        return Standing.NO_DATA
    if figure.part.kind is Figured.COUNT:
        return Standing.ON_TARGET if figure.alert.holds(found.value) else Standing.ALERT
    if found.thin:
        return Standing.THIN
    if judged.value is not None and figure.alert.surely_broken(*_ends(judged)):
        return Standing.ALERT
    ends = _ends(found)
    if figure.target.surely_kept(*ends):
        return Standing.ON_TARGET
    return Standing.OFF_TARGET if figure.target.surely_broken(*ends) else Standing.NEAR


def must_tell(figure: Figure, judged: Found) -> bool:
    """Whether somebody is told: surely beyond the alert limit, or any count. judged: of figure.alerting."""
    if judged.value is None:
        return False
    if figure.part.kind is Figured.COUNT:
        return not figure.alert.holds(judged.value)
    return not judged.thin and figure.alert.surely_broken(*_ends(judged))


def is_calm(figure: Figure, judged: Found) -> bool:
    """Whether what somebody was told of is over: the figure itself is back, or nothing is left that speaks of it."""
    return judged.value is None or figure.alert.holds(judged.value)


def written(part: Part, value: float | None) -> str:
    """83.3 %, 140 ms, 1.25 s, 4; a dash for none."""
    if value is None:
        return "–"
    if part.unit == "%":
        return f"{trimmed(100 * value, 1)} %"
    if part.unit == "s":
        return f"{1000 * value:.0f} ms" if value < 1 else f"{trimmed(value, 2)} s"
    return trimmed(value, 1)


def interval_words(part: Part, found: Found) -> str:
    """70 to 83.5 %; "above 120 ms" where the upper end cannot be known; empty without data."""
    if found.low is None:
        return ""
    if found.high is None:
        return f"above {written(part, found.low)}"
    low, high = written(part, found.low), written(part, found.high)
    unit = low.rsplit(" ", 1)[-1]
    return f"{low.removesuffix(f' {unit}')} to {high}" if high.endswith(f" {unit}") else f"{low} to {high}"


def _ends(found: Found) -> tuple[float, float]:
    return found.low if found.low is not None else -math.inf, found.high if found.high is not None else math.inf


def _poisson(hits: float) -> tuple[float, float]:
    # Of whole numbers of incidents, to 1 % of the exact upper end; exact at 0.
    if hits <= 0:
        return 0.0, -math.log((1 - LEVEL) / 2)
    if hits == 1:
        # There alone the form above is far off; the exact end is as short.
        return -math.log(1 - (1 - LEVEL) / 2), _upper(2)
    low = hits * (1 - 1 / (9 * hits) - Z95 / (3 * math.sqrt(hits))) ** 3
    return max(0.0, low), _upper(hits + 1)


def _upper(more: float) -> float:
    return more * (1 - 1 / (9 * more) + Z95 / (3 * math.sqrt(more))) ** 3


def _order_statistics(n: int, grid: Sequence[float]) -> tuple[float, float | None]:
    half = Z95 * math.sqrt(QUANTILE * (1 - QUANTILE) / n)
    low, high = QUANTILE - half - 1 / n, QUANTILE + half + 1 / n
    below = max((place for place, share in enumerate(GRID) if share <= low), default=0)
    # Above the largest of so few may lie the quantile still.
    if high > 1 - 1 / n:
        return grid[below], None
    return grid[below], grid[min(place for place, share in enumerate(GRID) if share >= high)]
