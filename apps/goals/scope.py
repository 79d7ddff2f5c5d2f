"""Whether a goal's subject is one the agent is for, by its own description and its tools taken together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from apps.goals.matching import CHANCE_COVERAGE
from apps.goals.reading import words_of
from apps.goals.toolset import ToolSet
from apps.llm.embedding import WordEmbedder

Vectors = NDArray[np.float32]

# Logistic in the excess nearness over chance of the nearest words of the goal. A subject shows in a few words, so only
# the nearest third counts.
BIAS, WEIGHT = -1.5, 7.0
MIN_WORDS = 3


def scope_of(
    statements: Sequence[str], toolset: ToolSet | None, goal: tuple[Vectors, Vectors], embedder: WordEmbedder
) -> tuple[float | None, str]:
    """(score in [0, 1], what it was compared with); (None, "") when nothing states a scope or the goal has no words."""
    own, _ = goal
    parts = [_statement(statement, embedder) for statement in statements if statement.strip()]
    name = "what the agent is for"
    if toolset is not None:
        name = "what the agent and its tools are for" if parts else "what the offered tools are for"
        parts.append(toolset.matrix)
    parts = [part for part in parts if len(part)]
    if not parts or not len(own):
        return None, ""
    return max(_nearness(own, part) for part in parts), name


def _nearness(own: Vectors, part: Vectors) -> float:
    nearest = np.sort((own @ part.T).max(axis=1))[::-1]
    top = float(nearest[: max(MIN_WORDS, math.ceil(len(nearest) / 3))].mean())
    expected = CHANCE_COVERAGE[0] + CHANCE_COVERAGE[1] * math.log1p(len(part))
    return 1.0 / (1.0 + math.exp(-(BIAS + WEIGHT * (top - expected) / (1.0 - expected))))


@lru_cache(maxsize=256)
def _statement(statement: str, embedder: WordEmbedder) -> Vectors:
    return embedder.vectors([word.text for word in words_of(statement) if word.content])
