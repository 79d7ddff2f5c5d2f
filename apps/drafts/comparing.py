"""SELECTOR: the comparison of drafts with and without retrieval, of the threads that came in since some day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.drafts.figures_comparison import Difference, ThreadSeen, compare_approval, compare_edits
from apps.drafts.states import Arm

_SQL = """
SELECT arm, count(*) FILTER (WHERE decided_by LIKE 'user:%%'),
  count(*) FILTER (WHERE decided_by LIKE 'user:%%' AND state <> 'discarded'),
  array_agg(edit_distance) FILTER (WHERE state <> 'discarded' AND edit_distance IS NOT NULL)
FROM drafts_draft
WHERE business_id = ANY(%s::uuid[]) AND decided_at >= %s AND decided_at < %s
  AND state IN ('approved', 'sent', 'discarded') AND arm IN ('retrieval', 'control')
GROUP BY arm, thread_id
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    approval: Difference
    edits: Difference

    @property
    def empty(self) -> bool:
        return not (self.approval.n_retrieval[0] or self.approval.n_control[0])


def compare(businesses: Sequence[UUID], since: datetime, until: datetime) -> Comparison:
    """The arms over [since, until), by the moment of the decision. One statement; one row a thread."""
    arms: dict[str, list[ThreadSeen]] = {Arm.RETRIEVAL.value: [], Arm.CONTROL.value: []}
    if businesses:
        with connection.cursor() as cursor:
            cursor.execute(_SQL, [list(businesses), since, until])
            for arm, decided, approved, edits in cursor.fetchall():
                arms[arm].append(ThreadSeen(decided, approved, tuple(edits or ())))
    with_it, without = arms[Arm.RETRIEVAL.value], arms[Arm.CONTROL.value]
    judged = [[one for one in arm if one.decided] for arm in (with_it, without)]
    return Comparison(compare_approval(*judged), compare_edits(with_it, without))
