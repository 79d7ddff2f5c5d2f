"""RULE: whether a metric has surely crossed a guard's limit, by what was observed since the guard was armed.

Every guard is a test of a rate (sequential.py): of a share, the share itself; of a 95 % time, the share of
observations above the limit, of which 5 % are allowed. A count is no rate: the first above the limit is one too many.

The chance alpha of a false alarm, ever, is divided among all that is looked at, since the chances of several tests add
up at most (Bonferroni): between a baseline and the test, where the limit is a share of a baseline; evenly among the
businesses, where each is looked at by itself; and between the whole stretch since arming and the current period. The
whole finds small excesses, but once it holds many healthy observations it is slow to see a sudden one; so a test begins
anew with every PERIOD, the j-th at a share 1 / (j (j + 1)) of its part, and all those shares come to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from apps.core.measures import QUANTILE, Figured, Metric, Sample, written
from apps.pilots.criteria import Comparison
from apps.pilots.sequential import Interval, confidence_sequence, log_evidence_above

PERIOD = timedelta(days=1)
# Of a log e-value that is kept or shown: one that is decisive beyond doubt is infinite.
MOST_EVIDENCE = 1e6


class GuardVerdict(StrEnum):
    QUIET = "quiet"
    TOO_LITTLE_DATA = "too_little_data"
    NO_DATA = "no_data"
    NO_BASELINE = "no_baseline"
    COOLING = "cooling"
    BREACHED = "breached"


WORDS = {
    GuardVerdict.QUIET: "keeps its limit, as far as can be told",
    GuardVerdict.TOO_LITTLE_DATA: "too little data to act on",
    GuardVerdict.NO_DATA: "no data",
    GuardVerdict.NO_BASELINE: "no baseline to hold it against",
    GuardVerdict.COOLING: "cooling down after it acted",
    GuardVerdict.BREACHED: "surely beyond its limit",
}


@dataclass(frozen=True, slots=True)
class GuardTerms:
    """limit: a value of the metric; relative: a factor of the baseline. alpha: 0 to 1, of a false alarm ever.

    baseline, baseline_n: the value frozen when it was armed, and from how many observations. minimum: fewest
    observations it may act on.
    """

    kind: Figured
    comparison: Comparison
    limit: float
    relative: bool = False
    alpha: float = 0.01
    minimum: int = 30
    baseline: float | None = None
    baseline_n: int = 0


@dataclass(frozen=True, slots=True)
class GuardState:
    armed_at: datetime
    cooling_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was observed since arming, and in the current period where that began later."""

    whole: Sample
    fresh: Sample | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a guard finds. limit: as a value of the metric. sample: what it goes by.

    evidence: natural logarithm of the e-value, less what was given away by dividing alpha, so that it is decisive from
    log(1 / alpha) on. alpha: what is left of alpha for this look.
    """

    verdict: GuardVerdict
    sample: Sample
    limit: float | None = None
    evidence: float | None = None
    alpha: float = 0.0


def problem_of(terms: GuardTerms) -> tuple[str, str] | None:
    """(field, reason) of the first thing wrong with a guard; None for a sound one."""
    if not 0 < terms.alpha <= 0.5:
        return "alpha", "Above 0, at most 0.5"
    if terms.minimum < 1:
        return "minimum", "At least 1"
    if not math.isfinite(terms.limit) or terms.limit < 0:
        return "limit", "A number from 0 up"
    if terms.kind is not Figured.SHARE and terms.comparison is not Comparison.AT_MOST:
        return "comparison", "Times and counts have an upper limit only"
    return _problem_of_limit(terms)


def _problem_of_limit(terms: GuardTerms) -> tuple[str, str] | None:
    if terms.relative:
        if terms.kind is Figured.COUNT:
            return "relative", "A count has no baseline to be a share of"
        if terms.comparison is Comparison.AT_LEAST and not 0 < terms.limit <= 1:
            return "limit", "A lower limit is at most the baseline itself: 0.8 for a fifth less"
        if terms.comparison is Comparison.AT_MOST and terms.limit < 1:
            return "limit", "An upper limit is at least the baseline itself: 1.5 for half as much again"
        return None
    if terms.kind is Figured.SHARE and terms.limit > 1:
        return "limit", "A share: 0 to 1"
    return None


def limit_of(terms: GuardTerms) -> float | None:
    """The limit as a value of the metric; None for a relative one without a baseline.

    Of a share, the baseline is taken at the far end of its own interval (C. Clopper and E. Pearson, Biometrika 26,
    1934), at half of alpha: a baseline from few observations allows much, and costs no false alarms.
    """
    if not terms.relative:
        return terms.limit
    if terms.baseline is None or not terms.baseline_n:
        return None
    if terms.kind is not Figured.SHARE:
        return terms.limit * terms.baseline
    return min(1.0, terms.limit * _far_end(terms, terms.baseline, terms.baseline_n))


def interval_of(terms: GuardTerms, found: Reading) -> Interval | None:
    """The limits that are not ruled out: the guard's own lies outside exactly when the evidence is decisive.

    Of shares only; None for other metrics and without data.
    """
    if terms.kind is not Figured.SHARE or found.evidence is None:
        return None
    return confidence_sequence(found.sample.hits or 0.0, found.sample.n, found.alpha)


def period_of(armed_at: datetime, now: datetime) -> int:
    """How many periods have ended since arming; the current one began so many PERIODs after it."""
    return max(0, (now - armed_at) // PERIOD)


def read(terms: GuardTerms, state: GuardState, seen: Seen, now: datetime, *, businesses: int = 1) -> Reading:
    """What a guard finds now. businesses: how many are looked at, each by itself; 1 for all of them together."""
    limit = limit_of(terms)
    if limit is None:
        return Reading(GuardVerdict.NO_BASELINE, seen.whole)
    if not seen.whole.n:
        return Reading(GuardVerdict.NO_DATA, seen.whole, limit)
    looks = _looks(terms, state, seen, now, businesses)
    strongest = max((_look(terms, limit, sample, cost) for sample, cost in looks), key=lambda one: one.evidence or 0.0)
    return replace(strongest, verdict=_verdict(terms, state, strongest, now))


def _looks(
    terms: GuardTerms, state: GuardState, seen: Seen, now: datetime, businesses: int
) -> list[tuple[Sample, float]]:
    """(sample, by how much the evidence is lessened) of the whole and, if it has begun anew, of the period."""
    shared = math.log(2 * businesses) + (math.log(2) if terms.relative and terms.kind is Figured.SHARE else 0.0)
    looks = [(seen.whole, shared)]
    period = period_of(state.armed_at, now)
    # What may not be acted on yet is not looked at either: the whole says how much there is.
    if period and seen.fresh is not None and seen.fresh.n >= terms.minimum:
        looks.append((seen.fresh, shared + math.log(period * (period + 1))))
    return looks


def _look(terms: GuardTerms, limit: float, sample: Sample, cost: float) -> Reading:
    if terms.kind is Figured.COUNT:
        beyond = (sample.value or 0) > limit
        return Reading(GuardVerdict.QUIET, sample, limit, MOST_EVIDENCE if beyond else 0.0)
    bad, allowed = _bad(terms, limit, sample)
    evidence = log_evidence_above(bad, sample.n, allowed) - cost
    return Reading(
        GuardVerdict.QUIET,
        sample,
        limit,
        max(-MOST_EVIDENCE, min(evidence, MOST_EVIDENCE)),
        terms.alpha * math.exp(-cost),
    )


def _bad(terms: GuardTerms, limit: float, sample: Sample) -> tuple[float, float]:
    """(observations that speak against the rollout, which share of them is allowed)."""
    hits = sample.hits or 0.0
    if terms.kind is Figured.QUANTILE:
        return hits, 1 - QUANTILE
    return (hits, limit) if terms.comparison is Comparison.AT_MOST else (sample.n - hits, 1 - limit)


def _verdict(terms: GuardTerms, state: GuardState, found: Reading, now: datetime) -> GuardVerdict:
    if state.cooling_until and now < state.cooling_until:
        return GuardVerdict.COOLING
    if found.sample.n < terms.minimum:
        return GuardVerdict.TOO_LITTLE_DATA
    assert found.evidence is not None
    return GuardVerdict.BREACHED if found.evidence >= -math.log(terms.alpha) else GuardVerdict.QUIET


def _far_end(terms: GuardTerms, baseline: float, n: int) -> float:
    """The end of the baseline's interval that is easier on the rollout."""
    from scipy.special import betaincinv

    hits, tail = round(baseline * n), terms.alpha / 2
    if terms.comparison is Comparison.AT_LEAST:
        return float(betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    return float(betaincinv(hits + 1, n - hits, 1 - tail)) if hits < n else 1.0


def say(metric: Metric, terms: GuardTerms, found: Reading) -> str:
    """What a guard finds in one sentence, as: Approval rate 58.3 % from 120 decisions, at least 70 %: surely beyond."""
    side = "at least" if terms.comparison is Comparison.AT_LEAST else "at most"
    asked = f", {side} {written(metric, found.limit)}" if found.limit is not None else ""
    over = ""
    if terms.kind is Figured.QUANTILE and found.sample.hits is not None and found.sample.n:
        over = f" ({100 * found.sample.hits / found.sample.n:.1f} % took longer than the limit, 5 % may)"
    value = f"{written(metric, found.sample.value)} from {found.sample.n} {metric.of}"
    return f"{metric.title} {value}{asked}{over}: {WORDS[found.verdict]}"
