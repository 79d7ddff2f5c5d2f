"""RULE: how far each agent is trusted with each type of work, from daily sums of what came of its recommendations.

    tallies = Tallies.of(rows, today)            # tallies.py; rows of DailyTally, one business
    learned = learn(tallies)                     # estimation.py; nightly, kept: msgspec.to_builtins / msgspec.convert
    scores = score(gather(tallies), learned)     # every cell (agent, type) and every agent as a whole (type "")

An incremental cycle need not read old tallies, as `Evidence` is linear: keep each cell's `sums` (8 half-lives x 8
sums), score `kept.carried(days).plus(gather(new rows))` with the 60 days' windows summed anew, and the kept `learned`.

overall = accuracy x reliability x (1 - 0.2 (1 - timeliness) - 0.1 (1 - consistency)): what asking the agent once is
worth, as a share of asking one that always answers rightly, in time and evenly. Nothing makes up for being wrong or for
not answering. The factors are taken for independent; overall is given the Beta with the mean and variance of their
product (D.-Y. Fan, The distribution of the product of independent beta variables, Communications in Statistics 20,
1991), consistency for known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.trust.estimation import EXPERT_HALF_LIVES, Learned, cell_key, counted, learn
from apps.trust.experts import interval_of, strength_of
from apps.trust.posteriors import of_agents, of_types, of_working
from apps.trust.tallies import ANSWERED, ASKED, JUDGED, ON_TIME, VALUE, WEIGHT, WEIGHT2, Evidence, Tallies, gather
from apps.trust.trend import trends_of
from apps.trust.verdicts import Trend

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Places = NDArray[np.intp]


__all__ = ["MIN_EVIDENCE", "Learned", "Tallies", "Trust", "gather", "learn", "score"]

LEVEL = 0.9
MIN_EVIDENCE = 10.0  # effective number of recommendations that came to an end (judged, or failed)
LATE_COSTS, UNEVEN_COSTS = 0.2, 0.1
FOREVER = -1  # place of the endless half-life


@dataclass(frozen=True, slots=True)
class Trust:
    """How far one agent is trusted with one type ("" is all it does). All in [0, 1] but the counts and `change`.

    low, high: ends of the 90 % credible interval of overall; accuracy_low, accuracy_high: of accuracy, which is also
    the probability that its next recommendation is approved. effective_n: how many equally weighted recommendations
    the evidence is worth (Kish). judged, asked: plain counts. enough: whether effective_n is at least MIN_EVIDENCE.
    change: of the accuracy, from the window before to the last one, -1 to 1. average: overall of the average of the
    other agents with enough evidence, its own overall where there is none. versus: "above", "below" or "like" that,
    "unknown" without enough evidence.
    """

    agent: str
    type: str
    overall: float
    low: float
    high: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    consistency: float
    timeliness: float
    reliability: float
    effective_n: float
    judged: float
    asked: float
    enough: bool
    trend: Trend
    change: float
    average: float
    versus: str


class _Beta(NamedTuple):
    """Means and strengths, one a cell."""

    mean: Floats
    strength: Floats

    @property
    def second(self) -> Floats:
        """The mean of the square."""
        return self.mean * (1 - self.mean) / (self.strength + 1) + self.mean**2


def score(evidence: Evidence, learned: Learned | None = None) -> list[Trust]:
    """Agents as a whole first, in the order of `agents`, then cells in theirs. Empty without evidence."""
    if not len(evidence):
        return []
    known = learned or Learned()
    return _scored(evidence.by_agent(), known, whole=True) + _scored(evidence, known, whole=False)


def _scored(evidence: Evidence, learned: Learned, *, whole: bool) -> list[Trust]:
    keys = [
        cell_key(evidence.agents[agent], evidence.types[kind])
        for agent, kind in zip(evidence.agent.tolist(), evidence.type.tolist(), strict=True)
    ]
    steady = [learned.cells.get(key, learned.business) for key in keys]
    consistency = np.array([one.consistency for one in steady])
    dispersion = np.array([one.dispersion for one in steady])
    accuracy = _accuracy(evidence, dispersion, learned, whole=whole)
    reliability, timeliness = _working(evidence, learned)
    overall = _overall(accuracy, reliability, timeliness, consistency)
    low, high = interval_of(*overall, LEVEL)
    effective = _effective(evidence.sums, learned.expert_weights().sum(axis=1))
    enough = effective >= MIN_EVIDENCE
    average = _average_of_others(overall.mean, enough, evidence.type)
    trends, change = trends_of(*_counted(evidence.windows), dispersion)
    columns = {
        "overall": overall.mean,
        "low": low,
        "high": high,
        "accuracy": accuracy.mean,
        **dict(zip(("accuracy_low", "accuracy_high"), interval_of(*accuracy, LEVEL), strict=True)),
        "consistency": consistency,
        "timeliness": timeliness.mean,
        "reliability": reliability.mean,
        "effective_n": effective,
        "judged": evidence.sums[:, FOREVER, JUDGED],
        "asked": evidence.sums[:, FOREVER, ASKED],
        "enough": enough,
        "change": change,
        "average": average,
        "versus": np.select([~enough, low > average, high < average], ["unknown", "above", "below"], "like"),
    }
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [
        Trust(
            agent=evidence.agents[agent], type=evidence.types[kind], trend=trend, **dict(zip(columns, row, strict=True))
        )
        for agent, kind, trend, row in zip(evidence.agent.tolist(), evidence.type.tolist(), trends, rows, strict=True)
    ]


def _accuracy(evidence: Evidence, dispersion: Floats, learned: Learned, *, whole: bool) -> _Beta:
    n, good = _counted(evidence.sums[:, -len(EXPERT_HALF_LIVES) :])
    n, good = n / dispersion[:, None], good / dispersion[:, None]
    if whole:
        return _Beta(*of_agents(n, good, learned))
    return _Beta(*of_types(n, good, evidence.agent, len(evidence.agents), learned))


def _working(evidence: Evidence, learned: Learned) -> tuple[_Beta, _Beta]:
    """Reliability and timeliness."""
    sums, agents = evidence.sums[:, -len(EXPERT_HALF_LIVES) :], len(evidence.agents)
    asked = sums[:, :, ASKED]
    answered = np.minimum(sums[:, :, ANSWERED], asked)
    on_time = np.minimum(sums[:, :, ON_TIME], answered)
    reliability = _Beta(*of_working(asked, answered, evidence.agent, agents, learned))
    return reliability, _Beta(*of_working(answered, on_time, evidence.agent, agents, learned))


def _counted(sums: Floats) -> tuple[Floats, Floats]:
    return counted(sums[:, :, WEIGHT], sums[:, :, WEIGHT2], sums[:, :, VALUE])


def _overall(accuracy: _Beta, reliability: _Beta, timeliness: _Beta, consistency: Floats) -> _Beta:
    # 1 - L (1 - t) - C (1 - c) is a + L t.
    least = 1 - LATE_COSTS - UNEVEN_COSTS * (1 - consistency)
    manner = least + LATE_COSTS * timeliness.mean
    manner_second = least**2 + 2 * least * LATE_COSTS * timeliness.mean + LATE_COSTS**2 * timeliness.second
    mean = accuracy.mean * reliability.mean * manner
    variance = accuracy.second * reliability.second * manner_second - mean**2
    return _Beta(mean, strength_of(mean, variance))


def _effective(sums: Floats, shares: Floats) -> Floats:
    """Kish's number, the squared sum of weights by the sum of their squares, averaged over half-lives by their shares.

    The square of a weight that halves in h days halves in h / 2, whose sums stand one place before.
    """
    failed = np.maximum(sums[:, :, ASKED] - sums[:, :, ANSWERED], 0)
    ended = sums[:, :, WEIGHT] + failed
    squares = sums[:, :, WEIGHT2] + failed
    halved = np.concatenate([squares[:, :-2], squares[:, -1:]], axis=1)
    each = np.divide(ended[:, 1:] ** 2, halved, out=np.zeros_like(halved), where=halved > 1e-12)
    return each @ shares


def _average_of_others(overall: Floats, enough: Flags, kind: Places) -> Floats:
    """Of each cell, the mean of the others of its type that have enough evidence; its own where there are none."""
    size = int(kind.max()) + 1
    total, count = np.bincount(kind, overall * enough, size)[kind], np.bincount(kind, enough, size)[kind]
    rest = count - enough
    return np.divide(total - overall * enough, rest, out=overall.copy(), where=rest > 0)
