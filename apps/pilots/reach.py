"""Whom a rollback would take a feature from. All is asked across businesses."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Max

from apps.pilots.ladder import AdvanceState, Level
from apps.pilots.models import Advance, Feature, HeldBack, PilotBusiness, Rollback
from apps.pilots.rollout import bucket_of
from apps.pilots.selectors import businesses_on, is_serving
from apps.pilots.standing import default_of

# Businesses for which nothing was said by name: neither listed nor held back.
_UNNAMED = """
    SELECT b.id FROM accounts_business b
    WHERE NOT EXISTS (SELECT 1 FROM pilots_pilotbusiness p WHERE p.feature_id = %(feature)s AND p.business_id = b.id)
      AND NOT EXISTS (SELECT 1 FROM pilots_heldback h WHERE h.feature_id = %(feature)s AND h.business_id = b.id)
"""
# Those on the list, those held back, all there are, and the listed that are not held back.
_COUNTS = """
    SELECT (SELECT count(*) FROM accounts_business),
           (SELECT count(*) FROM pilots_heldback WHERE feature_id = %(feature)s),
           (SELECT count(*) FROM pilots_pilotbusiness p WHERE p.feature_id = %(feature)s AND NOT EXISTS (
                SELECT 1 FROM pilots_heldback h WHERE h.feature_id = p.feature_id AND h.business_id = p.business_id))
"""


def is_by_default(feature: Feature) -> bool:
    """Whether whoever is neither listed nor within the share has it."""
    return default_of(feature) == feature.on_variant


def count_on(feature: Feature) -> int:
    """How many businesses have the feature now. Counted in the database but for a share between 0 and 100."""
    if 0 < feature.share < 100 and not is_by_default(feature):
        return len(businesses_on(feature))
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"feature": feature.pk})
        everybody, held, listed = cursor.fetchone()
    if feature.share == 100 or is_by_default(feature):
        return int(everybody) - int(held)
    return int(listed) if is_serving(feature) else 0


def affected_by(
    feature: Feature,
    *,
    level: Level,
    business_id: UUID | None = None,
    cohort: tuple[datetime, datetime] | None = None,
) -> list[UUID]:
    """The businesses that have the feature now and would lose it by this rollback."""
    if level == Level.EVERYTHING:
        return businesses_on(feature)
    if level == Level.BUSINESS:
        return [pk for pk in businesses_on(feature) if pk == business_id]
    if cohort is None:
        return []
    held = HeldBack.objects.filter(feature=feature).values("business_id")
    listed = PilotBusiness.objects.filter(feature=feature, enabled_at__gte=cohort[0], enabled_at__lt=cohort[1])
    named = listed.exclude(business_id__in=held).values_list("business_id", flat=True)
    return sorted([*(named if serves_list(feature) else ()), *came_in_by_share(feature, *cohort)])


def serves_list(feature: Feature) -> bool:
    """Whether those on the list have it: at a baseline stage only if everybody has."""
    return is_serving(feature) or is_by_default(feature)


def came_in_by_share(feature: Feature, since: datetime, until: datetime) -> list[UUID]:
    """Unnamed businesses whose bucket was taken in by a step done from `since` on and before `until`.

    Steps before the newest rollback of everything that stands belong to a rollout that is over.
    """
    shares = _shares_taken(feature, since, until)
    if not shares:
        return []
    low, high = min(low for low, _ in shares), min(feature.share, max(high for _, high in shares))
    return _unnamed(
        feature, lambda bucket: low <= bucket < high and any(first <= bucket < last for first, last in shares)
    )


def _shares_taken(feature: Feature, since: datetime, until: datetime) -> list[tuple[int, int]]:
    over = Rollback.objects.filter(feature=feature, level=Level.EVERYTHING, rehearsal=False, undone_at=None)
    ended = over.aggregate(Max("at"))["at__max"]
    steps = Advance.objects.filter(feature=feature, state=AdvanceState.DONE, done_at__gte=since, done_at__lt=until)
    if ended:
        steps = steps.filter(done_at__gt=ended)
    return [(low, high) for low, high in steps.values_list("from_share", "to_share") if high > low]


def _unnamed(feature: Feature, wanted: Callable[[float], bool]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_UNNAMED, {"feature": feature.pk})
        return [pk for (pk,) in cursor.fetchall() if wanted(bucket_of(feature.key, str(pk)))]
