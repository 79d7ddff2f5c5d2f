"""ACT: forget what is kept for its use alone: vectors nobody asked for again, figures of long ago, work that ended.

Always some rows at a time, each time a transaction of its own, and past what somebody else is writing to: nobody waits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.core.events import record
from apps.core.locking import holding
from apps.knowledge.cache_counting import forget_days
from apps.knowledge.models import CachedVector, EmbeddingBatch, FileImport
from apps.knowledge.states import UNFINISHED

AT_ONCE = 1_000
PRUNED = "knowledge.vectors_pruned"
SECONDS = 60.0

# Whose are too many, or too old.
KEPT = """
SELECT business_id, count(*), min(used_on) FROM knowledge_cachedvector GROUP BY business_id
HAVING count(*) > %s OR min(used_on) < %s
"""
_GONE = """
DELETE FROM knowledge_cachedvector WHERE (business_id, model, digest) IN (
    SELECT business_id, model, digest FROM knowledge_cachedvector WHERE business_id = %s {old}
    ORDER BY used_on LIMIT %s FOR UPDATE SKIP LOCKED
)
"""
OLD = _GONE.format(old="AND used_on < %s")
OLDEST = _GONE.format(old="")


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows went."""

    vectors: int
    works: int
    days: int


def prune(now: datetime | None = None, *, seconds: float = SECONDS) -> Pruned:
    """Forget all that is due, as far as the time goes; one process at a time."""
    now, ends = now or timezone.now(), time.monotonic() + seconds
    with holding("knowledge pruning") as mine:
        if not mine:
            return Pruned(0, 0, 0)
        return Pruned(_vectors(now.date(), ends), _works(now, ends), forget_days())


def _vectors(today: date, ends: float) -> int:
    most, since = settings.EMBEDDING_CACHE_MOST, today - timedelta(days=settings.EMBEDDING_CACHE_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(KEPT, [most, since])
        found = cursor.fetchall()
    gone = 0
    for business_id, _, _ in found:
        old = _delete(OLD, [business_id, since], None, ends)
        extra = _count(business_id) - most
        more = _delete(OLDEST, [business_id], extra, ends) if extra > 0 else 0
        if old or more:
            _tell(business_id, unused=old, too_many=more)
        gone += old + more
    return gone


def _count(business_id: UUID) -> int:
    return CachedVector.objects.filter(business_id=business_id).count()


def _delete(statement: str, values: list[Any], most: int | None, ends: float) -> int:
    """So many, or all that match; how many went."""
    gone = 0
    while time.monotonic() < ends and (most is None or gone < most):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [*values, AT_ONCE if most is None else min(AT_ONCE, most - gone)])
            if cursor.rowcount == 0:
                break
            gone += cursor.rowcount
    return gone


def _tell(business_id: UUID, **counts: int) -> None:
    with transaction.atomic():
        record(
            kind=PRUNED, subject_type="business", subject_id=business_id, business_id=business_id,
            actor="system:knowledge", **counts,
        )  # fmt: skip


def _works(now: datetime, ends: float) -> int:
    """Batches with their texts, and imports with what is left of their files."""
    before = now - timedelta(days=settings.KNOWLEDGE_WORK_DAYS)
    gone = 0
    for model in (EmbeddingBatch, FileImport):
        ended = model._default_manager.filter(ended_at__lt=before).exclude(state__in=UNFINISHED).order_by("pk")
        for pk in ended.values_list("pk", flat=True)[:AT_ONCE]:
            if time.monotonic() > ends:
                break
            with transaction.atomic():
                # Locked while it goes, so that nobody resumes what is half gone.
                if ended.select_for_update(skip_locked=True).filter(pk=pk).values_list("pk").first():
                    model._default_manager.filter(pk=pk).delete()
                    gone += 1
    return gone
