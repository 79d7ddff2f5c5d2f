"""Work of learning that runs on the workers."""

import logging
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from celery import shared_task
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.errors import NotFound, StaleState
from apps.trust import learning, recommending
from apps.trust.models import Delta, LearningCycle, Recommendation
from apps.trust.switch import is_learning

log = logging.getLogger(__name__)

NIGHTLY = "system:nightly"
CLOCK = "system:schedule"
FULL, TRUST = LearningCycle.Kind.FULL.value, LearningCycle.Kind.TRUST.value
# A cycle may take longer than the work of workers otherwise does. In seconds.
LONGEST = 2 * 3600
FIRST_RETRY = 30


@shared_task
def flush_recommendations() -> int:
    """Every few seconds, and woken by whoever tracks: move recommendations from the buffer to their table."""
    return recommending.flush_buffer()


@shared_task(bind=True, max_retries=learning.MOST_ATTEMPTS, time_limit=LONGEST)
def run_learning_cycle(self: Any, cycle_id: str) -> None:
    """Carry a cycle out from where it stands; once more after a while when that fails."""
    try:
        learning.resume(cycle_id=UUID(cycle_id))
    except NotFound:
        log.info("learning cycle %s is gone", cycle_id)
    except Exception as error:
        if LearningCycle.objects.filter(pk=cycle_id, state=LearningCycle.State.RUNNING).exists():
            raise self.retry(exc=error, countdown=FIRST_RETRY * 2**self.request.retries) from error
        raise


@shared_task
def learn_all() -> int:
    """At night: a full cycle for each business that has recommendations; how many."""
    any_at_all = Recommendation.objects.filter(business_id=OuterRef("pk"))
    businesses = Business.objects.filter(Exists(any_at_all)).order_by("pk").values_list("pk", flat=True)
    return _start(businesses, FULL, NIGHTLY)


@shared_task
def refresh_trust() -> int:
    """Every six hours: trust anew for each business in which anything has come since; how many."""
    waiting = Delta.objects.filter(business_id=OuterRef("pk"))
    businesses = Business.objects.filter(Exists(waiting)).order_by("pk").values_list("pk", flat=True)
    return _start(businesses, TRUST, CLOCK)


@shared_task
def resume_cycles() -> int:
    """Every minute: go on with cycles whose process is gone; how many."""
    lost = learning.lost_cycles(now=timezone.now())
    for cycle_id in lost:
        run_learning_cycle.delay(str(cycle_id))
    return len(lost)


def _start(businesses: Iterable[UUID], kind: str, started_by: str) -> int:
    started = 0
    for business_id in businesses:
        if not is_learning(business_id):
            continue
        try:
            learning.start_cycle(business_id=business_id, kind=kind, started_by=started_by)
            started += 1
        except StaleState as error:
            log.info("business %s: %s", business_id, error.detail)
    return started
