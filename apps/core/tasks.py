"""Work of core that runs on the workers."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from apps.core import outbox
from apps.core.later import NUDGE_KEY
from apps.core.models import KeptAnswer


@shared_task
def drain_outbox() -> int:
    cache.delete(NUDGE_KEY)
    return outbox.drain()


@shared_task
def forget_kept_answers() -> int:
    """Drop answers kept for repeated requests once nobody may repeat them any more."""
    limit = timezone.now() - timedelta(hours=settings.IDEMPOTENCY_KEEP_HOURS)
    deleted, _ = KeptAnswer.objects.filter(created_at__lt=limit).delete()
    return deleted
