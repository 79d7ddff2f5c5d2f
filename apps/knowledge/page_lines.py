"""EDGE: background work as rows with a bar: batches, imports, changes of the embedding model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.knowledge.models import Collection, FileImport, Reembedding
from apps.knowledge.states import RESUMABLE, UNFINISHED, WorkState

FEW = 10


@dataclass(frozen=True, slots=True)
class Line:
    """Background work as a row with a bar."""

    work: Any
    share: float
    open: bool
    resumable: bool

    @property
    def nothing(self) -> bool:
        """Whether it came to its end with nothing done."""
        return bool(self.work.state == WorkState.DONE and self.work.failed and not self.work.done)


def line(work: Any) -> Line:
    ended = work.done + work.failed
    return Line(work, ended / work.total if work.total else 0.0, work.state in UNFINISHED, work.state in RESUMABLE)


def imports_of(business_id: UUID, place: Collection | None = None) -> list[Line]:
    """The newest, of one collection or of all."""
    rows = FileImport.objects.filter(business_id=business_id).select_related("collection").defer("content")
    return [line(one) for one in (rows.filter(collection=place) if place else rows)[:FEW]]


STATES = {
    "running": "embedding",
    "indexing": "building the index",
    "failed": "stopped",
    "clearing": "in use",
    "done": "done",
    "cancelled": "called off",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change as a row with a bar. share: 0 to 1. left: seconds, about; None where nothing is known of it.
    waits: whether its last try went wrong and the next is due at row.next_try_at."""

    row: Reembedding
    word: str
    share: float
    left: int | None
    under_way: bool
    waits: bool

    @property
    def stopped(self) -> bool:
        return self.row.state == "failed"


def change_line(row: Reembedding, now: datetime) -> Change:
    share = min(1.0, row.done / row.total) if row.total else float(row.state in ("indexing", "clearing", "done"))
    waits = row.state == "running" and row.failures > 0
    left = None
    if row.state == "running" and row.done and not waits:
        left = round((now - row.created_at).total_seconds() / row.done * max(0, row.total - row.done))
    return Change(row, STATES[row.state], share, left, row.state in ("running", "indexing", "failed"), waits)


def changes_of(business_id: UUID, most: int = FEW) -> list[Change]:
    """The newest first."""
    rows = Reembedding.objects.filter(business_id=business_id).select_related("model", "before")[:most]
    now = timezone.now()
    return [change_line(row, now) for row in rows]
