"""What trust changes."""

import math

import pytest

from apps.trust.boosting import Candidate, boost_of, priority_of, ranked, should_disable
from apps.trust.verdicts import Priority

GOOD, BAD = Candidate("good", 0.8, True, 100), Candidate("bad", 0.2, True, 100)
NEW, NEWER = Candidate("new", 0.1, False, 4), Candidate("newer", 0.3, False, 1)


@pytest.mark.parametrize(
    ("low", "boost"), [(0.0, -0.5), (0.5, 0.0), (0.75, 0.25), (1.0, 0.5), (9.0, 0.5), (-9.0, -0.5), (math.nan, 0.0)]
)
def test_the_boost_is_the_lower_end_less_a_half(low: float, boost: float) -> None:
    assert boost_of(low, enough=True) == pytest.approx(boost)


def test_there_is_no_boost_without_enough_evidence() -> None:
    assert boost_of(0.99, enough=False) == 0.0
    assert boost_of(0.01, enough=False) == 0.0


@pytest.mark.parametrize(
    ("boost", "priority"),
    [
        (0.21, Priority.CRITICAL),
        (0.2, Priority.NORMAL),
        (0.0, Priority.NORMAL),
        (-0.2, Priority.NORMAL),
        (-0.21, Priority.LOW),
    ],
)
def test_priority_goes_by_the_boost(boost: float, priority: Priority) -> None:
    assert priority_of(boost) == priority


def test_an_agent_is_switched_off_only_with_enough_evidence() -> None:
    assert should_disable(0.29, 10.0)
    assert not should_disable(0.30, 1000.0)
    assert not should_disable(0.0, 9.9)


def test_those_who_have_shown_most_are_asked_first() -> None:
    order = ranked([BAD, NEW, GOOD, NEWER], "step", explored=0)
    assert [one.agent for one in order] == ["good", "newer", "new", "bad"]


def test_a_small_share_of_choices_tries_the_newest() -> None:
    firsts = [ranked([GOOD, BAD, NEW, NEWER], f"step {n}")[0].agent for n in range(4000)]
    assert set(firsts) == {"good", "newer"}
    assert 0.035 < firsts.count("newer") / 4000 < 0.065


def test_the_same_choice_comes_out_the_same() -> None:
    orders = {tuple(one.agent for one in ranked([GOOD, NEW], "step 7", explored=0.5)) for _ in range(5)}
    assert len(orders) == 1


def test_where_all_are_new_or_nobody_is_nothing_is_tried() -> None:
    for n in range(50):
        assert ranked([NEW, NEWER], f"{n}", explored=1)[0] == NEWER
        assert ranked([BAD, GOOD], f"{n}", explored=1)[0] == GOOD
    assert ranked([], "x") == []
