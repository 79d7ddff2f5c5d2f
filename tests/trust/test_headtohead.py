"""Agents compared by who was better on the same thing."""

import math

import numpy as np
import pytest

from apps.trust.headtohead import Duel, compare

DUELS = [Duel("a", "b", 7, 3), Duel("a", "c", 9, 1), Duel("b", "c", 6, 4), Duel("c", "d", 5, 5), Duel("a", "d", 4, 0)]


def strengths(duels: list[Duel], deviation: float = 1.5) -> dict[str, float]:
    return {one.agent: one.strength for one in compare(duels, deviation).agents}


def test_strengths_are_those_that_choix_finds() -> None:
    """choix 0.4.1, opt_pairwise with alpha 1 / (2 x 1.5 squared): the same prior."""
    found = {"a": 1.1713654796, "b": 0.0572146100, "c": -0.5634042283, "d": -0.6651758614}
    assert strengths(DUELS) == pytest.approx(found, abs=1e-6)


def test_without_a_prior_they_are_the_likeliest() -> None:
    """choix 0.4.1, ilsr_pairwise."""
    found = {"a": 1.3097786, "b": 0.0964964, "c": -0.6156677, "d": -0.7906074}
    assert strengths(DUELS, deviation=1e3) == pytest.approx(found, abs=1e-5)


def test_the_strongest_comes_first_with_its_interval() -> None:
    found = compare(DUELS)
    first = found.agents[0]
    assert first.agent == "a"
    assert first.low < first.strength < first.high
    assert first.beats_low < first.beats < first.beats_high
    assert first.met == 24
    assert found.better[0][3] > 0.95
    assert found.better[0][3] + found.better[3][0] == pytest.approx(1)
    assert found.better[2][2] == 0.5


def test_one_that_always_won_has_a_finite_strength() -> None:
    found = compare([Duel("best", "worst", 50, 0)]).agents
    assert 0 < found[0].strength < 10
    assert math.isfinite(found[0].high)


def test_agents_that_never_met_are_not_told_apart() -> None:
    found = compare([Duel("a", "b", 5, 5), Duel("c", "d", 5, 5)])
    assert [one.strength for one in found.agents] == pytest.approx([0, 0, 0, 0], abs=1e-9)
    assert found.better[0][2] == pytest.approx(0.5)


def test_a_tie_is_half_a_win_for_each() -> None:
    tied, split = strengths([Duel("a", "b", 3, 1, ties=4)]), strengths([Duel("a", "b", 5, 3)])
    assert tied == pytest.approx(split)


def test_order_and_side_do_not_matter() -> None:
    turned = [Duel(d.second, d.first, d.second_wins, d.first_wins) for d in reversed(DUELS)]
    assert strengths(turned) == pytest.approx(strengths(DUELS))


def test_no_duels_are_no_comparison() -> None:
    assert compare([]).agents == ()


@pytest.mark.parametrize("duel", [Duel("a", "a", 1, 0), Duel("a", "b", -1, 0), Duel("a", "b", math.nan, 0)])
def test_what_is_no_duel_is_refused(duel: Duel) -> None:
    with pytest.raises(ValueError, match=r"meet itself|at least 0"):
        compare([duel])


def test_nine_of_ten_intervals_hold_the_truth() -> None:
    generator = np.random.default_rng(1)
    held = []
    for _ in range(60):
        true = generator.normal(0, 1, 6)
        chance = 1 / (1 + np.exp(true[None, :] - true[:, None]))
        wins = generator.binomial(15, chance)
        duels = [Duel(f"{i}", f"{j}", wins[i, j], 15 - wins[i, j]) for i in range(6) for j in range(i)]
        for one in compare(duels).agents:
            held.append(one.low <= true[int(one.agent)] - true.mean() <= one.high)
    assert 0.85 <= np.mean(held) <= 0.95
