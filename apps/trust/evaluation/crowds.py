"""RULE: crowds whose truth is known because they are made up: workers good and bad, drifting, spamming, colluding.

Questions come one after the other, each answered by a few workers who are drawn unevenly: as in crowds of people, some
workers answer hundreds of questions and many a handful (shares after V. Pareto).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from apps.trust.aggregation import Votes
from apps.trust.evaluation.crowd_files import Crowd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Paths = Callable[[np.random.Generator, int, int], Floats]

SPAM = -1.0  # in place of a chance to be right: answers whatever comes to mind
COPY = -2.0  # says what the ringleader says


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of crowd. paths(generator, worker, answers): the worker's chance to be right, one an answer.

    differ: whether workers differ or drift, so that trust must be better than a running average.
    """

    name: str
    paths: Paths
    differ: bool
    workers: int = 60
    questions: int = 1500
    each: int = 5
    answers: int = 3
    skew: float = 1.5
    known: float = 1.0  # share of questions whose truth is in the file


def generate(kind: Kind, seed: int) -> Crowd:
    """One crowd of a kind; always the same for a seed."""
    generator = np.random.default_rng([seed, *kind.name.encode()])
    share = generator.pareto(kind.skew, kind.workers) + 0.05
    share /= share.sum()
    draws = [generator.choice(kind.workers, kind.each, replace=False, p=share) for _ in range(kind.questions)]
    worker = np.concatenate(draws)
    question = np.repeat(np.arange(kind.questions), kind.each)
    truth = generator.integers(kind.answers, size=kind.questions)
    chance = _chances(kind, worker, generator)
    wrong = (truth[question] + 1 + generator.integers(kind.answers - 1, size=len(worker))) % kind.answers
    answer = np.where(generator.random(len(worker)) < chance, truth[question], wrong)
    answer = np.where(chance == SPAM, generator.integers(kind.answers, size=len(worker)), answer)
    # A ring agrees on one answer for each question, right or wrong, as its leader is right in a third of them.
    led = np.where(generator.random(kind.questions) < 1 / 3, truth, (truth + 1) % kind.answers)
    answer = np.where(chance == COPY, led[question], answer)
    shown = np.where(generator.random(kind.questions) < kind.known, truth, -1)
    votes = Votes(
        tuple(f"q{place}" for place in range(kind.questions)),
        tuple(f"w{place}" for place in range(kind.workers)),
        tuple(f"{place}" for place in range(kind.answers)),
        question,
        worker,
        answer,
    )
    return Crowd(votes, shown, 0)


def _chances(kind: Kind, worker: NDArray[np.intp], generator: np.random.Generator) -> Floats:
    chance = np.empty(len(worker))
    for place in range(kind.workers):
        own = np.flatnonzero(worker == place)
        chance[own] = kind.paths(generator, place, len(own))
    return chance


def _alike(level: float) -> Paths:
    return lambda generator, worker, n: np.full(n, level)


def _differing(generator: np.random.Generator, worker: int, n: int) -> Floats:
    return np.full(n, generator.beta(6, 2))


def _good_and_bad(generator: np.random.Generator, worker: int, n: int) -> Floats:
    return np.full(n, (0.95, 0.8, 0.55)[worker % 3])


def _wandering(generator: np.random.Generator, worker: int, n: int) -> Floats:
    start = generator.normal(1.5, 1.0)
    return 1 / (1 + np.exp(-np.clip(start + np.cumsum(generator.normal(0, 0.15, n)), -3, 4)))


def _turning(generator: np.random.Generator, worker: int, n: int) -> Floats:
    """A third turns bad at some time, all at once."""
    level, turn = generator.beta(12, 2), generator.integers(max(n, 1))
    return np.where((worker % 3 == 0) & (np.arange(n) >= turn), 0.35, level)


def _with_spammers(generator: np.random.Generator, worker: int, n: int) -> Floats:
    return np.full(n, SPAM if worker % 3 == 0 else generator.beta(12, 3))


def _with_a_ring(generator: np.random.Generator, worker: int, n: int) -> Floats:
    return np.full(n, COPY if worker % 6 == 0 else generator.beta(12, 3))


KINDS = (
    Kind("alike", _alike(0.75), differ=False),
    Kind("alike, sparse", _alike(0.75), differ=False, workers=800),
    Kind("alike, few and busy", _alike(0.85), differ=False, workers=15),
    Kind("differing", _differing, differ=True),
    Kind("differing, sparse", _differing, differ=True, workers=800),
    Kind("good and bad", _good_and_bad, differ=True),
    Kind("wandering", _wandering, differ=True),
    Kind("turning bad", _turning, differ=True),
    Kind("spamming", _with_spammers, differ=True, workers=150),
    Kind("colluding", _with_a_ring, differ=True, workers=150),
    Kind("differing, one truth in five", _differing, differ=True, known=0.2),
    Kind("wandering, no truth", _wandering, differ=True, known=0.0),
)
