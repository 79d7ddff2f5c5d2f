"""The clarity head: a logistic model with named weights over the signals and themes of a goal.

head.json is written by `fitting_clarity`; docs/quality.md has its figures and what it was fitted on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("head.json")


class ClarityHead(msgspec.Struct, frozen=True):
    """p(clear) = 1 / (1 + exp(-(bias + sum of weight x feature))). `typical` are the features' means where it was
    fitted."""

    bias: float
    weights: dict[str, float]
    typical: dict[str, float]

    def probability(self, given: Mapping[str, float]) -> float:
        """In (0, 1). Raises KeyError when a feature with a weight is not given."""
        logit = self.bias + sum(weight * given[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))

    def losses(self, given: Mapping[str, float]) -> dict[str, float]:
        """What each feature takes from the log-odds against its typical value; below 0 where it adds."""
        return {name: weight * (self.typical[name] - given[name]) for name, weight in self.weights.items()}


SHIPPED = msgspec.json.decode(FILE.read_bytes(), type=ClarityHead)
