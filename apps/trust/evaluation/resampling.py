"""RULE: figures with 95 % intervals by resampling whole units (questions, workers) with all that belongs to them.

Percentile bootstrap (B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13), over clusters:
the votes of one worker are not independent of each other, its worker is the unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESAMPLES = 1000
SEED = 20260101
FEWEST = 2
_CELLS = 4_000_000  # counts held at once


class Figure(msgspec.Struct, frozen=True):
    """A value with its 95 % interval; None where it is not defined, or there are too few units for an interval."""

    value: float | None
    low: float | None = None
    high: float | None = None


def means(totals: Floats, sizes: Floats, resamples: int = RESAMPLES) -> list[Figure]:
    """Sum of totals by sum of sizes, a figure a column. totals: (units, columns); sizes: (units,).

    All columns see the same resamples, so a column of differences has the interval of a paired comparison.
    """
    whole = sizes.sum()
    if not len(sizes) or whole <= 0:
        return [Figure(None) for _ in range(totals.shape[1])]
    values = totals.sum(axis=0) / whole
    if resamples < 1 or len(sizes) < FEWEST:
        return [Figure(float(value)) for value in values]
    drawn = np.concatenate([(counts @ totals) / (counts @ sizes)[:, None] for counts in _draws(sizes, resamples)])
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    return [Figure(*map(float, three)) for three in zip(values, low, high, strict=True)]


def shares(right: NDArray[np.bool_], resamples: int = RESAMPLES) -> list[Figure]:
    """Share of True in each column; right: (units, columns).

    Units that are alike in all columns are drawn together, which makes a million of them as quick as ten.
    """
    patterns, count = np.unique(right, axis=0, return_counts=True)
    if not len(right):
        return [Figure(None) for _ in range(right.shape[1])]
    values = right.mean(axis=0)
    if resamples < 1 or len(right) < FEWEST:
        return [Figure(float(value)) for value in values]
    counts = np.random.default_rng(SEED).multinomial(len(right), count / count.sum(), size=resamples)
    low, high = np.quantile(counts @ patterns.astype(float) / len(right), (0.025, 0.975), axis=0)
    return [Figure(*map(float, three)) for three in zip(values, low, high, strict=True)]


def _draws(sizes: Floats, resamples: int) -> Iterator[Floats]:
    """How often each unit is drawn, in lots of (resamples, units); a draw of nothing at all is left out."""
    generator = np.random.default_rng(SEED)
    even = np.full(len(sizes), 1 / len(sizes))
    lot = max(1, _CELLS // len(sizes))
    for start in range(0, resamples, lot):
        counts = generator.multinomial(len(sizes), even, size=min(lot, resamples - start)).astype(float)
        yield counts[counts @ sizes > 0]
