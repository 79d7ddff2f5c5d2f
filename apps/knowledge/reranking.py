"""RULE: put the first passages of a search in order once more, by their sentence that is nearest to the question."""

import re
from collections.abc import Sequence

FIRST = 20  # passages that are looked at again
MOST_WINDOWS = 8  # sentences of one passage
_SENTENCE = re.compile(r"(?<=[.;!?])\s+|\n+")


def windows_of(title: str, text: str) -> list[str]:
    """What of a passage is compared: each of its first sentences under its title; never empty."""
    sentences = [one for one in _SENTENCE.split(text) if one and not one.isspace()][:MOST_WINDOWS] or [text]
    return [f"{title}\n{one}" if title else one for one in sentences]


def order_again(scores: Sequence[float], nearest: Sequence[float]) -> list[tuple[int, float]]:
    """(place in `scores`, new score), best first; of equals the earlier.

    scores: of the fusion, 0 to 1. nearest: the cosine of each passage's nearest sentence. The new score is the mean of
    both, 0 to 1: neither alone was as good on both sets it was measured on (docs/developer/search.md).
    """
    means = [(score + max(0.0, cosine)) / 2 for score, cosine in zip(scores, nearest, strict=True)]
    return sorted(enumerate(means), key=lambda one: (-one[1], one[0]))
