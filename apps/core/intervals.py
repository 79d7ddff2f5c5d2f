"""RULE: between which values a share that was seen on so many observations may lie."""

from __future__ import annotations

import math

# How many standard deviations of the normal distribution the middle 90 % and 95 % reach.
Z90, Z95 = 1.6448536269514722, 1.959963984540054


def score_interval(share: float, n: float, *, z: float) -> tuple[float, float]:
    """The interval of a share, 0 to 1, seen on `n`, above 0, which may be an effective number.

    The score interval of E. B. Wilson, "Probable inference", Journal of the American Statistical Association 22, 1927.
    It holds the share itself and stays within 0 and 1.
    """
    square = z**2
    whole = 1 + square / n
    middle = (share + square / (2 * n)) / whole
    half = z / whole * math.sqrt(share * (1 - share) / n + square / (4 * n**2))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
