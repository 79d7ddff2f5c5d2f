"""ACT: set up the pilot of retrieval: the feature, its seven days, and the guards that take it back."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.accounts.row_access import across_businesses
from apps.core.errors import StaleState
from apps.drafts.figures_plan import FEATURE, GUARDS, GuardPlan, rag_plan
from apps.pilots.defining import create_feature
from apps.pilots.guarding import create_guard
from apps.pilots.laddering import set_ladder
from apps.pilots.models import Feature, Guard, Stage

DESCRIPTION = "Drafts of replies look up past replies and snippets. Taken back, drafts are made without them at once."


def pilot() -> Feature | None:
    """The feature of the pilot, if it is set up. Ask across businesses."""
    return Feature.objects.filter(key=FEATURE).first()


def missing_of(feature: Feature | None) -> list[str]:
    """What is not there yet of the pilot, in words; empty when it is whole. Ask across businesses."""
    if feature is None:
        return ["the feature, its ladder and its guards"]
    missing = [] if Stage.objects.filter(feature=feature).exists() else ["its ladder"]
    return missing + [guard.why.lower() for guard in _guards_missing(feature)]


def set_up_pilot(*, actor: str, home: UUID | None) -> Feature:
    """Make what is not there yet of the pilot; what is there stays as it is. home: the business that runs it.

    Raises StaleState (the feature is archived), Invalid (no such business). Run twice, the second does nothing.
    """
    with across_businesses(), transaction.atomic():
        feature = pilot()
        if feature is None:
            feature = create_feature(key=FEATURE, home_id=home, description=DESCRIPTION, ladder=rag_plan(), actor=actor)
        elif feature.archived_at:
            raise StaleState(f"{FEATURE} is archived: take it out again first")
        elif not feature.stage and not Stage.objects.filter(feature=feature).exists():
            set_ladder(feature_id=feature.pk, plans=rag_plan(), actor=actor)
        for plan in _guards_missing(feature):
            create_guard(
                feature_id=feature.pk,
                metric=plan.metric,
                comparison=plan.comparison.value,
                limit=plan.limit,
                relative=plan.relative,
                level=plan.level.value,
                minimum=plan.minimum,
                cooldown_minutes=plan.cooldown_minutes,
                actor=actor,
            )
    return feature


def _guards_missing(feature: Feature) -> list[GuardPlan]:
    """A guard whose limit somebody has changed is still that guard: told by metric and level."""
    there = set(Guard.objects.filter(feature=feature).values_list("metric", "level"))
    return [plan for plan in GUARDS if (plan.metric, plan.level.value) not in there]
