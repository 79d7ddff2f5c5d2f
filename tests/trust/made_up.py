"""Daily tallies of agents whose true quality is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.trust.tallies import Tallies

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Staff:
    """What the agents are like. rate: asks a day and type; spread: how far an agent's types lie apart; wander: of the
    log-odds, a day; answering, keeping_time: chances; partial: outcomes lie between 0 and 1; audited: share of half of
    the days of which outcomes are looked at, each standing for 1 / share."""

    agents: int = 20
    types: int = 3
    days: int = 120
    rate: float = 0.6
    spread: float = 0.0
    wander: float = 0.0
    answering: float = 0.97
    keeping_time: float = 0.9
    partial: bool = False
    audited: float = 1.0


def work(staff: Staff, seed: int) -> tuple[Tallies, Floats]:
    """Their tallies, and what each agent's chance of success now is by type: (agents, types)."""
    generator = np.random.default_rng(seed)
    shape = (staff.agents, staff.types, staff.days)
    start = generator.beta(6, 2, staff.agents)
    paths = np.log(start / (1 - start))[:, None] + np.cumsum(
        staff.wander * generator.normal(size=(staff.agents, staff.days)), axis=1
    )
    level = 1 / (1 + np.exp(-np.clip(paths, -4, 4)))
    level = level[:, None, :] + staff.spread * generator.normal(size=(staff.agents, staff.types, 1))
    chance = np.clip(level, 0.02, 0.98)
    agent, kind, day = (axis.reshape(-1) for axis in np.indices(shape))
    asked = generator.poisson(staff.rate, len(day))
    answered = generator.binomial(asked, staff.answering)
    on_time = generator.binomial(answered, staff.keeping_time)
    share = np.where(day % 2 == 0, 1.0, staff.audited)
    seen = generator.binomial(answered, share)
    value, value2 = _values(generator, seen, chance.reshape(-1), staff.partial)
    columns = [asked, answered, on_time, seen, seen / share, seen / share**2, value / share, value2 / share]
    there = asked > 0
    return Tallies(
        tuple(f"agent {place}" for place in range(staff.agents)),
        tuple(f"type {place}" for place in range(staff.types)),
        agent[there],
        kind[there],
        (staff.days - 1.0 - day)[there],
        np.stack(columns, axis=1).astype(float)[there],
    ), chance[:, :, -1]


def _values(generator: np.random.Generator, seen: NDArray, chance: Floats, partial: bool) -> tuple[Floats, Floats]:
    if not partial:
        good = generator.binomial(seen, chance).astype(float)
        return good, good
    drawn = [generator.beta(4 * p, 4 * (1 - p), n) for n, p in zip(seen.tolist(), chance.tolist(), strict=True)]
    return np.array([x.sum() for x in drawn]), np.array([(x**2).sum() for x in drawn])


def one_agent(days: Sequence[Sequence[float]], name: str = "only") -> Tallies:
    """Tallies of one agent and type from (age, asked, answered, on_time, judged, value): outcomes of 0 and 1."""
    rows = np.array(days, dtype=float).reshape(-1, 6)
    places = np.zeros(len(rows), dtype=np.intp)
    judged, value = rows[:, 4], rows[:, 5]
    sums = np.stack([rows[:, 1], rows[:, 2], rows[:, 3], judged, judged, judged, value, value], axis=1)
    return Tallies((name,), ("any",), places, places, rows[:, 0], sums)
