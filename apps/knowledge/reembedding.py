"""ACT: change a business's embedding model without a gap: every chunk gets its new vector in the background, searches
use the old ones until the new are complete, then all change in one transaction, and the old vectors go.
"""

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from apps.core.errors import Invalid, StaleState
from apps.core.events import record
from apps.core.locking import holding
from apps.knowledge.embedders import EmbeddingFailed, embed, model_of
from apps.knowledge.indexes import index_vectors, unindex_model
from apps.knowledge.indexing import library_of, locked_library
from apps.knowledge.models import EmbeddingModel, Library, Reembedding
from apps.knowledge.passages import embedded_text
from apps.knowledge.shelves import shelves_of, write_vectors
from apps.knowledge.shelving import GRACE, ROWS_AT_ONCE
from apps.knowledge.standing import forget_standings

CHUNKS_AT_ONCE = 64
LONGEST_WAIT = timedelta(minutes=10)
_MISSING = """
SELECT c.id, c.collection_id, d.title, c.heading, c.text, c.searchable
FROM knowledge_chunk_{shelf} c JOIN knowledge_document d ON d.id = c.document_id
WHERE c.business_id = %s AND (%s::uuid IS NULL OR c.id > %s) AND NOT EXISTS (
    SELECT FROM knowledge_vector_{shelf} v WHERE v.business_id = c.business_id AND v.chunk_id = c.id AND v.model_id = %s
) ORDER BY c.id LIMIT %s
"""


def change_model(*, business_id: UUID, model_key: str, actor: str) -> Reembedding:
    """Begin to change to this model. Raises Invalid (it is that one already), StaleState (a change is under way), and
    EmbeddingFailed (nothing here computes it)."""
    library, model = library_of(business_id), model_of(model_key, business_id)
    if library.model_id == model.pk:
        raise Invalid("model", f"{model.key} is what is used already")
    if Reembedding.objects.filter(business_id=business_id, ended_at=None).exists():
        raise StaleState("The model is being changed already.")
    try:
        with transaction.atomic():
            change = Reembedding.objects.create(
                business_id=business_id, model=model, before_id=library.model_id, asked_by=actor,
                total=_count(library.shelf, business_id),
            )  # fmt: skip
            record(
                kind="knowledge.model_change_begun", subject_type="reembedding", subject_id=change.pk,
                business_id=business_id, actor=actor, model=model.key,
            )  # fmt: skip
    except IntegrityError:
        raise StaleState("The model is being changed already.") from None
    return change


def cancel(*, business_id: UUID, actor: str) -> None:
    """Stay with the old model. Raises StaleState where no change is under way, or it has been made."""
    with transaction.atomic():
        change = Reembedding.objects.filter(business_id=business_id, state__in=["running", "indexing"]).first()
        if change is None or not Reembedding.objects.filter(pk=change.pk, state=change.state).update(state="cancelled"):
            raise StaleState("No change of the model is under way.")
        record(
            kind="knowledge.model_change_cancelled", subject_type="reembedding", subject_id=change.pk,
            business_id=business_id, actor=actor,
        )  # fmt: skip


def unfinished(now: datetime | None = None) -> list[UUID]:
    """The businesses whose change can go on now."""
    now = now or timezone.now()
    rows = Reembedding.objects.filter(ended_at=None).exclude(next_try_at__gt=now)
    return list(rows.values_list("business_id", flat=True))


def go_on(*, business_id: UUID, seconds: float = 20.0, now: datetime | None = None) -> bool:
    """Do what can be done in this time; whether there is more that can be done at once. One process at a time."""
    ends = time.monotonic() + seconds
    with holding(f"reembed {business_id}") as mine:
        if not mine:
            return False
        while time.monotonic() < ends:
            change = Reembedding.objects.select_related("model").filter(business_id=business_id, ended_at=None).first()
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
    Reembedding.objects.filter(pk=change.pk, state=change.state).update(state=ended, ended_at=now)
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
        wait = min(LONGEST_WAIT, timedelta(seconds=5 * 2 ** min(change.failures, 10)))
        Reembedding.objects.filter(pk=change.pk).update(
            failures=F("failures") + 1, error=error.detail[:300], next_try_at=now + wait
        )
        return False
    with transaction.atomic():
        _write(change, rows, vectors)
        Reembedding.objects.filter(pk=change.pk, state="running").update(
            cursor=rows[-1][0], done=F("done") + len(rows), failures=0, error="", next_try_at=None
        )
    return True


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
        moved = Reembedding.objects.filter(pk=change.pk, state="indexing").update(state="clearing", switched_at=now)
        if not moved:
            return True
        Library.objects.filter(pk=library.pk).update(model_id=change.model_id)
        record(
            kind="knowledge.model_changed", subject_type="reembedding", subject_id=change.pk,
            business_id=change.business_id, actor="system:knowledge", model=change.model.key,
        )  # fmt: skip
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


def _count(shelf: int, business_id: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM knowledge_chunk_{shelf:d} WHERE business_id = %s", [business_id])
        number: int = cursor.fetchone()[0]
    return number
