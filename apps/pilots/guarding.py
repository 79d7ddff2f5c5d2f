"""ACT: put a guard on a feature, change it, arm it anew, take it away. Each is told to the audit of the feature."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.accounts.row_access import across_businesses
from apps.core.errors import Invalid, NotFound
from apps.core.measures import Metric
from apps.pilots.arming import arm, guarded
from apps.pilots.changing import holding, tell
from apps.pilots.criteria import Comparison
from apps.pilots.guards import GuardTerms, problem_of
from apps.pilots.ladder import Level
from apps.pilots.measuring import metric_of
from apps.pilots.models import Feature, Guard
from apps.pilots.selectors import is_serving

MOST_GUARDS = 20
MOST_COOLDOWN = 30 * 24 * 60
MOST_MINIMUM = 1_000_000
# What another value of makes another test: its evidence begins anew.
_TERMS = {"metric", "comparison", "limit", "relative", "level", "alpha"}
_FIELDS = _TERMS | {"minimum", "cooldown_minutes", "enabled"}


def create_guard(
    *,
    feature_id: UUID,
    metric: str,
    comparison: str,
    limit: float,
    actor: str,
    relative: bool = False,
    level: str = Level.EVERYTHING,
    alpha: float = 0.01,
    minimum: int = 30,
    cooldown_minutes: int = 60,
) -> Guard:
    """Put a guard on a feature, armed from now on.

    comparison: at_least or at_most, the healthy side. limit: a value of the metric; relative: a factor of the baseline.
    level: what is taken back. alpha: 0 to 0.5. Raises NotFound (the feature), StaleState (archived), Invalid.
    """
    with holding(feature_id) as feature:
        if Guard.objects.filter(feature=feature).count() >= MOST_GUARDS:
            raise Invalid("", f"At most {MOST_GUARDS} guards a feature")
        guard = Guard(
            feature=feature,
            metric=metric,
            comparison=comparison,
            limit=limit,
            relative=relative,
            level=level,
            alpha=alpha,
            minimum=minimum,
            cooldown_minutes=cooldown_minutes,
            armed_at=timezone.now(),
        )
        _check(guard)
        guard.save(force_insert=True)
        _arm_now(feature, guard)
        _tell(feature, "guard_added", guard, actor)
    return guard


def change_guard(*, guard_id: UUID, actor: str, **changes: Any) -> Guard:
    """Change a guard (the words of create_guard, and enabled). Another test begins its evidence, and baseline, anew.

    So does one that is switched on again. Raises NotFound, StaleState (archived), Invalid.
    """
    if unknown := set(changes) - _FIELDS:
        raise Invalid(min(unknown), "No such thing to change")
    with holding(_feature_of(guard_id)) as feature:
        guard = _held(guard_id, feature)
        changed = {name: value for name, value in changes.items() if getattr(guard, name) != value}
        if not changed:
            return guard
        for name, value in changed.items():
            setattr(guard, name, value)
        _check(guard)
        Guard.objects.filter(pk=guard.pk).update(**changed)
        if _TERMS & set(changed) or changed.get("enabled"):
            _arm_now(feature, guard)
        _tell(feature, "guard_changed", guard, actor, changed=sorted(changed))
    return guard


def arm_guard(*, guard_id: UUID, actor: str) -> Guard:
    """Forget the evidence, take the baseline anew, cool down no longer. Raises NotFound, StaleState (archived)."""
    with holding(_feature_of(guard_id)) as feature:
        guard = _held(guard_id, feature)
        _arm_now(feature, guard)
        _tell(feature, "guard_armed", guard, actor, baseline=guard.baseline, baseline_n=guard.baseline_n)
    return guard


def remove_guard(*, guard_id: UUID, actor: str) -> None:
    """Take a guard away; its incidents stay. Raises NotFound, StaleState (archived)."""
    with holding(_feature_of(guard_id)) as feature:
        guard = _held(guard_id, feature)
        _tell(feature, "guard_removed", guard, actor)
        guard.delete()


def terms_of(guard: Guard, metric: Metric) -> GuardTerms:
    """A guard's row as the rule wants it."""
    return GuardTerms(
        kind=metric.kind,
        comparison=Comparison(guard.comparison),
        limit=guard.limit,
        relative=guard.relative,
        alpha=guard.alpha,
        minimum=guard.minimum,
        baseline=guard.baseline,
        baseline_n=guard.baseline_n or 0,
    )


def _feature_of(guard_id: UUID) -> UUID:
    with across_businesses():
        feature_id = Guard.objects.filter(pk=guard_id).values_list("feature_id", flat=True).first()
    if feature_id is None:
        raise NotFound("There is no such guard")
    return feature_id


def _held(guard_id: UUID, feature: Feature) -> Guard:
    guard = Guard.objects.filter(pk=guard_id, feature=feature).first()
    if guard is None:
        raise NotFound("There is no such guard")
    guard.feature = feature
    return guard


def _arm_now(feature: Feature, guard: Guard) -> None:
    now = timezone.now()
    guard.baseline, guard.baseline_n, guard.cooling_until = None, None, None
    # While a ladder only measures, the baseline is still being gathered: it is taken when the feature goes out.
    businesses = guarded(feature, guard.level, now) if is_serving(feature) else []
    arm(guard, businesses, now, anew=True)


def _check(guard: Guard) -> None:
    metric = metric_of(guard.metric)
    if guard.comparison not in set(Comparison):
        raise Invalid("comparison", f"One of {', '.join(Comparison)}")
    if guard.level not in set(Level):
        raise Invalid("level", f"One of {', '.join(Level)}")
    if problem := problem_of(terms_of(guard, metric)):
        raise Invalid(*problem)
    if guard.minimum > MOST_MINIMUM:
        raise Invalid("minimum", f"At most {MOST_MINIMUM:,}")
    if not 0 <= guard.cooldown_minutes <= MOST_COOLDOWN:
        raise Invalid("cooldown_minutes", f"From 0 to {MOST_COOLDOWN:,} minutes")


def _tell(feature: Feature, kind: str, guard: Guard, actor: str, **data: Any) -> None:
    terms = {name: getattr(guard, name) for name in sorted(_FIELDS)}
    tell(feature, kind, actor, guard=str(guard.pk), **{**terms, "level": str(guard.level)}, **data)
