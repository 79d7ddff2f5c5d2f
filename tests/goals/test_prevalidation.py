from hypothesis import given

from apps.goals.facts import AskFact, Contradiction
from apps.goals.prevalidation import run_checks
from apps.goals.vocabulary import Check, CheckResult, Status, checks_from_json, checks_to_json, worst_status
from tests.goals.made import any_facts, facts, parameter, tool


def result(check: Check, **changes: object) -> CheckResult:
    return next(one for one in run_checks(facts(**changes)) if one.check is check)


@given(any_facts())
def test_every_check_answers_once_with_a_score_and_a_reason(given_facts):
    results = run_checks(given_facts)
    assert [one.check for one in results] == list(Check)
    assert all(0.0 <= one.score <= 1.0 and one.reason for one in results)
    assert all(one.suggestion for one in results if one.status is not Status.PASS)


@given(any_facts())
def test_results_survive_json(given_facts):
    results = run_checks(given_facts)
    as_json = checks_to_json(results)
    assert as_json["status"] == worst_status(results)
    again = checks_from_json(as_json)
    assert [(one.check, one.status, one.reason) for one in again] == [
        (one.check, one.status, one.reason) for one in results
    ]


def test_a_plain_goal_passes_all_six():
    assert worst_status(run_checks(facts())) is Status.PASS


def test_no_words_fail():
    assert result(Check.WELL_FORMED, words=0, clarity=0.0).status is Status.FAIL


def test_unreadable_text_fails_but_is_not_blamed_on_the_tools():
    changes = {"understood": 0.1, "covered": 0.1, "asks": (AskFact("asdf", "cancel_order", 0.1),)}
    assert result(Check.WELL_FORMED, **changes).status is Status.FAIL
    assert result(Check.TOOLS_AVAILABLE, **changes).status is Status.WARN


def test_no_tool_that_fits_fails_and_names_the_nearest():
    found = result(Check.TOOLS_AVAILABLE, covered=0.05, tools=(tool("send_email", 0.05),), asks=())
    assert found.status is Status.FAIL
    assert "send_email" in found.reason


def test_one_ask_of_two_without_a_tool_is_named():
    asks = (AskFact("cancel order 1055", "cancel_order", 0.8), AskFact("book a flight", "cancel_order", 0.0))
    found = result(Check.TOOLS_AVAILABLE, covered=0.4, asks=asks)
    assert found.status is Status.WARN
    assert "book a flight" in found.reason


def test_what_is_said_only_in_passing_is_not_what_lacks_a_tool():
    said, passing = AskFact("cancel order 1055", "cancel_order", 0.8), AskFact("thinking aloud", "x", 0.0, direct=False)
    found = result(Check.TOOLS_AVAILABLE, covered=0.4, asks=(said, passing))
    assert "thinking aloud" not in found.reason


def test_offering_no_tools_is_no_failure_and_is_said():
    found = result(Check.TOOLS_AVAILABLE, tools=(), required=(), asks=())
    assert found.status is Status.PASS
    assert found.score < 1.0
    assert "No tools were offered" in found.reason


def test_a_missing_value_fails_by_name():
    found = result(Check.REQUIRED_CONTEXT, given=0.1, required=(parameter("amount", 0.1),))
    assert found.status is Status.FAIL
    assert "amount" in found.reason


def test_a_thing_left_open_is_quoted():
    found = result(Check.REQUIRED_CONTEXT, given=0.1, left_open=("a specific order",))
    assert found.status is Status.FAIL
    assert "\u201ca specific order\u201d does not say which" in found.reason


def test_values_cannot_be_missing_while_the_tool_is_in_doubt():
    found = result(Check.REQUIRED_CONTEXT, covered=0.4, given=0.1, required=(parameter("amount", 0.1),))
    assert found.status is Status.WARN


def test_a_strong_contradiction_fails_and_quotes_both_sides():
    found = result(Check.NO_CONTRADICTION, contradictions=(Contradiction("opposites", "open it", "close it", 0.8),))
    assert found.status is Status.FAIL
    assert "open it" in found.reason
    assert "close it" in found.reason


def test_nothing_stating_a_scope_accepts_any_subject():
    assert result(Check.IN_SCOPE, scope=None).status is Status.PASS
    assert result(Check.IN_SCOPE, scope=0.05).status is Status.FAIL


def test_complexity_grows_with_asks_and_conditions():
    few = result(Check.COMPLEXITY).score
    many = result(Check.COMPLEXITY, asks=tuple(AskFact("x", "cancel_order", 0.9) for _ in range(9)), conditions=6)
    assert many.score < few
    assert many.status is not Status.PASS
