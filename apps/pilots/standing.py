"""What a feature's rows say, as the rules want it."""

from datetime import timedelta

from django.conf import settings

from apps.pilots.ladder import StageKind, StageTerms
from apps.pilots.models import Feature, Stage


def default_of(feature: Feature) -> str:
    """The variant for who has none of their own: the feature's, else the environment's, else off."""
    named = feature.default_variant or settings.FEATURE_DEFAULTS.get(feature.key, "")
    return named if named in feature.variants else feature.off_variant


def terms_of_stage(stage: Stage) -> StageTerms:
    return StageTerms(
        position=stage.position,
        name=stage.name,
        kind=StageKind(stage.kind),
        businesses_min=stage.businesses_min,
        businesses_max=stage.businesses_max,
        share=stage.share,
        baseline=stage.baseline,
        soak=timedelta(hours=stage.soak_hours),
    )
