"""ACT: give a business that has grown a shelf of its own, while it is searched and written.

A shelf is a partition of chunks and one of vectors, with its own index for full text and one for the vectors of each
model. What lies on the shared shelf is copied; whoever writes meanwhile writes to both. Searches ask the shared shelf
until the other is complete and indexed, then that one. The stage stands in the Library row, so that another process
goes on where one was killed.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from apps.core.events import record
from apps.core.locking import holding, wait_lock
from apps.knowledge.indexes import drop_shelf, index_vectors, make_shelf, shelves
from apps.knowledge.indexing import locked_library
from apps.knowledge.models import Library
from apps.knowledge.standing import forget_standings

log = logging.getLogger(__name__)

DOCUMENTS_AT_ONCE = 200
ROWS_AT_ONCE = 2000
DROP_PATIENCE_MS = 500
# Searches that began by the old standing, which is remembered for a second, must be over before its rows go.
GRACE = timedelta(seconds=30)
_CHUNK = (
    'id, business_id, document_id, collection_id, position, heading, start, "end", tokens, text, searchable, digest,'
    " terms, created_at"
)
_COPY = [
    f"INSERT INTO knowledge_chunk (shelf, {_CHUNK}) SELECT %s, {_CHUNK} FROM knowledge_chunk_0"
    " WHERE business_id = %s AND document_id = ANY (%s::uuid[]) ON CONFLICT DO NOTHING",
    "INSERT INTO knowledge_vector (shelf, business_id, chunk_id, model_id, collection_id, embedding)"
    " SELECT %s, business_id, chunk_id, model_id, collection_id, embedding FROM knowledge_vector_0"
    " WHERE business_id = %s AND chunk_id IN"
    " (SELECT id FROM knowledge_chunk_0 WHERE business_id = %s AND document_id = ANY (%s::uuid[]))"
    " ON CONFLICT DO NOTHING",
]


def keep_shelves(now: datetime | None = None) -> int:
    """Begin with those that have grown, go on with those that were begun; how many are complete now."""
    large = Library.objects.filter(stage="", shelf=0, chunks__gte=settings.KNOWLEDGE_OWN_SHELF)
    begun = Library.objects.exclude(stage="")
    ids = [*begun.values_list("pk", flat=True), *large.order_by("-chunks").values_list("pk", flat=True)[:20]]
    return sum(give_shelf(business_id=business_id, now=now) for business_id in ids)


def drop_unused() -> int:
    """Take away the shelves no library names, for their business was deleted; how many went. One that is locked by
    somebody's work stays until the next time."""
    gone = 0
    for shelf in unnamed():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                # A shelf is made and named in one transaction that has this lock.
                wait_lock("knowledge shelves")
                if shelf not in unnamed():
                    continue
                # The parent is locked too, so nobody may have to stand in line behind this one.
                cursor.execute(f"SET LOCAL lock_timeout = '{DROP_PATIENCE_MS}ms'")
                drop_shelf(shelf)
                gone += 1
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            log.info("shelf %s is in use; it is dropped later", shelf)
    return gone


def unnamed() -> list[int]:
    """Shelves of their own that no library names."""
    named = {0}
    for pair in Library.objects.values_list("shelf", "next_shelf"):
        named.update(number for number in pair if number is not None)
    return [shelf for shelf in shelves() if shelf not in named]


def give_shelf(*, business_id: UUID, now: datetime | None = None) -> bool:
    """Do all that can be done now; whether the shelf is complete and the shared one cleared. One process at a time."""
    with holding(f"shelve {business_id}") as mine:
        if not mine:
            return False
        library = Library.objects.get(pk=business_id)
        if library.stage == "" and library.shelf == 0:
            _begin(business_id)
        _copy(business_id)
        _index(business_id)
        return _clear(business_id, now or timezone.now())


def _begin(business_id: UUID) -> None:
    with transaction.atomic():
        # Alone: whoever writes from now on sees the new shelf and writes to both.
        library = locked_library(business_id, alone=True)
        if library.stage or library.shelf:
            return
        wait_lock("knowledge shelves")
        number = make_shelf()
        _move(business_id, "", "copying", next_shelf=number, cursor=None)


def _copy(business_id: UUID) -> None:
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            library = Library.objects.get(pk=business_id)
            if library.stage != "copying":
                return
            # Whoever replaces or deletes one of these waits, and so finds what is copied.
            cursor.execute(
                "SELECT id FROM knowledge_document WHERE business_id = %s AND (%s::uuid IS NULL OR id > %s)"
                " ORDER BY id LIMIT %s FOR NO KEY UPDATE",
                [business_id, library.cursor, library.cursor, DOCUMENTS_AT_ONCE],
            )
            ids = [row[0] for row in cursor.fetchall()]
            if not ids:
                _move(business_id, "copying", "indexing")
                return
            cursor.execute(_COPY[0], [library.next_shelf, business_id, ids])
            cursor.execute(_COPY[1], [library.next_shelf, business_id, business_id, ids])
            Library.objects.filter(pk=business_id, stage="copying").update(cursor=ids[-1])


def _index(business_id: UUID) -> None:
    library = Library.objects.get(pk=business_id)
    if library.stage != "indexing" or library.next_shelf is None:
        return
    index_vectors(library.next_shelf)
    with transaction.atomic():
        library = locked_library(business_id, alone=True)
        if library.next_shelf is None:
            return
        if _rows(0, business_id) != _rows(library.next_shelf, business_id):
            log.warning("the new shelf of %s is not like the old one: copying again", business_id)
            _move(business_id, "indexing", "copying", cursor=None)
            return
        _move(business_id, "indexing", "clearing", shelf=F("next_shelf"), next_shelf=None)
        record(
            kind="knowledge.shelved", subject_type="business", subject_id=business_id, business_id=business_id,
            actor="system:knowledge",
        )  # fmt: skip
    forget_standings()


def _rows(shelf: int, business_id: UUID) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT count(*) FROM knowledge_chunk_{shelf:d} WHERE business_id = %s),"
            f" (SELECT count(*) FROM knowledge_vector_{shelf:d} WHERE business_id = %s)",
            [business_id, business_id],
        )
        chunks, vectors = cursor.fetchone()
        return chunks, vectors


def _clear(business_id: UUID, now: datetime) -> bool:
    """Empty the shared shelf of what lies on the other now; whether that is done."""
    library = Library.objects.get(pk=business_id)
    if library.stage != "clearing" or library.since is None:
        return library.stage == "" and library.shelf > 0
    if now < library.since + GRACE:
        return False
    for table, key in (("knowledge_vector_0", "chunk_id"), ("knowledge_chunk_0", "id")):
        gone = 1
        while gone:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"DELETE FROM {table} WHERE business_id = %s AND {key} IN"
                    f" (SELECT {key} FROM {table} WHERE business_id = %s LIMIT %s)",
                    [business_id, business_id, ROWS_AT_ONCE],
                )
                gone = cursor.rowcount
    _move(business_id, "clearing", "")
    return True


def _move(business_id: UUID, before: str, after: str, **changes: object) -> None:
    Library.objects.filter(pk=business_id, stage=before).update(stage=after, since=timezone.now(), **changes)
