"""ACT: look at the guards of every feature that is out; on a breach take it back, open an incident and tell people.

Rollback, incident, cool-down and notice are one transaction: a worker killed at any moment leaves all or nothing, and
the next look finds the same breach. Of two looks at one feature at once, one leaves.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.core.errors import Invalid, StaleState
from apps.core.locking import try_lock
from apps.core.measures import NO_DATA, Figured, Metric, Sample
from apps.pilots.arming import arm, cohort_since, guarded, restarted_at
from apps.pilots.changing import holding, tell
from apps.pilots.guarding import terms_of
from apps.pilots.guards import (
    PERIOD,
    GuardState,
    GuardTerms,
    GuardVerdict,
    Reading,
    Seen,
    interval_of,
    limit_of,
    period_of,
    read,
    say,
)
from apps.pilots.incidents import open_incident
from apps.pilots.ladder import Level
from apps.pilots.measuring import measure, measure_each, metric_of
from apps.pilots.models import Feature, Guard, GuardReading, Incident, Rollback
from apps.pilots.rollback import MOST_REASON, confirm_effect, roll_back

log = logging.getLogger(__name__)

ACTOR = "system:guard"
KEEP_READINGS = timedelta(days=14)
# Businesses that one look takes it back from, each by itself; the next look goes on with the rest.
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class _Looked:
    """A guard's finding; about one business where each is looked at by itself."""

    found: Reading
    business_id: UUID | None = None


def watch_guards(*, now: datetime) -> int:
    """Look at every guard that is enabled; how many acted. One that fails is logged and stops none of the others."""
    with across_businesses():
        rows = Guard.objects.filter(enabled=True, feature__archived_at=None)
        # In another order each time: where there are more than one run can look at, none is always the last.
        guards = list(rows.order_by("?").values_list("pk", flat=True))
    acted = 0
    for guard_id in guards:
        try:
            rollbacks = look(guard_id=guard_id, now=now)
        except Exception:
            log.exception("guard %s could not be looked at", guard_id)
            continue
        acted += bool(rollbacks)
        for rollback in rollbacks:
            confirm_effect(rollback)
    return acted


def look(*, guard_id: UUID, now: datetime) -> list[Rollback]:
    """Look at one guard in one transaction; the rollbacks it made. Nothing while another looks at the same feature."""
    with across_businesses():
        guard = Guard.objects.select_related("feature").filter(pk=guard_id, enabled=True).first()
        if guard is None or not try_lock(f"guards:{guard.feature_id}"):
            return []
        # What was read before the lock may have been changed by whoever had it.
        guard = Guard.objects.select_related("feature").filter(pk=guard_id, enabled=True).first()
        if guard is None or guard.feature.archived_at:
            return []
        businesses = guarded(guard.feature, guard.level, now)
        if not businesses:
            return []
        _keep_up(guard, businesses, now)
        return _judge(guard, businesses, now)


def forget_readings(*, now: datetime) -> int:
    """Delete what no chart shows any more; how many readings."""
    with across_businesses():
        return GuardReading.objects.filter(at__lt=now - KEEP_READINGS).delete()[0]


def _keep_up(guard: Guard, businesses: Sequence[UUID], now: datetime) -> None:
    """Begin the evidence anew where somebody has got the feature since it was armed."""
    began = restarted_at(guard.feature)
    if began and guard.armed_at < began <= now and _hold(guard):
        arm(guard, businesses, began)


def _hold(guard: Guard) -> bool:
    """Hold the feature to the end of the transaction, as whoever changes its guards does; whether nobody has since."""
    try:
        with holding(guard.feature_id):
            return Guard.objects.filter(pk=guard.pk, enabled=True, armed_at=guard.armed_at).exists()
    except StaleState:
        return False


def _judge(guard: Guard, businesses: Sequence[UUID], now: datetime) -> list[Rollback]:
    try:
        metric = metric_of(guard.metric)
    except Invalid:
        log.warning("guard %s asks for %s, which is no metric here", guard.pk, guard.metric)
        return []
    terms = terms_of(guard, metric)
    looked = list(_looks(guard, metric, terms, businesses, now))
    strongest = max(looked, key=lambda one: (one.found.verdict == GuardVerdict.BREACHED, one.found.evidence or 0.0))
    _keep(guard, terms, strongest.found, now)
    breached = [one for one in looked if one.found.verdict == GuardVerdict.BREACHED]
    # A guard that was changed while this was measured is another test, and begins anew.
    if not breached or not _hold(guard):
        return []
    breached.sort(key=lambda one: -(one.found.evidence or 0.0))
    worst = breached[:MOST_AT_ONCE]
    made = [rollback for one in worst if (rollback := _act(guard, metric, terms, one, len(businesses), now))]
    if made and len(worst) == len(breached):
        guard.cooling_until = now + timedelta(minutes=guard.cooldown_minutes)
        # What it has acted on is used up.
        arm(guard, businesses, now)
    return made


def _looks(
    guard: Guard, metric: Metric, terms: GuardTerms, businesses: Sequence[UUID], now: datetime
) -> Iterator[_Looked]:
    state = GuardState(guard.armed_at, guard.cooling_until)
    limit = limit_of(terms) if metric.kind is Figured.QUANTILE else None
    asked: dict[str, Any] = {"name": guard.metric, "businesses": businesses, "until": now, "limit": limit}
    began = guard.armed_at + period_of(guard.armed_at, now) * PERIOD
    since = [guard.armed_at, *([began] if began > guard.armed_at else [])]
    if guard.level != Level.BUSINESS:
        yield _Looked(read(terms, state, _seen([measure(since=moment, **asked) for moment in since]), now))
        return
    samples = [measure_each(since=moment, **asked) for moment in since]
    for business in samples[0] or businesses[:1]:
        found = read(terms, state, _seen(_of(samples, business)), now, businesses=len(businesses))
        yield _Looked(found, business)


def _of(samples: Sequence[Mapping[UUID, Sample]], business: UUID) -> list[Sample]:
    return [sample.get(business, NO_DATA) for sample in samples]


def _seen(samples: Sequence[Sample]) -> Seen:
    return Seen(samples[0], samples[1] if len(samples) > 1 else None)


def _keep(guard: Guard, terms: GuardTerms, found: Reading, now: datetime) -> None:
    """Write the reading down, unless it says what the last one said."""
    last = GuardReading.objects.filter(guard=guard).order_by("-at").first()
    if last and (last.n, last.verdict) == (found.sample.n, found.verdict) and last.at >= guard.armed_at:
        return
    interval = interval_of(terms, found)
    GuardReading.objects.create(
        guard=guard,
        at=now,
        n=found.sample.n,
        hits=found.sample.hits,
        value=found.sample.value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        evidence=found.evidence,
        verdict=found.verdict.value,
    )


def _act(
    guard: Guard, metric: Metric, terms: GuardTerms, looked: _Looked, businesses: int, now: datetime
) -> Rollback | None:
    """Take the feature back and open the incident; None where it is off already."""
    feature, words = guard.feature, say(metric, terms, looked.found)
    where: dict[str, Any] = {"business_id": looked.business_id}
    if guard.level == Level.COHORT:
        where["cohort"] = (cohort_since(feature), now)
    try:
        with transaction.atomic():
            rollback = roll_back(
                feature_id=feature.pk, level=Level(guard.level), reason=words[:MOST_REASON], actor=ACTOR, **where
            )
    except StaleState:
        return None
    incident = open_incident(
        guard=guard,
        rollback=rollback,
        title=_title(feature, guard, looked.business_id),
        words=words,
        figures={**_figures(guard, terms, looked, businesses), "title": metric.title, "words": words},
        now=now,
    )
    _tell(feature, incident, rollback, words, looked.business_id)
    return rollback


def _title(feature: Feature, guard: Guard, business_id: UUID | None) -> str:
    if business_id is None:
        whom = "everybody" if guard.level == Level.EVERYTHING else "the newest cohort"
        return f"{feature.key} was taken back from {whom}"
    name = Business.objects.filter(pk=business_id).values_list("name", flat=True).first()
    return f"{feature.key} was taken back from {name}"


def _figures(guard: Guard, terms: GuardTerms, looked: _Looked, businesses: int) -> dict[str, Any]:
    found, interval = looked.found, interval_of(terms, looked.found)
    return {
        "value": found.sample.value,
        "n": found.sample.n,
        "hits": found.sample.hits,
        "comparison": guard.comparison,
        "limit": found.limit,
        "relative": guard.limit if guard.relative else None,
        "baseline": guard.baseline,
        "baseline_n": guard.baseline_n,
        "evidence": found.evidence,
        "alpha": guard.alpha,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "since": guard.armed_at.isoformat(),
        "businesses": businesses,
        "business": str(looked.business_id) if looked.business_id else None,
    }


def _tell(feature: Feature, incident: Incident, rollback: Rollback, words: str, business_id: UUID | None) -> None:
    told = {"incident": str(incident.pk), "rollback": str(rollback.pk), "metric": incident.metric, "words": words}
    tell(feature, "incident_opened", ACTOR, business_id=business_id, **told)
