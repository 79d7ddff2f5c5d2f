"""SELECTOR: bands and alerts of a business."""

from uuid import UUID

from django.http import HttpRequest

from apps.watch.bands import DEFAULT_BANDS, Band, Figure
from apps.watch.models import Alert, TargetBand

MOST_COUNTED = 99


def bands_of(business_id: UUID) -> dict[Figure, Band]:
    """The band of each figure that has one: the business's own over the shipped ones. One query."""
    own = TargetBand.objects.filter(business_id=business_id).values_list("figure", "low", "high")
    bands = dict(DEFAULT_BANDS) | {Figure(figure): Band(low, high) for figure, low, high in own}
    return {figure: band for figure, band in bands.items() if not band.is_open}


def alerts_of(business_id: UUID, *, past: int = 20) -> tuple[list[Alert], list[Alert]]:
    """(open ones, the last `past` that have closed), newest first. Two queries."""
    rows = Alert.objects.filter(business_id=business_id).order_by("-id")
    return list(rows.filter(closed_at=None)), list(rows.exclude(closed_at=None)[:past]) if past else []


def alerts_badge(request: HttpRequest) -> str:
    """The navigation's count of open alerts; "" for none."""
    seat = getattr(request, "seat", None)
    if seat is None:
        return ""
    count = Alert.objects.filter(business_id=seat.business_id, closed_at=None)[:MOST_COUNTED].count()
    return str(count or "")
