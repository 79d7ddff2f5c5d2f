"""ACT: write the ladder of a feature: its stages and what must be measured before each."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from apps.core.errors import Invalid, StaleState
from apps.pilots.changing import change, holding, tell
from apps.pilots.criteria import Comparison, CriterionTerms
from apps.pilots.ladder import OPEN, StageTerms
from apps.pilots.models import Advance, Criterion, Feature, PilotBusiness, Stage
from apps.pilots.plans import StagePlan, problem_of_plans
from apps.pilots.standing import terms_of_stage


def set_ladder(*, feature_id: UUID, plans: Sequence[StagePlan], actor: str) -> Feature:
    """Put another ladder in the place of a feature's own, also while it is under way.

    The stages behind and the one it stands on must leave everybody what they have. Raises NotFound, Invalid (fields as
    stages.0.criteria.1.metric), StaleState while a step waits for its decision.
    """
    with holding(feature_id) as feature:
        if Advance.objects.filter(feature=feature, state__in=OPEN).exists():
            raise StaleState("A step is asked for or scheduled: withdraw it, or let it be decided first")
        _check_standing(feature, plans)
        Stage.objects.filter(feature=feature).delete()
        write_ladder(feature, plans)
        change(feature, actor=actor)
        tell(feature, "ladder_set", actor, stages=len(plans))
    return feature


def write_ladder(feature: Feature, plans: Sequence[StagePlan]) -> None:
    """Write the rows of a ladder. Raises Invalid. Call in the transaction that holds the feature, or makes it."""
    if problem := problem_of_plans(plans, settings.PILOT_METRICS.keys()):
        raise Invalid(*problem)
    stages = [_stage(feature, plan.stage) for plan in plans]
    Stage.objects.bulk_create(stages)
    Criterion.objects.bulk_create(
        Criterion(
            stage=stage,
            metric=terms.metric,
            comparison=terms.comparison,
            limit=terms.limit,
            window_hours=terms.window_hours,
            minimum=terms.minimum,
        )
        for stage, plan in zip(stages, plans, strict=True)
        for terms in plan.criteria
    )


def ladder_of(feature: Feature) -> list[StagePlan]:
    """The ladder as it is written, in two queries."""
    stages = Stage.objects.filter(feature=feature).order_by("position").prefetch_related("criteria")
    return [StagePlan(terms_of_stage(stage), tuple(map(_terms, stage.criteria.all()))) for stage in stages]


def _terms(row: Criterion) -> CriterionTerms:
    return CriterionTerms(row.metric, Comparison(row.comparison), row.limit, row.window_hours, row.minimum)


def _stage(feature: Feature, terms: StageTerms) -> Stage:
    return Stage(
        feature=feature,
        position=terms.position,
        name=terms.name.strip(),
        kind=terms.kind,
        businesses_min=terms.businesses_min,
        businesses_max=terms.businesses_max,
        share=terms.share,
        baseline=terms.baseline,
        soak_hours=round(terms.soak.total_seconds() / 3600),
    )


def _check_standing(feature: Feature, plans: Sequence[StagePlan]) -> None:
    """A ladder under the feet of a rollout may grow, but neither the share nor the list may shrink by it."""
    if not feature.stage:
        return
    if len(plans) < feature.stage:
        raise Invalid("stages", f"It stands on stage {feature.stage}: a ladder cannot end below it. Roll it back first")
    field = f"stages.{feature.stage - 1}"
    stage = plans[feature.stage - 1].stage
    if stage.share != feature.share:
        raise Invalid(f"{field}.share", f"It stands here with {feature.share} %. To take it back, roll it back")
    was_baseline = Stage.objects.filter(feature=feature, position=feature.stage, baseline=True).exists()
    if stage.baseline != was_baseline:
        raise Invalid(f"{field}.baseline", "It stands here: whether businesses are served changes by a step only")
    listed = PilotBusiness.objects.filter(feature=feature).count()
    if stage.businesses_max is not None and listed > stage.businesses_max:
        raise Invalid(f"{field}.businesses_max", f"{listed} businesses are on the list already")
