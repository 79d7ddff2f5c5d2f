"""Work of alerts that runs on the workers."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.alerts import sending
from apps.alerts.models import Delivery, Notice

KEEP_NOTICES_DAYS = 90


@shared_task(ignore_result=True)
def send_delivery(delivery_id: str) -> bool:
    """One attempt at one delivery."""
    row = Delivery.objects.filter(pk=delivery_id).values_list("business_id", flat=True)
    found = list(row)
    return bool(found) and sending.deliver(delivery_id=UUID(delivery_id), business_id=found[0])


@shared_task(ignore_result=True)
def send_due_deliveries() -> None:
    """Every ten seconds: what is to be tried again, and what a lost message or a killed worker left behind."""
    for delivery_id in sending.due_deliveries():
        send_delivery.delay(str(delivery_id))


@shared_task(ignore_result=True)
def forget_notices() -> int:
    """Daily: drop notices, with their deliveries, that were over more than KEEP_NOTICES_DAYS ago."""
    limit = timezone.now() - timedelta(days=KEEP_NOTICES_DAYS)
    deleted, _ = Notice.objects.filter(resolved_at__lt=limit).delete()
    return deleted
