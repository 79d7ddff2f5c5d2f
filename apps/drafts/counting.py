"""SELECTOR: every figure of drafts over a window at once: as a whole, in columns over time, and of each business.

Two statements, one for what is counted by when a draft was made and one by when it was decided, however many
businesses. What they read is what the database shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.measures import Figured
from apps.drafts.figures import PARTS, Moment, Part
from apps.drafts.figures_found import GRID, NOTHING, Found, found_of

Figures = Mapping[str, Found]


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) in columns of `step`. name: 24h, 7d, 30d."""

    name: str
    start: datetime
    end: datetime
    step: timedelta

    @property
    def columns(self) -> int:
        return round((self.end - self.start) / self.step)


@dataclass(frozen=True, slots=True)
class Column:
    start: datetime
    end: datetime
    figures: Figures


@dataclass(frozen=True, slots=True)
class Counted:
    """figures by name of part; of each business that has any."""

    window: Window
    figures: Figures
    columns: list[Column]
    businesses: Mapping[UUID, Figures] = field(default_factory=dict)


WINDOWS: dict[str, tuple[timedelta, timedelta]] = {
    "24h": (timedelta(hours=24), timedelta(hours=1)),
    "7d": (timedelta(days=7), timedelta(hours=6)),
    "30d": (timedelta(days=30), timedelta(days=1)),
}
_SQL = """
SELECT {bucket} AS bucket, {by_business} AS business, {columns}
FROM drafts_draft
WHERE business_id = ANY(%(businesses)s::uuid[]) AND {moment} >= %(since)s AND {moment} < %(until)s
  AND (%(arm)s::text IS NULL OR arm = %(arm)s::text)
GROUP BY GROUPING SETS ((), (1){each})
"""
_BUCKET = "floor(extract(epoch FROM {moment} - %(since)s) / %(step)s)::int"


def window_of(name: str, now: datetime) -> Window:
    """The window of this name that ends now, with the columns that are under way; 7 d for an unknown name."""
    name = name if name in WINDOWS else "7d"
    span, step = WINDOWS[name]
    return Window(name, now - span, now, step)


def count(businesses: Sequence[UUID], window: Window, *, arm: str | None = None, each: bool = False) -> Counted:
    """All figures of these businesses together. arm: of one arm only. each: of each business as well."""
    whole: dict[str, Found] = {part.name: NOTHING for part in PARTS}
    columns: list[dict[str, Found]] = [dict(whole) for _ in range(window.columns)]
    found: dict[UUID, dict[str, Found]] = {}
    for moment in Moment:
        parts = [part for part in PARTS if part.moment is moment]
        for bucket, business, *values in _rows(parts, moment, businesses, window, arm, each):
            figures = _read(parts, values)
            if bucket is not None:
                columns[min(bucket, window.columns - 1)].update(figures)
            elif business is not None:
                found.setdefault(business, dict.fromkeys(whole, NOTHING)).update(figures)
            else:
                whole.update(figures)
    starts = [window.start + place * window.step for place in range(window.columns)]
    over_time = [Column(start, start + window.step, one) for start, one in zip(starts, columns, strict=True)]
    return Counted(window, whole, over_time, found)


def _rows(
    parts: Sequence[Part], moment: Moment, businesses: Sequence[UUID], window: Window, arm: str | None, each: bool
) -> list[Any]:
    if not businesses:
        return []
    sql = _SQL.format(
        bucket=_BUCKET.format(moment=moment.value),
        by_business="business_id" if each else "NULL::uuid",
        each=", (business_id)" if each else "",
        columns=", ".join(_columns(part) for part in parts),
        moment=moment.value,
    )
    asked: dict[str, Any] = {
        "businesses": list(businesses),
        "since": window.start,
        "until": window.end,
        "step": window.step.total_seconds(),
        "arm": arm,
        "grid": list(GRID),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return cursor.fetchall()


def _columns(part: Part) -> str:
    only = f"FILTER (WHERE {part.where})"
    if part.kind is Figured.QUANTILE:
        grid = f"percentile_cont(%(grid)s::float8[]) WITHIN GROUP (ORDER BY {part.value}) {only}"
    else:
        grid = "NULL::float8[]"
    return f"sum({part.n}) {only}, sum({part.hits}) {only}, {grid}"


def _read(parts: Sequence[Part], values: Sequence[Any]) -> dict[str, Found]:
    return {
        part.name: found_of(part, int(values[3 * place] or 0), float(values[3 * place + 1] or 0), values[3 * place + 2])
        for place, part in enumerate(parts)
    }
