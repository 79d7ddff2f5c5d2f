"""Criteria: what is met, what is not, and that nothing passes without data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.approvals.pilot_metrics import approval_rate
from apps.core.errors import Invalid
from apps.core.measures import NO_DATA, Sample
from apps.drafts.pilot_metrics import token_error
from apps.goals.pilot_metrics import gate_latency
from apps.pilots.criteria import Comparison, CriterionTerms, Verdict, judge
from apps.pilots.measuring import metric_of, metrics

SEVENTY = CriterionTerms("approval_rate", Comparison.AT_LEAST, 0.7, 48, 30)


@pytest.mark.parametrize(
    ("sample", "verdict"),
    [
        (Sample(120, 84, 0.7), Verdict.MET),
        (Sample(120, 83, 83 / 120), Verdict.FAILED),
        (Sample(29, 29, 1.0), Verdict.TOO_LITTLE_DATA),
        (Sample(30, 30, 1.0), Verdict.MET),
        (NO_DATA, Verdict.NO_DATA),
    ],
)
def test_a_share_is_held_against_its_limit(sample: Sample, verdict: Verdict) -> None:
    assert judge(approval_rate, SEVENTY, sample).verdict == verdict


def test_it_says_all_of_it_in_words() -> None:
    words = judge(approval_rate, SEVENTY, Sample(120, 100, 100 / 120)).words
    assert words == "Approval rate 83.3 % from 120 decisions in 48 h, at least 70 %: met"
    assert "from 3 decisions of at least 30" in judge(approval_rate, SEVENTY, Sample(3, 3, 1.0)).words
    assert judge(approval_rate, SEVENTY, NO_DATA).words.endswith("no data")


def test_a_time_has_an_upper_limit() -> None:
    terms = CriterionTerms("gate_latency", Comparison.AT_MOST, 0.5, 24, 10)
    assert judge(gate_latency, terms, Sample(10, None, 0.5)).verdict == Verdict.MET
    assert judge(gate_latency, terms, Sample(10, None, 0.51)).verdict == Verdict.FAILED


@given(st.sampled_from(Comparison), st.floats(0, 1), st.integers(1, 10))
def test_nothing_passes_without_data(comparison: Comparison, limit: float, minimum: int) -> None:
    terms = CriterionTerms("approval_rate", comparison, limit, 48, minimum)
    assert judge(approval_rate, terms, NO_DATA).verdict == Verdict.NO_DATA
    assert judge(approval_rate, terms, Sample(minimum - 1, 0, None)).verdict != Verdict.MET


@pytest.mark.parametrize(
    ("sample", "basis", "verdict"),
    [
        (NO_DATA, Sample(100, 0, 0.0), Verdict.DOES_NOT_APPLY),
        (NO_DATA, Sample(99, 0, 0.0), Verdict.NO_DATA),  # nor is little data any evidence of that
        (NO_DATA, Sample(100, 1, 0.01), Verdict.NO_DATA),  # a model wrote, and did not count
        (NO_DATA, NO_DATA, Verdict.NO_DATA),
        (Sample(1, 0.1, 0.1), Sample(100, 0, 0.0), Verdict.TOO_LITTLE_DATA),
        (Sample(100, 10.0, 0.1), Sample(100, 0, 0.0), Verdict.MET),
        (Sample(100, 20.0, 0.2), Sample(100, 100, 1.0), Verdict.FAILED),
    ],
)
def test_what_nothing_could_be_measured_by_does_not_apply(sample: Sample, basis: Sample, verdict: Verdict) -> None:
    terms = CriterionTerms("token_error", Comparison.AT_MOST, 0.15, 48, 100)
    assert judge(token_error, terms, sample, basis).verdict == verdict


def test_that_it_does_not_apply_is_said_in_words() -> None:
    terms = CriterionTerms("token_error", Comparison.AT_MOST, 0.15, 48, 100)
    found = judge(token_error, terms, NO_DATA, Sample(120, 0, 0.0))
    assert found.words == "Token error: does not apply, none of 120 drafts in 48 h written by a model"
    assert found.passes


def test_a_metric_without_a_basis_always_applies() -> None:
    assert approval_rate.basis is None
    assert not judge(approval_rate, SEVENTY, NO_DATA).passes


def test_every_metric_of_the_settings_is_there_and_others_are_not() -> None:
    assert {metric.name for metric in metrics()} >= {"approval_rate", "edit_rate", "error_rate", "gate_latency"}
    assert all(metric_of(metric.name) is metric for metric in metrics())
    with pytest.raises(Invalid, match="approval_rate"):
        metric_of("happiness")
