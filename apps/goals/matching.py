"""How well each offered tool serves each thing a goal asks for.

Four features, each between an ask and a tool, more is better:

    meaning    cosine of the ask's words in their context with the tool's description
    words      share of the ask's words that the tool's own text has, rare ones counting more
    object     nearness of the words for what the tool works on to the nearest words of the ask, less what as many words
               reach by chance
    action     0, or -1 where what is asked and what the tool does are of different kinds (actions.py)
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from apps.goals.asks import Ask
from apps.goals.heads import Head
from apps.goals.reading import Word
from apps.goals.toolset import ToolSet

FEATURES = ("meaning", "words", "object", "action")
# Nearness that a chance pairing reaches: a + b * ln(1 + words to choose from), measured on mismatched goals and tools.
CHANCE = (0.020, 0.065)
LEXICAL_OBJECT = 0.5  # what naming the object outright adds to its nearness

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]


class Matches(msgspec.Struct, frozen=True):
    """`features` of shape (asks + 1, tools, 4), the last row for the whole goal. `objects` of shape (asks + 1, tools):
    how surely the object is the same. `same_action` likewise: 1 the same kind, 0 not known, -1 another."""

    features: Floats
    objects: Floats
    same_action: NDArray[np.int8]

    def logits(self, head: Head) -> Floats:
        """Shape (asks + 1, tools)."""
        return self.features @ np.array([head.weights.get(name, 0.0) for name in FEATURES]) + head.bias


class Spoken(msgspec.Struct, frozen=True):
    """The content words of one ask: `asking` are those outside values, `rows` the vectors of all."""

    asking: tuple[Word, ...]
    rows: Vectors


def match_tools(tools: ToolSet, asks: Sequence[Ask], spoken: Sequence[Spoken], vectors: Vectors) -> Matches:
    """`spoken` and `vectors` have one entry for each ask and a last one for the whole goal."""
    kinds = [ask.kinds for ask in asks]
    kinds.append(frozenset().union(*kinds))
    meaning = vectors.astype(np.float64) @ tools.meanings.T
    words = np.array([_words(tools, one) for one in spoken])
    near, lexical = (np.array(rows) for rows in zip(*(_objects(tools, one) for one in spoken), strict=True))
    same = np.array([[_same(wanted, tool.named, tool.doing) for tool in tools.tools] for wanted in kinds], np.int8)
    features = np.stack([meaning, words, near, np.minimum(same, 0)], axis=2).astype(np.float64)
    return Matches(features, near + LEXICAL_OBJECT * lexical, same)


def _words(tools: ToolSet, spoken: Spoken) -> list[float]:
    rarity = {word.stem: tools.rarity(word.stem) for word in spoken.asking}
    total = sum(rarity.values()) or 1.0
    return [sum(rare for one, rare in rarity.items() if one in tool.stems) / total for tool in tools.tools]


def _objects(tools: ToolSet, spoken: Spoken) -> tuple[Floats, list[float]]:
    """(nearness in meaning less chance, share named outright) of each tool's objects."""
    said = {word.stem for word in spoken.asking}
    lexical = [len(stems & said) / len(stems) for stems in tools.object_stems]
    if not len(spoken.rows):
        return np.zeros(len(tools.tools)), lexical
    nearest = (spoken.rows @ tools.objects.T).max(axis=0)
    mean = np.add.reduceat(nearest, tools.object_starts) / tools.object_counts
    return mean.astype(np.float64) - (CHANCE[0] + CHANCE[1] * np.log1p(len(spoken.rows))), lexical


def _same(wanted: frozenset[str], named: frozenset[str], doing: frozenset[str]) -> int:
    if not wanted or not named:
        return 0
    return 1 if wanted & named else 0 if wanted & doing else -1
