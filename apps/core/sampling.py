"""SELECTOR: take a metric by one SQL statement, of many businesses together or of each by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.ids import first_id_at
from apps.core.measures import QUANTILE, Better, Figured, Metric, Sample, sample_of


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT of (business, n, hits, value) that says {business} for the first and ends in {grouped}.

    It may use %(businesses)s (an array), %(since)s, %(until)s, %(first)s and %(end)s (the same two moments as ids),
    %(limit)s (null when none was given) and %(quantile)s. What it reads is what the database shows: the caller acts
    across businesses.
    """

    kind: Figured
    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def measure(
        self, businesses: Sequence[UUID], since: datetime, until: datetime, *, limit: float | None = None
    ) -> Sample:
        rows = self._rows("NULL::uuid", "", businesses, since, until, limit)
        _, n, hits, value = rows[0]
        return sample_of(self.kind, n or 0, hits, value)

    def by_business(
        self, businesses: Sequence[UUID], since: datetime, until: datetime, *, limit: float | None = None
    ) -> dict[UUID, Sample]:
        rows = self._rows("business_id", "GROUP BY business_id", businesses, since, until, limit)
        return {business: sample_of(self.kind, n, hits, value) for business, n, hits, value in rows if n}

    def as_metric(self, *, name: str, title: str, of: str, meaning: str, unit: str, better: Better) -> Metric:
        """The metric that this statement takes."""
        return Metric(name, title, of, meaning, unit, self.kind, better, self.measure, self.by_business)

    def explain(self, businesses: Sequence[UUID], since: datetime, until: datetime) -> str:
        """The plan of `measure`, for whoever checks which index it takes."""
        rows = self._rows("NULL::uuid", "", businesses, since, until, None, prefix="EXPLAIN ")
        return "\n".join(row[0] for row in rows)

    def _rows(
        self,
        business: str,
        grouped: str,
        businesses: Sequence[UUID],
        since: datetime,
        until: datetime,
        limit: float | None,
        prefix: str = "",
    ) -> list[Any]:
        asked: dict[str, Any] = {
            "businesses": list(businesses),
            "since": since,
            "until": until,
            "first": first_id_at(since),
            "end": first_id_at(until),
            "limit": limit,
            "quantile": QUANTILE,
        }
        with connection.cursor() as cursor:
            cursor.execute(prefix + self.sql.format(business=business, grouped=grouped), asked | dict(self.params))
            return cursor.fetchall()
