"""Work of approvals that runs on the workers: the sweep of deadlines, mails, webhooks."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from apps.approvals import delivering, mailing, sweeping
from apps.approvals.models import WebhookDelivery, WebhookEndpoint
from apps.approvals.webhooks import nudge_key

KEEP_DELIVERIES_DAYS = 30


@shared_task(ignore_result=True)
def sweep_requests() -> None:
    """Every ten seconds: reminders, escalations, expiry, and the mails they ask for."""
    sweeping.sweep(now=timezone.now())
    mailing.send_notices(now=timezone.now())


@shared_task(ignore_result=True)
def deliver_due_webhooks() -> None:
    """Every ten seconds: wake the endpoints that have something due."""
    for endpoint_id in delivering.due_endpoints(now=timezone.now()):
        deliver_webhooks.delay(str(endpoint_id))


@shared_task(ignore_result=True)
def deliver_webhooks(endpoint_id: str) -> int:
    """Send what is due to one endpoint; goes on in a fresh task when there is more than one may send at a time."""
    cache.delete(nudge_key(endpoint_id))
    business_id = WebhookEndpoint.objects.filter(pk=endpoint_id).values_list("business_id", flat=True).first()
    if business_id is None:
        return 0
    delivered, more = delivering.deliver_to(endpoint_id=UUID(endpoint_id), business_id=business_id)
    if more:
        deliver_webhooks.delay(endpoint_id)
    return delivered


@shared_task(ignore_result=True)
def forget_deliveries() -> int:
    """Daily: drop deliveries that ended more than KEEP_DELIVERIES_DAYS ago."""
    limit = timezone.now() - timedelta(days=KEEP_DELIVERIES_DAYS)
    ended = WebhookDelivery.objects.exclude(state=WebhookDelivery.State.PENDING)
    deleted, _ = ended.filter(created_at__lt=limit).delete()
    return deleted
