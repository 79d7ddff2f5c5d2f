"""Whether a goal's subject is one the agent is for, by its own description and its tools taken together.

Two features. `words`: how near the goal's words lie to the nearest words of description and tools, on the mean, less
what as many words reach by chance. `meaning`: the largest cosine of the whole goal with the description or with one
tool; it needs the goal's vector, so without one a head of its own judges by the words alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from apps.goals.reading import words_of

Vectors = NDArray[np.float32]

# Nearness that a chance pairing reaches: a + b * ln(1 + words to choose from), measured on mismatched goals and tools.
CHANCE = (0.040, 0.057)

# Logistic heads (bias, words, meaning), fitted by bench/fit_scope.py on agents and goals written for it and on public
# goals held against other goals' tools. Half of what they were fitted on is out of scope.
WITH_MEANING = (-3.52, 2.63, 11.00)
WORDS_ALONE = (-1.19, 6.31)


class ScopeEmbedder(Protocol):
    """Vectors of words and of whole texts, L2-normalised float32."""

    def vectors(self, words: Sequence[str]) -> Vectors: ...
    def embed(self, texts: Sequence[str]) -> Vectors: ...
    def __hash__(self) -> int: ...


class OfferedTools(Protocol):
    """A row for each word of all tools, and a row for what each tool does."""

    matrix: Vectors
    meanings: Vectors


def scope_of(
    statements: Sequence[str],
    toolset: OfferedTools | None,
    goal: tuple[Vectors, Vectors],
    embedder: ScopeEmbedder,
    meaning: Vectors | None = None,
) -> tuple[float | None, str]:
    """(score in [0, 1], what it was compared with); (None, "") when nothing states a scope or the goal has no words.

    `goal` are the vectors of the words that ask and of all words; `meaning` that of the whole goal, if it is known.
    """
    own, _ = goal
    stated = tuple(statement.strip() for statement in statements if statement.strip())
    if not len(own):
        return None, ""
    words = [_words_of_statement(statement, embedder) for statement in stated]
    name = "what the agent is for"
    if toolset is not None:
        name = "what the agent and its tools are for" if stated else "what the offered tools are for"
        words.append(toolset.matrix)
    words = [part for part in words if len(part)]
    if not words:
        return None, ""
    near = words_feature(own, np.concatenate(words))
    if meaning is None or not meaning.any():
        return _logistic(WORDS_ALONE[0] + WORDS_ALONE[1] * near), name
    close = meaning_feature(meaning, stated, toolset, embedder)
    return _logistic(WITH_MEANING[0] + WITH_MEANING[1] * near + WITH_MEANING[2] * close), name


def words_feature(own: Vectors, part: Vectors) -> float:
    """Mean nearness of the goal's words, 0 where it is chance and 1 where every word is there."""
    nearest = float((own @ part.T).max(axis=1).mean())
    expected = CHANCE[0] + CHANCE[1] * math.log1p(len(part))
    return (nearest - expected) / (1.0 - expected)


def meaning_feature(
    meaning: Vectors, statements: tuple[str, ...], toolset: OfferedTools | None, embedder: ScopeEmbedder
) -> float:
    """The largest cosine with a statement or a tool, in [-1, 1]. Statements are embedded once and kept."""
    rows = [_meaning_of_statement(statement, embedder) for statement in statements]
    if toolset is not None:
        rows.append(toolset.meanings)
    return float((np.concatenate(rows) @ meaning).max())


def _logistic(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


@lru_cache(maxsize=256)
def _words_of_statement(statement: str, embedder: ScopeEmbedder) -> Vectors:
    return embedder.vectors([word.text for word in words_of(statement) if word.content])


@lru_cache(maxsize=256)
def _meaning_of_statement(statement: str, embedder: ScopeEmbedder) -> Vectors:
    return embedder.embed([statement])
