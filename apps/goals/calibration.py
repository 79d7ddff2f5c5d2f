"""RULE: from the weighted sum of the factors to a confidence that means what it says.

A curve is a few points with straight lines between them; it never falls, so calibrating changes how sure we say we are,
never which of two goals we are surer of. Curves are fitted elsewhere (apps/tuning); here one is only applied.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec

Point = tuple[float, float]

FILE = Path(__file__).with_name("curve.json")  # written by `manage.py fit_gate`

MOST_POINTS = 200


class Curve(msgspec.Struct, frozen=True):
    """Piecewise linear and never falling, from [0, 1] to [0, 1]; level before its first and after its last point.

    Make one by `Curve.through`, which checks the points.
    """

    raws: tuple[float, ...]
    values: tuple[float, ...]
    is_identity: bool = False

    @classmethod
    def through(cls, points: Iterable[Sequence[float]]) -> Curve:
        """The curve through [(raw, calibrated), ...]. Raises ValueError: none, too many, not in [0, 1], falling."""
        pairs = tuple((float(raw), float(value)) for raw, value in points)
        if not 1 <= len(pairs) <= MOST_POINTS:
            raise ValueError(f"A curve has 1 to {MOST_POINTS} points, not {len(pairs)}")
        if not all(0.0 <= number <= 1.0 for pair in pairs for number in pair):
            raise ValueError("Every number of a curve lies between 0 and 1")
        if any(later[0] <= earlier[0] or later[1] < earlier[1] for earlier, later in pairwise(pairs)):
            raise ValueError("A curve's points stand in order, and it never falls")
        return cls(tuple(raw for raw, _ in pairs), tuple(value for _, value in pairs), pairs == IDENTITY)

    @property
    def points(self) -> tuple[Point, ...]:
        return tuple(zip(self.raws, self.values, strict=True))

    def apply(self, raw: float) -> float:
        """The calibrated confidence, in [0, 1]."""
        if self.is_identity:
            return raw
        raws, values = self.raws, self.values
        place = bisect_right(raws, raw)
        if place == 0:
            return values[0]
        if place == len(raws):
            return values[-1]
        left, right = raws[place - 1], raws[place]
        low, high = values[place - 1], values[place]
        # Rounding must not carry a value past the next point, or two sums could change places.
        return min(high, low + (high - low) * ((raw - left) / (right - left)))

    def first_reaching(self, value: float) -> float | None:
        """The smallest float in [0, 1] whose calibrated confidence is at least `value`; None when none is.

        Exact, so that a database may compare sums with it in place of calibrating each.
        """
        if self.apply(1.0) < value:
            return None
        if self.apply(0.0) >= value:
            return 0.0
        below, reaching = 0.0, 1.0
        while math.nextafter(below, 1.0) < reaching:
            middle = (below + reaching) / 2
            if self.apply(middle) >= value:
                reaching = middle
            else:
                below = middle
        return reaching


IDENTITY: tuple[Point, ...] = ((0.0, 0.0), (1.0, 1.0))
# The curve an installation starts with, and what every fitted curve is drawn towards: (weighted sum, share of goals
# that went well).
SHIPPED = Curve.through(msgspec.json.decode(FILE.read_bytes(), type=list[Point]))
