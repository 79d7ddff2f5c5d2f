"""Groups that are approved more often, found and followed."""

import numpy as np
import pytest
from scipy.stats import binomtest

from apps.trust.discovery import Group, Standing, Strength, find, rate_with_interval, standing_of, strength_of


def group(trials: float, successes: float, key: str = "g", base: tuple[float, float] = (10_000, 6000)) -> Group:
    return Group(key, trials, successes, *base)


def test_a_group_that_is_clearly_better_is_found() -> None:
    (one,) = find([group(50, 47)])
    assert one.is_found
    assert one.q_value < 0.001
    assert one.low < one.rate == 0.94 < one.high
    assert one.strength == Strength.STRONG


def test_the_chance_is_the_binomials_where_the_base_rate_is_well_known() -> None:
    (one,) = find([group(40, 31, base=(1e9, 6e8))])
    assert one.q_value == pytest.approx(binomtest(31, 40, 0.6, alternative="greater").pvalue, rel=1e-3)


def test_a_base_rate_of_few_outcomes_proves_less() -> None:
    vague, sure = find([group(40, 31, base=(10, 6))])[0], find([group(40, 31)])[0]
    assert vague.q_value > 3 * sure.q_value


def test_a_handful_of_outcomes_is_never_a_pattern() -> None:
    assert not find([group(9, 9, base=(1e6, 1e5))])[0].is_found


def test_a_sure_but_small_lead_is_no_pattern() -> None:
    assert not find([group(1e6, 0.62e6)])[0].is_found


def test_of_many_groups_like_the_rest_hardly_any_is_found() -> None:
    generator = np.random.default_rng(1)
    lots = [sum(x.is_found for x in find([group(40, s) for s in generator.binomial(40, 0.6, 500)])) for _ in range(40)]
    assert sum(found > 0 for found in lots) <= 5  # 5 % of 40 times, and chance


def test_of_those_found_at_most_a_twentieth_is_false() -> None:
    generator, false, told = np.random.default_rng(2), 0, 0
    for _ in range(30):
        chance = np.where(np.arange(400) < 40, 0.85, 0.6)
        found = [x.is_found for x in find([group(50, s) for s in generator.binomial(50, chance)])]
        false, told = false + sum(found[40:]), told + sum(found)
    assert told > 500
    assert false / told < 0.06


def test_no_groups_are_no_findings_and_empty_ones_no_numbers() -> None:
    assert find([]) == []
    (one,) = find([Group("g", 0, 0, 0, 0)])
    assert (one.rate, one.low, one.high, one.is_found) == (0.5, 0.0, 1.0, False)


def test_intervals_reach_the_ends_at_the_ends() -> None:
    rate, low, high = rate_with_interval(np.array([10.0, 10.0]), np.array([0.0, 10.0]))
    assert rate.tolist() == [0.0, 1.0]
    assert (low[0], high[1]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("low", "strength"),
    [(0.6, Strength.WEAK), (0.72, Strength.MODERATE), (0.85, Strength.STRONG), (0.93, Strength.VERY_STRONG)],
)
def test_strength_goes_by_the_lower_end(low: float, strength: Strength) -> None:
    assert strength_of(low, 0.6) == strength


def test_later_outcomes_confirm_or_retire() -> None:
    assert standing_of(trials=0, successes=0, base_rate=0.6) == Standing.OPEN
    assert standing_of(trials=5, successes=5, base_rate=0.6) == Standing.OPEN
    assert standing_of(trials=40, successes=36, base_rate=0.6) == Standing.CONFIRMED
    assert standing_of(trials=60, successes=24, base_rate=0.6) == Standing.RETIRED


def test_a_pattern_that_was_luck_is_seldom_confirmed_however_often_one_looks() -> None:
    generator = np.random.default_rng(3)
    confirmed = 0
    for _ in range(200):
        hits = np.cumsum(generator.random(300) < 0.6)
        looks = range(9, 300, 10)
        confirmed += any(
            standing_of(trials=n + 1, successes=float(hits[n]), base_rate=0.6) == Standing.CONFIRMED for n in looks
        )
    assert confirmed / 200 <= 0.08
