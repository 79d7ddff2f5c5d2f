import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.goals.calibration import Curve
from apps.goals.confidence import OWN_RAISE_CAP, TRUST_CAP, WEIGHTS, plain_confidence, score_confidence
from apps.goals.facts import GoalFacts
from apps.goals.prevalidation import run_checks
from apps.goals.vocabulary import Confidence, FactorName, confidence_to_json
from tests.goals.made import any_facts, facts, shares


def confidence(given_facts: GoalFacts, **more: float | None) -> Confidence:
    return score_confidence(given_facts, run_checks(given_facts), **more)


def test_weights_sum_to_one():
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


@given(any_facts(), st.none() | st.floats(-1, 2), st.none() | st.floats(-2, 2))
def test_confidence_is_the_sum_of_what_is_shown(given_facts, own, trust):
    found = confidence(given_facts, own_confidence=own, trust_boost=trust)
    assert 0.0 <= found.value <= 1.0
    assert sum(one.weight for one in found.factors) == pytest.approx(1.0)
    total = sum(one.contribution for one in found.factors)
    assert found.value == pytest.approx(min(1.0, max(0.0, total)))
    assert all(one.reason and 0.0 <= one.score <= 1.0 for one in found.factors)


@given(any_facts().filter(lambda one: one.tools), shares, shares)
def test_better_supplied_values_never_lower_it(given_facts, one, other):
    less, more = sorted((one, other))
    low, high = (msgspec.structs.replace(given_facts, given=one) for one in (less, more))
    assert confidence(high).value >= confidence(low).value - 1e-9


@given(shares, shares)
def test_better_fitting_tools_never_lower_it(one, other):
    less, more = sorted((one, other))
    assert confidence(facts(covered=more)).value >= confidence(facts(covered=less)).value - 1e-9


@given(any_facts(), st.floats(0, 1))
def test_an_agents_praise_of_itself_adds_little(given_facts, own):
    weight = WEIGHTS[FactorName.TOOL_CONFIDENCE]
    without, with_own = confidence(given_facts).raw, confidence(given_facts, own_confidence=own).raw
    assert with_own <= without + OWN_RAISE_CAP * weight + 1e-9


def test_an_agents_own_doubt_counts():
    assert confidence(facts(), own_confidence=0.1).value < confidence(facts()).value - 0.05


@given(any_facts(), st.floats(-0.5, 0.5))
def test_trust_moves_it_by_no_more_than_its_cap(given_facts, boost):
    without, with_trust = confidence(given_facts).value, confidence(given_facts, trust_boost=boost).value
    assert abs(with_trust - without) <= TRUST_CAP + 1e-9


def test_a_clear_goal_with_all_it_needs_is_high_and_a_foreign_one_low():
    assert confidence(facts()).value >= 0.9
    assert confidence(facts(covered=0.05, scope=0.1, given=0.15)).value < 0.2


def test_two_levels_when_grading_is_off():
    sure, unsure = plain_confidence(run_checks(facts())), plain_confidence(run_checks(facts(scope=0.3)))
    assert not sure.graded
    assert sure.value > unsure.value
    assert sum(one.weight for one in sure.factors) == 1.0


def test_json_has_value_and_factors():
    bent = Curve.through([(0.0, 0.0), (1.0, 0.9)])
    as_json = confidence_to_json(confidence(facts(), trust_boost=0.5, curve=bent))
    assert [one["name"] for one in as_json["factors"]] == [name.value for name in FactorName]
    assert set(as_json["factors"][0]) == {"name", "score", "weight", "contribution", "reason"}
