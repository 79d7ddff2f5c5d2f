"""The barrier's rule, for every kind of stage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.workflows.barrier import Outcome, Tally, judge, tally_of
from apps.workflows.plans import Barrier

W, P, F = Outcome.WAIT, Outcome.PASS, Outcome.FAIL


@pytest.mark.parametrize(
    ("rule", "need", "tally", "time_up", "outcome"),
    [
        ("all", 0, Tally(0, 0, 0), False, P),
        ("all", 0, Tally(3, 0, 0), False, P),
        ("all", 0, Tally(2, 0, 1), False, W),
        ("all", 0, Tally(2, 1, 0), False, F),
        ("all", 0, Tally(1, 1, 1), False, F),
        ("all", 0, Tally(2, 0, 1), True, F),
        ("first", 2, Tally(2, 0, 3), False, P),
        ("first", 2, Tally(1, 0, 4), False, W),
        ("first", 2, Tally(1, 3, 0), False, F),
        ("first", 2, Tally(0, 4, 1), False, F),
        ("first", 0, Tally(0, 0, 2), False, W),
        ("first", 0, Tally(0, 0, 0), False, F),
        ("first", 2, Tally(1, 0, 4), True, F),
        ("quorum", 2, Tally(2, 0, 1), False, W),
        ("quorum", 2, Tally(2, 1, 0), False, P),
        ("quorum", 2, Tally(2, 0, 1), True, P),
        ("quorum", 2, Tally(1, 0, 2), True, F),
        ("quorum", 2, Tally(1, 2, 0), False, F),
        ("quorum", 9, Tally(0, 0, 3), False, F),
        ("deadline", 0, Tally(0, 0, 3), False, W),
        ("deadline", 0, Tally(0, 0, 3), True, P),
        ("deadline", 0, Tally(0, 3, 0), False, P),
        ("deadline", 1, Tally(0, 0, 3), True, F),
        ("deadline", 1, Tally(3, 0, 0), False, P),
    ],
)
def test_it_says(rule: str, need: int, tally: Tally, time_up: bool, outcome: Outcome) -> None:
    assert judge(rule, need, tally, time_up=time_up).outcome is outcome


def test_it_says_why() -> None:
    assert judge("quorum", 2, Tally(1, 0, 2), time_up=True).says == "1 of 3 done, 2 needed, when the time was up"
    assert judge("first", 2, Tally(2, 1, 1), time_up=False).says == "2 of 4 done, 2 needed"


def test_it_counts_states() -> None:
    assert tally_of(["done", "failed", "cancelled", "ready", "running", "waiting"]) == Tally(1, 2, 3)


counts = st.integers(0, 20)


@given(st.sampled_from([b.value for b in Barrier]), counts, counts, counts, counts, st.booleans())
def test_it_always_decides_once_nothing_is_open(
    rule: str, need: int, done: int, ended: int, open_: int, time_up: bool
) -> None:
    assert judge(rule, need, Tally(done, ended, 0), time_up=time_up).outcome is not W
    assert judge(rule, need, Tally(done, ended, open_), time_up=True).outcome is not W


@given(st.sampled_from([b.value for b in Barrier]), counts, counts, counts, st.integers(1, 20))
def test_what_has_passed_or_failed_stays_so_whatever_comes(
    rule: str, need: int, done: int, ended: int, open_: int
) -> None:
    before = judge(rule, need, Tally(done, ended, open_), time_up=False).outcome
    for after in (Tally(done + 1, ended, open_ - 1), Tally(done, ended + 1, open_ - 1)):
        if before is not W and not (rule == "all" and before is P):
            assert judge(rule, need, after, time_up=False).outcome is before
