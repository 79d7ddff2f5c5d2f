"""ACT: go back to an earlier curve, or to the one above it."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core.errors import Invalid, NotFound, StaleState
from apps.goals.configuration import drop_curve, put_curve
from apps.goals.models import GateCurve
from apps.tuning.locking import wait_lock
from apps.tuning.models import CurveVersion
from apps.tuning.refitting import LOCK

MOST_REASON = 300


def revert(*, business_id: UUID, kind: str, number: int | None, actor: str, reason: str = "") -> None:
    """Put another version of this kind's curve in force, or (number None) none of its own; it holds at once.

    Afterwards the nightly refit leaves the kind alone until a person refits. Call inside the business's transaction.
    Raises NotFound (no such version), StaleState (it is in force already), Invalid (reason).
    """
    if len(reason) > MOST_REASON:
        raise Invalid("reason", f"At most {MOST_REASON} characters")
    with transaction.atomic():
        wait_lock(business_id, LOCK)
        standing = GateCurve.objects.filter(business_id=business_id, kind=kind).first()
        versions = CurveVersion.objects.filter(business_id=business_id, kind=kind)
        target = versions.filter(number=number).first() if number is not None else None
        if number is not None and target is None:
            raise NotFound(f"There is no version {number} of this curve")
        if (standing.version if standing else None) == (target.pk if target else None):
            raise StaleState("This is in force already")
        before = versions.filter(pk=standing.version).first() if standing else None
        if before:
            versions.filter(pk=before.pk).update(reverted_at=timezone.now())
        why = {"reason": reason, "from_number": before.number if before else None}
        if target is None:
            drop_curve(business_id=business_id, kind=kind, actor=actor, **why)
            return
        versions.filter(pk=target.pk).update(reverted_at=None)
        put_curve(
            business_id=business_id,
            kind=kind,
            version=target.pk,
            points=target.points,
            actor=actor,
            number=target.number,
            **why,
        )
