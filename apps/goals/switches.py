"""ACT: the five switches of the gate. Each is a feature (apps/pilots); here is what they do, and the gate page's way.

Where such a row is missing, the switch stands as the environment has it, and the first turn makes the row.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from apps.accounts.row_access import across_businesses
from apps.core.errors import Invalid, NotAllowed, StaleState
from apps.pilots.flags import Features, features
from apps.pilots.kinds import ON_OFF
from apps.pilots.models import Feature, HeldBack, PilotBusiness
from apps.pilots.overview import phase_words_of
from apps.pilots.phases import Phase
from apps.pilots.rollout import bucket_of
from apps.pilots.switching import follow_rollout, set_default, switch_off, switch_on

ENABLED = "PHASE2_ENABLED"
# By name of a field of gate.Switches.
PARTS = {
    "pre_validation": "PHASE2_PRE_VALIDATION_ENABLED",
    "approval_gates": "PHASE2_APPROVAL_GATES_ENABLED",
    "clarification": "PHASE2_CLARIFICATION_ENABLED",
    "graded_confidence": "PHASE2_GRADED_CONFIDENCE_ENABLED",
}

WORDS = {
    ENABLED: ("Gate", "Off: goals run as they come, and answers carry nothing of the gate."),
    "PHASE2_PRE_VALIDATION_ENABLED": ("Pre-validation", "Off: a failed check no longer stops a goal."),
    "PHASE2_APPROVAL_GATES_ENABLED": ("Approval gates", "Off: nobody is asked; what would have waited runs."),
    "PHASE2_CLARIFICATION_ENABLED": ("Clarification", "Off: what would have been a question goes to a person."),
    "PHASE2_GRADED_CONFIDENCE_ENABLED": ("Graded confidence", "Off: two levels of confidence, made from the checks."),
}


@dataclass(frozen=True, slots=True)
class SwitchStand:
    """One switch for one business: whether it is on, what each level says (None: nothing), and what decides.

    source: in words, such as "set for this business". yours: its own admins may turn it for the business.
    """

    name: str
    words: tuple[str, str]
    on: bool
    own: bool | None
    shared: bool | None
    default: bool
    source: str
    changed_by: str
    yours: bool


def states_of(known: Features, business_id: UUID) -> dict[str, bool]:
    """Whether each switch is on for a business, by name."""
    targeting_key, flags = str(business_id), known.flags
    return {name: flags[name].answer(targeting_key).on if name in flags else _of_environment(name) for name in WORDS}


def set_switch(*, name: str, on: bool, business_id: UUID | None, actor: str) -> None:
    """Turn a switch for one business, or for the whole installation (business_id None). Again changes nothing.

    Raises Invalid, StaleState (the rollout has no room for another business).
    """
    feature = _placed(name)
    if business_id is None:
        variant = feature.on_variant if on else feature.off_variant
        set_default(feature_id=feature.pk, variant=variant, actor=actor)
        return
    try:
        if on:
            switch_on(feature_id=feature.pk, business_id=business_id, actor=actor)
        else:
            # A business's own "off" stays its own, also where the installation has it off for now.
            switch_off(feature_id=feature.pk, business_id=business_id, actor=actor, hold=True)
    except StaleState:
        if _own(feature, business_id) is not on:
            raise


def clear_switch(*, name: str, business_id: UUID | None, actor: str) -> None:
    """Take a business's own setting away, so that the installation's holds again; None: the installation's."""
    feature = _placed(name)
    if business_id is None:
        set_default(feature_id=feature.pk, variant="", actor=actor)
        return
    try:
        follow_rollout(feature_id=feature.pk, business_id=business_id, actor=actor)
    except StaleState:
        if _own(feature, business_id) is not None:
            raise


def refuse_unless_theirs(*, name: str, business_id: UUID, to: bool | None) -> None:
    """Raises NotAllowed unless a business's own admins may turn the switch for it. to: None for following."""
    with across_businesses():
        feature = Feature.objects.filter(key=name).first()
        if feature is None:
            return
        if not feature.self_service:
            raise NotAllowed("Those who run this feature turn it")
        held = HeldBack.objects.filter(feature=feature, business_id=business_id, rollback__isnull=False)
        # What was taken back because of harm is not given again by who may not know of it.
        if to is not False and (held.exists() or phase_words_of(feature.pk)[0] is Phase.ROLLED_BACK):
            raise NotAllowed("It was rolled back. Those who run the rollout turn it on again")


def switches_of(business_id: UUID) -> list[SwitchStand]:
    """Every switch as it stands for a business, and what says so."""
    mine = {"business_id": business_id, "feature__key__in": list(WORDS)}
    with across_businesses():
        rows = {row.key: row for row in Feature.objects.filter(key__in=list(WORDS))}
        listed = dict(PilotBusiness.objects.filter(**mine).values_list("feature__key", "enabled_by"))
        held = {row.feature.key: row for row in HeldBack.objects.filter(**mine).select_related("feature")}
    on = states_of(features(), business_id)
    return [_stand(name, business_id, on[name], rows.get(name), listed.get(name), held.get(name)) for name in WORDS]


def _stand(
    name: str, business_id: UUID, on: bool, feature: Feature | None, listed_by: str | None, held: HeldBack | None
) -> SwitchStand:
    own = False if held else True if listed_by is not None else None
    shared = None
    if feature and feature.default_variant:
        shared = feature.default_variant == feature.on_variant
    source, by = _from_above(business_id, feature)
    if held:
        source, by = "taken back by a rollback" if held.rollback_id else "set for this business", held.held_by
    elif listed_by is not None:
        source, by = "set for this business", listed_by
    yours = feature is None or (feature.self_service and not (held and held.rollback_id))
    return SwitchStand(name, WORDS[name], on, own, shared, _of_environment(name), source, by, yours)


def _from_above(business_id: UUID, feature: Feature | None) -> tuple[str, str]:
    """What decides where the business has said nothing, in words, and who set that."""
    if feature is None:
        return "from the environment", ""
    if feature.share and bucket_of(feature.key, str(business_id)) < feature.share:
        return f"on by the {feature.share} % rollout", ""
    outside = f", outside of the {feature.share} % rollout" if feature.share else ""
    if feature.default_variant:
        return f"set for the whole installation{outside}", feature.default_by
    return f"from the environment{outside}", ""


def _own(feature: Feature, business_id: UUID) -> bool | None:
    with across_businesses():
        if HeldBack.objects.filter(feature=feature, business_id=business_id).exists():
            return False
        return True if PilotBusiness.objects.filter(feature=feature, business_id=business_id).exists() else None


def _placed(name: str) -> Feature:
    if name not in WORDS:
        raise Invalid("name", f"There is no switch {name[:60]}")
    described = {"description": ". ".join(WORDS[name]), "variants": ON_OFF, "permanent": True, "self_service": True}
    with across_businesses():
        return Feature.objects.get_or_create(key=name, defaults=described)[0]


def _of_environment(name: str) -> bool:
    return settings.FEATURE_DEFAULTS.get(name) == "on"
