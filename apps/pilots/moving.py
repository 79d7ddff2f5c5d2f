"""ACT: move businesses from a feature's list into the record of a rollback, and back; in SQL, as they may be many."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.pilots.models import Rollback

_TAKE = """
WITH listed AS (
    DELETE FROM pilots_pilotbusiness p
    WHERE p.feature_id = %(feature)s
      AND (%(business)s::uuid IS NULL OR p.business_id = %(business)s)
      AND (%(since)s::timestamptz IS NULL OR p.enabled_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR p.enabled_at < %(until)s)
      AND (NOT %(hold)s OR NOT EXISTS (
            SELECT 1 FROM pilots_heldback h WHERE h.feature_id = p.feature_id AND h.business_id = p.business_id))
    RETURNING p.id, p.business_id, p.enabled_at, p.enabled_by, p.notes
), gone AS (
    SELECT business_id, true AS was_listed, id AS listed_id, enabled_at, enabled_by, notes FROM listed
    UNION ALL
    SELECT business_id, false, NULL, NULL, '', '' FROM unnest(%(others)s::uuid[]) AS other(business_id)
    WHERE business_id NOT IN (SELECT business_id FROM listed)
), kept AS (
    INSERT INTO pilots_rolledback
        (id, rollback_id, business_id, was_listed, listed_id, enabled_at, enabled_by, notes)
    SELECT gen_random_uuid(), %(rollback)s, gone.* FROM gone
    RETURNING was_listed
), held AS (
    INSERT INTO pilots_heldback (id, business_id, feature_id, held_at, held_by, reason, rollback_id)
    SELECT gen_random_uuid(), business_id, %(feature)s, %(at)s, %(actor)s, %(reason)s, %(rollback)s
    FROM gone WHERE %(hold)s
)
SELECT count(*) FILTER (WHERE was_listed), count(*) FILTER (WHERE NOT was_listed) FROM kept
"""
_PUT_BACK = """
WITH released AS (
    DELETE FROM pilots_heldback WHERE rollback_id = %(rollback)s
)
INSERT INTO pilots_pilotbusiness (id, business_id, feature_id, enabled_at, enabled_by, notes)
SELECT COALESCE(listed_id, gen_random_uuid()), business_id, %(feature)s, enabled_at, enabled_by, notes
FROM pilots_rolledback WHERE rollback_id = %(rollback)s AND was_listed
"""


def take(
    rollback: Rollback,
    *,
    business_id: UUID | None = None,
    cohort: tuple[datetime, datetime] | None = None,
    others: Sequence[UUID] = (),
    hold: bool,
) -> tuple[int, int]:
    """Move the listed (all of them, one business, or those enabled in the cohort) into the record of the rollback.

    others: businesses that have the feature without the list, to be recorded as well. hold: hold all of them back; then
    those held back already stay as they are. Returns how many were listed, and how many others.
    """
    since, until = cohort or (None, None)
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE,
            {
                "feature": rollback.feature_id,
                "rollback": rollback.pk,
                "business": business_id,
                "since": since,
                "until": until,
                "others": list(others),
                "hold": hold,
                "at": rollback.at,
                "actor": rollback.actor,
                "reason": rollback.reason,
            },
        )
        listed, others_taken = cursor.fetchone()
    return int(listed), int(others_taken)


def put_back(rollback: Rollback) -> None:
    """Let go whom this rollback holds back, and write the rows of the list anew, exactly as they were."""
    with connection.cursor() as cursor:
        cursor.execute(_PUT_BACK, {"feature": rollback.feature_id, "rollback": rollback.pk})
