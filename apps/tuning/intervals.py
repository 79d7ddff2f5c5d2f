"""RULE: how sure a share of a sample is."""

from __future__ import annotations

import msgspec

LEVEL = 0.95


class Share(msgspec.Struct, frozen=True):
    """A share with its 95 % interval, and the number of goals it was seen on. All in [0, 1] but the number."""

    value: float
    low: float
    high: float
    seen: int


def share_of(part: float, whole: float, *, effective: float, seen: int) -> Share:
    """The share part / whole (weighted sums), its interval that of `effective` equally weighted observations.

    Jeffreys interval (Brown, Cai and DasGupta, "Interval estimation for a binomial proportion", Statistical Science
    2001), which holds its level for few observations and for shares near 0 and 1, and takes sizes that are no whole
    number. With weights 1 / sampling share the value is the ratio estimate of Hajek (1971) from the totals of Horvitz
    and Thompson (1952).
    """
    from scipy.special import betaincinv

    value = part / whole if whole else 0.0
    good, bad = value * effective, (1 - value) * effective
    tail = (1 - LEVEL) / 2
    # Near either end the interval of Jeffreys may leave the share itself out; it is widened to hold it.
    low = 0.0 if value == 0 else min(value, float(betaincinv(good + 0.5, bad + 0.5, tail)))
    high = 1.0 if value == 1 else max(value, float(betaincinv(good + 0.5, bad + 0.5, 1 - tail)))
    return Share(value, low, high, seen)
