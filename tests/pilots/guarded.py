"""A feature that is out, and what comes of it, for tests of guards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.pilots.guarding import create_guard
from apps.pilots.models import Feature, Guard, PilotBusiness

ACTOR = "user:bob@example.com"
Decide = Callable[..., None]


def out_for(feature: Feature, *shops: Business, since: timedelta = timedelta(hours=3)) -> datetime:
    """List businesses, as if they had been listed so long ago; when that was."""
    at = timezone.now() - since
    with across_businesses():
        PilotBusiness.objects.bulk_create(
            PilotBusiness(feature=feature, business=shop, enabled_at=at, enabled_by=ACTOR) for shop in shops
        )
    return at


def guard_on(feature: Feature, *, armed: datetime | None = None, **changes: Any) -> Guard:
    """A guard: approval rate at least 70 %, armed at a moment."""
    values: dict[str, Any] = {"metric": "approval_rate", "comparison": "at_least", "limit": 0.7, "actor": ACTOR}
    guard = create_guard(feature_id=feature.pk, **(values | changes))
    if armed:
        Guard.objects.filter(pk=guard.pk).update(armed_at=armed)
        guard.armed_at = armed
    return guard
