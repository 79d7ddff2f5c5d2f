"""EDGE: collections, documents, passages and imports as the JSON that programs read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.knowledge.found import Found, Passage
from apps.knowledge.models import Chunk, Collection, Document, FileImport
from apps.knowledge.response import moment, work_of


def found_of(found: Found) -> dict[str, Any]:
    return {
        "results": [passage_of(one) for one in found.passages],
        "took_ms": round(found.took_ms, 2),
        "embed_ms": round(found.embed_ms, 2),
        "model": found.model,
        "timed_out": found.timed_out,
        "problem": found.problem,
    }


def passage_of(one: Passage) -> dict[str, Any]:
    return {
        "document_id": str(one.document_id),
        "chunk_id": str(one.chunk_id),
        "collection": one.collection,
        "kind": one.kind,
        "key": one.key,
        "title": one.title,
        "heading": one.heading,
        "text": one.text,
        "highlights": [list(pair) for pair in one.highlights],
        "score": round(one.score, 6),
        "similarity": None if one.similarity is None else round(one.similarity, 6),
        "confidence": round(one.confidence, 4),
        "meta": dict(one.meta),
        "created_at": moment(one.created_at),
    }


def collection_of(collection: Collection, documents: int) -> dict[str, Any]:
    return {
        "key": collection.key,
        "name": collection.name,
        "kind": collection.kind,
        "documents": documents,
        "created_at": moment(collection.created_at),
    }


def summary_of(document: Document) -> dict[str, Any]:
    return {
        "id": str(document.pk),
        "key": document.key,
        "title": document.title,
        "chunks": document.chunks_count,
        "language": document.language,
        "meta": document.meta,
        "source": document.source,
        "created_at": moment(document.created_at),
        "indexed_at": moment(document.indexed_at),
        "expires_at": moment(document.expires_at),
    }


def document_of(document: Document, chunks: Sequence[Chunk]) -> dict[str, Any]:
    return {**summary_of(document), "text": document.text, "passages": [_chunk(chunk) for chunk in chunks]}


def _chunk(chunk: Chunk) -> dict[str, Any]:
    return {
        "position": chunk.position,
        "heading": chunk.heading,
        "start": chunk.start,
        "end": chunk.end,
        "tokens": chunk.tokens,
        "text": chunk.text,
    }


def import_of(work: FileImport, collection: str) -> dict[str, Any]:
    return {
        "id": str(work.pk),
        "name": work.name,
        "collection": collection,
        "size": work.size,
        "counts": work.counts,
        "errors": work.errors,
        "notes": work.notes,
        **work_of(work),
    }
