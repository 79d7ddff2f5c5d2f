"""RULE: the small trained model that tells what a mail wants: plain coefficients over the figures of intent_features.

A softmax over the intents: p is proportional to exp(sharpness x (bias + sum of weight x figure)). intent_head.json is
written by `manage.py fit_intents --write`; docs/developer/drafts.md has what it is worth on mails it was not fitted to.
"""

import math
from collections.abc import Mapping
from operator import mul
from pathlib import Path

import msgspec

from apps.drafts.states import Intent

FILE = Path(__file__).with_name("intent_head.json")


class Head(msgspec.Struct, frozen=True):
    """bias and each weight: one figure per intent, in the order of `intents`. sharpness: above 0, fitted on mails that
    the weights had not seen, so that of mails called 70 % sure about 70 % are right."""

    intents: tuple[Intent, ...]
    sharpness: float
    bias: tuple[float, ...]
    weights: dict[str, tuple[float, ...]]

    def logits(self, features: Mapping[str, float]) -> list[float]:
        """Before the sharpness; figures without a weight count nothing."""
        known = [name for name in features if name in self.weights]
        values = [features[name] for name in known]
        columns = zip(*(self.weights[name] for name in known), strict=True)
        sums = [sum(map(mul, column, values)) for column in columns] or [0.0] * len(self.bias)
        return [start + more for start, more in zip(self.bias, sums, strict=True)]

    def probabilities(self, features: Mapping[str, float]) -> dict[Intent, float]:
        """Each in (0, 1), together 1."""
        logits = [self.sharpness * logit for logit in self.logits(features)]
        top = max(logits)
        parts = [math.exp(logit - top) for logit in logits]
        whole = sum(parts)
        return {intent: part / whole for intent, part in zip(self.intents, parts, strict=True)}

    def known(self, features: Mapping[str, float]) -> float:
        """The share of the figures that have a weight, 0 to 1: near 0 for a language it was not fitted to."""
        return sum(name in self.weights for name in features) / len(features) if features else 0.0


def shipped() -> Head:
    """Read from the file anew; raises msgspec.ValidationError when it is no head."""
    return msgspec.json.decode(FILE.read_bytes(), type=Head)
