"""How well a tool fits what is asked, by the meaning of the words on both sides.

Each word on one side looks for its nearest word on the other (late interaction), three ways:

    coverage      the goal's own words among the tool's words: is what is asked in the tool?
    name          the words of the tool's name among the goal's words
    description   the words of the tool's description among the goal's words

The more words there are to choose from, the nearer the nearest is by chance alone, so what a chance pairing of as many
words would reach is taken off first: neither a long goal nor a long description earns anything by its length.
"""

from __future__ import annotations

from typing import Any

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

Vectors = NDArray[np.float32]


class Match(msgspec.Struct, frozen=True, gc=False):
    """Fit in [0, 1] of one tool, with the mean excess nearness (`semantic`) behind it."""

    fit: float
    semantic: float


def match_tools(tools: ToolSet, own: Vectors, every: Vectors) -> list[Match]:
    """A match for each tool, in order. `own` are vectors of the words that ask, `every` of all words with content,
    values too."""
    if not len(every):
        return [Match(0.0, 0.0) for _ in tools.tools]
    starts, (name_end, description_end, end) = tools.starts, tools.bounds.T
    coverage = np.maximum.reduceat(own @ tools.matrix.T, starts, axis=1).mean(axis=0)
    nearest = _running_sum((every @ tools.matrix.T).max(axis=0) * tools.weights)
    in_name = (nearest[name_end] - nearest[starts]) / tools.name_weight
    in_description = (nearest[description_end] - nearest[name_end]) / tools.description_weight
    coverage = _excess(coverage, CHANCE_COVERAGE, end - starts)
    name = np.where(name_end > starts, _excess(in_name, CHANCE_NAME, len(every)), 0.0)
    description = np.where(description_end > name_end, _excess(in_description, CHANCE_DESCRIPTION, len(every)), name)
    logit = BIAS + WEIGHT_COVERAGE * coverage + WEIGHT_NAME * name + WEIGHT_DESCRIPTION * description
    fits, means = 1.0 / (1.0 + np.exp(-logit)), (coverage + name + description) / 3.0
    return [Match(fit, mean) for fit, mean in zip(fits.tolist(), means.tolist(), strict=True)]


def _running_sum(row: NDArray[Any]) -> NDArray[np.float64]:
    return np.concatenate(([0.0], np.cumsum(row, dtype=np.float64)))


def _excess(nearness: Any, chance: tuple[float, float], choices: Any) -> Any:
    expected = chance[0] + chance[1] * np.log1p(choices)
    return (nearness - expected) / (1.0 - expected)
