"""Tell the consumers of settings.EVENT_CONSUMERS about committed events: at least once, in order per subject."""

import logging
from collections.abc import Callable
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
def consumers() -> tuple[Callable[[Event], None], ...]:
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
        done = [row.event_id for row in rows if _deliver(row)]
        Outbox.objects.filter(event_id__in=done).delete()
    return len(done)


def _deliver(row: Outbox) -> bool:
    try:
        # One savepoint for all: those that heard it before one that failed hear it again, which they must bear anyway.
        with transaction.atomic():
            for consumer in consumers():
                consumer(row.event)
    except Exception as error:
        log.exception("event %s could not be delivered", row.event_id)
        wait = min(FIRST_RETRY_SECONDS * 2**row.attempts, LONGEST_RETRY_SECONDS)
        row.attempts = min(row.attempts + 1, 30)
        row.next_attempt_at = timezone.now() + timedelta(seconds=wait)
        row.last_error = f"{type(error).__name__}: {error}"[:300]
        row.save(update_fields=["attempts", "next_attempt_at", "last_error"])
        return False
    return True
