"""What the navigation of the admin site asks about features: who sees them, and how many incidents are open."""

from django.http import HttpRequest

from apps.accounts.admin_site import is_superuser, may_administer
from apps.pilots.models import Incident

MOST_COUNTED = 100


def may_see_features(request: HttpRequest) -> bool:
    """Whether the pages of features are for this person at all."""
    return is_superuser(request) or may_administer(request)


def incidents_badge(request: HttpRequest) -> str:
    """The count of open incidents of the features that the current business runs; "" for none."""
    seat = getattr(request, "seat", None)
    if seat is None or not may_see_features(request):
        return ""
    count = Incident.objects.filter(feature__home_id=seat.business_id, closed_at=None)[:MOST_COUNTED].count()
    return str(count or "")
