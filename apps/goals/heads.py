"""The small trained models of the gate: plain coefficients over features that a person can check.

Each head is a logistic model p = 1 / (1 + exp(-(bias + sum of weight x feature))). Features are made so that more is
better, and weights are fitted under the bound weight >= 0, so what lowers a feature can only lower the score: a reason
that names the lowered feature is true. heads.json is written by `manage.py fit_gate`; docs/quality.md has its figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("heads.json")


class Head(msgspec.Struct, frozen=True):
    """`typical` are the features' means where it was fitted, what a single feature is compared with."""

    bias: float
    weights: dict[str, float]
    typical: dict[str, float] = {}

    def logit(self, features: Mapping[str, float]) -> float:
        """Raises KeyError when a feature with a weight is not given."""
        return self.bias + sum(weight * features[name] for name, weight in self.weights.items())

    def probability(self, features: Mapping[str, float]) -> float:
        """In (0, 1)."""
        return logistic(self.logit(features))

    def losses(self, features: Mapping[str, float]) -> dict[str, float]:
        """What each feature takes from the logit against its typical value; below 0 where it adds."""
        return {name: weight * (self.typical.get(name, 0.0) - features[name]) for name, weight in self.weights.items()}


class Heads(msgspec.Struct, frozen=True):
    """
    match    how well one tool serves one ask (features of matching.py)
    tools    every ask has a tool (features of coverage.py)
    context  every value the tools require is given (features of supplied.py)
    """

    match: Head
    tools: Head
    context: Head


def logistic(logit: float) -> float:
    """1 / (1 + exp(-logit)), kept off 0 and 1."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


SHIPPED = msgspec.json.decode(FILE.read_bytes(), type=Heads)
