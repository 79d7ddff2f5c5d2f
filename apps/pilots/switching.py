"""ACT: give a feature to one business, keep it from one, let it go by the rollout again; set what the rest has."""

from uuid import UUID

from django.utils import timezone

from apps.accounts.models import Business
from apps.core.errors import Invalid, StaleState
from apps.pilots.changing import change, holding, tell
from apps.pilots.ladder import room_left
from apps.pilots.models import Feature, HeldBack, PilotBusiness, Stage
from apps.pilots.rollout import bucket_of
from apps.pilots.standing import default_of, terms_of_stage

MOST_NOTES = 500


def switch_on(*, feature_id: UUID, business_id: UUID, actor: str, notes: str = "") -> PilotBusiness:
    """Put a business on the feature's list, and let it go if it was held back.

    Raises NotFound (the feature), Invalid (the business, the notes), StaleState: it is on the list, or the stage has no
    room for it.
    """
    check_words(notes, "notes")
    with holding(feature_id) as feature:
        check_business(business_id)
        check_room(feature, more=1)
        released, _ = HeldBack.objects.filter(feature=feature, business_id=business_id).delete()
        row, fresh = PilotBusiness.objects.get_or_create(
            feature=feature,
            business_id=business_id,
            defaults={"enabled_at": timezone.now(), "enabled_by": actor[:120], "notes": notes.strip()},
        )
        if not fresh and not released:
            raise StaleState(f"{row.enabled_by} has switched it on for this business already")
        change(feature, actor=actor)
        tell(feature, "enabled", actor, business_id=business_id, notes=row.notes)
    return row


def switch_off(
    *, feature_id: UUID, business_id: UUID, actor: str, reason: str = "", hold: bool | None = None
) -> HeldBack | None:
    """Take a business from the list. Where it would still have the feature, it is held back: the row, else None.

    hold: hold it back in any case (True), never (False). Raises NotFound, Invalid (business, reason), StaleState: it is
    off already.
    """
    check_words(reason, "reason")
    with holding(feature_id) as feature:
        check_business(business_id)
        listed, _ = PilotBusiness.objects.filter(feature=feature, business_id=business_id).delete()
        wanted = has_without_list(feature, business_id) if hold is None else hold
        held, fresh = None, False
        if wanted:
            held, fresh = HeldBack.objects.get_or_create(
                feature=feature,
                business_id=business_id,
                defaults={"held_at": timezone.now(), "held_by": actor[:120], "reason": reason.strip()},
            )
        if not listed and not fresh:
            raise StaleState("It is off for this business already")
        change(feature, actor=actor)
        tell(feature, "disabled", actor, business_id=business_id, reason=reason.strip(), held=bool(held))
    return held


def follow_rollout(*, feature_id: UUID, business_id: UUID, actor: str) -> None:
    """Take away what was said for one business, so that the share and the default hold. Raises as switch_off."""
    with holding(feature_id) as feature:
        check_business(business_id)
        gone = sum(
            model.objects.filter(feature=feature, business_id=business_id).delete()[0]
            for model in (PilotBusiness, HeldBack)
        )
        if not gone:
            raise StaleState("Nothing was said for this business")
        change(feature, actor=actor)
        tell(feature, "released", actor, business_id=business_id)


def set_default(*, feature_id: UUID, variant: str, actor: str) -> Feature:
    """What whoever is neither listed nor within the share has; "" for what the environment says. Raises Invalid."""
    with holding(feature_id) as feature:
        if variant and variant not in feature.variants:
            raise Invalid("default_variant", f"One of {', '.join(feature.variants)}")
        if variant == feature.default_variant:
            return feature
        before = feature.default_variant
        change(feature, actor=actor, default_variant=variant)
        tell(feature, "default_set", actor, variant=variant, before=before)
    return feature


def check_words(words: str, field: str) -> None:
    if len(words) > MOST_NOTES or "\0" in words:
        raise Invalid(field, f"At most {MOST_NOTES} characters")


def check_business(business_id: UUID) -> None:
    """Raises Invalid when there is no such business. Call across businesses."""
    if not Business.objects.filter(pk=business_id).exists():
        raise Invalid("business", "There is no such business")


def check_room(feature: Feature, *, more: int) -> None:
    """Raises StaleState when the stage has no room for so many more businesses on its list."""
    stage = Stage.objects.filter(feature=feature, position=feature.stage).first()
    listed = PilotBusiness.objects.filter(feature=feature).count()
    room = room_left(stage=terms_of_stage(stage) if stage else None, listed=listed)
    if room is not None and stage and more > room:
        raise StaleState(
            f"Stage {stage.position} ({stage.name}) has room for {stage.businesses_max} businesses and has {listed}: "
            "advance first"
        )


def has_without_list(feature: Feature, business_id: UUID) -> bool:
    """Whether a business has the feature by its share or the default alone."""
    if default_of(feature) == feature.on_variant:
        return True
    return bucket_of(feature.key, str(business_id)) < feature.share
