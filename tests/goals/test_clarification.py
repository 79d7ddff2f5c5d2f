from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.goals.clarification import GOAL_DETAILS, MAX_QUESTIONS, RESTATED_GOAL, merge_answers, questions_for
from apps.goals.facts import Contradiction, GoalFacts
from apps.goals.prevalidation import run_checks
from apps.goals.vocabulary import Kind, Question, questions_from_json, questions_to_json
from tests.goals.made import any_facts, facts, parameter


def ask(given_facts: GoalFacts) -> tuple[Question, ...]:
    return questions_for(given_facts, run_checks(given_facts))


def question(expected: Kind = Kind.TEXT, **more: Any) -> Question:
    return Question("amount", "What is the amount?", expected, "refund_order requires it.", **more)


@given(any_facts())
def test_there_is_always_something_to_ask_and_never_too_much(given_facts):
    questions = ask(given_facts)
    assert 1 <= len(questions) <= MAX_QUESTIONS
    assert all(one.field and one.question and one.why for one in questions)
    assert questions_from_json(questions_to_json(questions)) == questions


def test_each_missing_value_is_asked_for_by_name_and_kind():
    wanted = facts(
        required=(parameter("amount", 0.1, kind=Kind.MONEY), parameter("order_id", 0.95), parameter("to", 0.2))
    )
    questions = ask(wanted)
    assert [one.field for one in questions] == ["amount", "to"]
    assert questions[0].expected is Kind.MONEY
    assert "cancel_order" in questions[0].why


def test_a_contradiction_asks_which_holds():
    first = ask(facts(contradictions=(Contradiction("opposites", "open it", "close it", 0.8),)))[0]
    assert first.field == RESTATED_GOAL
    assert "open it" in first.question
    assert "close it" in first.question


def test_answers_join_the_context_and_the_rest_stays_open():
    asked = (question(Kind.NUMBER), Question("to", "To whom?", Kind.EMAIL, "needed"))
    merged = merge_answers({"shop": "north"}, asked, {"amount": "35.50"})
    assert merged.context == {"shop": "north", "amount": "35.50"}
    assert (merged.accepted, merged.open, merged.problems) == (("amount",), ("to",), {})


@pytest.mark.parametrize(
    ("expected", "answer"),
    [(Kind.NUMBER, "many"), (Kind.MONEY, "nan"), (Kind.NUMBER, True), (Kind.BOOLEAN, "perhaps"), (Kind.TEXT, "  "),
     (Kind.TEXT, None), (Kind.TEXT, "x" * 5000)],
)  # fmt: skip
def test_an_answer_of_the_wrong_form_is_refused_with_a_reason(expected, answer):
    merged = merge_answers({}, (question(expected),), {"amount": answer})
    assert merged.context == {}
    assert merged.problems["amount"]
    assert merged.open == ("amount",)


@pytest.mark.parametrize(
    ("expected", "answer"), [(Kind.MONEY, "\u20ac1,200.50"), (Kind.NUMBER, 4), (Kind.BOOLEAN, "Yes")]
)
def test_an_answer_of_the_right_form_is_taken(expected, answer):
    assert merge_answers({}, (question(expected),), {"amount": answer}).accepted == ("amount",)


def test_options_bound_the_answer():
    choice = question(Kind.CHOICE, options=("small", "large"))
    assert merge_answers({}, (choice,), {"amount": "Large"}).accepted
    assert "small, large" in merge_answers({}, (choice,), {"amount": "huge"}).problems["amount"]


def test_what_was_not_asked_is_not_taken():
    merged = merge_answers({}, (question(),), {"is_admin": "yes"})
    assert merged.context == {}
    assert "is_admin" in merged.problems


def test_details_of_earlier_rounds_are_kept():
    detail = Question(GOAL_DETAILS, "What exactly?", Kind.TEXT, "thin")
    merged = merge_answers({GOAL_DETAILS: "the blue one"}, (detail,), {GOAL_DETAILS: "by Friday"})
    assert merged.context[GOAL_DETAILS] == "the blue one\nby Friday"


@given(st.dictionaries(st.text(max_size=5), st.integers()), st.dictionaries(st.text(max_size=5), st.none() | st.text()))
def test_merging_never_loses_what_was_there(context, answers):
    before = dict(context)
    merged = merge_answers(context, (question(),), answers)
    assert context == before
    assert all(merged.context[key] == value for key, value in before.items() if key not in merged.accepted)
