"""RULE: what must hold before a stage is entered, and whether it does."""

from dataclasses import dataclass
from enum import StrEnum

from apps.core.measures import NO_DATA, Metric, Sample, written


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
    DOES_NOT_APPLY = "does_not_apply"


# With these a stage may be entered.
PASSING = (Verdict.MET, Verdict.DOES_NOT_APPLY)
_WORDS = {
    Verdict.MET: "met",
    Verdict.FAILED: "not met",
    Verdict.TOO_LITTLE_DATA: "too little data",
    Verdict.NO_DATA: "no data",
    Verdict.DOES_NOT_APPLY: "does not apply",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A criterion as it is measured now. words: all of it in one sentence. why: it does not apply."""

    metric: Metric
    terms: CriterionTerms
    sample: Sample
    verdict: Verdict
    words: str
    why: str = ""

    @property
    def passes(self) -> bool:
        return self.verdict in PASSING


def judge(metric: Metric, terms: CriterionTerms, sample: Sample, basis: Sample = NO_DATA) -> Judged:
    """Hold a sample against a criterion. Without data, or with too little, it is never met.

    basis: of metric.basis over the same window, where the sample is empty. The criterion does not apply when it has the
    fewest observations of the terms and none that the metric could be taken of.
    """
    verdict = _verdict(terms, sample, basis)
    if verdict is Verdict.DOES_NOT_APPLY:
        why = _why_not(metric, terms, basis)
        return Judged(metric, terms, sample, verdict, f"{metric.title}: {_WORDS[verdict]}, {why}", why)
    side = "at least" if terms.comparison is Comparison.AT_LEAST else "at most"
    needs = f" of at least {terms.minimum}" if verdict is Verdict.TOO_LITTLE_DATA else ""
    found = f"{written(metric, sample.value)} from {sample.n} {metric.of}{needs}"
    words = (
        f"{metric.title} {found} in {terms.window_hours} h, {side} {written(metric, terms.limit)}: {_WORDS[verdict]}"
    )
    return Judged(metric, terms, sample, verdict, words)


def _why_not(metric: Metric, terms: CriterionTerms, basis: Sample) -> str:
    """none of 120 drafts in 48 h written by a model."""
    if metric.basis is None:
        return ""
    return f"none of {basis.n:,} {metric.basis.of} in {terms.window_hours} h {metric.basis.title.lower()}"


def _verdict(terms: CriterionTerms, sample: Sample, basis: Sample) -> Verdict:
    if not sample.n or sample.value is None:
        beside = basis.n >= terms.minimum and not basis.hits
        return Verdict.DOES_NOT_APPLY if beside and not sample.n else Verdict.NO_DATA
    if sample.n < terms.minimum:
        return Verdict.TOO_LITTLE_DATA
    if terms.comparison is Comparison.AT_LEAST:
        return Verdict.MET if sample.value >= terms.limit else Verdict.FAILED
    return Verdict.MET if sample.value <= terms.limit else Verdict.FAILED
