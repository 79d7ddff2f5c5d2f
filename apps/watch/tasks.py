"""Work of Watch that runs on the workers."""

import logging
import time

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Business
from apps.goals.erring import forget_errors, gather_errors
from apps.watch.alerting import evaluate, worth_a_look
from apps.watch.folding import KEEP, fold

log = logging.getLogger(__name__)

# The run that comes after a minute must find this one done.
FOLD_SECONDS = 30.0


@shared_task
def watch_gate() -> int:
    """Each minute: open and close alerts, count the hours that are over; alerts opened or closed."""
    gather_errors()
    changed = 0
    for business_id in worth_a_look(now=timezone.now()):
        try:
            changed += evaluate(business_id=business_id, now=timezone.now())
        except Exception:
            # One business that cannot be measured must not keep the others from it.
            log.exception("the gate of business %s could not be watched", business_id)
    _count_hours()
    forget_errors(before=timezone.now() - KEEP)
    return changed


def _count_hours() -> None:
    until = time.monotonic() + FOLD_SECONDS
    for business_id in Business.objects.order_by("pk").values_list("pk", flat=True):
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            fold(business_id=business_id, now=timezone.now(), seconds=left)
        except Exception:
            log.exception("the hours of business %s could not be counted", business_id)
