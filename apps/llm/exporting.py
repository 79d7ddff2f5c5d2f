"""EDGE: the use of models as CSV, streamed in parts."""

import csv
import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from apps.accounts.row_access import acting_for
from apps.llm.models import Usage
from apps.llm.selectors import UsageFilter, usage_of

COLUMNS = [
    "at", "call", "attempt", "kind", "purpose", "provider", "model", "tokens_in", "tokens_cached", "tokens_out",
    "estimated", "texts", "cost", "priced", "latency_ms", "first_ms", "finish_reason", "status", "why", "error",
    "subject_type", "subject_id",
]  # fmt: skip
PART = 2000


def as_csv(business_id: UUID, wanted: UsageFilter) -> Iterator[str]:
    """Newest first. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    # By this mark spreadsheets know the encoding.
    yield "\ufeff" + _line(COLUMNS)
    last: UUID | None = None
    while True:
        # The answer is sent after the page's transaction has ended: each part is one of its own.
        with acting_for(business_id):
            rows = usage_of(business_id, wanted)
            part = list((rows.filter(id__lt=last) if last else rows)[:PART])
        if not part:
            return
        last = part[-1].pk
        yield "".join(_line([_cell(row, column) for column in COLUMNS]) for row in part)


def _cell(row: Usage, column: str) -> str:
    value: Any = getattr(row, column)
    if value is None:
        return ""
    text = value.isoformat() if column == "at" else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
