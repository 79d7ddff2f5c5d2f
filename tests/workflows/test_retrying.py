"""When a step is tried again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.workflows.retrying import LONGEST_SECONDS, Next, after_failure, wait_before

YOUNG = timedelta(seconds=1)


def following(**changes: object) -> Next:
    facts = {
        "attempt": 1,
        "most_attempts": 3,
        "again": True,
        "why": "timeout",
        "age": YOUNG,
        "pause": 30.0,
        "chance": 1.0,
    }
    return after_failure(**(facts | changes))  # type: ignore[arg-type]


def test_the_bound_doubles_and_ends() -> None:
    assert [wait_before(n, 1.0).total_seconds() for n in (1, 2, 3, 4, 9, 999)] == [2, 4, 8, 16, 60, 60]
    assert wait_before(5, 0.0) == timedelta(0)


@given(st.integers(1, 40_000), st.floats(0, 1))
def test_the_wait_is_within_the_bound(attempt: int, chance: float) -> None:
    assert timedelta(0) <= wait_before(attempt, chance) <= timedelta(seconds=LONGEST_SECONDS)


@pytest.mark.parametrize(
    ("changes", "tried_again"),
    [
        ({}, True),
        ({"again": False}, False),
        ({"attempt": 3}, False),
        ({"attempt": 2}, True),
        ({"most_attempts": 1}, False),
    ],
)
def test_it_is_tried_again_while_there_are_attempts(changes: dict[str, object], tried_again: bool) -> None:
    assert (following(**changes).wait is not None) is tried_again


@pytest.mark.parametrize("why", ["breaker_open", "busy"])
def test_waiting_for_an_agent_is_no_attempt(why: str) -> None:
    found = following(why=why, attempt=3)
    assert found.counts is False and timedelta(seconds=15) <= (found.wait or timedelta(0)) <= timedelta(seconds=30)


def test_nobody_waits_for_an_agent_for_ever() -> None:
    assert following(why="breaker_open", attempt=3, age=timedelta(minutes=11)).wait is None
