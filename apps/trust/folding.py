"""ACT: bring the daily tallies up to date, by the changes that wait or, for a full cycle, from the recommendations.

A change (Delta) is taken away by the very statement that adds it to its tally, so it counts once whatever is killed.
Whoever sums anew takes away exactly the changes that its own look at the recommendations saw: both are read by one
statement, and nobody else touches the tallies meanwhile.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from apps.core.locking import wait_lock
from apps.trust.keeping import PLAIN, add_rows, forget
from apps.trust.tallies import SUMS

BATCH = 5000
# In the order of the columns of both tables.
ALL_SUMS = (*SUMS, "approved", "rejected", *PLAIN)
# Sums of the same figures in another order differ by less.
ROUNDING = 1e-6
# What the server may use while it sums anew.
MEMORY = "64MB"
# Place of `asked` in a row of _FOLD.
ASKED_AT = 3

_LIST = ", ".join(ALL_SUMS)
_FOLD = f"""
WITH taken AS (
    DELETE FROM trust_delta WHERE id IN (
        SELECT id FROM trust_delta WHERE business_id = %(business)s ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
    ) RETURNING *
), summed AS MATERIALIZED (
    SELECT agent_id, type, day, {", ".join(f"sum({name}) AS {name}" for name in ALL_SUMS)}, count(*) AS many,
        count(*) FILTER (WHERE asked = 0) AS outcomes
    FROM taken GROUP BY agent_id, type, day
), added AS (
    INSERT INTO trust_dailytally AS t (id, business_id, agent_id, type, day, {_LIST})
    SELECT gen_random_uuid(), %(business)s, agent_id, type, day, {_LIST} FROM summed ORDER BY agent_id, type, day
    ON CONFLICT (business_id, agent_id, type, day) DO UPDATE SET changed_at = now(),
        {", ".join(f"{name} = t.{name} + excluded.{name}" for name in ALL_SUMS)}
)
SELECT agent_id, type, day, {", ".join(SUMS + PLAIN)}, many, outcomes FROM summed
"""
# CREATE TABLE AS may be carried out by several processes of the server, which a statement that changes rows may not.
# That it comes to few rows the planner knows by the statistics trust_recommendation_days.
_SUM_ANEW = """
CREATE TEMP TABLE trust_summed ON COMMIT DROP AS
SELECT agent_id, type, (created_at AT TIME ZONE 'UTC')::date AS day,
    count(*)::float8 AS asked,
    (count(*) FILTER (WHERE failure = ''))::float8 AS answered,
    (count(*) FILTER (WHERE failure = '' AND on_time))::float8 AS on_time,
    count(value)::float8 AS judged,
    COALESCE(sum(weight) FILTER (WHERE value IS NOT NULL), 0) AS weight,
    COALESCE(sum(weight * weight) FILTER (WHERE value IS NOT NULL), 0) AS weight2,
    COALESCE(sum(weight * value), 0) AS value,
    COALESCE(sum(weight * value * value), 0) AS value2,
    (count(*) FILTER (WHERE verdict = 'approved'))::float8 AS approved,
    (count(*) FILTER (WHERE verdict = 'rejected'))::float8 AS rejected,
    count(quality)::float8 AS rated,
    COALESCE(sum(quality), 0) AS quality,
    count(confidence)::float8 AS claimed,
    COALESCE(sum(confidence), 0) AS confidence,
    NULL::uuid[] AS seen
FROM trust_recommendation WHERE business_id = %(business)s AND agent_id BETWEEN %(first)s AND %(last)s
GROUP BY 1, 2, 3
UNION ALL
SELECT NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, array_agg(id)
FROM trust_delta WHERE business_id = %(business)s AND agent_id BETWEEN %(first)s AND %(last)s
"""
_DROP_SEEN = "DELETE FROM trust_delta WHERE id IN (SELECT unnest(seen) FROM trust_summed WHERE seen IS NOT NULL)"
_DROP_EMPTY = """
DELETE FROM trust_dailytally t WHERE business_id = %(business)s AND agent_id BETWEEN %(first)s AND %(last)s
    AND NOT EXISTS (SELECT FROM trust_summed s WHERE s.agent_id = t.agent_id AND s.type = t.type AND s.day = t.day)
"""
_PUT = f"""
INSERT INTO trust_dailytally AS t (id, business_id, agent_id, type, day, {_LIST})
SELECT gen_random_uuid(), %(business)s, s.agent_id, s.type, s.day, {", ".join(f"s.{name}" for name in ALL_SUMS)}
FROM trust_summed s LEFT JOIN trust_dailytally o
    ON o.business_id = %(business)s AND o.agent_id = s.agent_id AND o.type = s.type AND o.day = s.day
WHERE s.day IS NOT NULL AND (
    o.id IS NULL OR {" OR ".join(f"abs(o.{name} - s.{name}) > {ROUNDING}" for name in ALL_SUMS)}
)
ORDER BY s.agent_id, s.type, s.day
ON CONFLICT (business_id, agent_id, type, day) DO UPDATE SET changed_at = now(),
    {", ".join(f"{name} = excluded.{name}" for name in ALL_SUMS)}
"""


class Folded(NamedTuple):
    """changes: that were taken in; among them new recommendations and outcomes that are others than before."""

    changes: int
    recommendations: int
    outcomes: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """recommendations: that were summed. changed: tallies that were found to be otherwise."""

    recommendations: int
    changed: int


def fold_batch(*, business_id: UUID, today: date, batch: int = BATCH) -> Folded:
    """Add the oldest changes that wait to the tallies."""
    with transaction.atomic():
        lock_tallies(business_id)
        with connection.cursor() as cursor:
            cursor.execute(_FOLD, {"business": business_id, "batch": batch})
            rows = cursor.fetchall()
        if rows:
            add_rows(business_id=business_id, rows=[row[:-2] for row in rows], today=today)
    return Folded(
        changes=sum(row[-2] for row in rows),
        recommendations=round(sum(row[ASKED_AT] for row in rows)),
        outcomes=sum(row[-1] for row in rows),
    )


def fold(*, business_id: UUID, today: date, batch: int = BATCH) -> int:
    """Add all changes that wait to the tallies, batch by batch; how many."""
    folded = 0
    while done := fold_batch(business_id=business_id, today=today, batch=batch).changes:
        folded += done
    return folded


def rebuild(*, business_id: UUID, first: UUID, last: UUID) -> Rebuilt:
    """Sum the recommendations of the agents whose ids lie from `first` to `last` anew, all in one transaction.

    Days that came out the same stay as they are.
    """
    found: dict[str, Any] = {"business": business_id, "first": first, "last": last}
    with transaction.atomic():
        lock_tallies(business_id)
        with connection.cursor() as cursor:
            # Days by the ten thousand fit into this; else they would be sorted on disk first.
            cursor.execute("SELECT set_config('work_mem', %s, true)", [MEMORY])
            cursor.execute("DROP TABLE IF EXISTS trust_summed")
            cursor.execute(_SUM_ANEW, found)
            cursor.execute("SELECT COALESCE(sum(asked), 0) FROM trust_summed")
            recommendations = int(cursor.fetchone()[0])
            cursor.execute(_DROP_SEEN)
            cursor.execute(_DROP_EMPTY, found)
            changed = cursor.rowcount
            cursor.execute(_PUT, found)
            changed += cursor.rowcount
        if changed:
            forget(business_id=business_id)
    return Rebuilt(recommendations, changed)


def lock_tallies(business_id: UUID) -> None:
    """Keep others from the tallies of this business until the transaction ends."""
    wait_lock(f"tallies:{business_id}")
