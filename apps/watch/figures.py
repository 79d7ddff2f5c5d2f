"""RULE: from counts to figures with intervals.

Shares: Wilson's score interval (E. B. Wilson, JASA 22, 1927), by scipy. Spread: the sample standard deviation; its
interval from the variance of a sample variance, (m4 - m2^2) / n (H. Cramer, Mathematical Methods of Statistics, 1946,
27.4), which asks for no normal distribution. Percentiles: read from a histogram whose bins are 17 % wide, so good to
8 %; the interval from the binomial distribution of the ranks (W. J. Conover, Practical Nonparametric Statistics, 3.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from apps.goals.timing import Stage
from apps.watch.bands import SHOWN_LEVEL, Figure, Measured
from apps.watch.counts import FIRST_US, LATENCY_EDGES, MIDDLE, Counts

_NOTHING = Measured(None, 0.0, 0.0, 0)
# Below the first edge a time is taken to lie within one decade of it.
_FLOOR_US = FIRST_US / 10


def figures_of(counts: Counts, *, errors: int, level: float = SHOWN_LEVEL) -> dict[Figure, Measured]:
    """Every figure of a window. errors: submissions that failed by our fault, of which no goal came.

    approval, executed, rejected: share of judged goals whose last verdict is that path. clarification: share of judged
    goals that were asked a question at any time. catch: of the goals that turned out bad, the share the checks had
    warned of (predicates.py). errors: of all submissions that were not the caller's mistake. failed: of goals that ran.
    """
    judged = counts["judged"]
    total = counts.latencies(Stage.TOTAL)
    return {
        Figure.SIGMA: spread(sum(counts.confidences), counts.moments, level),
        Figure.CATCH: share(counts["caught"], counts["bad"], level),
        Figure.APPROVAL: share(counts["approved"], judged, level),
        Figure.CLARIFICATION: share(counts["asked"], judged, level),
        Figure.EXECUTED: share(counts["executed"], judged, level),
        Figure.REJECTED: share(counts["rejected"], judged, level),
        Figure.LATENCY_P50: percentile(total, 0.50, level),
        Figure.LATENCY_P95: percentile(total, 0.95, level),
        Figure.ERRORS: share(errors, counts.goals + errors, level),
        Figure.FAILED: share(counts["failed"], counts["done"] + counts["failed"], level),
    }


def share(count: int, of: int, level: float = SHOWN_LEVEL) -> Measured:
    if of == 0:
        return _NOTHING
    # Loaded when first needed: a process that shows no figures need not wait for it.
    from scipy.stats import binomtest

    interval = binomtest(count, of).proportion_ci(level, method="wilson")
    return Measured(count / of, float(interval.low), float(interval.high), of)


def spread(n: int, moments: Sequence[float], level: float = SHOWN_LEVEL) -> Measured:
    """Standard deviation of n confidences. moments: sums of powers about MIDDLE, as Counts keeps them."""
    if n < 2:
        return _NOTHING
    from scipy.stats import norm

    mean, square, cube, fourth = (sum_ / n for sum_ in moments)
    m2 = max(square - mean**2, 0.0)
    m4 = max(fourth - 4 * mean * cube + 6 * mean**2 * square - 3 * mean**4, 0.0)
    variance = m2 * n / (n - 1)
    reach = float(norm.ppf(0.5 + level / 2)) * math.sqrt(max(m4 - m2**2, 0.0) / n)
    return Measured(math.sqrt(variance), math.sqrt(max(variance - reach, 0.0)), math.sqrt(variance + reach), n)


def percentile(histogram: Sequence[int], share_below: float, level: float = SHOWN_LEVEL) -> Measured:
    """The time in seconds that this share of goals stays below. histogram: counts by LATENCY_EDGES."""
    n = sum(histogram)
    if n == 0:
        return _NOTHING
    from scipy.stats import binom

    tail = (1 - level) / 2
    first, last = (float(rank) for rank in binom.ppf([tail, 1 - tail], n, share_below))
    ranks = (share_below * n, max(first, 0.0), min(last + 1, n))
    value, low, high = (_at_rank(histogram, rank) / 1e6 for rank in ranks)
    return Measured(value, low, high, n)


def mean_of(counts: Counts) -> float | None:
    """Mean confidence."""
    n = sum(counts.confidences)
    return MIDDLE + counts.moments[0] / n if n else None


def two_fullest(confidences: Sequence[int]) -> float | None:
    """The share of goals in the two fullest bins of confidence: near 1 where it knows only two levels."""
    n = sum(confidences)
    return sum(sorted(confidences)[-2:]) / n if n else None


def _at_rank(histogram: Sequence[int], rank: float) -> float:
    """Microseconds at a rank, with the goals of a bin spread evenly over its logarithm."""
    below = 0
    for place, count in enumerate(histogram):
        if count and below + count >= rank:
            low, high = _bounds(place)
            return low * (high / low) ** max(0.0, min(1.0, (rank - below) / count))
        below += count
    return _bounds(len(histogram) - 1)[1]


def _bounds(place: int) -> tuple[float, float]:
    low = LATENCY_EDGES[place - 1] if place else _FLOOR_US
    return low, LATENCY_EDGES[place] if place < len(LATENCY_EDGES) else low
