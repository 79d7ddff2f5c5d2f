"""ACT: forget documents: one, those that are past their time, copies, the oldest of too many."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from apps.knowledge.models import Document

AT_ONCE = 500


def remove_document(*, business_id: UUID, document_id: UUID | None = None, collection: str = "", key: str = "") -> bool:
    """By its id, or by its collection and key. Whether there was one."""
    rows = Document.objects.filter(business_id=business_id)
    rows = rows.filter(pk=document_id) if document_id else rows.filter(collection__key=collection, key=key)
    return _delete(list(rows.values_list("pk", flat=True)[:1])) > 0


def remove_expired(*, business_id: UUID, now: datetime) -> int:
    """Those whose time has passed; how many they were."""
    rows = Document.objects.filter(business_id=business_id, expires_at__lte=now).order_by("expires_at")
    gone = 0
    while ids := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        gone += _delete(ids)
    return gone


def remove_duplicates(*, business_id: UUID, collection: str) -> int:
    """Of documents that say the same the oldest stays; how many went."""
    return _delete(
        _ids(
            "SELECT id FROM (SELECT d.id, row_number() OVER (PARTITION BY d.content_hash ORDER BY d.created_at, d.id)"
            " AS place FROM knowledge_document d JOIN knowledge_collection c ON c.id = d.collection_id"
            " WHERE c.business_id = %s AND c.key = %s) AS numbered WHERE place > 1",
            [business_id, collection],
        )
    )


def trim(*, business_id: UUID, collection: str, most: int) -> int:
    """Keep so many of the newest documents; how many went."""
    return _delete(
        _ids(
            "SELECT d.id FROM knowledge_document d JOIN knowledge_collection c ON c.id = d.collection_id"
            " WHERE c.business_id = %s AND c.key = %s ORDER BY d.created_at DESC, d.id DESC OFFSET %s",
            [business_id, collection, max(0, most)],
        )
    )


def _ids(statement: str, values: list[UUID | str | int]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


def _delete(ids: list[UUID]) -> int:
    """In steps, each a transaction of its own where the caller has none; their chunks go by a trigger."""
    gone = 0
    for start in range(0, len(ids), AT_ONCE):
        with transaction.atomic():
            gone += Document.objects.filter(pk__in=ids[start : start + AT_ONCE]).delete()[0]
    return gone
