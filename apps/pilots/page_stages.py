"""EDGE: what the ladder of a feature's page is given: each stage in words, and what stands before the next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from apps.core.errors import Invalid
from apps.core.measures import Metric, written
from apps.pilots.criteria import Comparison, CriterionTerms, Judged, Verdict
from apps.pilots.ladder import OPEN, StageTerms, reach_of
from apps.pilots.laddering import ladder_of
from apps.pilots.measuring import metric_of
from apps.pilots.models import Advance, Feature
from apps.pilots.plans import StagePlan
from apps.pilots.progress import Progress, progress_of

VERDICTS = {
    Verdict.MET: ("pass", "met"),
    Verdict.FAILED: ("fail", "not met"),
    Verdict.TOO_LITTLE_DATA: ("warn", "too little data"),
    Verdict.NO_DATA: ("warn", "no data"),
    Verdict.DOES_NOT_APPLY: ("off", "does not apply"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the ladder. state: done, here, next or later. needs: what must hold before it is entered."""

    terms: StageTerms
    state: str
    reach: str
    needs: list[str]


def stages_context(feature: Feature, now: datetime) -> dict[str, Any]:
    progress = _progress(feature, now)
    return {
        "progress": progress,
        "steps": [_step(feature, progress, plan) for plan in progress.plans],
        "criteria": [_row(found) for found in progress.criteria],
        "soak_left": _left(progress.soaked_at, now),
        # Whether it makes sense to ask: what is not met an owner may go past, what is blocked nobody.
        "unmet_else": _unmet_else(progress, now),
        "may_ask": progress.next is not None and progress.open is None and not progress.blocked,
    }


def _progress(feature: Feature, now: datetime) -> Progress:
    try:
        return progress_of(feature, now)
    except Invalid:
        # A metric that a criterion asks for has left settings.PILOT_METRICS. The rest of the page is needed still.
        plans = ladder_of(feature)
        here = plans[feature.stage - 1].stage if 0 < feature.stage <= len(plans) else None
        waiting = Advance.objects.filter(feature=feature, state__in=OPEN).first()
        blocked = "A criterion asks for a metric that this installation has no more: edit the ladder"
        return Progress(plans, here, None, None, (), waiting, blocked, ())


def _unmet_else(progress: Progress, now: datetime) -> list[str]:
    """What is not met besides the time and the criteria, which are shown by themselves."""
    said = {found.words for found in progress.criteria}
    waits = progress.soaked_at is not None and progress.soaked_at > now
    rest = [words for words in progress.unmet if words not in said]
    return rest[:-1] if waits else rest


def needs_of(terms: CriterionTerms) -> str:
    """A criterion in words: Approval rate at least 70 % over 48 h, from 30 decisions on."""
    if terms.metric not in settings.PILOT_METRICS:
        return f"{terms.metric}, which this installation does not measure"
    metric = metric_of(terms.metric)
    return (
        f"{metric.title} {limit_of(metric, terms)} over {hours(terms.window_hours)}, from {terms.minimum} {metric.of}"
    )


def limit_of(metric: Metric, terms: CriterionTerms) -> str:
    side = "at least" if terms.comparison is Comparison.AT_LEAST else "at most"
    return f"{side} {written(metric, terms.limit)}"


def hours(count: int) -> str:
    """48 h, 7 days."""
    return f"{count // 24} days" if count % 24 == 0 and count >= 72 else f"{count} h"


def _step(feature: Feature, progress: Progress, plan: StagePlan) -> Step:
    position = plan.stage.position
    if position <= feature.stage:
        state = "here" if position == feature.stage else "done"
    else:
        state = "next" if position == feature.stage + 1 else "later"
    needs = [f"{hours(round(plan.stage.soak / timedelta(hours=1)))} at the stage before"] if plan.stage.soak else []
    return Step(plan.stage, state, reach_of(plan.stage), [*needs, *map(needs_of, plan.criteria)])


def _row(found: Judged) -> dict[str, Any]:
    status, words = VERDICTS[found.verdict]
    return {
        "title": found.metric.title,
        "meaning": found.metric.meaning,
        "limit": limit_of(found.metric, found.terms),
        "value": written(found.metric, found.sample.value),
        "n": found.sample.n,
        "of": found.metric.of,
        "minimum": found.terms.minimum,
        "short": found.sample.n < found.terms.minimum and not found.passes,
        "why": found.why,
        "window": hours(found.terms.window_hours),
        "status": status,
        "verdict": words,
    }


def _left(ready_at: datetime | None, now: datetime) -> str:
    """How long the stage has to last still: "1 day 4 h"; "" for not at all."""
    if ready_at is None or ready_at <= now:
        return ""
    minutes = int((ready_at - now).total_seconds() // 60) + 1
    days, rest = divmod(minutes, 24 * 60)
    if days:
        return f"{days} day{'s' if days > 1 else ''} {rest // 60} h"
    return f"{rest // 60} h {rest % 60} min" if rest >= 60 else f"{rest} min"
