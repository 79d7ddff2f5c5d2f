"""RULE: what a search asks for and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from apps.knowledge.highlighting import NOTHING, Marker

LONGEST_QUERY = 8000  # characters that are looked at
MOST_WORDS = 64  # different words of a query that are looked up
MOST = 100  # passages


class Mode(StrEnum):
    """By meaning, by words, or by both."""

    VECTOR = "vector"
    TEXT = "text"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class Passage:
    """One chunk that was found.

    score: the fused rank, 0 to 1; 1 is first by meaning and by words, with every word asked for. vector_rank,
    text_rank: its place by meaning and by words, from 1; None where that part did not find it. similarity: the cosine,
    -1 to 1, None where no vector was compared. confidence: how probably it is about the same matter, 0 to 1
    (apps/knowledge/confidence.py); 0 where no vector was compared.
    """

    chunk_id: UUID
    document_id: UUID
    collection: str
    kind: str
    key: str
    title: str
    heading: str
    text: str
    score: float
    similarity: float | None
    confidence: float
    meta: Mapping[str, Any]
    source: str
    created_at: datetime
    vector_rank: int | None = None
    text_rank: int | None = None
    marker: Marker = field(default=NOTHING, repr=False, compare=False)

    @property
    def highlights(self) -> tuple[tuple[int, int], ...]:
        """(start, end) in characters of `text`, where words of the query stand. Looked for when it is asked for: most
        passages are read by programs, which never ask."""
        return self.marker.places(self.text)


@dataclass(frozen=True, slots=True)
class Found:
    """passages: best first. took_ms: all in; embed_ms: of them, for the query's vector. model: whose vectors were
    compared, "" for none. problem: why something is missing, "" for nothing; timed_out: it is time."""

    passages: tuple[Passage, ...]
    took_ms: float
    embed_ms: float
    model: str
    timed_out: bool = False
    problem: str = ""
