"""Trust of agents from their daily tallies."""

import dataclasses
import math
from collections.abc import Sequence
from datetime import date

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.trust.estimation import Learned, learn
from apps.trust.scoring import MIN_EVIDENCE, Trust, gather, score
from apps.trust.tallies import Tallies
from apps.trust.verdicts import Trend

from .made_up import Staff, one_agent, work

SEEDS = range(30)


def trust_of(tallies: Tallies) -> list[Trust]:
    return score(gather(tallies), learn(tallies))


def only(days: Sequence[Sequence[float]]) -> Trust:
    return trust_of(one_agent(days))[0]


def steady(days: int, asked: float, good: float) -> list[tuple[float, ...]]:
    return [(age, asked, asked, asked, asked, good) for age in range(days)]


def coverage(staff: Staff) -> tuple[float, float]:
    """How often the interval of accuracy holds the truth: of agents as a whole, and of single types."""
    whole: list[bool] = []
    cells: list[bool] = []
    for seed in SEEDS:
        tallies, chance = work(staff, seed)
        for one in trust_of(tallies):
            agent = tallies.agents.index(one.agent)
            truth = chance[agent].mean() if one.type == "" else chance[agent, tallies.types.index(one.type)]
            (cells if one.type else whole).append(one.accuracy_low <= truth <= one.accuracy_high)
    return float(np.mean(whole)), float(np.mean(cells))


@pytest.mark.parametrize("rate", [0.05, 0.6, 5.0])
def test_nine_of_ten_intervals_hold_the_truth(rate: float) -> None:
    whole, cells = coverage(Staff(rate=rate))
    assert 0.85 <= whole <= 0.95
    assert 0.85 <= cells <= 0.95


def test_they_do_where_types_differ() -> None:
    assert 0.85 <= coverage(Staff(spread=0.08))[1] <= 0.95


def test_they_do_where_outcomes_were_audited_by_lot() -> None:
    whole, cells = coverage(Staff(audited=0.2))
    assert 0.85 <= whole <= 0.95
    assert 0.85 <= cells <= 0.95


@pytest.mark.parametrize("rate", [0.6, 3.0])
def test_they_do_where_agents_drift(rate: float) -> None:
    assert 0.85 <= coverage(Staff(wander=0.08, rate=rate))[0] <= 0.95


def test_they_are_no_too_narrow_where_outcomes_lie_between() -> None:
    assert coverage(Staff(partial=True))[0] >= 0.85


def test_nine_of_ten_intervals_of_overall_hold_what_an_ask_is_worth() -> None:
    staff, held = Staff(), []
    worth = staff.answering * (1 - 0.2 * (1 - staff.keeping_time))
    for seed in SEEDS:
        tallies, chance = work(staff, seed)
        whole = trust_of(tallies)[: staff.agents]
        held += [one.low <= chance[place, 0] * worth <= one.high for place, one in enumerate(whole)]
    assert 0.85 <= np.mean(held) <= 0.95


def test_nothing_is_known_of_nobody() -> None:
    assert score(gather(Tallies.of([], date(2026, 1, 1)))) == []
    assert learn(one_agent([])) == Learned()


def test_one_outcome_is_not_enough_evidence() -> None:
    one = only([(0, 1, 1, 1, 1, 1)])
    assert (one.enough, one.versus, one.trend) == (False, "unknown", Trend.UNKNOWN)
    assert 0.5 < one.accuracy < 0.9
    assert one.high - one.low > 0.4


def test_an_agent_that_is_always_right_is_trusted_and_one_always_wrong_is_not() -> None:
    right, wrong = only(steady(30, 2, 2)), only(steady(30, 2, 0))
    assert right.enough
    assert right.low > 0.9
    assert wrong.enough
    assert wrong.high < 0.1


def test_an_agent_that_never_answers_is_worth_nothing_and_that_is_evidence() -> None:
    one = only([(age, 2, 0, 0, 0, 0) for age in range(20)])
    assert one.enough
    assert one.overall < 0.1
    assert one.reliability < 0.1


def test_being_late_costs_a_fifth_at_most() -> None:
    late, prompt = only([(age, 5, 5, 0, 5, 4) for age in range(30)]), only(steady(30, 5, 4))
    assert late.timeliness < 0.1
    assert late.overall == pytest.approx(0.8 * prompt.overall, abs=0.02)


def test_recent_outcomes_count_more_where_agents_change() -> None:
    days = [(age, 5, 5, 5, 5, 5 if age >= 60 else 1) for age in range(180)]
    one = only(days)
    assert one.accuracy < 0.35
    assert one.effective_n < 400


def test_old_outcomes_count_in_full_where_nothing_changes() -> None:
    one = only(steady(300, 5, 4))
    assert one.effective_n > 1000
    assert one.accuracy == pytest.approx(0.8, abs=0.01)


def test_a_heavy_outcome_is_no_heavy_evidence() -> None:
    """Twenty looked at of which each stands for 50 are twenty outcomes, not a thousand."""
    tallies = one_agent([(age, 1, 1, 1, 1, 1) for age in range(20)])
    sums = tallies.sums * np.array([1, 1, 1, 1, 50, 2500, 50, 50])
    heavy, plain = (trust_of(dataclasses.replace(tallies, sums=s))[0] for s in (sums, tallies.sums))
    assert heavy.effective_n == pytest.approx(plain.effective_n)
    assert heavy.accuracy_low == pytest.approx(plain.accuracy_low)


def test_an_agent_with_little_evidence_is_taken_for_one_of_the_others() -> None:
    tallies, _ = work(Staff(agents=12, types=1, rate=3), seed=3)
    few = np.concatenate([np.flatnonzero(tallies.agent < 11), np.flatnonzero(tallies.agent == 11)[:1]])
    columns = (tallies.agent[few], tallies.type[few], tallies.age[few], tallies.sums[few])
    whole = trust_of(Tallies(tallies.agents, tallies.types, *columns))[:12]
    others = np.mean([one.accuracy for one in whole[:11]])
    assert abs(whole[11].accuracy - others) < 0.15
    assert whole[11].high - whole[11].low > max(one.high - one.low for one in whole[:11])


def test_an_agent_unlike_the_others_is_told_so() -> None:
    tallies, _ = work(Staff(agents=6, types=1, rate=5), seed=4)
    sums = tallies.sums.copy()
    sums[tallies.agent == 0, 6:] = 0.0
    whole = trust_of(dataclasses.replace(tallies, sums=sums))[:6]
    assert whole[0].versus == "below"
    assert whole[0].average == pytest.approx(np.mean([one.overall for one in whole[1:]]))


def test_huge_numbers_leave_a_narrow_interval() -> None:
    one = only([(age, 1e9, 1e9, 1e9, 1e9, 7e8) for age in range(3)])
    assert one.low == pytest.approx(0.7, abs=0.01)
    assert one.high - one.low < 0.01


def test_what_was_learned_can_be_kept_as_json() -> None:
    tallies, _ = work(Staff(agents=3), seed=5)
    learned = learn(tallies)
    kept = msgspec.convert(msgspec.json.decode(msgspec.json.encode(learned)), Learned)
    assert score(gather(tallies), kept) == score(gather(tallies), learned)


def test_what_was_learned_by_another_make_is_not_used() -> None:
    tallies, _ = work(Staff(agents=3), seed=5)
    strange = Learned(weights=((1.0, 2.0),), within=(math.nan,))
    assert score(gather(tallies), strange) == score(gather(tallies), Learned())


sizes = st.floats(0, 1e9, allow_nan=False)
shares = st.floats(0, 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4000), sizes, shares, shares, shares, shares), max_size=6))
def test_every_figure_is_a_number_within_its_bounds(days: list[tuple]) -> None:
    rows = [(age, n, n * a, n * a * t, n * a * j, n * a * j * v) for age, n, a, t, j, v in days]
    for one in trust_of(one_agent(rows)):
        for name in ("overall", "low", "high", "accuracy", "consistency", "timeliness", "reliability", "average"):
            assert 0 <= getattr(one, name) <= 1, name
        assert one.low <= one.overall <= one.high
        assert one.accuracy_low <= one.accuracy <= one.accuracy_high
        assert math.isfinite(one.effective_n)
        assert -1 <= one.change <= 1
        assert one.enough == (one.effective_n >= MIN_EVIDENCE)
