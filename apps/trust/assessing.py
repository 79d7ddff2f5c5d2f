"""ACT: compute the trust in every agent of a business from its sums, and put it in force."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection, transaction

from apps.trust.boosting import boost_of, priority_of
from apps.trust.estimation import cell_key
from apps.trust.folding import lock_tallies
from apps.trust.keeping import Kept, kept_of, learned_of
from apps.trust.models import TrustSettings
from apps.trust.models.settings import LEAST_EVIDENCE
from apps.trust.remembering import remember_day
from apps.trust.routing import standings_changed
from apps.trust.scoring import Trust, score
from apps.trust.tallies import VALUE, WEIGHT

FOREVER = -1  # place of the endless half-life
# Smaller changes of a boost change no rule anybody would notice.
NOTICED = 0.01


class _Row(NamedTuple):
    """A row of TrustScore, less what is the same for all of them."""

    agent_id: UUID
    type: str
    overall: float
    low: float
    high: float
    accuracy: float
    consistency: float
    timeliness: float
    reliability: float
    effective_n: float
    judged: int
    asked: int
    enough: bool
    trend: str
    change: float
    approval_rate: float | None
    average_quality: float | None
    average_confidence: float | None
    boost: float
    priority: int


_TYPES = {
    "agent_id": "uuid", "type": "text", "judged": "int", "asked": "int", "enough": "bool", "trend": "text",
    "priority": "int",
}  # fmt: skip
_WRITTEN = tuple(name for name in _Row._fields if name != "priority")
_PUT = f"""
WITH given AS MATERIALIZED (
    SELECT g.* FROM jsonb_to_recordset(%s::jsonb)
        AS g({", ".join(f"{name} {_TYPES.get(name, 'float8')}" for name in _Row._fields)})
    JOIN agents_agent a ON a.id = g.agent_id AND a.business_id = %s
), old AS MATERIALIZED (
    SELECT agent_id, type, boost FROM trust_trustscore WHERE business_id = %s
), gone AS (
    DELETE FROM trust_trustscore s WHERE business_id = %s AND NOT EXISTS (
        SELECT FROM given g WHERE g.agent_id = s.agent_id AND g.type = s.type
    )
), put AS (
    INSERT INTO trust_trustscore (id, business_id, computed_at, {", ".join(_WRITTEN)})
    SELECT gen_random_uuid(), %s, %s, {", ".join(_WRITTEN)} FROM given ORDER BY agent_id, type
    ON CONFLICT (business_id, agent_id, type) DO UPDATE SET computed_at = excluded.computed_at,
        {", ".join(f"{name} = excluded.{name}" for name in _WRITTEN[2:])}
)
SELECT count(DISTINCT given.agent_id),
    count(*) FILTER (WHERE abs(given.boost - COALESCE(old.boost, 0)) >= %s
        OR given.priority <> (CASE WHEN COALESCE(old.boost, 0) > 0.2 THEN 0
                                   WHEN COALESCE(old.boost, 0) < -0.2 THEN 2 ELSE 1 END))
FROM given LEFT JOIN old ON old.agent_id = given.agent_id AND old.type = given.type
"""


class Assessed(NamedTuple):
    """agents: whose trust was computed. changed: boosts and priorities that are now others."""

    agents: int
    changed: int


def assess(*, business_id: UUID, now: datetime) -> Assessed:
    """Compute and write the trust scores of a business, those of types that are gone away, and tell every process.

    All in one transaction. Agents that were never asked have no row.
    """
    with transaction.atomic():
        lock_tallies(business_id)
        kept = kept_of(business_id=business_id, today=now.date())
        scores = score(kept.evidence, learned_of(business_id))
        rows = _rows(scores, kept, _enough_at(business_id))
        given = msgspec.json.encode([row._asdict() for row in rows]).decode()
        params: list[Any] = [given, business_id, business_id, business_id, business_id, now, NOTICED]
        with connection.cursor() as cursor:
            cursor.execute(_PUT, params)
            found = Assessed(*cursor.fetchone())
        remember_day(business_id=business_id, day=now.date())
        standings_changed()
    return found


def _enough_at(business_id: UUID) -> int:
    found = TrustSettings.objects.filter(pk=business_id).values_list("min_evidence", flat=True).first()
    return found or LEAST_EVIDENCE


def _rows(scores: Sequence[Trust], kept: Kept, enough_at: int) -> list[_Row]:
    rates = _rates(kept)
    plain = _plain(kept)
    return [_row(one, rates, plain, enough_at) for one in scores]


def _row(one: Trust, rates: dict[str, tuple[float, float]], plain: dict[str, list[float]], enough_at: int) -> _Row:
    key = cell_key(one.agent, one.type)
    weight, value = rates.get(key, (0.0, 0.0))
    rated, quality, claimed, confidence = plain.get(key, (0.0, 0.0, 0.0, 0.0))
    enough = one.enough and one.effective_n >= enough_at
    boost = boost_of(one.low, enough=enough)
    return _Row(
        agent_id=UUID(one.agent),
        type=one.type,
        overall=one.overall,
        low=one.low,
        high=one.high,
        accuracy=one.accuracy,
        consistency=one.consistency,
        timeliness=one.timeliness,
        reliability=one.reliability,
        effective_n=one.effective_n,
        judged=max(0, round(one.judged)),
        asked=max(0, round(one.asked)),
        enough=enough,
        trend=one.trend.value,
        change=one.change,
        approval_rate=_mean(value, weight, 1.0),
        average_quality=_mean(quality, rated, 100.0),
        average_confidence=_mean(confidence, claimed, 1.0),
        boost=boost,
        priority=int(priority_of(boost)),
    )


def _rates(kept: Kept) -> dict[str, tuple[float, float]]:
    """(sum of weights, sum of weight x value) of each cell and each agent as a whole, never fading."""
    found: dict[str, tuple[float, float]] = {}
    for evidence in (kept.evidence.by_agent(), kept.evidence):
        sums = evidence.sums[:, FOREVER]
        for a, t, weight, value in zip(evidence.agent, evidence.type, sums[:, WEIGHT], sums[:, VALUE], strict=True):
            found[cell_key(evidence.agents[a], evidence.types[t])] = (float(weight), float(value))
    return found


def _plain(kept: Kept) -> dict[str, list[float]]:
    """The plain sums of each cell and each agent as a whole."""
    found = dict(kept.plain)
    for a, t in zip(kept.evidence.agent, kept.evidence.type, strict=True):
        agent = kept.evidence.agents[a]
        whole, own = cell_key(agent, ""), kept.plain.get(cell_key(agent, kept.evidence.types[t]))
        if own:
            found[whole] = [x + y for x, y in zip(found.get(whole, [0.0] * len(own)), own, strict=True)]
    return found


def _mean(total: float, count: float, most: float) -> float | None:
    """What is left of sums that were added to and taken from may be a rounding away from nothing."""
    return max(0.0, min(most, total / count)) if count > 1e-6 else None
