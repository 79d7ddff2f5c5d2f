"""ACT: take the best step that is ready, so that no two workers have the same and no agent has more than it may.

Every claim is one call of a function of the database (migrations/0006_claiming.py), which takes one advisory lock for
as long as its UPDATE lasts. So the order is exact, and so is the count of what an agent has in hand: two workers that
looked at the same moment would both find its last free place. What holds the lock is a statement that never waits: rows
that others have are passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

# What a worker may need beyond the time of an attempt before another may take the step from it.
LEASE_MARGIN = timedelta(seconds=15)
# LOW that has waited so long is served with NORMAL, in the order of age: work without a boost is late, never lost.
AGES_AFTER = timedelta(minutes=10)
# Rules are quick and pure: a worker takes so many of one business at a time, among so many that are next in order.
MOST_TOGETHER, LOOK_AHEAD = 25, 100
# How many of each priority are looked at before the lanes of the agents.
NEAR = 30

_CLAIM = "SELECT * FROM workflows_claim(%s, %s, %s, %s, %s)"
_PARAMETERS: list[Any] = [NEAR, AGES_AFTER, MOST_TOGETHER, LOOK_AHEAD, LEASE_MARGIN]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A step this worker has until its lease ends. attempt: what binds the answer to this claim.

    given, config, stage, correlation_id: the run's input, configuration, position and name for the matter.
    """

    id: UUID
    business_id: UUID
    run_id: UUID
    stage_id: UUID
    key: str
    kind: str
    agent_id: UUID | None
    does: str
    type: str
    input: Mapping[str, Any]
    attempt: int
    most_attempts: int
    timeout_seconds: int
    expected: float | None
    created_at: datetime
    leased_until: datetime
    pattern: str
    config: Mapping[str, Any]
    given: Mapping[str, Any]
    stage: int
    correlation_id: str

    @property
    def group(self) -> str:
        """What trust holds together: the recommendations of one stage of one run."""
        return f"{self.run_id}/{self.key.split('/', 1)[0]}"


def claim() -> list[Claimed]:
    """The best step that is ready and whose agent may have one more: CRITICAL first, then by age; [] if there is none.

    Rules (COMPUTE) of one business come together, up to MOST_TOGETHER of those that are next. Call outside of a
    transaction: the claim must stand before the work begins. One round trip, and no wait for the disk: a claim that a
    crash of the database forgets is a step that is ready.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, _PARAMETERS)
        rows = cursor.fetchall()
    return sorted((_claimed(row) for row in rows), key=lambda one: (one.run_id, one.id))


def _claimed(row: tuple[Any, ...]) -> Claimed:
    values = list(row)
    for place in (9, 17, 18):
        values[place] = msgspec.json.decode(values[place])
    return Claimed(*values)
