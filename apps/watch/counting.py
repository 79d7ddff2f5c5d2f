"""SELECTOR: count the goals of stretches of time, from the rows themselves."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import (
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    IntegerField,
    QuerySet,
    Sum,
    UUIDField,
    Value,
)
from django.db.models.functions import Cast, Power

from apps.core.ids import first_id_at
from apps.goals.models import GateError, Goal
from apps.watch.counts import CONFIDENCE_EDGES, LATENCY_EDGES, MIDDLE, NAMES, POWERS, Counts
from apps.watch.predicates import PREDICATES, between, watched

Stretch = tuple[datetime, datetime]

_HISTOGRAMS = """
SELECT slot, place, bin, count(*)
FROM (SELECT width_bucket(id, %(bounds)s::uuid[]) AS slot, confidence, timings FROM ({goals}) narrow) goal
CROSS JOIN LATERAL (
  SELECT 0, width_bucket(confidence, %(confidences)s::float8[]) WHERE confidence IS NOT NULL
  UNION ALL
  SELECT place, width_bucket(us, %(latencies)s::int[])
  FROM unnest(timings) WITH ORDINALITY AS stage (us, place) WHERE us IS NOT NULL
) AS found (place, bin)
GROUP BY 1, 2, 3
"""


def count_between(business_id: UUID, start: datetime, end: datetime) -> Counts:
    """The counts of one stretch: two queries."""
    return count_slots(business_id, [(start, end)], [start])[0]


def count_slots(business_id: UUID, stretches: Sequence[Stretch], bounds: Sequence[datetime]) -> list[Counts]:
    """Counts of the goals of all stretches, put into slots: two queries however many.

    bounds: where each slot starts, ascending; the first not after the first stretch. One Counts for each bound.
    """
    slots = [Counts() for _ in bounds]
    if not stretches:
        return slots
    goals = watched(business_id).filter(reduce(or_, (between(*stretch) for stretch in stretches)))
    ids = [first_id_at(bound) for bound in bounds]
    _count_names(goals, ids, slots)
    _count_bins(goals, ids, slots)
    return slots


def errors_between(business_id: UUID, start: datetime, end: datetime) -> int:
    """Submissions that failed by our fault."""
    return GateError.objects.filter(business_id=business_id, at__gte=start, at__lt=end).count()


def _count_names(goals: QuerySet[Goal], ids: list[UUID], slots: list[Counts]) -> None:
    bounds = Cast(Value(ids, output_field=ArrayField(UUIDField())), ArrayField(UUIDField()))
    slot = Func(F("pk"), bounds, function="width_bucket", output_field=IntegerField())
    wanted: dict[str, Any] = {f"n{place}": Count("pk", filter=PREDICATES[name]) for place, name in enumerate(NAMES)}
    about = ExpressionWrapper(F("confidence") - MIDDLE, output_field=FloatField())
    for power in range(1, POWERS + 1):
        wanted[f"m{power}"] = Sum(Power(about, power, output_field=FloatField()), default=0.0)
    rows: Any = goals.order_by().annotate(slot=slot).values("slot").annotate(**wanted)
    for row in rows:
        counts = slots[row["slot"] - 1]
        for place, name in enumerate(NAMES):
            counts[name] = row[f"n{place}"]
        counts.moments = [float(row[f"m{power}"]) for power in range(1, POWERS + 1)]


def _count_bins(goals: QuerySet[Goal], ids: list[UUID], slots: list[Counts]) -> None:
    narrow, params = goals.order_by().values("id", "confidence", "timings").query.sql_with_params()
    named = {f"p{number}": value for number, value in enumerate(params)}
    narrow = narrow % tuple(f"%({name})s" for name in named)
    named |= {"bounds": ids, "confidences": list(CONFIDENCE_EDGES), "latencies": list(LATENCY_EDGES)}
    with connection.cursor() as cursor:
        cursor.execute(_HISTOGRAMS.format(goals=narrow), named)
        for slot, place, bin_, count in cursor.fetchall():
            if place == 0:
                slots[slot - 1].add_confidence(bin_, count)
            else:
                slots[slot - 1].add_latency(place - 1, bin_, count)
