"""The mixture of experts that foretells outcomes."""

import numpy as np
import pytest

from apps.trust.experts import (
    PRIORS,
    Experts,
    collapsed,
    combined,
    first_weights,
    interval_of,
    prior_of,
    strength_of,
    told_of_average,
)

ENDLESS = (float("inf"),)


def test_first_weights_put_half_on_no_drift() -> None:
    weights = first_weights((8.0, 16.0, float("inf")))
    assert weights.sum() == pytest.approx(1)
    assert weights[-1].sum() == pytest.approx(0.5)
    assert first_weights((8.0, 16.0)).sum(axis=1) == pytest.approx([0.5, 0.5])


def test_the_flat_prior_with_endless_memory_is_the_plain_running_average() -> None:
    experts, who, one = Experts(2, ENDLESS), np.array([0]), np.ones(1)
    for good in (1.0, 1.0, 0.0):
        experts.learn(who, one, np.array([good]))
    assert experts.posteriors(who)[0][0, 0, -1] == pytest.approx((2 + 1) / (3 + 2))


def test_the_strongest_prior_takes_an_agent_for_the_average_of_all() -> None:
    experts = Experts(2, ENDLESS)
    experts.learn(np.array([0, 1]), np.array([30.0, 10.0]), np.array([24.0, 2.0]))
    assert experts.posteriors(np.array([1]))[0][0, 0, -2] == pytest.approx((24 + 2 + 1) / (40 + 2), abs=1e-3)


def test_agents_tell_of_the_average_less_the_more_outcomes_they_have() -> None:
    told, _ = told_of_average(np.array([[4.0], [4000.0]]), np.array([[2.0], [2000.0]]))
    four = 2  # place of the prior of strength 4
    assert told[:, four].tolist() == pytest.approx([2.0, 4.0], rel=0.01)
    assert told[:, -1].tolist() == [0.0, 0.0]


def test_a_prior_nobody_told_anything_of_is_wide() -> None:
    mean, strength = prior_of(np.zeros(PRIORS), np.zeros(PRIORS))
    assert mean == pytest.approx(np.full(PRIORS, 0.5))
    assert strength.max() == pytest.approx(2.0, abs=1e-3)
    assert combined(10.0, np.array([1e12])) == pytest.approx([10.0])


def test_total_log_loss_is_near_that_of_the_best_expert() -> None:
    """At most log(1 / first weight) above it, whatever comes: here a worker that turns bad."""
    generator = np.random.default_rng(1)
    halves = (16.0, 64.0, float("inf"))
    experts, who, one = Experts(1, halves), np.array([0]), np.ones(1)
    mine, theirs = 0.0, np.zeros((len(halves), PRIORS))
    for now in range(600):
        good = np.array([float(generator.random() < (0.9 if now < 300 else 0.2))])
        means, strengths = experts.posteriors(who)
        came = np.where(good[0], means[0], 1 - means[0])
        mine -= np.log((came * experts.weights).sum())
        theirs -= np.log(came)
        experts.judge(means, strengths, one, good)
        experts.learn(who, one, good)
    assert mine <= (theirs - np.log(first_weights(halves))).min() + 1e-9
    assert experts.weights[0].sum() > 0.9


def test_a_batch_is_judged_as_its_outcomes_one_by_one() -> None:
    """The beta-binomial likelihood is the product of the chances of each outcome given those before."""
    batch, single = Experts(1, ENDLESS), Experts(1, ENDLESS)
    who = np.array([0])
    batch.judge(*batch.posteriors(who), np.array([3.0]), np.array([3.0]))
    for _ in range(3):
        single.judge(*single.posteriors(who), np.ones(1), np.ones(1))
        single.learn(who, np.ones(1), np.ones(1))
    assert batch.weights == pytest.approx(single.weights)


def test_a_mixture_becomes_one_beta_of_the_same_mean_and_variance() -> None:
    weights, means, strengths = np.array([[0.5, 0.5]]), np.array([[0.2, 0.8]]), np.array([[10.0, 10.0]])
    mean, strength = collapsed(weights, means, strengths)
    assert float(mean) == pytest.approx(0.5)
    assert 0.25 / (float(strength) + 1) == pytest.approx(0.09 + 0.16 / 11)


def test_intervals_hold_their_mean_at_both_ends() -> None:
    mean, strength = np.array([0.0, 1e-12, 0.5, 1.0]), np.array([0.5, 1e9, 10.0, 0.5])
    low, high = interval_of(mean, strength, 0.9)
    assert (low <= mean).all()
    assert (high >= mean).all()
    assert np.isfinite(low).all()
    assert np.isfinite(strength_of(mean, np.zeros(4))).all()
