"""ACT: how well trust foretold what was decided of late, and how much of what was recommended was judged at all."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Sum
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.trust.accuracy import Foretold, accuracy_of
from apps.trust.fitness import WINDOW
from apps.trust.models import DailyTally, LearningCycle, Recommendation

# The newest of them: at night so many that any interval is a hair's breadth, between the nights enough to go by.
MOST, MOST_BETWEEN = 10_000, 2_000


def measure(cycle: LearningCycle) -> None:
    """Sets accuracy (apps/trust/accuracy.py; {} where nothing was foretold) and coverage of the cycle."""
    now = timezone.now()
    with acting_for(cycle.business_id):
        most = MOST if cycle.kind == LearningCycle.Kind.FULL else MOST_BETWEEN
        found = accuracy_of(foretold(cycle.business_id, now, most))
        cycle.accuracy = msgspec.to_builtins(found) if found else {}
        cycle.coverage = coverage_of(cycle.business_id, now)
        LearningCycle.objects.filter(pk=cycle.pk).update(accuracy=cycle.accuracy, coverage=cycle.coverage)


def foretold(business_id: UUID, now: datetime, most: int = MOST) -> list[Foretold]:
    """What was said of recommendations decided in the last 30 days, and what came, the newest `most` first."""
    rows = Recommendation.objects.filter(
        business_id=business_id,
        decided_at__gt=now - WINDOW,
        value__isnull=False,
        expected__isnull=False,
        average__isnull=False,
        weight__gt=0,
    ).order_by("-decided_at")
    columns: Any = rows.values_list("expected", "average", "value", "weight", "correlation_id")
    return [Foretold._make(row) for row in columns[:most]]


def coverage_of(business_id: UUID, now: datetime) -> float | None:
    """Of the usable answers of the last 30 days the share that has an outcome, 0 to 1; None without any."""
    rows = DailyTally.objects.filter(business_id=business_id, day__gt=(now - WINDOW).date())
    sums = rows.aggregate(answered=Sum("answered"), judged=Sum("judged"))
    return min(1.0, sums["judged"] / sums["answered"]) if sums["answered"] else None
