"""RULE: what must hold before a stage is entered, and whether it does."""

from dataclasses import dataclass
from enum import StrEnum

from apps.core.measures import Metric, Sample, written


class Comparison(StrEnum):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True, slots=True)
class CriterionTerms:
    """metric: its name. limit: in the metric's own unit. minimum: fewest observations it may be judged by."""

    metric: str
    comparison: Comparison
    limit: float
    window_hours: int
    minimum: int


class Verdict(StrEnum):
    MET = "met"
    FAILED = "failed"
    TOO_LITTLE_DATA = "too_little_data"
    NO_DATA = "no_data"


_WORDS = {
    Verdict.MET: "met",
    Verdict.FAILED: "not met",
    Verdict.TOO_LITTLE_DATA: "too little data",
    Verdict.NO_DATA: "no data",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A criterion as it is measured now. words: all of it in one sentence."""

    metric: Metric
    terms: CriterionTerms
    sample: Sample
    verdict: Verdict
    words: str


def judge(metric: Metric, terms: CriterionTerms, sample: Sample) -> Judged:
    """Hold a sample against a criterion. Without data, or with too little, it is never met."""
    verdict = _verdict(terms, sample)
    side = "at least" if terms.comparison is Comparison.AT_LEAST else "at most"
    needs = f" of at least {terms.minimum}" if verdict is Verdict.TOO_LITTLE_DATA else ""
    found = f"{written(metric, sample.value)} from {sample.n} {metric.of}{needs}"
    words = (
        f"{metric.title} {found} in {terms.window_hours} h, {side} {written(metric, terms.limit)}: {_WORDS[verdict]}"
    )
    return Judged(metric, terms, sample, verdict, words)


def _verdict(terms: CriterionTerms, sample: Sample) -> Verdict:
    if not sample.n or sample.value is None:
        return Verdict.NO_DATA
    if sample.n < terms.minimum:
        return Verdict.TOO_LITTLE_DATA
    if terms.comparison is Comparison.AT_LEAST:
        return Verdict.MET if sample.value >= terms.limit else Verdict.FAILED
    return Verdict.MET if sample.value <= terms.limit else Verdict.FAILED
