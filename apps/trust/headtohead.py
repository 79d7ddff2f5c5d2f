"""RULE: which agent is better when two are asked the same thing: the model of Bradley and Terry, with intervals.

The chance that i beats j is 1 / (1 + exp(s_j - s_i)) (R. Bradley and M. Terry, Biometrika 39, 1952); a tie is half a
win for each. The strengths s have a normal prior of mean 0 and deviation 1.5: agents that never met, or one that always
won, still get finite figures (a maximum without prior would not: L. Ford, American Mathematical Monthly 64, 1957).
Maximum by Newton's method; the curve is concave and the prior bounds it, so there is one. Intervals by the inverse of
the curvature there (Laplace), of each strength against the mean of all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


DEVIATION = 1.5
QUANTILE = 1.6448536269514722  # 90 %
_ROUNDS = 100
_EXACT = 1e-10


@dataclass(frozen=True, slots=True)
class Duel:
    """How one met another: wins and ties of `first` against `second`. Counts at least 0, fractions allowed."""

    first: str
    second: str
    first_wins: float
    second_wins: float
    ties: float = 0.0


@dataclass(frozen=True, slots=True)
class Strength:
    """strength: log-odds against an average one of these, low and high its 90 % interval. beats: chance to beat such a
    one, 0 to 1, with its interval. met: duels it took part in."""

    agent: str
    strength: float
    low: float
    high: float
    beats: float
    beats_low: float
    beats_high: float
    met: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Strengths, strongest first. better[i][j]: probability that the i-th is stronger than the j-th, 0.5 of itself."""

    agents: tuple[Strength, ...]
    better: tuple[tuple[float, ...], ...]


def compare(duels: Iterable[Duel], deviation: float = DEVIATION) -> Comparison:
    """Empty without duels. Raises ValueError for a duel of one with itself, or a count that is no count."""
    from scipy.special import expit, ndtr

    names, wins = _wins(list(duels))
    if not names:
        return Comparison((), ())
    strengths, covariance = _fitted(wins, deviation)
    centre = np.eye(len(names)) - 1 / len(names)
    strengths, covariance = centre @ strengths, centre @ covariance @ centre.T
    spread = np.sqrt(np.maximum(np.diag(covariance), 0))
    low, high = strengths - QUANTILE * spread, strengths + QUANTILE * spread
    order = sorted(range(len(names)), key=lambda i: (-strengths[i], names[i]))
    gaps = strengths[:, None] - strengths[None, :]
    variance = np.diag(covariance)[:, None] + np.diag(covariance)[None, :] - 2 * covariance
    better = np.where(variance > 1e-12, ndtr(gaps / np.sqrt(np.maximum(variance, 1e-12))), 0.5)
    columns = (strengths, low, high, expit(strengths), expit(low), expit(high), (wins + wins.T).sum(axis=1))
    agents = tuple(Strength(names[i], *[float(column[i]) for column in columns]) for i in order)
    return Comparison(agents, tuple(tuple(float(better[i, j]) for j in order) for i in order))


def _wins(duels: list[Duel]) -> tuple[list[str], Floats]:
    """Names in order of appearance, and wins[i, j]: how often i beat j."""
    places: dict[str, int] = {}
    for duel in duels:
        if duel.first == duel.second:
            raise ValueError(f"{duel.first} cannot meet itself")
        if not all(math.isfinite(x) and x >= 0 for x in (duel.first_wins, duel.second_wins, duel.ties)):
            raise ValueError("wins and ties are counts of at least 0")
        places.setdefault(duel.first, len(places))
        places.setdefault(duel.second, len(places))
    wins = np.zeros((len(places), len(places)))
    for duel in duels:
        i, j = places[duel.first], places[duel.second]
        wins[i, j] += duel.first_wins + duel.ties / 2
        wins[j, i] += duel.second_wins + duel.ties / 2
    return list(places), wins


def _fitted(wins: Floats, deviation: float) -> tuple[Floats, Floats]:
    """Strengths at the maximum, and their covariance."""
    from scipy.special import expit

    met, precision = wins + wins.T, 1 / deviation**2
    strengths: Any = np.zeros(len(wins))

    def slope_and_curve(at: Any) -> tuple[Any, Any]:
        chance = expit(at[:, None] - at[None, :])
        slope = (wins - met * chance).sum(axis=1) - precision * at
        pull = met * chance * (1 - chance)
        return slope, np.diag(pull.sum(axis=1) + precision) - pull

    for _ in range(_ROUNDS):
        slope, curve = slope_and_curve(strengths)
        step = np.linalg.solve(curve, slope)
        # A step of Newton's may overshoot far from the maximum; one of bounded length cannot run away.
        strengths = strengths + step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < _EXACT:
            break
    return strengths, np.linalg.inv(slope_and_curve(strengths)[1])
