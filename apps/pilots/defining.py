"""ACT: make a feature, change what it says of itself, put it away and take it out again."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.accounts.row_access import across_businesses
from apps.core.errors import Invalid, StaleState
from apps.pilots.changing import change, holding, tell
from apps.pilots.flags import features_changed
from apps.pilots.kinds import ON_OFF, Kind, problem_of_key, problem_of_variants
from apps.pilots.laddering import write_ladder
from apps.pilots.models import Feature
from apps.pilots.plans import StagePlan
from apps.pilots.switching import check_words

# What may be changed once a feature exists. Its key and kind may not: programs ask for them.
EDITABLE = frozenset(
    {
        "variants", "on_variant", "off_variant", "description", "owner_id", "home_id", "permanent", "self_service",
        "exposed", "auto_advance",
    }
)  # fmt: skip


def create_feature(
    *,
    key: str,
    actor: str,
    kind: str = Kind.BOOLEAN,
    variants: Mapping[str, Any] | None = None,
    on_variant: str = "on",
    off_variant: str = "off",
    description: str = "",
    owner_id: UUID | None = None,
    home_id: UUID | None = None,
    permanent: bool = False,
    self_service: bool = False,
    exposed: bool = False,
    auto_advance: bool = False,
    ladder: Sequence[StagePlan] = (),
) -> Feature:
    """Make a feature that nobody has yet. variants: values by name; ON_OFF for booleans.

    Raises Invalid naming the field; a key that exists is one.
    """
    feature = Feature(
        key=key,
        kind=kind,
        variants=dict(ON_OFF if variants is None else variants),
        on_variant=on_variant,
        off_variant=off_variant,
        description=description.strip(),
        owner_id=owner_id,
        home_id=home_id,
        permanent=permanent,
        self_service=self_service,
        exposed=exposed,
        auto_advance=auto_advance,
        changed_by=actor[:120],
    )
    with across_businesses():
        _check(feature)
        _insert(feature)
        write_ladder(feature, ladder)
        features_changed()
        tell(feature, "created", actor, kind_of_feature=feature.kind, stages=len(ladder))
    return feature


def edit_feature(*, feature_id: UUID, actor: str, **columns: Any) -> Feature:
    """Change some of EDITABLE; the feature as it is then. Raises NotFound, Invalid naming the field, StaleState."""
    if unknown := set(columns) - EDITABLE:
        raise Invalid(min(unknown), "This cannot be changed")
    with holding(feature_id) as feature:
        before = {name: getattr(feature, name) for name in columns}
        for name, value in columns.items():
            setattr(feature, name, value)
        _check(feature)
        if feature.default_variant not in ("", *feature.variants):
            raise Invalid("variants", f"{feature.default_variant} is the default now: keep it, or change that first")
        news = {name: value for name, value in columns.items() if value != before[name]}
        if news:
            change(feature, actor=actor, **news)
            tell(feature, "edited", actor, changed=sorted(news))
    return feature


def archive_feature(*, feature_id: UUID, actor: str) -> Feature:
    """Put a feature away: programs are told it does not exist, our own code has it off. Nothing of it is lost.

    Raises NotFound, StaleState: it is archived already, or permanent.
    """
    with holding(feature_id) as feature:
        if feature.permanent:
            raise StaleState("A permanent feature is not archived: say first that it is not permanent any more")
        change(feature, actor=actor, archived_at=timezone.now())
        tell(feature, "archived", actor)
    return feature


def restore_feature(*, feature_id: UUID, actor: str) -> Feature:
    """Take a feature out again, exactly as it was. Raises NotFound, StaleState: it is not archived."""
    with holding(feature_id, archived_too=True) as feature:
        if feature.archived_at is None:
            raise StaleState("This feature is not archived")
        change(feature, actor=actor, archived_at=None)
        tell(feature, "restored", actor)
    return feature


def _insert(feature: Feature) -> None:
    try:
        with transaction.atomic():
            feature.save(force_insert=True)
    except IntegrityError as error:
        if "key" not in str(error):
            raise
        raise Invalid("key", "There is a feature of this key already") from None


def _check(feature: Feature) -> None:
    if problem := problem_of_key(feature.key):
        raise Invalid("key", problem)
    if feature.kind not in {kind.value for kind in Kind}:
        raise Invalid("kind", f"One of {', '.join(Kind)}")
    if problem := problem_of_variants(feature.kind, feature.variants):
        raise Invalid("variants", problem)
    for name in ("on_variant", "off_variant"):
        if getattr(feature, name) not in feature.variants:
            raise Invalid(name, f"One of {', '.join(feature.variants)}")
    if feature.on_variant == feature.off_variant:
        raise Invalid("on_variant", "On and off must differ")
    _check_words_and_people(feature)


def _check_words_and_people(feature: Feature) -> None:
    check_words(feature.description, "description")
    if feature.owner_id and not User.objects.filter(pk=feature.owner_id).exists():
        raise Invalid("owner", "There is no such person")
    if feature.home_id and not Business.objects.filter(pk=feature.home_id).exists():
        raise Invalid("home", "There is no such business")
