"""RULE: which of several words about a recommendation counts, and what a ruling adds to the sums of its day."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.trust.verdicts import RANK, Source, Verdict

# From this quality on, of 100, an evaluation counts as approval; below the other one as rejection.
GOOD, POOR = 70.0, 40.0
HEAVIEST = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Word:
    """What one source said. value: 0 to 1. quality: 0 to 100. weight: how many recommendations it stands for."""

    source: Source
    verdict: Verdict
    value: float
    quality: float | None
    weight: float
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    """What counts of all words about one recommendation."""

    verdict: Verdict
    value: float
    quality: float | None
    weight: float
    decided_at: datetime


def ruling_of(words: Iterable[Word]) -> Ruling | None:
    """The highest source's word rules. Its quality too, or else that of the next one who gave any."""
    ranked = sorted(words, key=lambda word: RANK[word.source])
    if not ranked:
        return None
    first = ranked[0]
    quality = next((word.quality for word in ranked if word.quality is not None), None)
    return Ruling(first.verdict, first.value, quality, first.weight, first.judged_at)


def sums_of(ruling: Ruling | None) -> dict[str, float]:
    """What a ruling adds to the sums of the recommendation's day (apps/trust/models/tallies.py)."""
    if ruling is None:
        return {}
    weight, value = ruling.weight, ruling.value
    return {
        "judged": 1.0,
        "weight": weight,
        "weight2": weight * weight,
        "value": weight * value,
        "value2": weight * value * value,
        "approved": float(ruling.verdict is Verdict.APPROVED),
        "rejected": float(ruling.verdict is Verdict.REJECTED),
        "rated": float(ruling.quality is not None),
        "quality": ruling.quality or 0.0,
    }


def difference(before: Ruling | None, after: Ruling | None) -> dict[str, float]:
    """What must be added to the sums when one ruling takes the place of another. Empty when that is nothing."""
    old, new = sums_of(before), sums_of(after)
    found = {name: new.get(name, 0.0) - old.get(name, 0.0) for name in {**old, **new}}
    return found if any(found.values()) else {}


def verdict_of(value: float) -> Verdict:
    """The verdict of a bare value, 0 to 1."""
    if value >= 1:
        return Verdict.APPROVED
    return Verdict.REJECTED if value <= 0 else Verdict.PARTIAL


def verdict_of_quality(quality: float) -> Verdict:
    """The verdict of a workflow's own evaluation, 0 to 100: from 70 on approved, below 40 rejected."""
    if quality >= GOOD:
        return Verdict.APPROVED
    return Verdict.REJECTED if quality < POOR else Verdict.PARTIAL


def problem_of(
    verdict: str, value: float, quality: float | None, edited: float | None, weight: float
) -> tuple[str, str] | None:
    """(field, what is wrong with it) of an outcome, if something is."""
    if verdict not in (Verdict.APPROVED, Verdict.PARTIAL, Verdict.REJECTED):
        return "verdict", "One of approved, partial, rejected"
    for field, given, most in (("value", value, 1.0), ("quality", quality, 100.0), ("edited", edited, 1.0)):
        if given is not None and not _within(given, most):
            return field, f"A number from 0 to {most:g}"
    if not _within(weight, HEAVIEST):
        return "weight", f"A number from 0 to {HEAVIEST:,.0f}"
    if verdict == Verdict.APPROVED and value <= 0:
        return "value", "What was approved is worth more than 0"
    if verdict == Verdict.REJECTED and value >= 1:
        return "value", "What was rejected is worth less than 1"
    return None


def _within(given: object, most: float) -> bool:
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return False
    return math.isfinite(given) and 0 <= given <= most
