"""RULE: approval rates with intervals, from weighted sums."""

from __future__ import annotations

from collections.abc import Iterable

from apps.trust.discovery import rate_with_interval
from apps.trust.fitness import AgentRate
from apps.trust.groups import Sums


def rates_of(rows: Iterable[tuple[str, str, float, float, float]]) -> list[AgentRate]:
    """From (key, name, sum of weights, of weight x value, of the weights' squares), in order."""
    import numpy as np

    found = [(key, name, Sums(weight, good, squares)) for key, name, weight, good, squares in rows]
    trials = np.array([sums.trials for _, _, sums in found], dtype=float)
    good = np.array([sums.successes for _, _, sums in found], dtype=float)
    rate, low, high = rate_with_interval(trials, good)
    columns = (trials.tolist(), rate.tolist(), low.tolist(), high.tolist())
    return [AgentRate(key, name, *figures) for (key, name, _), *figures in zip(found, *columns, strict=True)]
