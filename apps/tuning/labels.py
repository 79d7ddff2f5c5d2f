"""RULE: labelled goals as calibration reads them, and whether there are enough of them to learn from."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

# Below these nothing is fitted: with fewer labels, or hardly any of one sort, a curve would follow single goals.
FEWEST_LABELS = 60
FEWEST_OF_EACH = 10


class Labels(msgspec.Struct, frozen=True):
    """Goals people have looked at, as three rows of equal length.

    raw      weighted sum before calibration, 0 to 1
    right    whether it could be carried out as stated
    weight   how many goals each stands for: 1 / the share of such goals that people look at
    """

    raw: tuple[float, ...] = ()
    right: tuple[bool, ...] = ()
    weight: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def effective(self) -> float:
        """How many equally weighted labels these are worth."""
        return effective_size(self.weight)


def effective_size(weights: Sequence[float]) -> float:
    """(sum of weights) squared over the sum of their squares: Kish, Survey Sampling, 1965, section 11.7."""
    squares = sum(weight * weight for weight in weights)
    return sum(weights) ** 2 / squares if squares else 0.0


def too_little(labels: Labels) -> str:
    """Why these are not enough to fit a curve, as a sentence; "" when they are."""
    good = sum(labels.right)
    bad = len(labels) - good
    if len(labels) < FEWEST_LABELS:
        return f"Not enough evidence: {len(labels)} labelled goals, and {FEWEST_LABELS} are needed."
    if min(good, bad) < FEWEST_OF_EACH:
        return (
            f"Not enough evidence: {good} went well and {bad} did not, "
            f"and {FEWEST_OF_EACH} of each sort are needed to tell them apart."
        )
    return ""
