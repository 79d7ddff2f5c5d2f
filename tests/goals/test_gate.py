import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.goals.assessment import assess
from apps.goals.gate import Switches, Thresholds, gate
from apps.goals.prevalidation import run_checks
from apps.goals.vocabulary import (
    Check,
    CheckResult,
    Confidence,
    ExecutionPath,
    Path,
    Status,
)
from tests.goals.made import any_facts, facts, shares

EVERY_SWITCH = [Switches(*values) for values in itertools.product((True, False), repeat=4)]
thresholds = (
    st.tuples(shares, shares)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: Thresholds(high=max(pair), medium=min(pair)))
)
check_sets = st.lists(
    st.builds(CheckResult, st.sampled_from(Check), st.sampled_from(Status), shares, st.just("Because.")), max_size=6
)


def decide(value: float, *checks: CheckResult, rounds_left: int = 3, **off: bool) -> Path:
    return gate(checks, Confidence(value, ()), Thresholds(), Switches(**off), rounds_left=rounds_left).path


def failed(check: Check) -> CheckResult:
    return CheckResult(check, Status.FAIL, 0.1, "Because.")


@pytest.mark.parametrize(("high", "medium"), [(0.5, 0.5), (0.4, 0.6), (1.1, 0.5), (0.9, -0.1), (float("nan"), 0.5)])
def test_thresholds_out_of_order_are_refused(high, medium):
    with pytest.raises(ValueError, match="medium < high"):
        Thresholds(high=high, medium=medium)


@given(check_sets, shares, thresholds, st.sampled_from(EVERY_SWITCH), st.integers(-1, 5))
def test_every_input_has_a_path_and_a_reason(checks, value, limits, switches, rounds_left):
    verdict = gate(checks, Confidence(value, ()), limits, switches, rounds_left=rounds_left)
    assert verdict.path in Path
    assert verdict.reasons
    assert verdict.execution_path in ExecutionPath


@given(check_sets, shares, thresholds, st.sampled_from(EVERY_SWITCH), st.integers(0, 5))
def test_a_failed_check_never_runs_unattended(checks, value, limits, switches, rounds_left):
    verdict = gate(checks, Confidence(value, ()), limits, switches, rounds_left=rounds_left)
    if switches.pre_validation and any(one.status is Status.FAIL for one in checks):
        assert verdict.path is not Path.EXECUTE
    if verdict.path is Path.EXECUTE and switches.approval_gates:
        assert value >= limits.high
    if verdict.path is Path.EXECUTE:
        assert value >= limits.medium


@given(any_facts(), st.sampled_from(EVERY_SWITCH), st.integers(0, 3))
def test_the_whole_policy_is_total_and_asks_only_when_it_has_questions(given_facts, switches, rounds_left):
    found = assess(given_facts, thresholds=Thresholds(), switches=switches, rounds_left=rounds_left)
    assert bool(found.questions) == (found.verdict.path is Path.CLARIFY)
    if not switches.approval_gates:
        assert found.verdict.path is not Path.ASK
    if not switches.clarification or not rounds_left:
        assert found.verdict.path is not Path.CLARIFY


@pytest.mark.parametrize(
    ("value", "path"),
    [(1.0, Path.EXECUTE), (0.85, Path.EXECUTE), (0.8499, Path.ASK), (0.55, Path.ASK), (0.5499, Path.CLARIFY)],
)
def test_bounds_belong_to_the_better_path(value, path):
    assert decide(value) is path


@pytest.mark.parametrize("check", [Check.TOOLS_AVAILABLE, Check.IN_SCOPE])
def test_what_an_answer_cannot_mend_is_rejected(check):
    assert decide(0.95, failed(check)) is Path.REJECT


@pytest.mark.parametrize("check", [Check.WELL_FORMED, Check.REQUIRED_CONTEXT, Check.NO_CONTRADICTION, Check.COMPLEXITY])
def test_what_an_answer_can_mend_is_asked_about(check):
    assert decide(0.95, failed(check)) is Path.CLARIFY


def test_questions_end_and_then_a_person_decides():
    assert decide(0.2, rounds_left=0) is Path.ASK


def test_switches_one_by_one():
    missing = failed(Check.REQUIRED_CONTEXT)
    assert decide(0.95, missing, pre_validation=False) is Path.EXECUTE
    assert decide(0.7, approval_gates=False) is Path.EXECUTE
    assert decide(0.7, missing, approval_gates=False) is Path.CLARIFY
    assert decide(0.2, clarification=False) is Path.ASK
    assert decide(0.2, clarification=False, approval_gates=False) is Path.REJECT


def test_without_grading_a_goal_that_passes_runs_and_one_that_warns_is_asked():
    off = Switches(graded_confidence=False)
    assert assess(facts(), thresholds=Thresholds(), switches=off).verdict.path is Path.EXECUTE
    doubtful = facts(given=0.4)
    assert assess(doubtful, thresholds=Thresholds(), switches=off).verdict.path is Path.ASK


def test_paths_have_the_words_callers_know():
    assert [path.execution_path.value for path in Path] == ["executed", "approved", "clarification", "rejected"]


def test_checks_off_still_form_the_confidence():
    poor = facts(given=0.05)
    off = Switches(pre_validation=False)
    found = assess(poor, thresholds=Thresholds(), switches=off)
    assert found.checks == run_checks(poor)
    assert found.confidence.value < assess(facts(), thresholds=Thresholds(), switches=off).confidence.value
