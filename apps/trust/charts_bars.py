"""RULE: trust as a bar with its interval, small bars of its components, and the agents of a pattern as linked marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.trust.boosting import CRITICAL_ABOVE, LOW_BELOW, NEUTRAL
from apps.trust.charts import finite, percent, share

# From where on trust steers, by the lower bound: asked first above, asked last below.
FIRST, LAST = NEUTRAL + CRITICAL_ABOVE, NEUTRAL + LOW_BELOW
MOST_MARKS = 6
MARK, GAP = 26, 14


@dataclass(frozen=True, slots=True)
class TrustBar:
    """fill, low, high, average: places from 0 to 100. tone: good, middle, bad, thin. said: all of it in words."""

    fill: float
    low: float
    high: float
    average: float | None
    tone: str
    said: str

    @property
    def width(self) -> float:
        """Of the interval; never so narrow that it cannot be seen."""
        return round(max(0.8, self.high - self.low), 2)


def trust_bar(
    *, overall: float | None, low: float | None, high: float | None, average: float | None, enough: bool
) -> TrustBar:
    """The bar of one score; nothing known makes an empty one. Ends in the wrong order are put right."""
    start, end = sorted((share(low), share(high)))
    mark = None if finite(average) is None else share(average)
    if finite(overall) is None:
        return TrustBar(0.0, start, end, mark, "thin", "Nothing is known yet")
    words = f"Trust {percent(overall)}, 90 % interval {percent(start / 100)} to {percent(end / 100)}"
    words += "" if mark is None else f"; average of the business {percent(average)}"
    return TrustBar(share(overall), start, end, mark, tone_of(low, enough=enough), words)


def tone_of(low: float | None, *, enough: bool) -> str:
    """good, middle or bad by the lower bound, as routing goes; thin without enough evidence."""
    known = finite(low)
    if known is None or not enough:
        return "thin"
    return "good" if known > FIRST else "bad" if known < LAST else "middle"


@dataclass(frozen=True, slots=True)
class Mark:
    """A disc with initials: x of its middle."""

    x: float
    initials: str
    name: str


@dataclass(frozen=True, slots=True)
class Marks:
    """Discs side by side in a drawing `width` by MARK; line: x of both ends of what links them, None for one alone."""

    marks: list[Mark]
    width: float
    line: tuple[float, float] | None
    more: int


def marks_of(names: Sequence[str]) -> Marks:
    """At most MOST_MARKS agents drawn, the others counted."""
    shown = list(names[:MOST_MARKS])
    marks = [Mark(MARK / 2 + place * (MARK + GAP), initials(name), name) for place, name in enumerate(shown)]
    width = max(MARK, len(marks) * (MARK + GAP) - GAP)
    return Marks(marks, width, (marks[0].x, marks[-1].x) if len(marks) > 1 else None, len(names) - len(shown))


def initials(name: str) -> str:
    """One or two letters: of the first two words, else of a word with a capital inside, else its first two letters."""
    words = re.findall(r"\w+", name.replace("_", " "))
    if len(words) > 1:
        return (words[0][0] + words[1][0]).upper()
    capitals = re.findall(r"[A-Z]", name)
    return "".join(capitals[:2]) if len(capitals) > 1 else "".join(words)[:2].upper() or "?"


SPARK_WIDE, SPARK_TALL = 100.0, 20.0


def spark_of(values: Sequence[float | None]) -> str:
    """A few values as the points of a small line, SPARK_WIDE by SPARK_TALL; "" where fewer than two are known."""
    known = [(place, value) for place, one in enumerate(values) if (value := finite(one)) is not None]
    if len(known) < 2:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    last = len(values) - 1
    # Halves: the difference of two huge numbers may be too large for a number.
    span = high / 2 - low / 2
    return " ".join(
        f"{SPARK_WIDE * place / last:.1f},{SPARK_TALL * (1 - ((value / 2 - low / 2) / span if span else 0.5)):.1f}"
        for place, value in known
    )
