"""RULE: everything that is to be known of a file of reviewed outcomes, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from apps.trust.aggregation import Consensus, TooManyAnswers, Votes, dawid_skene, majority, voters_of, weighted
from apps.trust.evaluation.crowd_files import Crowd
from apps.trust.evaluation.prediction import AVERAGE, BASE, HALF_LIVES, METHODS, TRUST, foretell, losses
from apps.trust.evaluation.resampling import RESAMPLES, Figure, means, shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Floats = NDArray[np.float64]


class Prediction(msgspec.Struct, frozen=True):
    """Brier and log loss by method, and of trust less each of the others (below 0: trust is better)."""

    outcomes: int
    workers: int
    brier: dict[str, Figure]
    log_loss: dict[str, Figure]
    brier_less: dict[str, Figure]
    log_loss_less: dict[str, Figure]


class Report(msgspec.Struct, frozen=True):
    """labels: accuracy by method on questions of known truth, {} where there is none; dawid_skene is not defined where
    reviewers x answers x answers are too many. predictions: "all" outcomes, and where both kinds are there "truth" and
    "consensus", by what the outcome was judged. half_lives: how much each counted in the end, in answers."""

    votes: int
    questions: int
    workers: int
    answers: int
    questions_of_known_truth: int
    outcomes_by_truth: int
    outcomes_by_consensus: int
    times_known: int
    labels: dict[str, Figure]
    labels_less_majority: dict[str, Figure]
    predictions: dict[str, Prediction]
    half_lives: dict[str, float]
    notes: tuple[str, ...]


def evaluate(crowd: Crowd, resamples: int = RESAMPLES) -> Report:
    """All figures of one file."""
    votes, notes = crowd.votes, list(_notes(crowd))
    labels, less = _labels(crowd, resamples, notes)
    by_truth = crowd.truth[votes.question] >= 0
    others = _others_say(votes) if not by_truth.all() else np.full(len(crowd), -1)
    right = np.where(by_truth, votes.answer == crowd.truth[votes.question], votes.answer == others)
    known = by_truth | (others >= 0)
    if not known.all():
        notes.append(f"{int((~known).sum())} answers have no outcome: no truth, and nobody else answered.")
    told = foretell(votes.worker[known], right[known], len(votes.workers))
    brier, log_loss = losses(told.chances, right[known])
    parts = {"all": np.ones(int(known.sum()), dtype=bool)}
    if by_truth[known].any() and not by_truth[known].all():
        parts |= {"truth": by_truth[known], "consensus": ~by_truth[known]}
    return Report(
        votes=len(crowd),
        questions=len(votes.questions),
        workers=len(votes.workers),
        answers=len(votes.answers),
        questions_of_known_truth=int((crowd.truth >= 0).sum()),
        outcomes_by_truth=int(by_truth.sum()),
        outcomes_by_consensus=int((known & ~by_truth).sum()),
        times_known=crowd.times_known,
        labels=labels,
        labels_less_majority=less,
        predictions={
            name: _prediction(votes.worker[known][part], brier[part], log_loss[part], resamples)
            for name, part in parts.items()
        },
        half_lives=dict(zip(map(_told, HALF_LIVES), told.weights.sum(axis=1).tolist(), strict=True)),
        notes=tuple(notes),
    )


def _prediction(worker: NDArray[np.intp], brier: Floats, log_loss: Floats, resamples: int) -> Prediction:
    """From the losses of each outcome; intervals over workers."""
    names, unit = np.unique(worker, return_inverse=True)
    columns = [brier, log_loss]
    columns += [one[:, [TRUST]] - one[:, [AVERAGE, BASE]] for one in (brier, log_loss)]
    table = np.concatenate(columns, axis=1)
    totals = np.stack([np.bincount(unit, column, len(names)) for column in table.T], axis=1).astype(float)
    figures = means(totals, np.bincount(unit, minlength=len(names)).astype(float), resamples)
    rivals = (METHODS[AVERAGE], METHODS[BASE])
    return Prediction(
        len(worker),
        len(names),
        dict(zip(METHODS, figures[:3], strict=True)),
        dict(zip(METHODS, figures[3:6], strict=True)),
        dict(zip(rivals, figures[6:8], strict=True)),
        dict(zip(rivals, figures[8:], strict=True)),
    )


def _labels(crowd: Crowd, resamples: int, notes: list[str]) -> tuple[dict[str, Figure], dict[str, Figure]]:
    judged = np.flatnonzero(crowd.truth >= 0)
    if not len(judged):
        return {}, {}
    found: dict[str, Consensus] = {"majority": majority(crowd.votes), "weighted": weighted(crowd.votes)}
    try:
        found["dawid_skene"] = dawid_skene(crowd.votes)[0]
    except TooManyAnswers as error:
        notes.append(f"No Dawid-Skene labels: {error}.")
    right = np.stack([one.label[judged] == crowd.truth[judged] for one in found.values()], axis=1)
    # The gain over the majority is the share gained less the share lost, from the same resamples.
    gained, lost = right & ~right[:, :1], ~right & right[:, :1]
    moved: Floats = np.where(gained, 1.0, np.where(lost, -1.0, 0.0))
    gain = means(moved[:, 1:], np.ones(len(judged)), resamples if len(judged) < 200_000 else 0)
    names = list(found)
    return dict(zip(names, shares(right, resamples), strict=True)), dict(zip(names[1:], gain, strict=True))


def _others_say(votes: Votes) -> NDArray[np.intp]:
    """Of each vote, what the others' weighted votes say of its question; -1 where there are none."""
    said, weight = voters_of(votes)
    counts = np.bincount(votes.question, minlength=len(votes.questions))
    found = np.full(len(votes.question), -1, dtype=np.intp)
    for start in range(0, len(found), 100_000):
        part = slice(start, start + 100_000)
        rest = said[votes.question[part]].copy()
        rest[np.arange(len(rest)), votes.answer[part]] -= weight[votes.worker[part]]
        found[part] = np.where(counts[votes.question[part]] > 1, rest.argmax(axis=1), -1)
    return found


def _notes(crowd: Crowd) -> list[str]:
    unknown = len(crowd) - crowd.times_known
    if not crowd.times_known:
        return ["No times: the order of the file stands for time."]
    return [f"{unknown} times could not be read: these votes stand after the one before them."] if unknown else []


def _told(half_life: float) -> str:
    return "endless" if np.isinf(half_life) else f"{half_life:.0f}"
