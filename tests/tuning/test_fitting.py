"""Curves fitted to labels: never falling, drawn towards what held before, and better where labels say otherwise."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.goals.calibration import SHIPPED, Curve
from apps.tuning.fitting import ISOTONIC, ISOTONIC_FROM, PLATT, SHRINKAGE, fit, predictions_unseen
from apps.tuning.labels import FEWEST_LABELS, FEWEST_OF_EACH, Labels, effective_size, too_little
from apps.tuning.quality import quality_of

IDENTITY = Curve.through([(0, 0), (1, 1)])


def overconfident(number: int, *, seed: int = 1) -> Labels:
    """Goals whose true share of going well is the square of their sum."""
    chance = random.Random(seed)
    raw = [chance.uniform(0.3, 1.0) for _ in range(number)]
    return Labels(tuple(raw), tuple(chance.random() < one**2 for one in raw), (1.0,) * number)


@pytest.mark.parametrize(
    ("number", "good", "enough"),
    [
        (0, 0, False),
        (FEWEST_LABELS - 1, 30, False),
        (FEWEST_LABELS, FEWEST_LABELS, False),
        (FEWEST_LABELS, FEWEST_OF_EACH - 1, False),
        (FEWEST_LABELS, FEWEST_OF_EACH, True),
    ],
)
def test_it_says_when_evidence_is_too_thin(number: int, good: int, enough: bool) -> None:
    labels = Labels((0.5,) * number, tuple(place < good for place in range(number)), (1.0,) * number)
    assert bool(too_little(labels)) is not enough


def test_few_labels_make_a_logistic_curve_and_many_an_isotonic_one() -> None:
    assert fit(overconfident(200), IDENTITY).method == PLATT
    assert fit(overconfident(ISOTONIC_FROM), IDENTITY).method == ISOTONIC


@pytest.mark.parametrize("number", [200, 2000])
def test_it_finds_that_goals_go_worse_than_said(number: int) -> None:
    labels = overconfident(number)
    curve = fit(labels, IDENTITY).curve
    assert curve.apply(0.7) == pytest.approx(0.49 if number > 1000 else 0.6, abs=0.08)
    unseen = quality_of(labels, predictions_unseen(labels, IDENTITY))
    assert unseen.brier[0] < quality_of(labels, labels.raw).brier[0]
    assert unseen.brier[1] <= unseen.brier[0] <= unseen.brier[2]
    assert unseen.ece[0] < quality_of(labels, labels.raw).ece[0]


def test_own_evidence_weighs_as_much_as_there_is_of_it() -> None:
    level = Curve.through([(0, 0.9), (1, 0.9)])
    few, many = fit(overconfident(100), level), fit(overconfident(900), level)
    assert few.share == pytest.approx(100 / (100 + SHRINKAGE))
    assert many.share == pytest.approx(900 / (900 + SHRINKAGE))
    # Both know that a sum of 0.4 goes badly; the one with more labels says so more plainly.
    assert many.curve.apply(0.4) < few.curve.apply(0.4) < 0.9


def test_labels_that_stand_for_many_count_as_fewer_than_they_are() -> None:
    assert effective_size([1.0] * 50) == pytest.approx(50)
    assert effective_size([20.0] * 50) == pytest.approx(50)
    assert effective_size([1.0] * 50 + [20.0] * 50) == pytest.approx(1050**2 / (50 + 50 * 400))
    assert effective_size([]) == 0


def test_a_sum_that_tells_nothing_gives_a_level_curve() -> None:
    chance = random.Random(3)
    raw = tuple(chance.random() for _ in range(300))
    upside_down = Labels(raw, tuple(one < 0.5 for one in raw), (1.0,) * 300)
    curve = fit(upside_down, Curve.through([(0, 0.5), (1, 0.5)])).curve
    assert max(curve.values) - min(curve.values) < 0.01


@st.composite
def any_labels(draw: st.DrawFn) -> Labels:
    number = draw(st.integers(20, 120))
    raw = draw(st.lists(st.floats(0, 1), min_size=number, max_size=number))
    right = draw(st.lists(st.booleans(), min_size=number, max_size=number))
    weight = draw(st.lists(st.sampled_from([1.0, 20.0]), min_size=number, max_size=number))
    # Some of each, as `too_little` sees to before anything is fitted.
    right[:10], right[10:20] = [True] * 10, [False] * 10
    return Labels(tuple(raw), tuple(right), tuple(weight))


@settings(max_examples=40, deadline=None)
@given(any_labels(), st.booleans())
def test_a_fitted_curve_never_falls_and_stays_between_0_and_1(labels: Labels, isotonic: bool) -> None:
    if isotonic:
        times = ISOTONIC_FROM // len(labels) + 1
        labels = Labels(labels.raw * times, labels.right * times, labels.weight * times)
    fitted = fit(labels, SHIPPED)
    values = [fitted.curve.apply(place / 50) for place in range(51)]
    assert values == sorted(values)
    assert 0 <= values[0] <= values[-1] <= 1
    assert Curve.through(fitted.curve.points) == fitted.curve
