"""RULE: how well probabilities fit what people found: Brier score and calibration error, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from apps.tuning.fitting import SEED, arrays
from apps.tuning.labels import Labels

RESAMPLES = 200

Interval = tuple[float, float, float]


class Quality(msgspec.Struct, frozen=True):
    """brier, ece: (value, low, high), smaller is better; 95 % bootstrap intervals over goals."""

    brier: Interval
    ece: Interval


def quality_of(labels: Labels, values: Sequence[float]) -> Quality:
    """Of the probabilities `values` given to these labels' goals, each label counting by its weight.

    brier: Brier (1950). ece: over ten bins of equally many goals (calibration_error in apps/goals/evaluation).
    """
    import numpy as np

    from apps.goals.evaluation.measures import brier, calibration_error, draw_groups

    _, right, weight = arrays(labels)
    probability = np.array(values, dtype=float)
    measures = brier(right, probability), calibration_error(right, probability)
    lots = [
        [measure.again(drawn * weight) for measure in measures]
        for drawn in draw_groups(np.arange(len(right)), resamples=RESAMPLES, seed=SEED)
    ]
    found = []
    for place, measure in enumerate(measures):
        value = float(measure.again(weight[None, :])[0])
        low, high = np.quantile(np.concatenate([lot[place] for lot in lots]), (0.025, 0.975))
        found.append((round(value, 5), round(float(low), 5), round(float(high), 5)))
    return Quality(*found)
