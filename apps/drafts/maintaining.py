"""ACT: each night, keep what a business looks up in order: learn yesterday's replies, forget the old, the doubled and
what is over the cap. Every step may be done twice; the second time there is nothing left to do.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from uuid import UUID

from django.conf import settings
from django.db.models import F

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses, acting_for
from apps.core.locking import holding
from apps.drafts.learning_replies import BATCH, COLLECTION, Learned, index_replies, replies
from apps.drafts.models import DraftSettings, MaintenanceRun
from apps.knowledge.models import Collection, Document
from apps.knowledge.removing import remove_duplicates, remove_expired, trim
from apps.pilots.models import BusinessSettings

log = logging.getLogger(__name__)

# Nights that were missed are made up for, as far back as this.
MOST_DAYS_BACK = 7
AT_ONCE = 1000


def maintain_all(*, now: datetime) -> int:
    """Every business that looks replies up; how many. One that fails is written down and stops none of the others."""
    with across_businesses():
        having = Collection.objects.filter(key=COLLECTION).values("business_id")
        using = BusinessSettings.objects.filter(email_rag_enabled=True).values("business_id")
        businesses = list(
            Business.objects.filter(pk__in=having.union(using)).order_by("pk").values_list("pk", flat=True)
        )
    for business_id in businesses:
        maintain(business_id=business_id, now=now)
    return len(businesses)


def maintain(*, business_id: UUID, now: datetime) -> MaintenanceRun | None:
    """One night of one business; None while another process is at it. What fails is written on the run."""
    with holding(f"maintenance:{business_id}") as held:
        if not held:
            return None
        began, day = time.monotonic(), now.astimezone(UTC).date() - timedelta(days=1)
        counts, error = {"indexed": 0, "expired": 0, "duplicates": 0, "over_cap": 0}, ""
        try:
            _steps(business_id, day, now, counts)
        except Exception as problem:
            log.exception("maintenance of %s failed", business_id)
            error = f"{type(problem).__name__}: {problem}"[:300]
        return _written(business_id, day, counts, error, time.monotonic() - began)


def _steps(business_id: UUID, day: date, now: datetime, counts: dict[str, int]) -> None:
    learned = _learn(business_id, _first_day(business_id, day), day)
    counts["indexed"] = learned.indexed
    counts["expired"] = _forget_old(business_id, now) + remove_expired(business_id=business_id, now=now)
    counts["duplicates"] = learned.duplicates
    if _has_any(business_id):
        counts["duplicates"] += remove_duplicates(business_id=business_id, collection=COLLECTION)
        counts["over_cap"] = trim(business_id=business_id, collection=COLLECTION, most=settings.REPLIES_CAP)


def _first_day(business_id: UUID, day: date) -> date:
    """The day after the last that was learned, a week back at most; without any before, the day itself."""
    with acting_for(business_id):
        last = (
            MaintenanceRun.objects.filter(error="", day__lt=day).order_by("-day").values_list("day", flat=True).first()
        )
    return max(last + timedelta(days=1), day - timedelta(days=MOST_DAYS_BACK - 1)) if last else day


def _learn(business_id: UUID, first: date, last: date) -> Learned:
    since, until = (datetime.combine(moment, clock.min, UTC) for moment in (first, last + timedelta(days=1)))
    learned = Learned()
    while True:
        with acting_for(business_id):
            rows = replies().filter(received_at__gte=since, received_at__lt=until, indexed_at=None)
            batch = list(rows.order_by("received_at", "pk")[:BATCH])
        if not batch:
            return learned
        learned += index_replies(business_id=business_id, messages=batch)


def _forget_old(business_id: UUID, now: datetime) -> int:
    """By the mail's own date, so that another number of days holds for what was learned before as well."""
    gone = 0
    with acting_for(business_id):
        chosen = DraftSettings.objects.filter(business_id=business_id).values_list("keep_days", flat=True).first()
    days = chosen or DraftSettings._meta.get_field("keep_days").default
    while True:
        with acting_for(business_id):
            old = Document.objects.filter(collection__key=COLLECTION, created_at__lt=now - timedelta(days=days))
            ids = list(old.values_list("pk", flat=True)[:AT_ONCE])
            Document.objects.filter(pk__in=ids).delete()
        gone += len(ids)
        if len(ids) < AT_ONCE:
            return gone


def _has_any(business_id: UUID) -> bool:
    with acting_for(business_id):
        return Collection.objects.filter(key=COLLECTION).exists()


def _written(business_id: UUID, day: date, counts: dict[str, int], error: str, seconds: float) -> MaintenanceRun:
    """A second run of the same night adds to the first."""
    with acting_for(business_id):
        kept = Document.objects.filter(collection__key=COLLECTION).count()
        made, _ = MaintenanceRun.objects.get_or_create(business_id=business_id, day=day)
        rows = MaintenanceRun.objects.filter(pk=made.pk)
        took = F("took_seconds") + seconds
        more = {name: F(name) + number for name, number in counts.items()}
        rows.update(kept=kept, error=error, took_seconds=took, **more)
        made.refresh_from_db()
    return made
