"""SELECTOR: every figure of drafts over a window at once: as a whole, in columns over time, and of each business.

One statement for what is counted by when a draft was made, one by when it was decided, and one for each time, however
many businesses. What they read is what the database shows. Numbers to add up are added up in one pass; only times have
to be sorted, and so stand apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.measures import Figured
from apps.drafts.figures import PARTS, Moment, Part
from apps.drafts.figures_found import GRID, Found, found_of

Figures = Mapping[str, Found]
# Which column, and which business; None for all of them.
_Key = tuple[int | None, UUID | None]
_WHOLE: _Key = (None, None)


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
_FROM = """
FROM drafts_draft
WHERE business_id = ANY(%(businesses)s::uuid[]) AND {moment} >= %(since)s AND {moment} < %(until)s
  AND (%(arm)s::text IS NULL OR arm = %(arm)s::text)
"""
# The rows are added up once, and only what that comes to once more: by column, and by business.
_SUMS = f"""
WITH added AS (SELECT {{bucket}} AS bucket, {{by_business}} AS business_id, {{columns}} {_FROM} GROUP BY 1, 2)
SELECT bucket, {{by_business}}, {{again}} FROM added GROUP BY GROUPING SETS ((bucket){{each}})
"""
_GRID = f"""
SELECT {{bucket}}, {{by_business}}, percentile_cont(%(grid)s::float8[]) WITHIN GROUP (ORDER BY {{value}})
{_FROM} AND {{where}} GROUP BY GROUPING SETS ((), (1){{each}})
"""
_BUCKET = "floor(extract(epoch FROM {moment} - %(since)s) / %(step)s)::int"


def window_of(name: str, now: datetime) -> Window:
    """The window of this name that ends now, with the columns that are under way; 7 d for an unknown name."""
    name = name if name in WINDOWS else "7d"
    span, step = WINDOWS[name]
    return Window(name, now - span, now, step)


def count(businesses: Sequence[UUID], window: Window, *, arm: str | None = None, each: bool = False) -> Counted:
    """All figures of these businesses together. arm: of one arm only. each: of each business as well."""
    asked = _Asked(businesses, window, arm, each)
    sums, grids = _sums(asked), _grids(asked)

    def found(key: _Key) -> dict[str, Found]:
        return {part.name: found_of(part, *_added(sums[key, part.name]), grids.get((key, part.name))) for part in PARTS}

    known = {business for (_, business), _ in sums if business}
    starts = [window.start + place * window.step for place in range(window.columns)]
    over_time = [Column(start, start + window.step, found((at, None))) for at, start in enumerate(starts)]
    return Counted(window, found(_WHOLE), over_time, {business: found((None, business)) for business in known})


@dataclass(frozen=True, slots=True)
class _Asked:
    businesses: Sequence[UUID]
    window: Window
    arm: str | None
    each: bool

    def rows(self, sql: str, moment: Moment, **words: str) -> list[Any]:
        """What a statement finds, its first two columns the bucket and the business."""
        if not self.businesses:
            return []
        given: dict[str, Any] = {
            "businesses": list(self.businesses),
            "since": self.window.start,
            "until": self.window.end,
            "step": self.window.step.total_seconds(),
            "arm": self.arm,
            "grid": list(GRID),
        }
        words |= {
            "bucket": _BUCKET.format(moment=moment.value),
            "by_business": "business_id" if self.each else "NULL::uuid",
            "each": ", (business_id)" if self.each else "",
            "moment": moment.value,
        }
        with connection.cursor() as cursor:
            cursor.execute(sql.format(**words), given)
            return cursor.fetchall()

    def key(self, bucket: int | None, business: UUID | None) -> _Key:
        return (None if bucket is None else min(bucket, self.window.columns - 1), business)


def _sums(asked: _Asked) -> dict[tuple[_Key, str], list[float]]:
    """[n, hits] of each part: as a whole, in each column, of each business."""
    sums: dict[tuple[_Key, str], list[float]] = defaultdict(lambda: [0, 0.0])
    for moment in Moment:
        parts = [part for part in PARTS if part.moment is moment]
        columns = ", ".join(_columns(place, part) for place, part in enumerate(parts))
        again = ", ".join(f"sum(n{place}), sum(hits{place})" for place in range(len(parts)))
        for bucket, business, *values in asked.rows(_SUMS, moment, columns=columns, again=again):
            for place, part in enumerate(parts):
                for key in {asked.key(bucket, business), _WHOLE} if bucket is not None else {(None, business)}:
                    kept = sums[key, part.name]
                    kept[0] += int(values[2 * place] or 0)
                    kept[1] += float(values[2 * place + 1] or 0)
    return sums


def _grids(asked: _Asked) -> dict[tuple[_Key, str], list[float]]:
    """Of the parts that are times, their quantiles at GRID."""
    return {
        (asked.key(bucket, business), part.name): grid
        for part in PARTS
        if part.kind is Figured.QUANTILE
        for bucket, business, grid in asked.rows(_GRID, part.moment, value=part.value, where=part.where)
    }


def _columns(place: int, part: Part) -> str:
    only = f"FILTER (WHERE {part.where})"
    return f"sum({part.n}) {only} AS n{place}, sum({part.hits}) {only} AS hits{place}"


def _added(pair: Sequence[float]) -> tuple[int, float]:
    return int(pair[0]), pair[1]
