"""Whether the offered tools, taken together, do everything a goal asks for: the features of the head `tools`.

whole      the best tool's logit for the goal as a whole
weakest    the least served of the asks said directly
mean       the asks' best logits, those said directly counting more
contrast   among tools for the same object: how far the nearest that does what is asked stands before the nearest
           that does something else ("add to the list": get_list and remove_from_list alone speak against it)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from apps.goals.asks import DIRECT, QUESTION, Ask
from apps.goals.matching import Matches

FEATURES = ("whole", "weakest", "mean", "contrast")
NOWHERE = -0.2  # the object's nearness where no tool has the action
UNKNOWN_ACTION = 0.15  # what a tool of unknown action loses against one of the same

Floats = NDArray[np.float64]


def coverage_features(
    asks: Sequence[Ask], telling: Sequence[int], matches: Matches, logits: Floats
) -> dict[str, float]:
    """`telling` counts the words of each ask that name something beside the action; `logits` are those of the head
    `match`, shape (asks + 1, tools)."""
    best = logits[:-1].max(axis=1)
    weights = np.array([ask.weight for ask in asks])
    return {
        "whole": float(logits[-1].max()),
        "weakest": float(best[_direct(asks, telling)].min()),
        "mean": float((best * weights).sum() / weights.sum()),
        "contrast": contrast(matches),
    }


def _direct(asks: Sequence[Ask], telling: Sequence[int]) -> list[int]:
    """The asks that must be served: said directly and naming something, or else the most direct there are."""
    named = [place for place, ask in enumerate(asks) if ask.weight >= DIRECT and telling[place]]
    asked = [place for place, ask in enumerate(asks) if ask.weight >= QUESTION]
    return named or asked or list(range(len(asks)))


def contrast(matches: Matches) -> float:
    """The least over the asks, in [-1, 1]; 0 where no ask or no tool has a known action."""
    found = []
    for objects, same in zip(matches.objects[:-1], matches.same_action[:-1], strict=True):
        if not same.any():
            continue
        doing = max((*objects[same > 0], *(objects[same >= 0] - UNKNOWN_ACTION), NOWHERE))
        found.append(doing - max((*objects[same < 0], NOWHERE)))
    return float(np.clip(min(found, default=0.0), -1.0, 1.0))
