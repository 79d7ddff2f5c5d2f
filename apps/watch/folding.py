"""ACT: count each hour once it is over and keep the counts; count it again when one of its goals changes."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.ids import first_id_at
from apps.core.models import Event
from apps.watch.counting import count_slots
from apps.watch.counts import LAYOUT
from apps.watch.models import Slice
from apps.watch.predicates import watched
from apps.watch.windows import HOUR, LONGEST, hour_of

# A goal has its id a moment before it is committed: so long after its end an hour is safe to count.
MARGIN = timedelta(minutes=5)
# The longest window and the one before it.
KEEP = 2 * LONGEST
AT_ONCE = 24
WORK_SECONDS = 20.0


def mark_stale(events: Sequence[Event]) -> None:
    """Event consumer: an hour whose goal has changed is to be counted again. Told twice, nothing more happens."""
    now = timezone.now()
    hours = {
        (event.business_id, hour)
        for event in events
        if event.subject_type == "goal" and event.business_id
        # The hours that cannot have been counted yet need no mark; half of the margin is left to clocks that differ.
        if (hour := _hour_of_subject(event.subject_id)) and now - KEEP < hour < now - HOUR - MARGIN / 2
    }
    if not hours:
        return
    # What happened in a business that is gone by now is still told.
    there = set(Business.objects.filter(pk__in={business_id for business_id, _ in hours}).values_list("pk", flat=True))
    # A row that is not there yet is made: an hour that is being counted just now waits here until it has been.
    rows = [Slice(business_id=whose, start=hour) for whose, hour in sorted(hours) if whose in there]
    if rows:
        _upsert(rows, ["stale"])


def fold(*, business_id: UUID, now: datetime, seconds: float = WORK_SECONDS) -> int:
    """Count the hours of a business that are over and not counted, newest first; the number counted.

    Cut off anywhere, it goes on with the next run. Two at once do some work twice and keep the same counts.
    """
    until, done = time.monotonic() + seconds, 0
    with acting_for(business_id):
        Slice.objects.filter(business_id=business_id, start__lt=now - KEEP - HOUR).delete()
        hours = _missing(business_id, now)
    for place in range(0, len(hours), AT_ONCE):
        if time.monotonic() > until:
            break
        with acting_for(business_id):
            done += _fold_hours(business_id, sorted(hours[place : place + AT_ONCE]))
    return done


def _missing(business_id: UUID, now: datetime) -> list[datetime]:
    last = hour_of(now - MARGIN) - HOUR
    # Goals with an id from before the time that is kept are in no window.
    oldest = watched(business_id).filter(pk__gte=first_id_at(now - KEEP)).order_by("pk").values_list("pk", flat=True)
    first_id = oldest.first()
    if first_id is None:
        return []
    first = _hour_of_id(first_id)
    kept = Slice.objects.filter(business_id=business_id, start__gte=first, stale=False, layout=LAYOUT)
    there = set(kept.values_list("start", flat=True))
    hours = [first + HOUR * number for number in range(int((last - first) / HOUR) + 1)]
    return [hour for hour in reversed(hours) if hour not in there]


def _fold_hours(business_id: UUID, hours: list[datetime]) -> int:
    with transaction.atomic():
        rows = [Slice(business_id=business_id, start=hour) for hour in hours]
        # Held until the counts are written, so that a goal that changes meanwhile marks the hour after them.
        _upsert(rows, ["stale"])
        stretches = [(run[0], run[-1] + HOUR) for run in _runs(hours)]
        for row, counts in zip(rows, count_slots(business_id, stretches, hours), strict=True):
            row.numbers, row.moments, row.layout, row.stale = counts.numbers, counts.moments, LAYOUT, False
        _upsert(rows, ["numbers", "moments", "layout", "stale"])
    return len(hours)


def _upsert(rows: list[Slice], fields: list[str]) -> None:
    Slice.objects.bulk_create(rows, update_conflicts=True, unique_fields=["business", "start"], update_fields=fields)


def _runs(hours: list[datetime]) -> list[list[datetime]]:
    """Hours that follow one another, together."""
    numbered = groupby(enumerate(hours), key=lambda pair: pair[1] - HOUR * pair[0])
    return [[hour for _, hour in run] for _, run in numbered]


def _hour_of_id(goal_id: UUID) -> datetime:
    return hour_of(datetime.fromtimestamp((goal_id.int >> 80) / 1000, UTC))


def _hour_of_subject(subject_id: str) -> datetime | None:
    """None for what is no id of a goal."""
    try:
        return _hour_of_id(UUID(subject_id))
    except (ValueError, OverflowError):
        return None
