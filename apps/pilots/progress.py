"""How far a rollout has come, and what stands between it and its next stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.core.measures import NO_DATA
from apps.pilots.criteria import CriterionTerms, Judged, judge
from apps.pilots.ladder import OPEN, StageTerms, problem_of_step, soaked_at
from apps.pilots.laddering import ladder_of
from apps.pilots.measuring import measure, metric_of
from apps.pilots.models import Advance, Feature, PilotBusiness
from apps.pilots.plans import StagePlan
from apps.pilots.selectors import businesses_measured


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a rollout stands. plans: the whole ladder. criteria: of the next stage, as they are measured now.

    blocked: what is impossible whatever the figures; unmet: what an owner may go past with a reason. Both in words.
    """

    plans: Sequence[StagePlan]
    stage: StageTerms | None
    next: StageTerms | None
    soaked_at: datetime | None
    criteria: Sequence[Judged]
    open: Advance | None
    blocked: str
    unmet: Sequence[str]

    @property
    def is_ready(self) -> bool:
        return not self.blocked and not self.unmet


def progress_of(feature: Feature, now: datetime) -> Progress:
    """Where a feature stands on its ladder, with everything measured. Ask across businesses."""
    plans = ladder_of(feature)
    stage = plans[feature.stage - 1].stage if 0 < feature.stage <= len(plans) else None
    following = plans[feature.stage] if feature.stage < len(plans) else None
    waiting = Advance.objects.filter(feature=feature, state__in=OPEN).first()
    if following is None:
        blocked = "It has no ladder" if not plans else "It has come to its last stage"
        return Progress(plans, stage, None, None, (), waiting, blocked, ())
    ready_at = soaked_at(since=feature.stage_since, to=following.stage)
    criteria = judged(feature, following.criteria, now)
    return Progress(
        plans=plans,
        stage=stage,
        next=following.stage,
        soaked_at=ready_at,
        criteria=criteria,
        open=waiting,
        blocked=_blocked(feature, following.stage),
        unmet=[*_unmet_of_stage(feature, stage, ready_at, now), *_unmet_of_criteria(criteria)],
    )


def judged(feature: Feature, criteria: Sequence[CriterionTerms], now: datetime) -> list[Judged]:
    """Each criterion measured on the businesses the rollout is judged by, one statement each (two where it may not
    apply)."""
    businesses = businesses_measured(feature) if criteria else []
    return [_judged(businesses, terms, now) for terms in criteria]


def _judged(businesses: Sequence[UUID], terms: CriterionTerms, now: datetime) -> Judged:
    since = now - timedelta(hours=terms.window_hours)
    sample = measure(name=terms.metric, businesses=businesses, since=since, until=now, limit=terms.limit)
    metric, basis = metric_of(terms.metric), NO_DATA
    if metric.basis and businesses and not sample.n:
        basis = metric.basis.measure(businesses, since, now)
    return judge(metric, terms, sample, basis)


def _blocked(feature: Feature, to: StageTerms) -> str:
    if feature.archived_at:
        return "It is archived"
    if feature.home_id is None:
        return "It has no home: choose the business whose people decide its steps"
    return problem_of_step(stage=feature.stage, share=feature.share, to=to)


def _unmet_of_stage(feature: Feature, stage: StageTerms | None, ready_at: datetime | None, now: datetime) -> list[str]:
    unmet = []
    if stage and stage.businesses_min:
        listed = PilotBusiness.objects.filter(feature=feature).count()
        if listed < stage.businesses_min:
            unmet.append(f"Stage {stage.position} needs {stage.businesses_min} businesses on the list and has {listed}")
    if ready_at and ready_at > now:
        unmet.append(f"The stage must last until {ready_at:%d %b %Y %H:%M} UTC")
    return unmet


def _unmet_of_criteria(criteria: Sequence[Judged]) -> list[str]:
    return [found.words for found in criteria if not found.passes]
