"""Figures on sets small enough to know the answer; the weighted forms against scikit-learn's own."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, roc_auc_score

from apps.goals.evaluation.measures import (
    Figure,
    accuracy,
    auroc,
    balanced_accuracy,
    brier,
    calibration_error,
    draw_groups,
    on_rows,
    order_within,
    with_intervals,
)


def flags(*values: int) -> Any:
    return np.array(values, dtype=bool)


def floats(*values: float) -> Any:
    return np.array(values, dtype=float)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.9, 0.8, 0.2, 0.1), 1.0),
        ((0.1, 0.2, 0.8, 0.9), 0.0),
        ((0.5, 0.5, 0.5, 0.5), 0.5),
        ((0.9, 0.4, 0.4, 0.1), 0.875),
    ],
)
def test_auroc_counts_pairs_in_order_and_ties_half(scores, expected):
    measure = auroc(flags(1, 1, 0, 0), floats(*scores))
    assert measure.value == pytest.approx(expected)
    assert measure.again(np.ones((1, 4)))[0] == pytest.approx(expected)


@pytest.mark.parametrize("good", [flags(1, 1), flags(0, 0)])
def test_with_one_class_there_is_nothing_to_tell_apart(good):
    assert auroc(good, floats(0.1, 0.9)).value is None
    assert balanced_accuracy(good, flags(1, 0)).value is None
    assert brier(good, floats(0.5, 0.5)).value == pytest.approx(0.25)


rows = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0]), st.integers(0, 4)), min_size=2)


@given(rows)
def test_a_resample_gives_what_the_library_gives_for_its_weights(drawn):
    good, scores = np.array([one[0] for one in drawn]), np.array([one[1] for one in drawn])
    weights = np.array([[float(one[2]) for one in drawn]])
    inside = weights[0] > 0
    if good.all() or not good.any() or len(set(good[inside])) < 2:
        return
    weighted = {"sample_weight": weights[0]}
    assert auroc(good, scores).again(weights)[0] == pytest.approx(roc_auc_score(good, scores, **weighted))
    said = scores >= 0.5
    assert balanced_accuracy(good, said).again(weights)[0] == pytest.approx(
        balanced_accuracy_score(good, said, **weighted)
    )
    assert brier(good, scores).again(weights)[0] == pytest.approx(brier_score_loss(good, scores, **weighted))


def test_a_resample_without_one_class_has_no_value():
    weights = np.array([[1.0, 0.0], [1.0, 1.0]])
    values = auroc(flags(1, 0), floats(0.9, 0.1)).again(weights)
    assert np.isnan(values[0])
    assert values[1] == 1.0


def test_pairs_are_compared_within_their_group_only():
    # Across groups every good row is below every bad one of the next group; within, four of five pairs are in order.
    good = flags(*[1, 0] * 5)
    scores = floats(0.2, 0.1, 0.4, 0.3, 0.6, 0.5, 0.8, 0.7, 0.9, 1.0)
    groups = np.repeat(np.arange(5), 2)
    measure = order_within(good, scores, groups)
    assert measure.value == pytest.approx(0.8)
    last_two = np.repeat(np.array([[0.0, 0.0, 0.0, 1.0, 1.0]]), 2, axis=1)
    assert measure.again(last_two)[0] == pytest.approx(0.5)


def test_few_mixed_groups_give_no_order():
    assert order_within(flags(1, 0, 1), floats(1, 0, 1), np.array([0, 0, 1])).value is None


def test_calibration_is_perfect_when_shares_are_as_said():
    probability = np.repeat([0.25, 0.75], 4)
    assert calibration_error(flags(0, 0, 0, 1, 1, 1, 1, 0), probability).value == pytest.approx(0)


def test_calibration_error_is_the_mean_gap_over_bins():
    # Two bins of equal mass: said 0.9 was 0.5, said 0.1 was 0.
    probability = np.repeat([0.1, 0.9], 4)
    measure = calibration_error(flags(0, 0, 0, 0, 1, 1, 0, 0), probability)
    assert measure.value == pytest.approx(0.5 * 0.1 + 0.5 * 0.4)


def test_equal_probabilities_share_a_bin():
    assert calibration_error(flags(1, 0, 1, 0), floats(0.5, 0.5, 0.5, 0.5)).value == pytest.approx(0)


def test_an_accuracy_is_the_share_told_right():
    assert accuracy(["ok", "vague"], ["ok", "ok"]).value == 0.5


def test_rows_of_a_group_are_drawn_together_and_as_many_groups_as_there_are():
    groups = np.array([7, 3, 7, 3, 9])
    drawn = np.concatenate(list(draw_groups(groups, resamples=200, seed=1)))
    assert drawn.shape == (200, 5)
    assert (drawn[:, 0] == drawn[:, 2]).all()
    assert (drawn[:, 1] == drawn[:, 3]).all()
    assert (drawn[:, [0, 1, 4]].sum(axis=1) == 3).all()
    assert len({tuple(row) for row in drawn}) > 5


def test_resampling_groups_admits_what_copies_of_a_row_hide():
    """Twenty copies of one group say no more than one does."""
    generator = np.random.default_rng(4)
    right = generator.random(30) < 0.7
    copies = np.repeat(right, 20)
    measure = balanced_accuracy(np.tile([True, False], 300), np.where(np.tile([True, False], 300), copies, ~copies))
    alone = with_intervals({"a": measure}, np.arange(600), resamples=500, seed=0)["a"]
    together = with_intervals({"a": measure}, np.repeat(np.arange(30), 20), resamples=500, seed=0)["a"]
    assert width(together) > 3 * width(alone)


def width(figure: Figure) -> float:
    assert figure.low is not None
    assert figure.high is not None
    return figure.high - figure.low


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """AUROC of two normals one standard deviation apart is Phi(1 / sqrt 2) = 0.760."""
    generator = np.random.default_rng(11)
    good = np.repeat([True, False], 60)
    hits = 0
    for _ in range(100):
        scores = generator.normal(size=120) + good
        figure = with_intervals({"a": auroc(good, scores)}, np.arange(120), resamples=200, seed=0)["a"]
        assert figure.low is not None
        assert figure.high is not None
        hits += figure.low <= 0.760 <= figure.high
    assert hits >= 86


def test_the_same_seed_gives_the_same_interval():
    measure = auroc(flags(1, 0, 1, 0, 1, 0), floats(0.9, 0.3, 0.2, 0.4, 0.8, 0.1))
    first, again = (with_intervals({"a": measure}, np.arange(6), resamples=50, seed=3) for _ in range(2))
    assert first == again
    assert first != with_intervals({"a": measure}, np.arange(6), resamples=50, seed=4)


def test_there_is_no_interval_from_one_group_or_no_resamples():
    measure = auroc(flags(1, 0), floats(0.9, 0.1))
    assert with_intervals({"a": measure}, np.array([0, 0]), resamples=50, seed=0) == {"a": Figure(1.0)}
    assert with_intervals({"a": measure}, np.array([0, 1]), resamples=0, seed=0) == {"a": Figure(1.0)}


def test_there_is_no_interval_where_most_resamples_lack_a_class():
    """One bad row among groups: the measure is only of groups 0 and 1, and those are seldom drawn together."""
    some = flags(1, 1, *[0] * 8)
    measure = on_rows(auroc(flags(1, 0), floats(0.9, 0.1)), some)
    assert with_intervals({"a": measure}, np.arange(10), resamples=200, seed=0) == {"a": Figure(1.0)}


def test_a_measure_of_some_rows_takes_the_weights_of_all():
    some = flags(1, 0, 1)
    measure = on_rows(auroc(flags(1, 0), floats(0.9, 0.1)), some)
    assert measure.again(np.array([[1.0, 5.0, 2.0]]))[0] == 1.0
