"""ACT: keep that an agent recommended something, at the cost of one narrow insert, and move it to its table later.

The insert belongs to the caller's transaction, so what was tracked survives a crash exactly if the work itself does.
The move is one statement a batch: what is taken from the buffer, the rows it becomes and what they add to the tallies
are committed together or not at all, and any number of movers may be at it.
"""

import logging
import math
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.row_access import current_business_id
from apps.core.ids import new_id
from apps.core.later import Nudger, send_soon
from apps.trust.edits import digest_of
from apps.trust.routing import known_of, standing_of
from apps.trust.switch import is_learning

log = logging.getLogger(__name__)

BATCH = 1000
FLUSH = "apps.trust.tasks.flush_recommendations"
# Recommendations of one burst share a nudge: they are in no hurry.
NUDGE_SECONDS = 1.0
MOST_REASONING = 4000
MOST_MS = 2**31 - 1

_nudger = Nudger("recommendations", lambda: send_soon(FLUSH), NUDGE_SECONDS)

_FLUSH = """
WITH taken AS (
    DELETE FROM trust_buffered WHERE id IN ({which}) RETURNING id, business_id, facts
), known AS (
    SELECT t.id, t.business_id, r.* FROM taken t
    CROSS JOIN LATERAL jsonb_to_record(t.facts) AS r(
        agent uuid, type text, correlation_id text, run_id uuid, step_id uuid, "group" text, digest text,
        confidence float8, reasoning text, latency_ms int, on_time bool, failure text, expected float8, average float8,
        created_at timestamptz
    )
    JOIN agents_agent a ON a.id = r.agent AND a.business_id = t.business_id
    FOR KEY SHARE OF a
), added AS (
    INSERT INTO trust_recommendation (
        id, business_id, agent_id, type, correlation_id, run_id, step_id, "group", digest, confidence, reasoning,
        latency_ms, on_time, failure, expected, average, created_at, verdict, weight
    )
    SELECT id, business_id, agent, type, correlation_id, run_id, step_id, "group", digest, confidence, reasoning,
        latency_ms, on_time, failure, expected, average, created_at, 'pending', 1
    FROM known ORDER BY id ON CONFLICT (id) DO NOTHING
    RETURNING business_id, agent_id, type, (created_at AT TIME ZONE 'UTC')::date AS day, failure, on_time, confidence
), told AS (
    INSERT INTO trust_delta (
        id, business_id, agent_id, type, day, asked, answered, on_time, claimed, confidence,
        judged, weight, weight2, value, value2, approved, rejected, rated, quality
    )
    SELECT gen_random_uuid(), business_id, agent_id, type, day, count(*), count(*) FILTER (WHERE failure = ''),
        count(*) FILTER (WHERE failure = '' AND on_time), count(confidence), COALESCE(sum(confidence), 0),
        0, 0, 0, 0, 0, 0, 0, 0, 0
    FROM added GROUP BY business_id, agent_id, type, day
)
SELECT count(*) FROM taken
"""
_OLDEST = "SELECT id FROM trust_buffered {where} ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
# Whoever needs these waits for a mover that has them just now.
_THESE = "SELECT id FROM trust_buffered WHERE id = ANY(%s) ORDER BY id FOR UPDATE"


def track(
    *,
    business_id: UUID,
    agent_id: UUID,
    type: str,  # noqa: A002
    content: Any,
    correlation_id: str,
    run_id: UUID | None = None,
    step_id: UUID | None = None,
    group: str = "",
    confidence: float | None = None,
    reasoning: str = "",
    latency_ms: int | None = None,
    on_time: bool = True,
    failure: str = "",
    expected: float | None = None,
    recommendation_id: UUID | None = None,
    created_at: datetime | None = None,
    digest: str = "",
) -> UUID | None:
    """Keep what an agent answered; the recommendation's id, or None where the business does not learn.

    content is never kept, only its digest (given as `digest`, where the caller has no content). confidence: the agent's
    own, 0 to 1, anything else counts as none. failure: why there was no usable answer, one word of at most 20
    characters, "" when there was one. expected: what trust gave it, as it stands now unless told. recommendation_id: of
    a caller that may tell twice; the second time changes nothing. Never raises: what cannot be kept is cut, cleaned or
    left out, and the caller's transaction stays usable.
    """
    try:
        if not is_learning(business_id) or not _may_write(business_id):
            return None
        found = recommendation_id or new_id()
        standing = standing_of(business_id, agent_id, type)
        facts = {
            "agent": str(agent_id),
            "type": _cut(type, 40),
            "correlation_id": _cut(correlation_id, 80),
            "run_id": str(run_id) if run_id else None,
            "step_id": str(step_id) if step_id else None,
            "group": _cut(group, 160),
            "digest": _cut(digest, 64) or ("" if failure else digest_of(content)),
            "confidence": _share(confidence),
            "reasoning": _cut(reasoning, MOST_REASONING) if known_of(business_id).keep_reasoning else "",
            "latency_ms": _milliseconds(latency_ms),
            "on_time": bool(on_time),
            "failure": _cut(failure, 20),
            "expected": _share(expected if expected is not None else standing.expected),
            "average": _share(standing.average),
            "created_at": _moment(created_at).isoformat(),
        }
        _insert(found, business_id, msgspec.json.encode(facts).decode())
    except Exception:
        # Whatever an agent sends, its work goes on.
        log.exception("a recommendation of agent %s could not be tracked", agent_id)
        return None
    return found


def flush_buffer(*, business_id: UUID | None = None, batch: int = BATCH) -> int:
    """Move what is in the buffer to the table of recommendations; how many rows were taken.

    Those whose agent is gone are dropped. business_id: of one business only.
    """
    where, params = ("WHERE business_id = %s", [business_id]) if business_id else ("", [])
    statement, moved = _FLUSH.format(which=_OLDEST.format(where=where)), 0
    while True:
        taken = _flush_batch(statement, params, batch)
        moved += taken
        if taken < batch:
            return moved


def flush_these(ids: Collection[UUID]) -> int:
    """Move these recommendations, if they are in the buffer; how many were."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FLUSH.format(which=_THESE), [sorted(ids)])
        return int(cursor.fetchone()[0])


def _flush_batch(statement: str, params: list[Any], batch: int) -> int:
    try:
        return _flush(statement, [*params, batch])
    except (DataError, IntegrityError) as error:
        if batch > 1:
            # One row that nobody could have written must not keep the others: smaller batches find it.
            return sum(_flush_batch(statement, params, 1) for _ in range(batch))
        log.error("a tracked recommendation cannot be kept and is dropped: %s", error)
        return _drop_oldest(params)


def _flush(statement: str, params: list[Any]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.fetchone()[0])


def _drop_oldest(params: list[Any]) -> int:
    where = "WHERE business_id = %s" if params else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM trust_buffered WHERE id IN ({_OLDEST.format(where=where)})", [*params, 1])
        return cursor.rowcount


def _insert(found: UUID, business_id: UUID, facts: str) -> None:
    with connection.cursor() as cursor:
        # Told twice, the first stands.
        cursor.execute(
            "INSERT INTO trust_buffered (id, business_id, facts) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [found, business_id, facts],
        )
    _nudger.want_after_commit()


def _may_write(business_id: UUID) -> bool:
    """A row for another business than the current one would be refused, and with it the caller's transaction."""
    current = current_business_id()
    if current is None or current == business_id:
        return True
    log.error("a recommendation for %s was tracked while acting for %s; it is left out", business_id, current)
    return False


def _cut(text: Any, most: int) -> str:
    """At most so many characters, all of which jsonb can hold."""
    clean = str(text or "").replace("\0", "")[:most]
    return clean.encode(errors="replace").decode()


def _share(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) and 0 <= value <= 1 else None


def _milliseconds(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return max(0, min(int(value), MOST_MS))


def _moment(moment: datetime | None) -> datetime:
    now = timezone.now()
    if moment is None:
        return now
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    # What is dated ahead would count as new for longer than anything else.
    return min(known, now)
