"""RULE: what a cosine between two texts says about their meaning the same, by embedding model."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Curve:
    """confidence = 1 / (1 + exp(-slope * (cosine - middle)))."""

    slope: float
    middle: float


# Fitted by logistic regression on 24 pairs of customers' mails of one intent in different words, against the 1,104
# pairs across intents, a pair of one intent counted ten times (docs/developer/search.md). Other models: not fitted,
# and stricter.
CURVES = {"all-MiniLM-L6-v2": Curve(slope=19.4, middle=0.391)}
OTHERS = Curve(slope=14.0, middle=0.5)


def confidence(similarity: float, model: str) -> float:
    """0 to 1: how probably a text of this cosine is about the same matter."""
    curve = CURVES.get(model, OTHERS)
    return 1 / (1 + math.exp(-curve.slope * (similarity - curve.middle)))


def similarity_for(floor: float, model: str) -> float:
    """The cosine from which on the confidence is at least `floor`, -1 to 1."""
    curve = CURVES.get(model, OTHERS)
    if floor <= 0:
        return -1.0
    if floor >= 1:
        return 1.0
    return curve.middle + math.log(floor / (1 - floor)) / curve.slope
