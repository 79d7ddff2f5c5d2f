"""RULE: figures of a ranking, and how sure they are.

recall@k: of what is relevant, the share among the first k. MRR@10: one over the place of the first that is relevant
(Voorhees 1999). nDCG@10: gains discounted by the logarithm of their place, as a share of the best there is (Jaervelin
and Kekaelaeinen 2002), with gains 2^grade - 1.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over questions, with the 95 % interval of its bootstrap (Efron 1979)."""

    value: float
    low: float
    high: float
    n: int


def recall(found: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    wanted = {one for one, grade in relevant.items() if grade > 0}
    return len(wanted & set(found[:k])) / len(wanted)


def reciprocal_rank(found: Sequence[str], relevant: Mapping[str, float], k: int = 10) -> float:
    return next((1 / place for place, one in enumerate(found[:k], 1) if relevant.get(one, 0) > 0), 0.0)


def ndcg(found: Sequence[str], relevant: Mapping[str, float], k: int = 10) -> float:
    gained = sum((2 ** relevant.get(one, 0) - 1) / math.log2(place + 1) for place, one in enumerate(found[:k], 1))
    best = sorted(relevant.values(), reverse=True)[:k]
    return gained / sum((2**grade - 1) / math.log2(place + 1) for place, grade in enumerate(best, 1))


def figure(values: Sequence[float], seed: int = 0) -> Figure:
    """The mean, and where it would lie with other questions of the kind."""
    n = len(values)
    if not n:
        return Figure(0.0, 0.0, 0.0, 0)
    draw = random.Random(seed)  # noqa: S311
    means = sorted(sum(draw.choices(values, k=n)) / n for _ in range(ROUNDS))
    return Figure(sum(values) / n, means[int(0.025 * ROUNDS)], means[int(0.975 * ROUNDS) - 1], n)
