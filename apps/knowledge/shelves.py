"""Rows of chunks and vectors as they are written: the one place that knows their statements."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from django.db import connection

from apps.core.ids import new_id
from apps.knowledge.languages import stemmers_for_text
from apps.knowledge.models import Document, Library
from apps.knowledge.passages import NewPassage
from apps.knowledge.words import facets_of, tag_of, words_of

if TYPE_CHECKING:
    from apps.llm.embedding import Array

_CHUNK = """
INSERT INTO knowledge_chunk (id, shelf, business_id, document_id, collection_id, position, heading, start, "end",
    tokens, text, searchable, digest, terms, created_at)
SELECT %s, shelf, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, array_to_tsvector(ARRAY(
    SELECT %s || '.' || lexeme FROM knowledge_lexemes(%s::text[], %s::text[])) || %s::text[]), %s
FROM unnest(%s::int[]) AS shelf
"""
_VECTOR = """
INSERT INTO knowledge_vector (shelf, business_id, chunk_id, model_id, collection_id, embedding)
SELECT shelf, %s, %s, %s, %s, %s::halfvec FROM unnest(%s::int[]) AS shelf ON CONFLICT DO NOTHING
"""


def shelves_of(library: Library) -> list[int]:
    """Where a chunk must lie now: on the shelf that is searched, and on the one that is being filled."""
    return [library.shelf] if library.next_shelf is None else [library.shelf, library.next_shelf]


def write_passages(library: Library, document: Document, passages: Sequence[NewPassage]) -> list[UUID]:
    """Insert the chunks of a document that has none; their ids, in order."""
    tag, facets = tag_of(document.business_id), facets_of(document.business_id, document.meta)
    ids = [new_id() for _ in passages]
    stemmers = stemmers_for_text(document.language)
    with connection.cursor() as cursor:
        cursor.executemany(
            _CHUNK,
            [
                (
                    chunk_id, document.business_id, document.pk, document.collection_id, passage.position,
                    passage.heading, passage.start, passage.end, passage.tokens, passage.text, passage.searchable,
                    passage.digest, tag, words_of(passage.embedded), stemmers, facets, document.created_at,
                    shelves_of(library),
                )
                for chunk_id, passage in zip(ids, passages, strict=True)
            ],
        )  # fmt: skip
    return ids


def write_vectors(
    library: Library, model_id: int, rows: Iterable[tuple[UUID, UUID]], vectors: "Array | Sequence[Any]"
) -> None:
    """rows: (chunk, its collection), in the order of `vectors`."""
    with connection.cursor() as cursor:
        cursor.executemany(
            _VECTOR,
            [
                (library.business_id, chunk_id, model_id, collection_id, literal(vector), shelves_of(library))
                for (chunk_id, collection_id), vector in zip(rows, vectors, strict=True)
            ],
        )


def literal(vector: Any) -> str:
    """As pgvector reads it; what is text already stays."""
    if isinstance(vector, str):
        return vector
    # Rounded first, for a halfvec keeps no more, and shorter text is read sooner.
    return msgspec.json.encode(vector.astype("float16").tolist()).decode()


def delete_passages(library: Library, document_ids: Sequence[UUID]) -> None:
    """The chunks of these documents and their vectors, wherever they lie."""
    shelves = list({0, *shelves_of(library)})
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM knowledge_chunk WHERE shelf = ANY (%s::int[]) AND business_id = %s"
            " AND document_id = ANY (%s::uuid[]) RETURNING id) DELETE FROM knowledge_vector"
            " WHERE shelf = ANY (%s::int[]) AND business_id = %s AND chunk_id IN (SELECT id FROM gone)",
            [shelves, library.business_id, list(document_ids), shelves, library.business_id],
        )


def vectors_by_digest(library: Library, document_id: UUID, model_id: int) -> dict[str, str]:
    """What is already embedded of a document: {digest: vector as text}."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.digest, v.embedding::text FROM knowledge_chunk c JOIN knowledge_vector v ON v.chunk_id = c.id"
            " WHERE c.shelf = %s AND c.business_id = %s AND c.document_id = %s"
            " AND v.shelf = %s AND v.business_id = %s AND v.model_id = %s",
            [library.shelf, library.business_id, document_id, library.shelf, library.business_id, model_id],
        )
        return dict(cursor.fetchall())
