"""How well a tool fits what is asked, by the meaning of the words on both sides.

Each word on one side looks for its nearest word on the other (late interaction), three ways:

    coverage      the goal's own words among the tool's words: is what is asked in the tool?
    name          the words of the tool's name among the goal's words
    description   the words of the tool's description among the goal's words

The more words there are to choose from, the nearer the nearest is by chance alone, so what a chance pairing of as many
words would reach is taken off first: neither a long goal nor a long description earns anything by its length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from apps.goals.toolset import ToolSet

# Nearness that a chance pairing reaches: a + b * ln(1 + words to choose from), measured on mismatched goals and tools.
CHANCE_COVERAGE = (0.040, 0.057)
CHANCE_NAME = (0.020, 0.065)
CHANCE_DESCRIPTION = (0.008, 0.069)

# Fit = logistic(bias + sum of weight * excess over chance). Fitted once by logistic regression over public goals with
# and without a fitting tool; name and description decide more than coverage because goals also tell their background.
BIAS = -2.0
WEIGHT_COVERAGE = 1.6
WEIGHT_NAME = 2.8
WEIGHT_DESCRIPTION = 3.8

ABSENT = 0.5  # nearness excess assumed for a side that has no words


class Match(msgspec.Struct, frozen=True, gc=False):
    """Fit in [0, 1] of one tool, with the mean excess nearness (`semantic`) behind it."""

    fit: float
    semantic: float


def match_tools(tools: ToolSet, own: NDArray[np.float32], every: NDArray[np.float32]) -> list[Match]:
    """A match for each tool. `own` are vectors of the words that ask, `every` of all words with content, values too."""
    if not len(every):
        return [Match(0.0, 0.0) for _ in tools.tools]
    near_own = own @ tools.matrix.T
    near_every = (every @ tools.matrix.T).max(axis=0)
    return [_match(starts, near_own, near_every, len(every)) for starts in tools.starts]


def _match(
    starts: tuple[int, int, int, int], near_own: NDArray[np.float32], near_every: NDArray[np.float32], words: int
) -> Match:
    first, second, third, end = starts
    coverage = name = description = 0.0
    if end > first and len(near_own):
        coverage = _excess(float(near_own[:, first:end].max(axis=1).mean()), CHANCE_COVERAGE, end - first)
    if second > first:
        name = _excess(float(near_every[first:second].mean()), CHANCE_NAME, words)
    description = (
        _excess(float(near_every[second:third].mean()), CHANCE_DESCRIPTION, words) if third > second else name
    )
    logit = BIAS + WEIGHT_COVERAGE * coverage + WEIGHT_NAME * name + WEIGHT_DESCRIPTION * description
    return Match(1.0 / (1.0 + math.exp(-logit)), (coverage + name + description) / 3.0)


def _excess(nearness: float, chance: tuple[float, float], choices: int) -> float:
    expected = chance[0] + chance[1] * math.log1p(choices)
    return (nearness - expected) / (1.0 - expected)
