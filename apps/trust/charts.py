"""RULE: what the charts of trust share: places on a drawing, round ticks, figures as words.

Every chart is drawn in units of its own and stretches to where it stands. What is no finite number is as if it were not
there: no place in a drawing is ever NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from apps.core.intervals import Z90, score_interval

FULL = 100.0
# No figure drawn here is larger; and what differs by less, in proportion, is drawn as the same.
FAR, NEAR = 1e12, 1e-9


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    text: str


def finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def share(value: float | None) -> float:
    """A share as a place from 0 to 100; what is none is 0, what is beyond is at the end."""
    known = finite(value)
    return 0.0 if known is None else round(FULL * min(1.0, max(0.0, known)), 2)


def percent(value: float | None) -> str:
    """A share in words, to the point: 82 %. Nothing known is a dash."""
    known = finite(value)
    return "–" if known is None else f"{100 * known:.0f} %"


def points(change: float) -> str:
    """A difference of shares in points with its sign, a true minus: +12, −3, 0."""
    whole = round(100 * (finite(change) or 0.0))
    return "0" if whole == 0 else f"{'+' if whole > 0 else '−'}{abs(whole)}"


def counted(value: float | None) -> str:
    """How many, with a comma at the thousands; a fraction below 10 keeps one place."""
    known = finite(value) or 0.0
    return f"{known:.1f}" if known < 10 and known != int(known) else f"{known:,.0f}"


@dataclass(frozen=True, slots=True)
class Scale:
    """A range of values in steps that are round numbers."""

    low: float
    high: float
    step: float

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one, never beyond."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    @property
    def values(self) -> list[float]:
        return [self.low + n * self.step for n in range(round((self.high - self.low) / self.step) + 1)]


def scale_of(values: Sequence[float | None], *, least: float = 0.0, floor: float | None = 0.0) -> Scale:
    """A scale around the values, two to six steps. least: how wide at least; floor: a value it always begins at."""
    known = [min(FAR, max(-FAR, value)) for value in values if value is not None and math.isfinite(value)]
    low = min([*known, floor] if floor is not None else known, default=0.0)
    high = max([*known, low + least], default=1.0)
    span = max(high - low or abs(high) or 1.0, NEAR * max(1.0, abs(low), abs(high)))
    power = 10.0 ** math.floor(math.log10(span / 3))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= span / 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(first * step, max(last, first + 1) * step, step)


def day_ticks(first: date, last: date, across: Sequence[float], most: int = 6) -> list[Tick]:
    """At most `most` days evenly between two, at places from across[0] to across[1]."""
    days = (last - first).days
    number = max(1, min(most - 1, days))
    chosen = [first + timedelta(days=round(days * part / number)) for part in range(number + 1)] if days else [first]
    left, right = across
    return [Tick(round(left + (right - left) * (day - first).days / (days or 1), 1), f"{day:%-d %b}") for day in chosen]


def interval_of(value: float, n: float) -> tuple[float, float]:
    """The 90 % interval of a share seen on `n`, which may be an effective number; all there is where that is none."""
    if not (math.isfinite(value) and math.isfinite(n)) or n <= 0:
        return 0.0, 1.0
    return score_interval(min(1.0, max(0.0, value)), n, z=Z90)
