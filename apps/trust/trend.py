"""RULE: is an agent getting better or worse? Its last window of days against the one before.

The difference of two shares by the score test with pooled variance, one success and one failure added to each window
(A. Agresti and B. Caffo, American Statistician 54, 2000), each window counted as many equal outcomes as its weights are
worth (Kish). Many agents are tested at once, so the share of false alarms among those told is held at 5 % by the
procedure of Y. Benjamini and Y. Hochberg, JRSS B 57, 1995. What is surely different but by less than 3 points is
stable all the same: nobody would act on it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from apps.trust.verdicts import Trend

Floats = NDArray[np.float64]


FALSE_SHARE = 0.05
LEAST_IN_WINDOW = 8.0
LEAST_CHANGE = 0.03


def trends_of(n: Floats, successes: Floats, dispersion: Floats) -> tuple[list[Trend], Floats]:
    """Trend and change of each agent, told together. n, successes: (agents, 2), last window first."""
    from scipy.special import ndtr
    from scipy.stats import false_discovery_control

    share = (successes + 1) / (n + 2)
    change = share[:, 0] - share[:, 1]
    pooled = (successes.sum(axis=1) + 2) / (n.sum(axis=1) + 4)
    spread = np.sqrt(pooled * (1 - pooled) * np.maximum(dispersion, 1.0) * (1 / (n + 2)).sum(axis=1))
    known = (n >= LEAST_IN_WINDOW).all(axis=1)
    chance = np.where(known, 2 * ndtr(-np.abs(change) / np.maximum(spread, 1e-12)), 1.0)
    if known.any():
        chance[known] = false_discovery_control(np.clip(chance[known], 0, 1))
    sure = known & (chance <= FALSE_SHARE) & (np.abs(change) >= LEAST_CHANGE)
    moved = np.where(change > 0, Trend.IMPROVING, Trend.DECLINING)
    told = np.where(known, np.where(sure, moved, Trend.STABLE), Trend.UNKNOWN)
    return [Trend(word) for word in told.tolist()], np.where(known, change, 0.0)
