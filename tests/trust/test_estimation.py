"""What a business's past says about how to score."""

import numpy as np
import pytest

from apps.trust.estimation import EXPERT_HALF_LIVES, cell_key, learn

from .made_up import Staff, one_agent, work


def test_trust_hardly_ages_where_agents_stay_as_they_are() -> None:
    tallies, _ = work(Staff(rate=3, days=300), seed=1)
    assert learn(tallies).half_life_shares()[float("inf")] > 0.6


def test_trust_ages_where_they_drift() -> None:
    tallies, _ = work(Staff(rate=3, wander=0.1), seed=1)
    shares = learn(tallies).half_life_shares()
    assert sum(share for half, share in shares.items() if half <= 28) > 0.9


def test_weights_sum_to_one_and_are_for_all_half_lives() -> None:
    tallies, _ = work(Staff(), seed=2)
    learned = learn(tallies)
    assert np.sum(learned.weights) == pytest.approx(1)
    assert np.sum(learned.within) == pytest.approx(1)
    assert list(learned.half_life_shares()) == list(EXPERT_HALF_LIVES)


def test_even_agents_are_consistent_and_not_by_half() -> None:
    tallies, _ = work(Staff(rate=3), seed=3)
    learned = learn(tallies)
    whole = [learned.cells[cell_key(agent, "")].consistency for agent in tallies.agents]
    assert np.mean(np.array(whole) > 0.99) >= 0.85
    assert learned.business.consistency > 0.95


def test_an_agent_that_is_good_one_week_and_bad_the_next_is_not() -> None:
    days = [(age, 10, 10, 10, 10, 10 if age // 7 % 2 else 0) for age in range(90)]
    learned = learn(one_agent(days))
    assert learned.cells[cell_key("only", "")].consistency < 0.2
    assert learned.cells[cell_key("only", "any")].dispersion > 3


def test_outcomes_between_right_and_wrong_vary_less_than_whole_ones() -> None:
    between, whole = (learn(work(Staff(partial=p, rate=3), seed=4)[0]).business.dispersion for p in (True, False))
    assert between < 0.6
    assert 0.8 < whole < 1.25


def test_one_day_says_nothing_of_consistency() -> None:
    assert learn(one_agent([(0, 10, 10, 10, 10, 5)])).cells[cell_key("only", "any")].consistency == 1.0


@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_it_is_learned_how_alike_an_agents_types_are(spread: float) -> None:
    learned = learn(work(Staff(spread=spread, rate=3, types=5), seed=5)[0])
    alike = float(np.sum(learned.within[5:9]))
    assert alike > 0.9 if spread == 0 else alike < 0.1
