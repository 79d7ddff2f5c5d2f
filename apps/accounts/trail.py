"""SELECTOR: the audit trail of one business: filtered, in pages, and as an export of any length."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.accounts.row_access import acting_for
from apps.core.ids import first_id_at
from apps.core.models import Event

COLUMNS = ["id", "at", "kind", "subject_type", "subject_id", "actor", "data"]
BATCH = 1000


def events_between(events: QuerySet[Event], since: datetime | None, until: datetime | None) -> QuerySet[Event]:
    """Events from `since` on and before `until`, found by their ids, which begin with the time."""
    if since:
        events = events.filter(id__gte=first_id_at(since))
    if until:
        events = events.filter(id__lt=first_id_at(until))
    return events


def kinds_seen(business_id: UUID) -> list[str]:
    """The kinds of events this business has, by name; one index step a kind, however many events there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE seen AS (
                (SELECT kind FROM core_event WHERE business_id = %(b)s ORDER BY kind LIMIT 1)
                UNION ALL
                SELECT (
                    SELECT kind FROM core_event WHERE business_id = %(b)s AND kind > seen.kind ORDER BY kind LIMIT 1
                ) FROM seen WHERE seen.kind IS NOT NULL
            )
            SELECT kind FROM seen WHERE kind IS NOT NULL
            """,
            {"b": business_id},
        )
        return [row[0] for row in cursor.fetchall()]


def as_dict(event: Event) -> dict[str, Any]:
    return {
        "id": str(event.pk),
        "at": event.at.isoformat(),
        "kind": event.kind,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "actor": event.actor,
        "data": event.data,
    }


def as_csv(events: QuerySet[Event], business_id: UUID) -> Iterator[str]:
    """Newest first. A cell that a spreadsheet would take for a formula is told apart by a leading apostrophe."""
    yield _line(COLUMNS)
    for batch in _batches(events, business_id):
        yield "".join(_line(_cells(event)) for event in batch)


def as_json_lines(events: QuerySet[Event], business_id: UUID) -> Iterator[str]:
    """One JSON object a line, newest first."""
    for batch in _batches(events, business_id):
        yield "".join(json.dumps(as_dict(event), ensure_ascii=False) + "\n" for event in batch)


EXPORTS: dict[str, tuple[str, Callable[[QuerySet[Event], UUID], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "jsonl": ("application/jsonl; charset=utf-8", as_json_lines),
}


def _batches(events: QuerySet[Event], business_id: UUID) -> Iterator[list[Event]]:
    # The answer is sent after the page's transaction has ended, and a slow reader must not hold one open: each batch
    # is a transaction of its own, in which the business is current.
    ordered = events.order_by("-id")
    last: UUID | None = None
    while True:
        with acting_for(business_id):
            batch = list((ordered.filter(id__lt=last) if last else ordered)[:BATCH])
        if not batch:
            return
        yield batch
        last = batch[-1].pk


def _cells(event: Event) -> list[str]:
    values = as_dict(event) | {"data": json.dumps(event.data, ensure_ascii=False, sort_keys=True)}
    return [_harmless(values[column]) for column in COLUMNS]


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
