"""Questions about features that have served their time."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from apps.pilots.models import Feature
from apps.pilots.staleness import FeatureFacts, Stale, in_words, stale_reasons
from apps.pilots.standing import default_of


@dataclass(frozen=True, slots=True)
class StaleFeature:
    """A feature and why it is stale. words: the same, for people."""

    feature: Feature
    reasons: tuple[Stale, ...]
    words: tuple[str, ...]


def stale_features(now: datetime, *, days: int | None = None, among: Q | None = None) -> list[StaleFeature]:
    """The stale features among those the caller sees, by key. days: of settings.FEATURE_STALE_DAYS unless given."""
    days = settings.FEATURE_STALE_DAYS if days is None else days
    found = []
    for feature in Feature.objects.filter(among or Q(), archived_at=None, permanent=False).select_related("owner"):
        reasons = stale_reasons(facts_of(feature), now=now, days=days)
        if reasons:
            found.append(StaleFeature(feature, reasons, tuple(in_words(reason, days) for reason in reasons)))
    return found


def facts_of(feature: Feature) -> FeatureFacts:
    by_stage = feature.share == 100 and feature.stage_since
    return FeatureFacts(
        share=feature.share,
        everybody=default_of(feature) == feature.on_variant,
        since=feature.stage_since if by_stage else feature.changed_at,  # type: ignore[arg-type]
        created_at=feature.created_at,
        changed_at=feature.changed_at,
        evaluated_at=feature.last_evaluated_at,
        permanent=feature.permanent,
        archived=feature.archived_at is not None,
    )
