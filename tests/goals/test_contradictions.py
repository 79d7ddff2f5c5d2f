from datetime import UTC, datetime

import pytest

from apps.goals.contradictions import contradictions_in
from apps.goals.supplied import flat_context

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def found(goal: str, **context: str) -> list[str]:
    return [one.kind for one in contradictions_in(goal, flat_context(context), now=NOW)]


@pytest.mark.parametrize(
    "goal",
    [
        "Cancel order 1055 but do not cancel order 1055",
        "Send the newsletter to everyone. Never send the newsletter.",
        "Offer a discount of at least 30% and at most 20%",
        "Find a table under 50 euros and over 80 euros",
        "Block the room from 2026-12-10 to 2026-12-01",
        "Ship the order by 2020-01-01",
        "Enable the alarm and disable the alarm",
    ],
)
def test_what_excludes_itself_is_found(goal):
    assert found(goal)


@pytest.mark.parametrize(
    "goal",
    [
        "Cancel order 1055 and refund order 1042",
        "Open the ticket, add a note, then close the ticket",
        "Cancel order 1055 but do not refund the shipping",
        "Find a table for at least 4 people, at most 50 euros each",
        "Remove the old photo and add the new one",
        "Ship the order by 2026-12-24",
        "Block the room from 2026-12-01 to 2026-12-10",
        "Do not call, send an email instead",
        "Increase the price of the mug and decrease the price of the vase",
    ],
)
def test_what_goes_together_is_left_alone(goal):
    assert found(goal) == []


def test_dates_of_the_context_are_held_against_each_other():
    assert found("Book the room", start_date="2026-12-10", end_date="2026-12-01")
    assert not found("Book the room", start_date="2026-12-01", end_date="2026-12-10")


def test_goal_and_context_naming_different_values_for_one_thing():
    assert found("Cancel order 1055", order_id="1042") == ["goal and context differ"]
    assert found("Cancel order 1042", order_id="1042") == []
    assert found("Compare order 1055 with order 1042", order_id="1042") == []
    assert found("Order 10 mugs", order_id="1042") == []
    assert found("Cancel order 1055", customer_id="1042") == []


def test_the_strongest_comes_first():
    all_found = contradictions_in("Ship by 2020-01-01, between 50 and 20, at least 9 and at most 3", [], now=NOW)
    strengths = [one.strength for one in all_found]
    assert strengths == sorted(strengths, reverse=True)
    assert len(strengths) >= 2
