"""EDGE: batches, collections, documents and passages as the JSON that programs read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.knowledge.models import BatchText, EmbeddingBatch
from apps.knowledge.shapes import cut, written
from apps.knowledge.vectors import unpacked


def batch_of(batch: EmbeddingBatch) -> dict[str, Any]:
    return {
        "id": str(batch.pk),
        "name": batch.name,
        "model": batch.model,
        "dimensions": batch.dimensions,
        "cached": batch.hits,
        "tokens": batch.tokens,
        **work_of(batch),
    }


def work_of(work: Any) -> dict[str, Any]:
    """How far background work is."""
    return {
        "state": str(work.state),
        "total": work.total,
        "done": work.done,
        "failed": work.failed,
        "progress": round((work.done + work.failed) / work.total, 4) if work.total else 0.0,
        "error": work.error,
        "created_at": moment(work.created_at),
        "started_at": moment(work.started_at),
        "ended_at": moment(work.ended_at),
    }


def batch_results_of(batch: EmbeddingBatch, *, after: int, limit: int) -> dict[str, Any]:
    """Texts of a batch behind the position `after`, with their vectors."""
    rows = list(BatchText.objects.filter(batch=batch, position__gt=after).order_by("position")[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    return {
        "results": [_result(row, batch.dimensions) for row in rows],
        "next_after": rows[-1].position if more else None,
    }


def _result(row: BatchText, dimensions: int | None) -> dict[str, Any]:
    done = row.vector is not None
    vector = written(cut(unpacked(row.vector).reshape(1, -1), dimensions)[0], "float") if row.vector else None
    return {
        "index": row.position,
        "id": row.reference,
        "status": "done" if done else "failed" if row.error else "waiting",
        "embedding": vector,
        "error": row.error,
    }


def moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
