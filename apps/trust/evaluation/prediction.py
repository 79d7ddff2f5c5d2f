"""RULE: how well each worker's next outcome is foretold by trust, by its running average, and by everybody's.

Outcomes come one by one in the order of the votes; each is foretold from earlier ones alone, scored, and then learned
from (prequential: A. P. Dawid, JRSS A 147, 1984). The rule is that of the learning cycle (experts.py), with two
differences. A file has an order but often no dates, so age counts in a worker's own answers, where the cycle counts
days; and the cycle's level of types is not used, a file having none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from apps.trust.experts import Experts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

HALF_LIVES = (8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0, 4096.0, float("inf"))  # answers
TRUST, AVERAGE, BASE = range(3)
METHODS = ("trust", "running average", "base rate")


class Foretold(NamedTuple):
    """chances: (outcomes, 3), of success, by METHODS. weights: of the experts in the end, (half-lives, priors)."""

    chances: Floats
    weights: Floats


def foretell(worker: Places, success: NDArray[np.bool_], workers: int) -> Foretold:
    """Chances of each outcome before it was known. worker: place of its worker, below `workers`; in order."""
    chances = np.empty((len(worker), len(METHODS)))
    experts = Experts(workers, HALF_LIVES)
    one = np.ones(1)
    good = success.astype(float)
    for now in range(len(worker)):
        who, came = worker[now : now + 1], good[now : now + 1]
        said, strengths = experts.posteriors(who)
        chances[now, TRUST] = (said[0] * experts.weights).sum()
        experts.judge(said, strengths, one, came)
        experts.learn(who, one, came)
    chances[:, AVERAGE] = _running(good, worker)
    chances[:, BASE] = _running(good, np.zeros_like(worker))
    return Foretold(chances, experts.weights)


def losses(chances: Floats, success: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Brier and log loss (natural logarithm) of each outcome and method: two (outcomes, 3)."""
    came = success[:, None]
    said = np.where(came, chances, 1 - chances)
    return (1 - said) ** 2, -np.log(np.maximum(said, 1e-12))


def _running(good: Floats, group: Places) -> Floats:
    """Of each outcome, the average of the earlier ones of its group after Laplace: (successes + 1) / (n + 2)."""
    order = np.argsort(group, kind="stable")
    ordered, of = good[order], group[order]
    starts = np.flatnonzero(np.r_[True, np.diff(of) != 0]) if len(of) else of
    run = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(of)]))
    before = np.cumsum(ordered) - ordered
    n = np.arange(len(of)) - starts[run]
    found = np.empty(len(of))
    found[order] = (before - before[starts][run] + 1) / (n + 2)
    return found
