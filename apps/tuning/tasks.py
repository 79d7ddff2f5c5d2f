"""Work of calibration that runs on the workers."""

import logging
from uuid import UUID

from celery import shared_task

from apps.core.errors import StaleState
from apps.tuning.models import ReviewedGoal
from apps.tuning.refitting import NIGHTLY, refit

log = logging.getLogger(__name__)


@shared_task
def refit_business(business_id: str, actor: str = NIGHTLY) -> None:
    try:
        refit(business_id=UUID(business_id), actor=actor)
    except StaleState as error:
        log.info("business %s: %s", business_id, error.detail)


@shared_task
def refit_all() -> int:
    """A task for each business with labels: one that fails or takes long keeps no other from its own."""
    businesses = list(ReviewedGoal.objects.order_by().values_list("business_id", flat=True).distinct())
    for business_id in businesses:
        refit_business.delay(str(business_id))
    return len(businesses)
