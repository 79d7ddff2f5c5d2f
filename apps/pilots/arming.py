"""ACT: begin a guard's evidence anew, and freeze the baseline it is held against."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max

from apps.core.measures import Sample
from apps.pilots.ladder import AdvanceState, Level
from apps.pilots.measuring import measure
from apps.pilots.models import Advance, Feature, Guard, PilotBusiness, Rollback, Stage
from apps.pilots.reach import affected_by, is_by_default
from apps.pilots.selectors import businesses_on

# What came just before, where the ladder has no stage that only measures.
BASELINE_BEFORE = timedelta(days=7)


def guarded(feature: Feature, level: str, now: datetime) -> list[UUID]:
    """The businesses a guard of this level looks at: all that have the feature, or those that came with this stage."""
    if level != Level.COHORT:
        return businesses_on(feature)
    since = cohort_since(feature)
    return affected_by(feature, level=Level.COHORT, cohort=(since, now)) if since < now else []


def cohort_since(feature: Feature) -> datetime:
    """Since when whoever has come belongs to the newest cohort: since the stage began."""
    return feature.stage_since or feature.created_at


def restarted_at(feature: Feature) -> datetime | None:
    """When somebody last got the feature: by a stage, by name, by default, or back after a rollback. None: never.

    What happened before has nothing to do with the feature as it is out now.
    """
    listed = PilotBusiness.objects.filter(feature=feature).aggregate(Max("enabled_at"))["enabled_at__max"]
    undone = Rollback.objects.filter(feature=feature).aggregate(Max("undone_at"))["undone_at__max"]
    default = feature.default_since if is_by_default(feature) else None
    moments = [moment for moment in (feature.stage_since, listed, undone, default) if moment]
    return max(moments, default=None)


def arm(guard: Guard, businesses: Sequence[UUID], at: datetime, *, anew: bool = False) -> None:
    """Let evidence begin at a moment. The baseline is taken where there is none yet, or anew when a person arms.

    It is not taken again by itself: a rollout that grows worse step by step would become its own measure.
    """
    guard.armed_at = at
    if guard.relative and businesses and (anew or guard.baseline is None):
        found = _baseline(guard, businesses, at)
        guard.baseline, guard.baseline_n = found.value, found.n or None
    Guard.objects.filter(pk=guard.pk).update(
        armed_at=at, baseline=guard.baseline, baseline_n=guard.baseline_n, cooling_until=guard.cooling_until
    )


def _baseline(guard: Guard, businesses: Sequence[UUID], at: datetime) -> Sample:
    by_stage = _baseline_stage(guard.feature, at)
    if by_stage:
        listed, since, until = by_stage
        found = measure(name=guard.metric, businesses=listed, since=since, until=until)
        if found.n:
            return found
    return measure(name=guard.metric, businesses=businesses, since=at - BASELINE_BEFORE, until=at)


def _baseline_stage(feature: Feature, at: datetime) -> tuple[list[UUID], datetime, datetime] | None:
    """(businesses listed then, from, to) of the last time the ladder stood on stages that only measure."""
    positions = Stage.objects.filter(feature=feature, baseline=True).values("position")
    done = Advance.objects.filter(feature=feature, state=AdvanceState.DONE, done_at__lte=at)
    start = done.filter(to_stage__in=positions).exclude(from_stage__in=positions).order_by("-done_at").first()
    if start is None or start.done_at is None:
        return None
    left = done.filter(from_stage__in=positions, done_at__gt=start.done_at).exclude(to_stage__in=positions)
    end = left.order_by("done_at").values_list("done_at", flat=True).first() or at
    listed = PilotBusiness.objects.filter(feature=feature, enabled_at__lt=end).values_list("business_id", flat=True)
    return list(listed), start.done_at, end
