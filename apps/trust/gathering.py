"""SELECTOR: the sums that patterns are tested on, decayed to today."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from apps.trust.discovery import LEAST_TRIALS
from apps.trust.groups import HORIZON, Kind, Sums, mean_half_life
from apps.trust.keeping import learned_of

# Of each category those with the most evidence; what is left out is chosen by how much there is, never by what it says
# (independent filtering: R. Bourgon, R. Gentleman and W. Huber, PNAS 107, 2010).
MOST_KINDS = 2000

# What was retired has to show itself anew, by what came after.
_KINDS = """
WITH parts AS (
    SELECT category, type, place, agents, day, trials, successes, squares
    FROM trust_grouptally WHERE business_id = %(business)s AND day > %(horizon)s
    UNION ALL
    SELECT 'expert', type, 0, ARRAY[agent_id], day, weight, value, weight2
    FROM trust_dailytally WHERE business_id = %(business)s AND day > %(horizon)s AND weight > 0
), summed AS (
    SELECT g.category, g.type, g.place, g.agents, bool_or(p.state <> 'retired') AS stands,
        sum(g.trials * f) AS trials, sum(g.successes * f) AS successes, sum(g.squares * f * f) AS squares
    FROM (SELECT *, exp((day - %(today)s) * %(pace)s::float8) AS f FROM parts) g
    LEFT JOIN trust_pattern p ON p.business_id = %(business)s AND p.category = g.category AND p.type = g.type
        AND p.place = g.place AND p.agent_ids = g.agents
    WHERE p.retired_at IS NULL OR g.day > (p.retired_at AT TIME ZONE 'UTC')::date
    GROUP BY g.category, g.type, g.place, g.agents
), placed AS (
    SELECT *, row_number() OVER (
        PARTITION BY category ORDER BY stands DESC NULLS LAST, trials DESC, type, place, agents
    ) AS row FROM summed WHERE stands OR trials * trials >= %(least)s * nullif(squares, 0)
)
SELECT category, type, place, agents, trials, successes, squares FROM placed WHERE row <= %(most)s
"""
_EXPERTS = """
SELECT agent_id, type, sum(weight * f), sum(value * f), sum(weight2 * f * f)
FROM (SELECT *, exp((day - %(today)s) * %(pace)s::float8) AS f FROM trust_dailytally
      WHERE business_id = %(business)s AND day > %(horizon)s AND weight > 0) t
GROUP BY agent_id, type
"""
# Nothing of this is faded: what a pattern is confirmed or retired by are the outcomes themselves.
_SINCE = """
WITH standing AS (
    SELECT id, category, type, place, agent_ids, (coalesce(confirmed_at, found_at) AT TIME ZONE 'UTC')::date AS since
    FROM trust_pattern WHERE business_id = %(business)s AND state <> 'retired'
)
SELECT p.id, sum(g.trials), sum(g.successes), sum(g.squares) FROM standing p
JOIN trust_grouptally g ON g.business_id = %(business)s AND g.day > p.since AND g.category = p.category
    AND g.type = p.type AND g.place = p.place AND g.agents = p.agent_ids
GROUP BY p.id
UNION ALL
SELECT p.id, sum(t.weight), sum(t.value), sum(t.weight2) FROM standing p
JOIN trust_dailytally t ON t.business_id = %(business)s AND t.day > p.since AND t.type = p.type
    AND p.agent_ids = ARRAY[t.agent_id] AND t.weight > 0
WHERE p.category = 'expert' GROUP BY p.id
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """kinds: the groups to test. experts: every agent's outcomes by type, what groups are compared with."""

    kinds: dict[Kind, Sums]
    experts: dict[tuple[UUID, str], Sums]


def evidence_of(business_id: UUID, today: date, half_life: float) -> Evidence:
    """As of today. half_life: in days, after which an outcome counts half. Two queries."""
    rows = _rows(_KINDS, business_id, today, half_life)
    kinds = {Kind(name, type_, place, tuple(agents)): Sums(*sums) for name, type_, place, agents, *sums in rows}
    experts = {(agent, type_): Sums(*sums) for agent, type_, *sums in _rows(_EXPERTS, business_id, today, half_life)}
    return Evidence(kinds, experts)


def since_found(business_id: UUID) -> dict[UUID, Sums]:
    """By pattern that stands, what came of its group after the day it was found, or last confirmed."""
    return {pattern: Sums(*sums) for pattern, *sums in _rows(_SINCE, business_id, date.min, 1.0)}


def half_life_of(business_id: UUID) -> float:
    """In days, as the business's own evidence has shown it; HALF_LIFE where it has shown nothing yet."""
    learned = learned_of(business_id)
    return mean_half_life(learned.half_life_shares() if learned.weights else {})


def _rows(sql: str, business_id: UUID, today: date, half_life: float) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "business": business_id,
                "today": today,
                "horizon": today - HORIZON if today > date.min + HORIZON else date.min,
                "pace": 0.6931471805599453 / half_life,
                "least": LEAST_TRIALS,
                "most": MOST_KINDS,
            },
        )
        return cursor.fetchall()
