"""ACT: count, day by day, what came of recommendations that have something in common (GroupTally).

A day is counted as a whole, in one transaction, from the recommendations themselves: done twice it comes to the same,
and a kill leaves whole days behind it. Which days there is anything to count on follows from the daily tallies.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.trust.groups import HORIZON, MOST_SIZE

# Of more agents that gave the same answer side by side no pairs are told apart (ten would make 45 pairs of one answer);
# a certain set of agents has up to so many.
MOST_PAIRED, MOST_IN_SET = 6, 4
LOWEST_CLAIM = 7  # tenths: whoever claims less does not claim to be sure
# Cycles come one at a time, so no tally is added to while its day is counted; this is for clocks.
SLACK = timedelta(seconds=2)

_DAYS = """
SELECT t.day FROM (SELECT day, max(changed_at) AS changed_at FROM trust_dailytally
                   WHERE business_id = %(business)s AND day > %(horizon)s GROUP BY day) t
LEFT JOIN trust_countedday c ON c.business_id = %(business)s AND c.day = t.day
WHERE c.counted_at IS NULL OR t.changed_at > c.counted_at - %(slack)s
ORDER BY t.day DESC LIMIT %(most)s
"""
_DROP = "DELETE FROM trust_grouptally WHERE business_id = %(business)s AND day = ANY(%(days)s)"
_MARK = """
INSERT INTO trust_countedday (id, business_id, day, counted_at)
SELECT gen_random_uuid(), %(business)s, day, now() FROM unnest(%(days)s::date[]) AS day
ON CONFLICT (business_id, day) DO UPDATE SET counted_at = excluded.counted_at
"""
# An answer that several gave is one trial, however many they were: it was judged as one. What was said of it is the
# mean of what was said of those that were judged.
_COUNT = """
WITH answered AS MATERIALIZED (
    SELECT (created_at AT TIME ZONE 'UTC')::date AS day, agent_id, type, "group", digest, confidence, value, weight
    FROM trust_recommendation
    WHERE business_id = %(business)s AND created_at >= %(start)s AND created_at < %(end)s AND failure = ''
), agreed AS MATERIALIZED (
    SELECT day, type, array_agg(DISTINCT agent_id) AS agents, avg(weight) FILTER (WHERE value IS NOT NULL) AS weight,
        sum(weight * value) / nullif(sum(weight) FILTER (WHERE value IS NOT NULL), 0) AS value
    FROM answered WHERE "group" <> '' AND digest <> ''
    GROUP BY day, type, "group", digest
    HAVING count(*) > 1 AND min(agent_id::text) <> max(agent_id::text) AND count(value) > 0
), claimed AS (
    SELECT day, agent_id, type, least(9, floor(confidence * 10 + 1e-9))::int AS place, weight, value FROM answered
    WHERE value IS NOT NULL AND confidence >= %(claim)s / 10.0 AND weight > 0
), parts AS (
    SELECT day, 'consensus' AS category, type, least(cardinality(agents), %(size)s) AS place, '{}'::uuid[] AS agents,
        weight, value FROM agreed
    UNION ALL
    SELECT day, 'consensus', type, 2, ARRAY[a, b], weight, value
    FROM agreed, unnest(agents) AS a, unnest(agents) AS b WHERE cardinality(agents) <= %(paired)s AND a < b
    UNION ALL
    SELECT day, 'consensus', type, cardinality(agents), agents, weight, value
    FROM agreed WHERE cardinality(agents) BETWEEN 3 AND %(in_set)s
    UNION ALL
    SELECT day, 'high_confidence', type, place, '{}'::uuid[], weight, value FROM claimed
    UNION ALL
    SELECT day, 'high_confidence', type, place, ARRAY[agent_id], weight, value FROM claimed
)
INSERT INTO trust_grouptally
    (id, business_id, day, category, type, place, agents, seen, trials, successes, squares)
SELECT gen_random_uuid(), %(business)s, day, category, type, place, agents,
    count(*), sum(weight), sum(weight * value), sum(weight * weight)
FROM parts WHERE value IS NOT NULL GROUP BY day, category, type, place, agents
"""


def days_to_count(business_id: UUID, today: date, *, most: int | None = None) -> list[date]:
    """The days of which more is known than was counted, newest first, at most `most`."""
    found: dict[str, Any] = {"business": business_id, "horizon": today - HORIZON, "slack": SLACK, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, found)
        return [day for (day,) in cursor.fetchall()]


def count_days(business_id: UUID, days: Sequence[date]) -> None:
    """Count these days anew, in one transaction.

    Answers side by side that lie before and after midnight are looked at apart: their agreement goes unseen.
    """
    found: dict[str, Any] = {
        "business": business_id,
        "days": list(days),
        "size": MOST_SIZE,
        "paired": MOST_PAIRED,
        "in_set": MOST_IN_SET,
        "claim": LOWEST_CLAIM,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # First, so that what is added meanwhile is found to be newer.
        cursor.execute(_MARK, found)
        cursor.execute(_DROP, found)
        for start, end in stretches(days):
            cursor.execute(_COUNT, found | {"start": start, "end": end})


def stretches(days: Sequence[date]) -> list[tuple[datetime, datetime]]:
    """Days that follow each other together, each from its midnight (UTC) to the one after, in order.

    The planner sees how little of the table that is, which it would not of a list of days.
    """
    found: list[tuple[datetime, datetime]] = []
    for day in sorted(set(days)):
        start = datetime.combine(day, time.min, tzinfo=UTC)
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], start + timedelta(days=1))
        else:
            found.append((start, start + timedelta(days=1)))
    return found


def forget_old(business_id: UUID, now: datetime) -> None:
    """Drop what is past the horizon."""
    old: dict[str, Any] = {"business": business_id, "before": now.date() - HORIZON}
    with connection.cursor() as cursor:
        for table in ("trust_grouptally", "trust_countedday"):
            cursor.execute(f"DELETE FROM {table} WHERE business_id = %(business)s AND day <= %(before)s", old)
