"""RULE: what several reviewers together say of each question, and how reliable each of them is. No truth is needed.

majority: the commonest answer. weighted: votes weigh log(a (K - 1) / (1 - a)) for a voter right with chance a among K
answers, which is best for independent voters (S. Nitzan and J. Paroush, International Economic Review 23, 1982);
a is the voter's trust, drawn towards the others' as in experts.py, from agreement with what all weighted votes say, in
turns until nothing changes. dawid_skene: the same in turns for whole tables of who says what when what is true
(A. Dawid and A. Skene, JRSS C 28, 1979), which also uses reviewers who are reliably wrong, or wrong on one answer only.

Of few answers a table of each reviewer's own says nothing, so its rows begin as some answers distributed as those of
all reviewers together (a Dirichlet prior, the mean of which is learned): LEAST_SMOOTHING, or one for each kind of
answer where there are more. With smoothing = 0 it is the original; the tests hold that to what crowd-kit finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.trust.experts import Floats, Places, collapsed, interval_of, prior_of, strength_of, told_of_average

LEAST_SMOOTHING = 5.0
ROUNDS = 100
EXACT = 1e-5
LEVEL = 0.9
MOST_CELLS = 20_000_000  # of one table held: questions x answers, and reviewers x answers x answers; 8 bytes each
_TINY = 1e-10
_CLIP = 1e-3


class TooManyAnswers(ValueError):
    """The tables of all questions, or of all reviewers, would be too large: free text is no choice between answers."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Who answered what. question, worker, answer: places in the tuples, one a vote."""

    questions: tuple[str, ...]
    workers: tuple[str, ...]
    answers: tuple[str, ...]
    question: Places
    worker: Places
    answer: Places

    @classmethod
    def of(cls, rows: Iterable[Sequence[str]]) -> Votes:
        """From (question, worker, answer)."""
        seen: tuple[dict[str, int], ...] = ({}, {}, {})
        places = [[names.setdefault(x, len(names)) for names, x in zip(seen, row, strict=True)] for row in rows]
        columns = np.array(places, dtype=np.intp).reshape(-1, 3).T
        return cls(tuple(seen[0]), tuple(seen[1]), tuple(seen[2]), *columns)


@dataclass(frozen=True, slots=True)
class Consensus:
    """label: place of the likeliest answer of each question. chances: (questions, answers), each row sums to 1."""

    label: Places
    chances: Floats


@dataclass(frozen=True, slots=True)
class Reviewer:
    """reliability: chance that an answer is right, 0 to 1, with its 90 % interval. confusion[k][a]: chance to answer a
    where k is true, rows sum to 1. answers: votes seen."""

    name: str
    reliability: float
    low: float
    high: float
    answers: int
    confusion: tuple[tuple[float, ...], ...]


def majority(votes: Votes) -> Consensus:
    """Shares of the votes. A tie goes to the answer that is commoner in all, then to the one first seen.

    Raises TooManyAnswers.
    """
    counts = _counts(votes)
    common = np.bincount(votes.answer, minlength=len(votes.answers)) / max(len(votes.answer), 1)
    chances = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    label = (counts + 0.5 * common).argmax(axis=1) if counts.size else np.zeros(0, dtype=np.intp)
    return Consensus(label, chances)


def weighted(votes: Votes) -> Consensus:
    """Votes weighted by trust in their voters."""
    return _likeliest(voters_of(votes)[0])


def voters_of(votes: Votes, rounds: int = 30) -> tuple[Floats, Floats]:
    """What the weighted votes for each answer add up to, (questions, answers), and the weight of each worker's vote."""
    kinds = max(len(votes.answers), 2)
    answered = np.bincount(votes.worker, minlength=len(votes.workers)).astype(float)
    slot, slots = votes.question * len(votes.answers) + votes.answer, len(votes.questions) * len(votes.answers)
    found: Floats = majority(votes).chances
    weight: Floats = np.ones(len(votes.workers))
    said: Floats = np.zeros(found.shape)
    for _ in range(rounds):
        right = np.bincount(votes.worker, found[votes.question, votes.answer], len(votes.workers))
        trust = np.clip(shares_of(answered, right)[0], _CLIP, 1 - _CLIP)
        weight = np.log(trust * (kinds - 1) / (1 - trust))
        said = np.bincount(slot, weight[votes.worker], slots).astype(float).reshape(found.shape)
        before, found = found, _likeliest(said).chances
        if np.abs(found - before).max(initial=0) < EXACT:
            break
    return said, weight


def dawid_skene(votes: Votes, smoothing: float | None = None, rounds: int = ROUNDS) -> tuple[Consensus, Floats]:
    """The consensus, and tables (workers, true answer, said answer) whose rows sum to 1. Raises TooManyAnswers."""
    kinds = len(votes.answers)
    if len(votes.workers) * kinds**2 > MOST_CELLS:
        raise TooManyAnswers(f"{len(votes.workers):,} reviewers with {kinds:,} different answers")
    weight = max(LEAST_SMOOTHING, kinds) if smoothing is None else smoothing
    found, loss = majority(votes), -np.inf
    tables = np.zeros((len(votes.workers), kinds, kinds))
    if not len(votes.question):
        return found, tables
    for _ in range(rounds):
        tables = _tables(votes, found.chances, weight)
        prior = found.chances.mean(axis=0)
        logs = np.log(tables)
        said = np.tile(np.log(np.maximum(prior, _TINY)), (len(votes.questions), 1))
        for true in range(kinds):
            told = logs[votes.worker, true, votes.answer]
            said[:, true] += np.bincount(votes.question, told, len(votes.questions))
        found = _likeliest(said)
        before, loss = loss, _log_sum(said)
        if abs(loss - before) < EXACT * max(1.0, abs(loss)) * 1e-3:
            break
    return found, tables


def reviewers_of(votes: Votes, consensus: Consensus, tables: Floats) -> list[Reviewer]:
    """Every worker, in order. The interval also holds how unsure the consensus itself is of what was right."""
    right = consensus.chances[votes.question, votes.answer]
    n = np.bincount(votes.worker, minlength=len(votes.workers)).astype(float)
    good = np.bincount(votes.worker, right, len(votes.workers))
    unsure = np.bincount(votes.worker, right * (1 - right), len(votes.workers))
    mean, strength = shares_of(n, good)
    variance = mean * (1 - mean) / (strength + 1) + unsure / np.maximum(n, 1) ** 2
    low, high = interval_of(mean, strength_of(mean, variance), LEVEL)
    rows = zip(votes.workers, mean.tolist(), low.tolist(), high.tolist(), n.tolist(), tables.tolist(), strict=True)
    return [
        Reviewer(name, share, least, most, int(count), tuple(tuple(row) for row in table))
        for name, share, least, most, count, table in rows
    ]


def shares_of(n: Any, good: Any) -> tuple[Floats, Floats]:
    """Mean and strength of each one's share of success, drawn towards the others': how far, the likelihood says."""
    from scipy.special import betaln

    n, good = n[:, None], good[:, None]
    told, told_good = told_of_average(n, good)
    mean, strength = prior_of(told.sum(axis=0) - told, told_good.sum(axis=0) - told_good)
    a, b = mean * strength, (1 - mean) * strength
    said = (betaln(a + good, b + n - good) - betaln(a, b)).sum(axis=0)
    weights = np.exp(said - said.max())
    weights = (weights / weights.sum())[None, :]
    return collapsed(weights, ((a + good) / (strength + n))[:, None, :], (strength + n)[:, None, :])


def _tables(votes: Votes, chances: Floats, smoothing: float) -> Floats:
    workers, kinds = len(votes.workers), len(votes.answers)
    slot = votes.worker * kinds + votes.answer
    tables = np.empty((workers, kinds, kinds))
    for true in range(kinds):
        tables[:, true] = np.bincount(slot, chances[votes.question, true], workers * kinds).reshape(workers, kinds)
    if smoothing:
        tables = tables + smoothing * _usual(votes, tables, chances)
    tables = np.maximum(tables, _TINY)
    return tables / tables.sum(axis=2, keepdims=True)


def _usual(votes: Votes, tables: Floats, chances: Floats) -> Floats:
    """The table to be expected of each worker: errors as those of all, but as often as the worker is wrong at all."""
    kinds = tables.shape[1]
    pooled = tables.sum(axis=0) + np.eye(kinds) * 0.5 + 0.5 / kinds
    pooled = pooled / pooled.sum(axis=1, keepdims=True)
    n = np.bincount(votes.worker, minlength=len(votes.workers)).astype(float)
    good = np.bincount(votes.worker, chances[votes.question, votes.answer], len(votes.workers))
    trust = np.clip(shares_of(n, good)[0], _CLIP, 1 - _CLIP)
    average = np.clip(good.sum() / max(n.sum(), 1), _CLIP, 1 - _CLIP)
    right = np.clip(np.diag(pooled), _CLIP, 1 - _CLIP)
    odds = (trust / (1 - trust) * (1 - average) / average)[:, None] * right / (1 - right)
    own = odds / (1 + odds)
    wrong = pooled * (1 - np.eye(kinds))
    wrong = wrong / np.maximum(wrong.sum(axis=1, keepdims=True), _TINY)
    return own[:, :, None] * np.eye(kinds) + (1 - own)[:, :, None] * wrong


def _counts(votes: Votes) -> Floats:
    slot = votes.question * len(votes.answers) + votes.answer
    if len(votes.questions) * len(votes.answers) > MOST_CELLS:
        raise TooManyAnswers(f"{len(votes.questions):,} questions with {len(votes.answers):,} different answers")
    counts = np.bincount(slot, minlength=len(votes.questions) * len(votes.answers))
    return counts.reshape(len(votes.questions), len(votes.answers)).astype(float)


def _likeliest(logs: Floats) -> Consensus:
    chances = np.exp(logs - logs.max(axis=1, keepdims=True)) if logs.size else logs
    chances = chances / np.maximum(chances.sum(axis=1, keepdims=True), _TINY)
    return Consensus(chances.argmax(axis=1) if chances.size else np.zeros(0, dtype=np.intp), chances)


def _log_sum(logs: Floats) -> float:
    if not logs.size:
        return 0.0
    top = logs.max(axis=1)
    return float((top + np.log(np.exp(logs - top[:, None]).sum(axis=1))).sum())
