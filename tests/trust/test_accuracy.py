"""How well trust foretold decisions: losses, calibration, the paired difference, and what may be said of it."""

import math
import random

import msgspec
import pytest

from apps.trust.accuracy import FEWEST, Foretold, Verdict, accuracy_of


def outcomes(number: int, *, seed: int, expected: bool = True, spread: float = 0.35) -> list[Foretold]:
    """Agents of differing quality. expected: whether trust knows them; else it says no more than the average."""
    draw = random.Random(seed)
    found = []
    for place in range(number):
        truth = 0.5 + draw.choice((-spread, spread))
        said = truth if expected else 0.5
        found.append(Foretold(said, 0.5, float(draw.random() < truth), run=str(place)))
    return found


def test_losses_are_what_the_textbook_says() -> None:
    found = accuracy_of([Foretold(0.8, 0.5, 1.0), Foretold(0.8, 0.5, 0.0)])
    assert found
    assert found.trust.log_loss[0] == pytest.approx(-(math.log(0.8) + math.log(0.2)) / 2)
    assert found.trust.brier[0] == pytest.approx((0.04 + 0.64) / 2)
    assert found.average.log_loss[0] == pytest.approx(math.log(2))
    assert found.share_right[0] == 0.5


def test_an_edited_one_counts_by_its_part() -> None:
    found = accuracy_of([Foretold(0.5, 0.5, 0.25)])
    assert found and found.trust.log_loss[0] == pytest.approx(math.log(2))
    assert found.base.brier[0] == pytest.approx(0)


def test_trust_that_knows_its_agents_is_surely_better() -> None:
    found = accuracy_of(outcomes(600, seed=1))
    assert found and found.verdict == Verdict.BETTER
    assert found.gain.log_loss[1] > 0
    assert "surely better" in found.words


def test_trust_that_says_the_same_is_told_apart_by_nothing() -> None:
    found = accuracy_of(outcomes(600, seed=2, expected=False))
    assert found and found.verdict == Verdict.LIKE
    assert found.gain.log_loss == (0, 0, 0)


def test_the_verdict_is_wrong_no_more_often_than_said() -> None:
    """Two forecasters equally far off on either side: 90 % intervals may miss that one in ten."""
    wrong = 0
    for seed in range(200):
        draw = random.Random(seed)
        rows = [Foretold(0.6, 0.4, float(draw.random() < 0.5), run=str(n)) for n in range(200)]
        found = accuracy_of(rows)
        assert found
        wrong += found.verdict in (Verdict.BETTER, Verdict.WORSE)
    assert wrong / 200 < 0.16


def test_recommendations_of_one_run_are_not_taken_for_many() -> None:
    apart = accuracy_of(outcomes(300, seed=3))
    together = accuracy_of([o for one in outcomes(300, seed=3) for o in [one] * 10])
    assert apart and together
    width = lambda found: found.trust.brier[2] - found.trust.brier[1]  # noqa: E731
    assert width(together) == pytest.approx(width(apart), rel=0.02)
    assert together.n == 3000 and together.runs == 300


def test_an_outcome_that_stands_for_twenty_weighs_twenty() -> None:
    """Audits of one in twenty of what ran alone, among decisions about all that did not."""
    draw = random.Random(4)
    everything, seen = [], []
    for place in range(20_000):
        alone = place % 2
        one = Foretold(0.9 if alone else 0.4, 0.6, float(draw.random() < (0.8 if alone else 0.4)), run=str(place))
        everything.append(one)
        if not alone:
            seen.append(one)
        elif draw.random() < 0.05:
            seen.append(Foretold(one.expected, one.average, one.value, 20.0, one.run))
    whole, part = accuracy_of(everything), accuracy_of(seen)
    assert whole and part
    assert part.trust.log_loss[1] < whole.trust.log_loss[0] < part.trust.log_loss[2]
    unweighted = accuracy_of([Foretold(o.expected, o.average, o.value, run=o.run) for o in seen])
    assert unweighted and abs(unweighted.trust.log_loss[0] - whole.trust.log_loss[0]) > 0.05


def test_calibration_is_seen_in_the_bins() -> None:
    good, bad = (
        accuracy_of(outcomes(2000, seed=5)),
        accuracy_of([Foretold(min(1, o.expected + 0.15), 0.5, o.value, run=o.run) for o in outcomes(2000, seed=5)]),
    )
    assert good and bad
    assert good.trust.ece < 0.04 < 0.1 < bad.trust.ece
    assert all(one.low <= one.found <= one.high for one in good.bins)
    assert sum(one.n for one in good.bins) == 2000


def test_nothing_is_claimed_of_a_few() -> None:
    found = accuracy_of(outcomes(FEWEST - 1, seed=6))
    assert found and found.verdict == Verdict.UNKNOWN
    assert "too few" in found.words


def test_what_is_no_probability_is_left_out() -> None:
    bad = [Foretold(math.nan, 0.5, 1), Foretold(7, 0.5, 1), Foretold(0.5, 0.5, 1, weight=0), Foretold(0.5, -1, 0)]
    assert accuracy_of(bad) is None
    assert accuracy_of([]) is None
    found = accuracy_of([*bad, Foretold(1.0, 0.0, 1.0)])
    assert found and found.n == 1 and math.isfinite(found.average.log_loss[0])


def test_it_can_be_kept_as_json() -> None:
    found = accuracy_of(outcomes(50, seed=7))
    assert set(msgspec.json.decode(msgspec.json.encode(found))) >= {"trust", "average", "gain", "bins", "verdict"}
