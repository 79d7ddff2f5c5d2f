"""SELECTOR: how the workflows of a business have done lately, and which of its runs need a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.http import HttpRequest

from apps.core.ids import first_id_at
from apps.core.intervals import Z95, score_interval
from apps.workflows.models import Run
from apps.workflows.states import RunState

LATELY = timedelta(days=7)
# Of each workflow so many of its newest runs are looked at.
MOST_LOOKED_AT = 1_000
# A share of fewer runs that ended is told with the words that they are few.
FEW = 10
MOST_COUNTED = 99

# The newest rows by the index run_by_workflow; only what is counted is read.
_LATELY = """
SELECT w.id, lately.* FROM workflows_workflow w CROSS JOIN LATERAL (
  SELECT count(*), count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'failed'),
         count(*) FILTER (WHERE state IN ('running', 'waiting', 'undoing')),
         percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', finished_at - created_at))
           FILTER (WHERE state = 'done'),
         sum(cost), avg(quality), max(created_at)
  FROM (
    SELECT state, created_at, finished_at, cost, quality FROM workflows_run
    WHERE workflow_id = w.id AND id >= %s ORDER BY id DESC LIMIT %s
  ) newest
) lately WHERE w.business_id = %s
"""


@dataclass(frozen=True, slots=True)
class Lately:
    """Of the runs of the last seven days, at most the newest 1,000. seconds: median of those done. cost: USD."""

    runs: int = 0
    done: int = 0
    failed: int = 0
    open: int = 0
    seconds: float | None = None
    cost: Decimal | None = None
    quality: float | None = None
    last_at: datetime | None = None

    @property
    def judged(self) -> int:
        return self.done + self.failed

    @property
    def success(self) -> float | None:
        return self.done / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return score_interval(self.done / self.judged, self.judged, z=Z95) if self.judged else None

    @property
    def few(self) -> bool:
        return self.judged < FEW

    @property
    def capped(self) -> bool:
        return self.runs == MOST_LOOKED_AT


def lately_of(business_id: UUID, now: datetime) -> dict[UUID, Lately]:
    """By workflow. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LATELY, [first_id_at(now - LATELY), MOST_LOOKED_AT, business_id])
        return {row[0]: Lately(*row[1:]) for row in cursor.fetchall()}


def counts_of(business_id: UUID) -> dict[str, int]:
    """How many runs go on, wait and have failed, each counted up to one more than MOST_COUNTED. One query."""
    states = (RunState.RUNNING, RunState.WAITING, RunState.FAILED)
    part = "(SELECT count(*) FROM (SELECT 1 FROM workflows_run WHERE business_id = %s AND state = %s LIMIT %s) found)"
    with connection.cursor() as cursor:
        values = [value for state in states for value in (business_id, state.value, MOST_COUNTED + 1)]
        cursor.execute(f"SELECT {', '.join([part] * len(states))}", values)
        return dict(zip((state.value for state in states), cursor.fetchone(), strict=True))


def waiting_badge(request: HttpRequest) -> str:
    """The navigation's count of runs in which a person or a late answer is awaited; "" for none."""
    seat = getattr(request, "seat", None)
    if seat is None:
        return ""
    waiting = Run.objects.filter(business_id=seat.business_id, state=RunState.WAITING)
    count = waiting[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")
