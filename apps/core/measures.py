"""RULE: what a metric is: a figure that can be taken of any set of businesses over any stretch of time.

Apps offer metrics (their pilot_metrics.py), the installation names them (settings.PILOT_METRICS), and whoever rolls
something out asks for them by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Figured(StrEnum):
    """How a metric comes to its figure."""

    SHARE = "share"  # hits of n
    QUANTILE = "quantile"  # the value below which QUANTILE of the observations lie
    COUNT = "count"  # how many there were; one may be too many


class Better(StrEnum):
    HIGH = "high"
    LOW = "low"


# Of every metric that is a quantile.
QUANTILE = 0.95


@dataclass(frozen=True, slots=True)
class Sample:
    """What was observed. n: observations. hits: how many of them count (share, count), or lie above the limit asked
    for (quantile; None when none was given). value: the figure itself. hits and value are None without data.
    """

    n: int
    hits: float | None = None
    value: float | None = None


NO_DATA = Sample(0)


class Measure(Protocol):
    """Observations whose outcome fell into [since, until), of these businesses together."""

    def __call__(
        self, businesses: Sequence[UUID], since: datetime, until: datetime, *, limit: float | None = None
    ) -> Sample: ...


class MeasureEach(Protocol):
    """The same for each business by itself; one without any observation is left out."""

    def __call__(
        self, businesses: Sequence[UUID], since: datetime, until: datetime, *, limit: float | None = None
    ) -> Mapping[UUID, Sample]: ...


@dataclass(frozen=True, slots=True)
class Metric:
    """A named figure. title, of: "Approval rate", "decisions". unit: "%", "s" or "". meaning: one sentence.

    better: which way is healthy. measure and by_business take one statement each, whatever the number of businesses.
    basis: a share whose hits alone this metric can be taken of; where there are enough observations of it and no hit,
    the metric does not apply, which is something else than having no data. Its title goes on after what it counts, as
    in "none of 120 drafts written by a model".
    """

    name: str
    title: str
    of: str
    meaning: str
    unit: str
    kind: Figured
    better: Better
    measure: Measure
    by_business: MeasureEach
    basis: Metric | None = None


def sample_of(kind: Figured, n: int, hits: float | None, value: float | None = None) -> Sample:
    """The sample of n observations. value is worked out for shares and counts."""
    if n == 0:
        return NO_DATA
    if kind is Figured.SHARE:
        return Sample(n, hits or 0, (hits or 0) / n)
    if kind is Figured.COUNT:
        return Sample(n, hits or 0, float(hits or 0))
    return Sample(n, hits, value)


def written(metric: Metric, value: float | None) -> str:
    """A figure of the metric for people: 83.3 %, 1.25 s, 4; "no data" for none."""
    if value is None:
        return "no data"
    if metric.unit == "%":
        return f"{trimmed(100 * value, 1)} %"
    if metric.unit == "s" and value < 1:
        return f"{trimmed(1000 * value, 0 if value >= 0.01 else 1)} ms"
    return f"{trimmed(value, 2)} {metric.unit}".rstrip()


def trimmed(value: float, places: int) -> str:
    """At most so many decimal places, and none that say nothing: 83.3, 70."""
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
