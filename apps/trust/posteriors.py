"""RULE: Beta posteriors of agents and of their types of work, each level drawn towards the one above it.

Business -> agent -> type, every prior made of the OTHERS of its level (the other agents, the agent's other types), so
that no outcome counts twice. All arrays run over cells; experts are those of experts.py, with weights already learned.
"""

from __future__ import annotations

import numpy as np

from apps.trust.estimation import Learned
from apps.trust.experts import STRENGTHS, Floats, Places, collapsed, combined, prior_of, told_of_average

# The prior of keeping the time and of answering at all: software mostly does, and one outcome outweighs it.
WORKING_MEAN, WORKING_STRENGTH = 0.9, 1.0
# How alike agents are in that: an agent's own ten asks count as much as the business's average.
WORKING_ALIKE = 10.0


def of_agents(n: Floats, good: Floats, learned: Learned) -> tuple[Floats, Floats]:
    """Mean and strength of each agent's share of success. n, good: (agents, 7 half-lives), decayed outcomes."""
    n, good = n[:, :, None], good[:, :, None]
    mean, strength = _priors_of_agents(n, good)
    return collapsed(learned.expert_weights(), (strength * mean + good) / (strength + n), strength + n)


def of_types(n: Floats, good: Floats, agent: Places, agents: int, learned: Learned) -> tuple[Floats, Floats]:
    """The same of cells, agent being the place of each cell's agent. n, good: (cells, 7)."""
    weights = learned.expert_weights()
    n, good = n[:, :, None], good[:, :, None]
    mean, strength = _one_prior(*_priors_of_agents(_summed(n, agent, agents), _summed(good, agent, agents)), weights)
    mean, strength = mean[agent][:, :, None], strength[agent][:, :, None]
    told, told_good = told_of_average(n, good)
    others = np.maximum(_summed(told, agent, agents)[agent] - told, 0)
    others_good = np.maximum(_summed(told_good, agent, agents)[agent] - told_good, 0)
    mean = (strength * mean + others_good) / (strength + others)
    strength = combined(STRENGTHS, strength + others)
    joint = weights.sum(axis=1)[:, None] * learned.within_weights()
    return collapsed(joint, (strength * mean + good) / (strength + n), strength + n)


def of_working(n: Floats, good: Floats, agent: Places, agents: int, learned: Learned) -> tuple[Floats, Floats]:
    """Mean and strength of a share that is near 1 unless something is broken: answering, keeping the time."""
    by_half = learned.expert_weights().sum(axis=1)[:, None]
    share = WORKING_ALIKE / (n + WORKING_ALIKE)
    told, told_good = n * share, good * share
    own, own_good = _summed(told, agent, agents)[agent], _summed(told_good, agent, agents)[agent]
    worth = np.maximum(told.sum(axis=0) - own, 0) + WORKING_STRENGTH
    mean = (np.maximum(told_good.sum(axis=0) - own_good, 0) + WORKING_MEAN * WORKING_STRENGTH) / worth
    mean, strength = np.minimum(mean, 1.0), combined(WORKING_ALIKE, worth)
    return collapsed(by_half, ((strength * mean + good) / (strength + n))[:, :, None], (strength + n)[:, :, None])


def _priors_of_agents(n: Floats, good: Floats) -> tuple[Floats, Floats]:
    """(agents, 7, priors) each: the prior of every expert for every agent, from the other agents."""
    told, told_good = told_of_average(n, good)
    return prior_of(told.sum(axis=0) - told, told_good.sum(axis=0) - told_good)


def _one_prior(mean: Floats, strength: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Per half-life, the priors of all strengths as one."""
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    return collapsed(shares[:, None, :], mean[:, :, None, :], strength[:, :, None, :])


def _summed(rows: Floats, agent: Places, agents: int) -> Floats:
    found = np.zeros((agents, *rows.shape[1:]))
    np.add.at(found, agent, rows)
    return found
