"""Tell the consumers of settings.EVENT_CONSUMERS about committed events: at least once, in order per subject."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.models import Event, Outbox

log = logging.getLogger(__name__)

BATCH = 200
FIRST_RETRY_SECONDS = 2
LONGEST_RETRY_SECONDS = 600


@cache
def consumers() -> tuple[Callable[[Sequence[Event]], None], ...]:
    return tuple(import_string(path) for path in settings.EVENT_CONSUMERS)


def drain(*, batch: int = BATCH) -> int:
    """Deliver what is due; the number of events delivered. Several drains may run at once."""
    delivered = 0
    while count := _drain_batch(batch):
        delivered += count
    return delivered


def _drain_batch(batch: int) -> int:
    with transaction.atomic():
        earlier = Outbox.objects.filter(subject=OuterRef("subject"), event_id__lt=OuterRef("event_id"))
        rows = list(
            Outbox.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(~Exists(earlier), next_attempt_at__lte=timezone.now())
            .select_related("event")
            .order_by("event_id")[:batch]
        )
        done = [row.event_id for row in rows] if _deliver(rows) else [row.event_id for row in rows if _deliver_one(row)]
        Outbox.objects.filter(event_id__in=done).delete()
    return len(done)


def _deliver(rows: Sequence[Outbox]) -> bool:
    """Tell all of them at once, which is much the quickest; False, with everything taken back, when that fails."""
    try:
        _tell([row.event for row in rows])
    except Exception:
        log.exception("%s events could not be delivered together; each is tried alone", len(rows))
        return False
    return True


def _deliver_one(row: Outbox) -> bool:
    try:
        _tell([row.event])
    except Exception as error:
        log.exception("event %s could not be delivered", row.event_id)
        wait = min(FIRST_RETRY_SECONDS * 2**row.attempts, LONGEST_RETRY_SECONDS)
        row.attempts = min(row.attempts + 1, 30)
        row.next_attempt_at = timezone.now() + timedelta(seconds=wait)
        row.last_error = f"{type(error).__name__}: {error}"[:300]
        row.save(update_fields=["attempts", "next_attempt_at", "last_error"])
        return False
    return True


def _tell(events: Sequence[Event]) -> None:
    # Those that heard it before one that failed hear it again, which consumers must bear anyway.
    with transaction.atomic():
        for consumer in consumers():
            consumer(events)
