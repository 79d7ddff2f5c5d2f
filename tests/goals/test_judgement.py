from hypothesis import given
from hypothesis import strategies as st

from apps.goals.judgement import Judgement, Opinion, material_of, parse_judgement, reconcile
from apps.goals.vocabulary import Check, CheckResult, Status
from tests.goals.made import shares

opinions = st.builds(Opinion, st.just(Check.IN_SCOPE), st.sampled_from(Status), shares, st.just("So."))
ruled = st.builds(CheckResult, st.just(Check.IN_SCOPE), st.sampled_from(Status), shares, st.just("Rule."))


@given(ruled, opinions)
def test_a_judge_never_lets_a_failed_check_pass(rule, opinion):
    found = reconcile((rule,), Judgement("m", (opinion,)))[0]
    assert 0.0 <= found.score <= 1.0
    if rule.status is Status.FAIL:
        assert found.status is not Status.PASS
    if opinion.status is Status.FAIL:
        assert found.status is Status.FAIL


@given(ruled)
def test_checks_the_judge_left_out_stay(rule):
    assert reconcile((rule,), Judgement("m", ())) == (rule,)


words = st.sampled_from(["checks", "check", "status", "score", "reason"])
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(words, inner)
)


@given(anything)
def test_no_answer_whatever_its_form_raises(answer):
    assert parse_judgement(answer, model="m") is None or isinstance(answer, dict)


def test_the_model_sees_goal_and_rules():
    rule = CheckResult(Check.COMPLEXITY, Status.PASS, 1.0, "Manageable.")
    material = material_of(goal="Cancel it", context={"a": 1}, history=["Hello"], tools=[], checks=[rule])
    assert "Cancel it" in material
    assert "Manageable." in material


def test_bad_rows_are_dropped():
    good = {"check": "complexity", "status": "warn", "score": 0.4, "reason": "Two things at once."}
    given = {"checks": [good, {"check": "complexity"}, {**good, "score": 7}, "nonsense"]}
    expected = Judgement("m", (Opinion(Check.COMPLEXITY, Status.WARN, 0.4, "Two things at once."),))
    assert parse_judgement(given, model="m") == expected
