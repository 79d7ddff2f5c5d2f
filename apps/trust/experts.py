"""RULE: predicting each agent's next outcome by many simple experts, weighted by how well each foretold the past.

An expert is a half-life and a prior. Of an agent with s successes in n outcomes, each counting half after one
half-life (the discounted Beta model: J. Q. Smith, A generalization of the Bayesian steady forecasting model, JRSS B 41,
1979; A. Josang and R. Ismail, The Beta reputation system, 2002), it holds the next success for this likely:

    p = (k m + s) / (k + n)

m is the average of the OTHER agents, k how alike agents are: an agent is taken for a draw from Beta(k m, k (1 - m)),
the empirical Bayes prior of Efron and Morris 1973 for shares. Great k: all are alike, an agent is the average. Small k:
each stands for itself. An agent with n outcomes tells of the average what n k / (n + k) independent ones would, so the
average weighs agents by that; and as the average is itself uncertain, worth N of them, k is lowered to the strength of
the wider prior, 1/(k'+1) = 1/(k+1) + 1/(N+1). One more prior, "flat", knows nothing of others: m = 1/2, k = 2, which
with an endless half-life is the plain running average after Laplace.

Experts are weighted by exp(sum of log p of what came) times a first weight: the Bayesian mixture of A. P. Dawid, The
prequential approach, JRSS A 147, 1984; over half-lives as in A. Raftery et al., Online prediction under model
uncertainty via dynamic model averaging, Technometrics 52, 2010, without forgetting of the weights. Whatever comes, its
log loss is in total at most log(1 / first weight) above that of the best expert (N. Cesa-Bianchi and G. Lugosi,
Prediction, Learning, and Games, 2006, chapter 9): it cannot do much worse than the running average or the base rate,
both of which are among the experts, and finds drift where there is some.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

# k of each prior. The last is the flat one: endlessly strong about an average that nobody tells anything of, a
# Beta(1, 1), which is that Beta(1, 1).
STRENGTHS = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 1e6, 1e12])
TELLS = np.array([1.0] * 9 + [0.0])
PRIORS = len(STRENGTHS)
# What is known of a business's average before anything is: a Beta(1, 1).
START_MEAN, START_STRENGTH = 0.5, 2.0
ENDLESS_FIRST = 0.5  # first weight of no drift at all
LEAST_STRENGTH, MOST_STRENGTH = 0.5, 1e9


def first_weights(half_lives: Sequence[float]) -> Floats:
    """(half-lives, priors), sum 1: half on the endless half-life where there is one, even otherwise."""
    endless = np.isinf(np.array(half_lives, dtype=float))
    by_half = np.full(len(half_lives), 1.0)
    if endless.any() and not endless.all():
        by_half = np.where(endless, ENDLESS_FIRST / endless.sum(), (1 - ENDLESS_FIRST) / (~endless).sum())
    return np.repeat((by_half / by_half.sum())[:, None], PRIORS, axis=1) / PRIORS


def told_of_average(n: Floats, successes: Floats) -> tuple[Floats, Floats]:
    """What agents with these (decayed) outcomes tell of the average under each prior: n k / (n + k) outcomes, and their
    successes. n, successes: (..., 1); both results (..., priors)."""
    share = STRENGTHS * TELLS / (n + STRENGTHS)
    return n * share, successes * share


def prior_of(told: Floats, told_successes: Floats) -> tuple[Floats, Floats]:
    """Mean and strength of each prior of one more agent, when others told so much of the average; (..., priors)."""
    told, told_successes = np.maximum(told, 0), np.maximum(told_successes, 0)
    worth = told + START_STRENGTH
    mean = np.minimum((told_successes + START_MEAN * START_STRENGTH) / worth, 1.0)
    return mean, combined(STRENGTHS, worth)


def combined(strength: Any, other: Floats) -> Floats:
    """Strength of a Beta whose mean is itself Beta: the variances, as shares of m (1 - m), add up. At least 0.5."""
    return np.maximum(1 / (1 / (strength + 1) + 1 / (other + 1)) - 1, LEAST_STRENGTH)


class Experts:
    """All experts over one business's agents. An agent ages by `step` each time it learns.

    n, successes: (agents, half-lives, 1), decayed. Not safe to share between threads.
    """

    def __init__(self, agents: int, half_lives: Sequence[float], step: float = 1.0) -> None:
        halves = np.array(half_lives, dtype=float)
        self.keeps = np.where(np.isinf(halves), 1.0, np.exp2(-step / halves))[:, None]
        self.n = np.zeros((agents, len(halves), 1))
        self.successes = np.zeros((agents, len(halves), 1))
        self.told = np.zeros((len(halves), PRIORS))
        self.told_successes = np.zeros_like(self.told)
        self.log_weights = np.log(first_weights(half_lives))

    @property
    def weights(self) -> Floats:
        """(half-lives, priors), sum 1."""
        raw = np.exp(self.log_weights - self.log_weights.max())
        return raw / raw.sum()

    def posteriors(self, agents: Places) -> tuple[Floats, Floats]:
        """Mean and strength of every expert's Beta for these agents: two (agents, half-lives, priors)."""
        n, successes = self.n[agents], self.successes[agents]
        own, own_successes = told_of_average(n, successes)
        mean, strength = prior_of(self.told - own, self.told_successes - own_successes)
        return (strength * mean + successes) / (strength + n), strength + n

    def judge(self, means: Floats, strengths: Floats, n: Floats, successes: Floats) -> None:
        """Weigh the experts anew by what they said, now that these outcomes came: by the beta-binomial likelihood."""
        if len(n) == 1 and n[0] == 1:
            said = np.log(successes[0] * means + (1 - successes[0]) * (1 - means))
        else:
            from scipy.special import betaln

            came, good = n[:, None, None], successes[:, None, None]
            a, b = means * strengths, (1 - means) * strengths
            said = betaln(a + good, b + came - good) - betaln(a, b)
        self.log_weights += said.sum(axis=0)
        self.log_weights -= self.log_weights.max()

    def learn(self, agents: Places, n: Floats, successes: Floats) -> None:
        """Take the outcomes in: one step of these agents, which must differ. n may be 0: then they only age."""
        before, good_before = told_of_average(self.n[agents], self.successes[agents])
        self.n[agents] = self.n[agents] * self.keeps + n[:, None, None]
        self.successes[agents] = self.successes[agents] * self.keeps + successes[:, None, None]
        after, good_after = told_of_average(self.n[agents], self.successes[agents])
        self.told += (after - before).sum(axis=0)
        self.told_successes += (good_after - good_before).sum(axis=0)


def collapsed(weights: Floats, means: Floats, strengths: Floats) -> tuple[Floats, Floats]:
    """Mean and strength of the one Beta with the mean and variance of a mixture of Betas over the last two axes."""
    mean = (weights * means).sum(axis=(-2, -1))
    second = (weights * (means * (1 - means) / (strengths + 1) + means**2)).sum(axis=(-2, -1))
    return mean, strength_of(mean, second - mean**2)


def strength_of(mean: Floats, variance: Floats) -> Floats:
    """a + b of the Beta with this mean and variance, kept within 0.5 and 1e9."""
    raw = mean * (1 - mean) / np.maximum(variance, 1e-300) - 1
    return np.clip(np.nan_to_num(raw, nan=MOST_STRENGTH), LEAST_STRENGTH, MOST_STRENGTH)


def interval_of(mean: Floats, strength: Floats, level: float) -> tuple[Floats, Floats]:
    """Ends of the equal-tailed credible interval of such a Beta; NaN-free, low <= mean <= high."""
    from scipy.special import betaincinv

    inside = np.clip(mean, 1e-9, 1 - 1e-9)
    a, b = inside * strength, (1 - inside) * strength
    tail = (1 - level) / 2
    low = np.nan_to_num(betaincinv(a, b, tail), nan=0.0)
    high = np.nan_to_num(betaincinv(a, b, 1 - tail), nan=1.0)
    return np.clip(np.minimum(low, mean), 0, 1), np.clip(np.maximum(high, mean), 0, 1)
