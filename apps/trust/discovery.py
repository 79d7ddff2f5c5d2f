"""RULE: which groups of recommendations are approved more often than the business's average, and do they stay so?

Found: the chance of at least so many successes at the base rate is the binomial tail, averaged over what is known of
the base rate (its Beta posterior after Jeffreys), as that is itself counted from outcomes. Of all groups looked at, the
share of false ones among those told is held at 5 % (Y. Benjamini and Y. Hochberg, JRSS B 57, 1995; it also holds for
groups that overlap as these do, being positively dependent: Benjamini and Yekutieli, Annals of Statistics 29, 2001).
A group must also be 5 points better and have ten outcomes.

Confirmed or retired: by outcomes that came after it was found alone, for those that made it be found are the luckiest
of all groups'. They are looked at every night, so the test is one that may be looked at as often as one likes
(apps/pilots/sequential.py): confirmed when "no better than the base rate" is untenable, retired when "at least 2.5
points better" is, each wrong with a chance of at most 5 % however long it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from apps.pilots.sequential import is_decisive, log_evidence_above, log_evidence_below

Floats = NDArray[np.float64]


FALSE_SHARE = 0.05
LEAST_TRIALS = 10.0
LEAST_LIFT = 0.05
LEVEL = 0.9
ALPHA = 0.05
KEPT_LIFT = LEAST_LIFT / 2
_POINTS = 24  # at which the base rate's posterior is read


class Strength(StrEnum):
    WEAK = "weak"
    MODERATE = "moderate"
    STRONG = "strong"
    VERY_STRONG = "very_strong"


class Standing(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Group:
    """Outcomes of one group and of the rest of its business and type. Counts may be fractional; successes <= trials."""

    key: str
    trials: float
    successes: float
    base_trials: float
    base_successes: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One group looked at. rate, low, high: with its 90 % interval. q_value: share of false ones among those told at
    least as surely. is_found: whether it is a pattern. All in [0, 1]."""

    key: str
    rate: float
    low: float
    high: float
    base_rate: float
    q_value: float
    strength: Strength
    is_found: bool


def find(groups: Sequence[Group]) -> list[Finding]:
    """Every group's figures, in order; tested together, so give all that were looked at, not only the good ones."""
    from scipy.stats import false_discovery_control

    if not groups:
        return []
    table = np.array([[g.trials, g.successes, g.base_trials, g.base_successes] for g in groups], dtype=float)
    table = np.nan_to_num(table).clip(0)
    trials, base_trials = table[:, 0], table[:, 2]
    successes, base_successes = np.minimum(table[:, 1], trials), np.minimum(table[:, 3], base_trials)
    rate, low, high = rate_with_interval(trials, successes)
    base_rate = (base_successes + 0.5) / (base_trials + 1)
    tested = trials >= LEAST_TRIALS
    q_values = np.ones(len(groups))
    if tested.any():
        chances = _tail(trials[tested], successes[tested], base_trials[tested], base_successes[tested])
        q_values[tested] = false_discovery_control(chances)
    found = tested & (q_values <= FALSE_SHARE) & (rate - base_rate >= LEAST_LIFT)
    strengths = [strength_of(*pair) for pair in zip(low.tolist(), base_rate.tolist(), strict=True)]
    columns = (rate.tolist(), low.tolist(), high.tolist(), base_rate.tolist(), q_values.tolist(), strengths)
    rows = zip(groups, *columns, found.tolist(), strict=True)
    return [Finding(group.key, *figures) for group, *figures in rows]


def rate_with_interval(trials: Floats, successes: Floats) -> tuple[Floats, Floats, Floats]:
    """Success rates with 90 % intervals of Jeffreys (L. Brown, T. Cai and A. DasGupta, Statistical Science 16, 2001),
    widened to hold the rate, 0 or 1 where it is that. (0.5, 0, 1) without trials."""
    from scipy.special import betaincinv

    known = trials > 0
    rate = np.divide(successes, trials, out=np.full(len(trials), 0.5), where=known)
    a, b = successes + 0.5, trials - successes + 0.5
    low = np.where(rate > 0, np.minimum(betaincinv(a, b, (1 - LEVEL) / 2), rate), 0.0)
    high = np.where(rate < 1, np.maximum(betaincinv(a, b, (1 + LEVEL) / 2), rate), 1.0)
    return rate, np.where(known, low, 0.0), np.where(known, high, 1.0)


def strength_of(low: float, base_rate: float) -> Strength:
    """How much better the group surely is: J. Cohen's h of the lower end of its rate against the base rate.

    h = 2 asin(sqrt(low)) - 2 asin(sqrt(base)); below 0.2 weak, from 0.2 moderate, from 0.5 strong, from 0.8 very strong
    (Cohen, Statistical Power Analysis, 1988, calls these small, medium, large).
    """
    import math

    effect = 2 * math.asin(math.sqrt(min(max(low, 0), 1))) - 2 * math.asin(math.sqrt(min(max(base_rate, 0), 1)))
    for bound, strength in ((0.8, Strength.VERY_STRONG), (0.5, Strength.STRONG), (0.2, Strength.MODERATE)):
        if effect >= bound:
            return strength
    return Strength.WEAK


def standing_of(*, trials: int, successes: float, base_rate: float) -> Standing:
    """What the outcomes since it was found say of a pattern; open while they do not say. base_rate: 0 to 1."""
    hits, base = min(max(successes, 0.0), trials), min(max(base_rate, 0.0), 1.0)
    if trials <= 0:
        return Standing.OPEN
    if is_decisive(log_evidence_below(hits, trials, min(base + KEPT_LIFT, 1.0)), ALPHA):
        return Standing.RETIRED
    if is_decisive(log_evidence_above(hits, trials, base), ALPHA):
        return Standing.CONFIRMED
    return Standing.OPEN


def _tail(trials: Floats, successes: Floats, base_trials: Floats, base_successes: Floats) -> Floats:
    """Chance of at least so many successes. P(X >= s) = I_p(s, n - s + 1), which also takes fractions."""
    from scipy.special import betainc, betaincinv

    points = (np.arange(_POINTS) + 0.5) / _POINTS
    base = betaincinv((base_successes + 0.5)[:, None], (base_trials - base_successes + 0.5)[:, None], points)
    good = np.maximum(successes, 1e-12)[:, None]
    return np.clip(betainc(good, trials[:, None] - successes[:, None] + 1, base).mean(axis=1), 0, 1)
