"""RULE: is a rate surely above its limit? A test that may be looked at as often as one likes.

Of n observations S are hits. The limit is p0; healthy is every p <= p0. The evidence is a likelihood ratio, mixed over
the unhealthy side by a Beta(a, b) prior, a = W p0 and b = W (1 - p0), cut off at p0:

    E_n = Int_{p0}^{1} (q/p0)^S ((1-q)/(1-p0))^(n-S) q^(a-1) (1-q)^(b-1) dq / Int_{p0}^{1} q^(a-1) (1-q)^(b-1) dq

    log E_n = log B(S+a, n-S+b) + log(1 - I_p0(S+a, n-S+b)) - log B(a, b) - log(1 - I_p0(a, b))
              - S log p0 - (n-S) log(1-p0)                            with I the regularised incomplete beta function.

One more observation multiplies each ratio by q/p0 (a hit) or (1-q)/(1-p0). If a hit's chance, given all that came
before, is some p <= p0, that factor's mean is p q/p0 + (1-p)(1-q)/(1-p0) <= 1 for q > p0. So E is a supermartingale
that begins at 1, whatever p <= p0 and even if it wanders below p0, and by Ville's inequality the chance that it EVER
reaches 1/alpha is at most alpha. No independence is asked for, only that the chance stays healthy.

J. Ville, Etude critique de la notion de collectif, 1939 (the inequality). H. Robbins, Statistical methods related to
the law of the iterated logarithm, Annals of Mathematical Statistics 41, 1970 (mixtures). S. Howard, A. Ramdas,
J. McAuliffe and J. Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals of Statistics 49,
2021 (the beta-binomial mixture cut off at the null, and confidence sequences from it). A. Ramdas, P. Grunwald, V. Vovk
and G. Shafer, Game-theoretic statistics and safe anytime-valid inference, Statistical Science 38, 2023 (e-processes).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# W: what the prior weighs, in observations. Its mean is the limit, so that a rate a little over it is found soon; of 2
# to 10 the larger finds small excesses a tenth sooner and is later by one or two observations for very large ones.
WEIGHT = 10.0
_TINY = 1e-300
_EXACT = 1e-15


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def log_evidence_above(hits: float, n: int, limit: float, weight: float = WEIGHT) -> float:
    """Natural logarithm of E_n against "the rate is at most limit". -inf to inf; 0 without data.

    hits: 0 to n. limit: 0 to 1; at 0 one hit is decisive (inf), at 1 nothing speaks against it (0).
    """
    if not (0 <= hits <= n and 0 <= limit <= 1):
        raise ValueError("hits lie between 0 and n, a limit between 0 and 1")
    if n == 0 or limit == 1:
        return 0.0
    if limit == 0:
        return math.inf if hits else 0.0
    a, b, misses = weight * limit, weight * (1 - limit), n - hits
    ratio = _log_upper(hits + a, misses + b, limit) - hits * math.log(limit) - misses * math.log1p(-limit)
    return ratio - _log_upper(a, b, limit)


def log_evidence_below(hits: float, n: int, limit: float, weight: float = WEIGHT) -> float:
    """The same against "the rate is at least limit": that of the misses against the rest."""
    return log_evidence_above(n - hits, n, 1 - limit, weight)


def is_decisive(log_evidence: float, alpha: float) -> bool:
    """Whether E_n >= 1/alpha: a false alarm has at most this chance, however often one looks."""
    return log_evidence >= -math.log(alpha)


def confidence_sequence(hits: float, n: int, alpha: float) -> Interval:
    """The limits that the two tests, each at alpha, do not reject: an end beyond a limit is a decisive test of it.

    Each end holds at all times together with chance 1 - alpha, so both do with 1 - 2 alpha. (0, 1) without data.
    """
    if n == 0:
        return Interval(0.0, 1.0)
    low = _lower_end(hits, n, alpha)
    return Interval(low, 1 - _lower_end(n - hits, n, alpha))


def _lower_end(hits: float, n: int, alpha: float) -> float:
    """The smallest limit that is not rejected as too low, by halving: evidence falls as the limit nears the share."""
    low, high = 0.0, hits / n
    if not hits:
        return 0.0
    while high - low > 1e-9 * max(high, 1e-3):
        middle = (low + high) / 2
        if is_decisive(log_evidence_above(hits, n, middle), alpha):
            low = middle
        else:
            high = middle
    return low


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_upper(a: float, b: float, x: float) -> float:
    """log of the integral of q^(a-1) (1-q)^(b-1) from x to 1, also where it is too small to be told from 0.

    Where most of the mass lies below x, 1 - I_x would be a difference of nearly equal numbers, or 0: there the
    continued fraction of I_{1-x}(b, a) is summed itself (NIST Digital Library of Mathematical Functions, 8.17.22),
    which converges just there. Elsewhere it is what scipy says.
    """
    if 1 - x < (b + 1) / (a + b + 2):
        return a * math.log(x) + b * math.log1p(-x) - math.log(b) + math.log(_fraction(b, a, 1 - x))
    # Loaded when first needed: a process that watches nothing need not wait for it.
    from scipy.special import betaincc

    return _log_beta(a, b) + math.log(float(betaincc(a, b, x)))


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction 1 / (1 + d1 / (1 + d2 / ...)) of I_x(a, b), by Lentz's method as Thompson and Barnett
    changed it (Journal of Computational Physics 64, 1986)."""
    c, d = 1.0, 1.0 / _no_zero(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 100_000):
        before = value
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / _no_zero(1.0 + term * d)
            c = _no_zero(1.0 + term / c)
            value *= c * d
        if abs(value - before) <= _EXACT * abs(value):
            return value
    return value


def _no_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
