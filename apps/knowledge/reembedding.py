"""ACT: change a business's embedding model without a gap: every chunk gets its new vector in the background, searches
use the old ones until the new are complete, then all change in one transaction, and the old vectors go.

People begin it, call it off and have it go on in changing.py.
"""

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from apps.core.events import record
from apps.core.locking import holding
from apps.knowledge.embedders import EmbeddingFailed, embed
from apps.knowledge.indexes import index_vectors, unindex_model
from apps.knowledge.indexing import locked_library
from apps.knowledge.models import EmbeddingModel, Library, Reembedding
from apps.knowledge.passages import embedded_text
from apps.knowledge.shelves import shelves_of, write_vectors
from apps.knowledge.shelving import GRACE, ROWS_AT_ONCE
from apps.knowledge.standing import forget_standings

CHUNKS_AT_ONCE = 64
LONGEST_WAIT = timedelta(minutes=10)
# In a row, with growing distances: about an hour, then a person looks at it.
MOST_FAILURES = 12
# How far it is, is told when a hundredth more is done and a second has passed: at most a hundred times.
TELL_EVERY = timedelta(seconds=1)
_TELLS = 100
_MISSING = """
SELECT c.id, c.collection_id, d.title, c.heading, c.text, c.searchable
FROM knowledge_chunk_{shelf} c JOIN knowledge_document d ON d.id = c.document_id
WHERE c.business_id = %s AND (%s::uuid IS NULL OR c.id > %s) AND NOT EXISTS (
    SELECT FROM knowledge_vector_{shelf} v WHERE v.business_id = c.business_id AND v.chunk_id = c.id AND v.model_id = %s
) ORDER BY c.id LIMIT %s
"""


def unfinished(now: datetime | None = None) -> list[UUID]:
    """The businesses whose change can go on now."""
    now = now or timezone.now()
    rows = Reembedding.objects.filter(ended_at=None).exclude(state="failed").exclude(next_try_at__gt=now)
    return list(rows.values_list("business_id", flat=True))


def go_on(*, business_id: UUID, seconds: float = 20.0, now: datetime | None = None) -> bool:
    """Do what can be done in this time; whether there is more that can be done at once. One process at a time."""
    ends = time.monotonic() + seconds
    with holding(f"reembed {business_id}") as mine:
        if not mine:
            return False
        while time.monotonic() < ends:
            rows = Reembedding.objects.filter(business_id=business_id, ended_at=None).exclude(state="failed")
            change = rows.select_related("model").first()
            if change is None or not _step(change, now or timezone.now()):
                return False
    return True


def _step(change: Reembedding, now: datetime) -> bool:
    """One batch, or one move to the next state; whether to go on."""
    if change.state == "running":
        return _embed_some(change, now)
    if change.state == "indexing":
        return _switch(change, now)
    if change.state == "clearing" and change.switched_at and now < change.switched_at + GRACE:
        return False
    gone = change.before_id if change.state == "clearing" else change.model_id
    _drop_vectors(change.business_id, gone)
    ended = "done" if change.state == "clearing" else "cancelled"
    with transaction.atomic():
        if Reembedding.objects.filter(pk=change.pk, state=change.state).update(state=ended, ended_at=now):
            _tell(change, "knowledge.model_change_ended", state=ended)
    return False


def _embed_some(change: Reembedding, now: datetime) -> bool:
    library = Library.objects.get(pk=change.business_id)
    rows = _missing(library.shelf, change, CHUNKS_AT_ONCE)
    if not rows:
        Reembedding.objects.filter(pk=change.pk, state="running").update(state="indexing")
        return True
    try:
        vectors = embed(change.model, [embedded_text(*row[2:]) for row in rows], business_id=change.business_id)
    except EmbeddingFailed as error:
        _try_again_later(change, error, now)
        return False
    with transaction.atomic():
        _write(change, rows, vectors)
        # What was written since it began is embedded too.
        Reembedding.objects.filter(pk=change.pk, state="running").update(
            cursor=rows[-1][0], done=F("done") + len(rows), total=Greatest("total", F("done") + len(rows)), failures=0,
            error="", next_try_at=None,
        )  # fmt: skip
        change.done += len(rows)
        _tell_progress(change, now)
    return True


def _try_again_later(change: Reembedding, error: EmbeddingFailed, now: datetime) -> None:
    mine = Reembedding.objects.filter(pk=change.pk, state="running")
    words = error.detail[:300]
    if error.again and change.failures + 1 < MOST_FAILURES:
        wait = min(LONGEST_WAIT, timedelta(seconds=5 * 2 ** min(change.failures, 10)))
        with transaction.atomic():
            mine.update(failures=F("failures") + 1, error=words, next_try_at=now + wait)
            if change.failures == 0:
                _tell(change, "knowledge.model_change_held_up", why=words)
        return
    with transaction.atomic():
        if mine.update(state="failed", failures=F("failures") + 1, error=words, next_try_at=None):
            _tell(change, "knowledge.model_change_failed", why=words)


def _tell_progress(change: Reembedding, now: datetime) -> None:
    is_due = change.told_at is None or now - change.told_at >= TELL_EVERY
    if is_due and (change.done - change.told) * _TELLS >= change.total:
        Reembedding.objects.filter(pk=change.pk).update(told=change.done, told_at=now)
        _tell(change, "knowledge.model_change_progressed", done=change.done, total=max(change.total, change.done))


def _tell(change: Reembedding, kind: str, **data: Any) -> None:
    record(
        kind=kind, subject_type="reembedding", subject_id=change.pk, business_id=change.business_id,
        actor="system:knowledge", **data,
    )  # fmt: skip


def _missing(shelf: int, change: Reembedding, most: int) -> list[Any]:
    """Chunks that have no vector of the new model, from the cursor on."""
    with connection.cursor() as cursor:
        cursor.execute(
            _MISSING.format(shelf=shelf), [change.business_id, change.cursor, change.cursor, change.model_id, most]
        )
        return cursor.fetchall()


def _write(change: Reembedding, rows: list[Any], vectors: Any) -> None:
    library = locked_library(change.business_id)
    with connection.cursor() as cursor:
        # What has been replaced meanwhile is left out; what is left stays until the vectors are there.
        cursor.execute(
            "SELECT id FROM knowledge_chunk WHERE shelf = ANY (%s::int[]) AND business_id = %s"
            " AND id = ANY (%s::uuid[]) FOR KEY SHARE",
            [shelves_of(library), change.business_id, [row[0] for row in rows]],
        )
        there = {row[0] for row in cursor.fetchall()}
    kept = [(row[0], row[1], vector) for row, vector in zip(rows, vectors, strict=True) if row[0] in there]
    write_vectors(library, change.model_id, [(one, place) for one, place, _ in kept], [vector for *_, vector in kept])


def _switch(change: Reembedding, now: datetime) -> bool:
    """Search by the new model from now on, if nothing is missing while nobody writes."""
    library = Library.objects.get(pk=change.business_id)
    if library.shelf:
        index_vectors(library.shelf)
    with transaction.atomic():
        library = locked_library(change.business_id, alone=True)
        change.cursor = None
        if _missing(library.shelf, change, 1):
            Reembedding.objects.filter(pk=change.pk, state="indexing").update(state="running", cursor=None)
            return True
        # Passages that were replaced meanwhile are neither done nor missing.
        moved = Reembedding.objects.filter(pk=change.pk, state="indexing").update(
            state="clearing", switched_at=now, total=F("done")
        )
        if not moved:
            return True
        Library.objects.filter(pk=library.pk).update(model_id=change.model_id)
        _tell(change, "knowledge.model_changed", model=change.model.key)
    forget_standings()
    return True


def _drop_vectors(business_id: UUID, model_id: int) -> None:
    """Those of a model that is not searched by, on whichever shelves they lie."""
    library = Library.objects.get(pk=business_id)
    if library.shelf and EmbeddingModel.objects.filter(pk=model_id).exists():
        unindex_model(library.shelf, model_id)
    for shelf in {0, *shelves_of(library)}:
        gone = 1
        while gone:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"DELETE FROM knowledge_vector_{shelf:d} WHERE business_id = %s AND model_id = %s AND chunk_id IN"
                    f" (SELECT chunk_id FROM knowledge_vector_{shelf:d} WHERE business_id = %s AND model_id = %s"
                    " LIMIT %s)",
                    [business_id, model_id, business_id, model_id, ROWS_AT_ONCE],
                )
                gone = cursor.rowcount
