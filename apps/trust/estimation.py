"""RULE: what a business's own past says about how to score: how fast trust ages, how alike agents are, how steady.

Nothing here is about one day, so it is learned from all daily tallies once a night and kept until the next time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from apps.trust.experts import (
    PRIORS,
    Experts,
    Floats,
    Places,
    collapsed,
    first_weights,
    prior_of,
    told_of_average,
)
from apps.trust.tallies import HALF_LIVES, VALUE, VALUE2, WEIGHT, WEIGHT2, Tallies

EXPERT_HALF_LIVES = HALF_LIVES[1:]
MOST_STEPS = 52
LEAST_STEP = 7  # days
STEADY_DAYS = 91.0
STEADY_STEP = 7  # days; of shorter groups, most would be too small to tell anything
# What is not known yet is taken from the business as a whole: so many steps of an agent's own weigh as much as that.
SHRINKAGE = 20.0
STEADY_SHRINKAGE = 10.0
CHANCE = 0.05
DISPERSION_BOUNDS = (0.1, 10.0)


class Steadiness(msgspec.Struct, frozen=True):
    """consistency: 0 to 1. dispersion: variance of outcomes about what was expected, in units of the binomial's."""

    consistency: float = 1.0
    dispersion: float = 1.0


class Learned(msgspec.Struct, frozen=True):
    """weights: of experts, (7 half-lives, 10 priors), sum 1. within: of how alike an agent's types are, over STRENGTHS.

    business: of a cell that is not in `cells`. cells: by `cell_key(agent, type)`, type "" being the agent as a whole.
    """

    weights: tuple[tuple[float, ...], ...] = ()
    within: tuple[float, ...] = ()
    business: Steadiness = Steadiness()
    cells: dict[str, Steadiness] = {}

    def expert_weights(self) -> Floats:
        """Those learned, or those from before anything is where the kept ones are of another make."""
        kept = np.array(self.weights, dtype=float) if self.weights else np.zeros(0)
        fits = kept.shape == (len(EXPERT_HALF_LIVES), PRIORS) and np.isfinite(kept).all() and kept.sum() > 0
        return kept / kept.sum() if fits else first_weights(EXPERT_HALF_LIVES)

    def within_weights(self) -> Floats:
        kept = np.array(self.within, dtype=float)
        fits = len(kept) == PRIORS and np.isfinite(kept).all() and kept.sum() > 0
        return kept / kept.sum() if fits else np.full(PRIORS, 1 / PRIORS)

    def half_life_shares(self) -> dict[float, float]:
        """How much each half-life in days counts, for people to see."""
        return dict(zip(EXPERT_HALF_LIVES, self.expert_weights().sum(axis=1).tolist(), strict=True))


def cell_key(agent: str, kind: str) -> str:
    return f"{agent} {kind}"


def learn(tallies: Tallies) -> Learned:
    """From all daily tallies of one business; a start for one with none."""
    if not len(tallies.age):
        return Learned()
    weights, residuals, steps = _replay(tallies)
    business = float((SHRINKAGE * _between_outcomes(tallies) + residuals.sum()) / (SHRINKAGE + steps.sum()))
    own = np.clip((SHRINKAGE * business + residuals) / (SHRINKAGE + steps), *DISPERSION_BOUNDS)
    width = max(len(tallies.types), 1)
    whole, whole_consistency = _steadiness(tallies, tallies.agent, len(tallies.agents))
    _, by_cell = _steadiness(tallies, tallies.agent * width + tallies.type, len(tallies.agents) * width)
    cells = {}
    for agent, name in enumerate(tallies.agents):
        cells[cell_key(name, "")] = Steadiness(float(whole_consistency[agent]), float(own[agent]))
    for cell in np.unique(tallies.agent * width + tallies.type).tolist():
        key = cell_key(tallies.agents[cell // width], tallies.types[cell % width])
        cells[key] = Steadiness(float(by_cell[cell]), float(own[cell // width]))
    return Learned(
        tuple(tuple(row) for row in weights.tolist()),
        tuple(_within(tallies).tolist()),
        Steadiness(whole, float(np.clip(business, *DISPERSION_BOUNDS))),
        cells,
    )


def counted(weight: Any, weight2: Any, value: Any) -> tuple[Floats, Floats]:
    """Outcomes these weighted ones are worth (Kish 1965: squared sum over sum of squares), and how many succeeded."""
    known = (weight > 0) & (weight2 > 0)
    n = np.divide(np.square(weight), weight2, out=np.zeros(weight.shape), where=known)
    share = np.divide(value, weight, out=np.zeros(weight.shape), where=known)
    return n, n * np.clip(share, 0, 1)


def _replay(tallies: Tallies) -> tuple[Floats, Floats, Floats]:
    """The past foretold step by step: weights of the experts, and each agent's squared standardised residuals."""
    agents, oldest = len(tallies.agents), float(tallies.age.max())
    days = max(LEAST_STEP, -(-int(oldest + 1) // MOST_STEPS))
    step = (oldest // days - tallies.age // days).astype(int)
    steps = int(step.max()) + 1
    sums = _grid(tallies.sums[:, [WEIGHT, WEIGHT2, VALUE]], step * agents + tallies.agent, steps * agents)
    n, good = counted(*(sums[:, place].reshape(steps, agents) for place in range(3)))
    experts = Experts(agents, EXPERT_HALF_LIVES, days)
    residuals, seen = np.zeros(agents), np.zeros(agents)
    for now in range(steps):
        for came in _turns(n[now], seen):
            means, strengths = experts.posteriors(came)
            mean, strength = collapsed(experts.weights, means, strengths)
            residuals[came] += _squared(n[now, came], good[now, came], mean, strength)
            seen[came] += 1
            experts.judge(means, strengths, n[now, came], good[now, came])
            experts.learn(came, n[now, came], good[now, came])
        idle = np.flatnonzero(n[now] <= 0)
        experts.learn(idle, n[now, idle], good[now, idle])
    return experts.weights, residuals, seen


def _turns(n: Floats, seen: Floats) -> Iterator[Places]:
    """Agents with outcomes in this step: new ones each in a turn of its own, the others together.

    Many foretold at once, none knowing of the others, would speak for the prior that knows nothing of others.
    """
    came = np.flatnonzero(n > 0)
    known = came[seen[came] > 0]
    if len(known):
        yield known
    yield from came[seen[came] == 0][:, None]


def _squared(n: Floats, good: Floats, mean: Floats, strength: Floats) -> Floats:
    """Squared distance of a share from what was expected, by its variance: 1 on average where only chance is at work.

    The Pearson dispersion of McCullagh and Nelder, Generalized Linear Models, 1989, of one-step-ahead residuals.
    """
    spread = np.maximum(mean * (1 - mean), 1e-4) * (1 / n + 1 / (strength + 1))
    return np.minimum(np.square(good / n - mean) / spread, 25.0)


def _between_outcomes(tallies: Tallies) -> float:
    """Variance of the outcomes about their agents' averages by the binomial's: 1 where each is 0 or 1, less between."""
    weight, value, value2 = _grid(tallies.sums[:, [WEIGHT, VALUE, VALUE2]], tallies.agent, len(tallies.agents)).T
    mean = np.divide(value, weight, out=np.zeros_like(weight), where=weight > 0).clip(0, 1)
    most = (weight * mean * (1 - mean)).sum()
    return float(np.clip((value2 - value * mean).sum() / most, *DISPERSION_BOUNDS)) if most > 0 else 1.0


def _steadiness(tallies: Tallies, group: Any, groups: int) -> tuple[float, Floats]:
    """Consistency of the business and of each group: 1 - sqrt(rho), rho the intraclass correlation of weeks.

    rho is the variance of the weekly averages beyond what chance within a week explains, as a share of m (1 - m), the
    most it could be: the moment estimate from an analysis of variance (R. A. Fisher 1925; for shares J. Kleinman,
    Proportions with extraneous variance, JASA 68, 1973), drawn towards the business's own by 10 weeks' worth. What
    chance explains is the 95 % bound of its chi-square, not its mean, or half of all even agents would seem uneven.
    """
    from scipy.special import chdtri

    recent = tallies.age < STEADY_DAYS
    weeks = int(STEADY_DAYS // STEADY_STEP)
    slot = group[recent] * weeks + (tallies.age[recent] // STEADY_STEP).astype(int)
    sums = _grid(tallies.sums[recent][:, [WEIGHT, WEIGHT2, VALUE, VALUE2]], slot, groups * weeks)
    weight, weight2, value, value2 = (sums[:, place].reshape(groups, weeks) for place in range(4))
    n, good = counted(weight, weight2, value)
    total, filled = n.sum(axis=1), (n > 0).sum(axis=1)
    share = np.divide(good, n, out=np.zeros_like(n), where=n > 0)
    mean = np.divide(good.sum(axis=1), total, out=np.full(groups, 0.5), where=total > 0)
    square = np.divide(value2, weight, out=np.zeros_like(n), where=weight > 0)
    inside = (n * np.maximum(square - share**2, 0)).sum(axis=1)
    chance = (inside + filled * mean * (1 - mean)) / np.maximum(total, 1)
    between = (n * np.square(share - mean[:, None])).sum(axis=1)
    free = total - np.divide(np.square(n).sum(axis=1), total, out=np.zeros(groups), where=total > 0)
    known = (filled > 1) & (free > 0)
    most = np.where(known, free * np.maximum(mean * (1 - mean), 0.01), 0.0)
    bound = np.where(known, chdtri(np.maximum(filled - 1, 1), CHANCE), 0.0)
    own = np.divide(between - bound * chance, most, out=np.zeros(groups), where=most > 0).clip(0, 1)
    whole = ((between - (filled - 1) * chance) * known).sum() - _leeway(chance, (filled - 1) * known)
    business = float(np.clip(whole / most.sum(), 0, 1)) if most.sum() > 0 else 0.0
    rho = (STEADY_SHRINKAGE * business + filled * known * own) / (STEADY_SHRINKAGE + filled * known)
    return 1 - business**0.5, 1 - np.sqrt(np.clip(rho, 0, 1))


def _leeway(chance: Floats, free: Floats) -> float:
    """How far the sum of all groups' sums of squares may lie above its mean: the same bound, by the normal."""
    from scipy.special import ndtri

    return float(-ndtri(CHANCE) * np.sqrt((2 * free * chance**2).sum()))


def _within(tallies: Tallies) -> Floats:
    """Weights over STRENGTHS: how alike the types of one agent are, by the likelihood of each given the others."""
    from scipy.special import betaln

    width, agents = max(len(tallies.types), 1), len(tallies.agents)
    sums = _grid(tallies.sums[:, [WEIGHT, WEIGHT2, VALUE]], tallies.agent * width + tallies.type, agents * width)
    n, good = (part.reshape(agents, width, 1) for part in counted(sums[:, 0], sums[:, 1], sums[:, 2]))
    told, told_good = told_of_average(n, good)
    mean, strength = prior_of(told.sum(axis=1, keepdims=True) - told, told_good.sum(axis=1, keepdims=True) - told_good)
    a, b = mean * strength, (1 - mean) * strength
    several = ((n > 0).sum(axis=1, keepdims=True) > 1) & (n > 0)
    said = np.where(several, betaln(a + good, b + n - good) - betaln(a, b), 0.0).sum(axis=(0, 1))
    weights = np.exp(said - said.max())
    return weights / weights.sum()


def _grid(rows: Floats, slot: Any, slots: int) -> Floats:
    """Rows summed by slot: (slots, columns)."""
    columns = [np.bincount(slot, rows[:, place], slots) for place in range(rows.shape[1])]
    return np.stack(columns, axis=1).astype(float)
