"""RULE: figures of how well scores tell good from bad, each with an interval from resampling whole groups.

The figures themselves are scikit-learn's. For the intervals each is needed a thousand times over, where its call would
take minutes; so the resamples are counts of each row (`Weights`, shape (resamples, rows)) and each figure is taken from
all of them at once, by the same formula with weights. The tests hold these to scikit-learn with `sample_weight`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Weights = NDArray[np.float64]

BINS = 10
FEWEST = 2  # groups from which an interval is given at all
FEWEST_MIXED = 5  # groups with good and bad rows from which their order is given
_CELLS = 2_000_000  # of weights held at once, 16 MB


class Figure(msgspec.Struct, frozen=True):
    """A value with its 95 % interval; None where it is not defined (one class only, one group only)."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Measure(NamedTuple):
    """`value` on the rows as they are; `again` gives one value for each row of weights, NaN where not defined."""

    value: float | None
    again: Callable[[Weights], Floats]


def auroc(good: Flags, scores: Floats) -> Measure:
    """Area under the ROC curve: how often a good row scores above a bad one, ties half."""
    if good.all() or not good.any():
        return _undefined()
    from sklearn.metrics import roc_auc_score

    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(scores[order]) > 0])
    is_good = good[order]

    def again(weights: Weights) -> Floats:
        ordered = weights[:, order]
        up = np.add.reduceat(ordered * is_good, starts, axis=1)
        down = np.add.reduceat(ordered * ~is_good, starts, axis=1)
        below = np.cumsum(down, axis=1) - down / 2
        return _ratio((up * below).sum(axis=1), up.sum(axis=1) * down.sum(axis=1))

    return Measure(float(roc_auc_score(good, scores)), again)


def order_within(good: Flags, scores: Floats, groups: NDArray[np.intp]) -> Measure:
    """Of all (good, bad) pairs within a group, the share where the good one scores higher, ties half.

    Not defined on fewer than FEWEST_MIXED groups with both.
    """
    places, right, pairs = [], [], []
    for group in np.unique(groups[good]):
        inside = np.flatnonzero(groups == group)
        up, down = scores[inside][good[inside]], scores[inside][~good[inside]]
        if len(down):
            above = up[:, None] - down[None, :]
            places.append(inside[0])
            right.append(float((above > 0).sum() + 0.5 * (above == 0).sum()))
            pairs.append(above.size)
    if len(places) < FEWEST_MIXED:
        return _undefined()
    shares, sizes, first = np.array(right), np.array(pairs), np.array(places)

    def again(weights: Weights) -> Floats:
        # All rows of a group are drawn equally often, so the first tells how often the group was.
        drawn = weights[:, first]
        return _ratio(drawn @ shares, drawn @ sizes)

    return Measure(float(shares.sum() / sizes.sum()), again)


def balanced_accuracy(good: Flags, said_good: Flags) -> Measure:
    """Mean of the share of good rows said to be good and the share of bad rows said to be bad."""
    if good.all() or not good.any():
        return _undefined()
    from sklearn.metrics import balanced_accuracy_score

    def again(weights: Weights) -> Floats:
        up = _ratio(weights @ (good & said_good), weights @ good)
        down = _ratio(weights @ (~good & ~said_good), weights @ ~good)
        return (up + down) / 2

    return Measure(float(balanced_accuracy_score(good, said_good)), again)


def brier(good: Flags, probability: Floats) -> Measure:
    """Mean squared distance of the probability from what it was, 0 or 1 (Brier 1950)."""
    from sklearn.metrics import brier_score_loss

    value = brier_score_loss(good.astype(int), probability, pos_label=1, labels=[0, 1])
    return Measure(float(value), _mean_of((probability - good) ** 2))


def calibration_error(good: Flags, probability: Floats, bins: int = BINS) -> Measure:
    """Expected calibration error: mean distance, over bins of equally many rows, of probability from share of good.

    Bins by quantiles of the probability, equal values together, weighted by size: Naeini, Cooper and Hauskrecht 2015
    with the equal-mass bins of Roelofs et al. 2022 ("Mitigating bias in calibration error estimation"), l1. The bins
    stay the same in every resample.
    """
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]))
    member = np.eye(len(edges) + 1)[np.searchsorted(edges, probability, side="right")]
    gaps = member * (probability - good)[:, None]

    def again(weights: Weights) -> Floats:
        return _ratio(np.abs(weights @ gaps).sum(axis=1), weights.sum(axis=1))

    return Measure(float(again(np.ones((1, len(good))))[0]), again)


def accuracy(truth: Sequence[str], said: Sequence[str]) -> Measure:
    """Share of rows given their own label."""
    from sklearn.metrics import accuracy_score

    right = np.array([a == b for a, b in zip(truth, said, strict=True)], dtype=float)
    return Measure(float(accuracy_score(truth, said)), _mean_of(right))


def on_rows(measure: Measure, rows: Flags) -> Measure:
    """A measure of some of the rows, to be fed the weights of all."""
    return Measure(measure.value, lambda weights: measure.again(weights[:, rows]))


def with_intervals(
    measures: Mapping[str, Measure], groups: NDArray[np.intp], *, resamples: int, seed: int
) -> dict[str, Figure]:
    """Every measure with its percentile bootstrap interval over groups (Efron and Tibshirani 1993, ch. 13).

    All measures see the same resamples. One that is not defined on more than half of them gets no interval.
    """
    drawn: dict[str, list[Floats]] = {name: [] for name, one in measures.items() if one.value is not None}
    if resamples and len(np.unique(groups)) >= FEWEST:
        for weights in draw_groups(groups, resamples=resamples, seed=seed):
            for name, values in drawn.items():
                values.append(measures[name].again(weights))
    return {name: _figure(one.value, drawn.get(name, [])) for name, one in measures.items()}


def draw_groups(groups: NDArray[np.intp], *, resamples: int, seed: int) -> Iterator[Weights]:
    """How often each row is in each resample, in lots: groups are drawn with replacement, each with all its rows."""
    names, member = np.unique(groups, return_inverse=True)
    generator = np.random.default_rng(seed)
    even = np.full(len(names), 1 / len(names))
    lot = max(1, _CELLS // max(len(groups), 1))
    for start in range(0, resamples, lot):
        counts = generator.multinomial(len(names), even, size=min(lot, resamples - start))
        yield counts[:, member].astype(float)


def _figure(value: float | None, lots: Sequence[Floats]) -> Figure:
    if value is None or not lots:
        return Figure(value)
    values = np.concatenate(lots)
    known = values[np.isfinite(values)]
    if 2 * len(known) <= len(values):
        return Figure(value)
    low, high = np.quantile(known, (0.025, 0.975))
    return Figure(value, float(low), float(high))


def _mean_of(values: Floats) -> Callable[[Weights], Floats]:
    return lambda weights: _ratio(weights @ values, weights.sum(axis=1))


def _ratio(above: Floats, below: Floats) -> Floats:
    """`above` / `below`, NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


def _undefined() -> Measure:
    return Measure(None, lambda weights: np.full(len(weights), np.nan))
