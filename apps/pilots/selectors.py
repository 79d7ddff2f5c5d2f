"""Questions about features and who has them. Those that look at several businesses are asked across businesses."""

from uuid import UUID

from django.db.models import Q

from apps.accounts.models import Business
from apps.accounts.roles import Role, at_least
from apps.core.errors import NotFound
from apps.pilots.models import Feature, HeldBack, PilotBusiness, Stage
from apps.pilots.rollout import bucket_of
from apps.pilots.standing import default_of


def may_operate(feature: Feature, *, business_id: UUID | None, role: str | None, superuser: bool) -> bool:
    """Whether a person in this business may run the feature's rollout, for all businesses."""
    if superuser:
        return True
    return feature.home_id is not None and feature.home_id == business_id and at_least(role, Role.ADMIN)


def operated(*, business_id: UUID | None, role: str | None, superuser: bool) -> Q:
    """The features that may_operate is true of, as a filter."""
    if superuser:
        return Q()
    return Q(home_id=business_id) if business_id and at_least(role, Role.ADMIN) else Q(pk=None)


def feature_of(key: str) -> Feature:
    """The feature of this key. Raises NotFound. Ask across businesses."""
    feature = Feature.objects.filter(key=key).first()
    if feature is None:
        raise NotFound(f"There is no feature {key[:80]}")
    return feature


def is_serving(feature: Feature) -> bool:
    """Whether the list counts: at a baseline stage the businesses on it are measured only."""
    return not Stage.objects.filter(feature=feature, position=feature.stage, baseline=True).exists()


def businesses_on(feature: Feature) -> list[UUID]:
    """The businesses that have the feature now, by list, share or default, less those held back."""
    return _on(feature, _listed(feature) if is_serving(feature) else set())


def businesses_measured(feature: Feature) -> list[UUID]:
    """The businesses a rollout is judged by: those that have it; at a baseline stage, those on the list."""
    listed = _listed(feature)
    return _on(feature, listed) if is_serving(feature) else sorted(listed)


def _on(feature: Feature, listed: set[UUID]) -> list[UUID]:
    held = set(HeldBack.objects.filter(feature=feature).values_list("business_id", flat=True))
    by_default = default_of(feature) == feature.on_variant
    if not feature.share and not by_default:
        return sorted(listed - held)
    everyone = Business.objects.values_list("pk", flat=True)
    return sorted(
        pk
        for pk in everyone
        if pk not in held and (by_default or pk in listed or bucket_of(feature.key, str(pk)) < feature.share)
    )


def _listed(feature: Feature) -> set[UUID]:
    return set(PilotBusiness.objects.filter(feature=feature).values_list("business_id", flat=True))
