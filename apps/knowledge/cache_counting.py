"""ACT: count how often a kept vector was of use, without a write for each time."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from datetime import date, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.knowledge.models import CacheDay

# What a process has counted reaches the database with its next use after this; a process that is killed loses it.
FLUSH_SECONDS = 5.0

_ADD = """
INSERT INTO knowledge_cacheday (business_id, day, memory_hits, stored_hits, misses) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (business_id, day) DO UPDATE SET memory_hits = knowledge_cacheday.memory_hits + EXCLUDED.memory_hits,
    stored_hits = knowledge_cacheday.stored_hits + EXCLUDED.stored_hits,
    misses = knowledge_cacheday.misses + EXCLUDED.misses
"""

_counts: defaultdict[tuple[UUID, date], list[int]] = defaultdict(lambda: [0, 0, 0])
_lock = threading.Lock()
_flushed_at: dict[UUID, float] = {}


def count(*, business_id: UUID, memory: int, stored: int, misses: int) -> None:
    """Add to today's figures of the business; now and then they are written, after commit, so that no row of theirs is
    locked for as long as somebody's transaction."""
    now = time.monotonic()
    with _lock:
        line = _counts[business_id, timezone.now().date()]
        for place, more in enumerate((memory, stored, misses)):
            line[place] += more
        if now - _flushed_at.get(business_id, -FLUSH_SECONDS) < FLUSH_SECONDS:
            return
        _flushed_at[business_id] = now
    transaction.on_commit(lambda: flush(business_id), robust=True)


def flush(business_id: UUID) -> None:
    """Write what this process has counted for the business."""
    with _lock:
        mine = {key: _counts.pop(key) for key in list(_counts) if key[0] == business_id}
    if not mine:
        return
    with acting_for(business_id), connection.cursor() as cursor:
        cursor.executemany(_ADD, [(*key, *line) for key, line in mine.items()])


def forget_days(*, keep_days: int = 400) -> int:
    """Drop figures older than `keep_days`; how many."""
    return CacheDay.objects.filter(day__lt=timezone.now().date() - timedelta(days=keep_days)).delete()[0]
