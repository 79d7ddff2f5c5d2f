"""Fitting the gate's heads to labelled goals, and judging them on goals they were not fitted to.

A head is a logistic regression with every weight at least 0 (regression.py): a feature made so that more is better
never counts the other way, which also keeps the length of a goal from being used against its meaning. The head
`match` has no labels of its own, so it is fitted in turns as in multiple-instance learning (mi-SVM, Andrews et al.
2002): the pair of ask and tool that the last turn holds most likely stands for its goal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from apps.goals.calibration import IDENTITY, Curve, Point
from apps.goals.evaluation.evaluating import READ_ON, Judged, group_of, judged_as
from apps.goals.evaluation.goal_files import GoalRow
from apps.goals.evidence import Reading, evidence_of, weigh_reading
from apps.goals.gate import DEFAULT_ROUNDS, Switches, Thresholds, gate
from apps.goals.heads import Head, Heads
from apps.goals.matching import FEATURES
from apps.goals.preparing import read_goal
from apps.goals.regression import AT_LEAST_ZERO, fit_bounded
from apps.goals.vocabulary import Confidence
from apps.llm.embedding import ReadingEmbedder

STRENGTH = 0.3  # of the data against the penalty
TURNS = 3
RIVALS = 3  # tools beside the missing one that stand for "does not serve it"
PAIR_WEIGHT = 3.0  # of an ask whose tool is known against one whose tool is guessed
FOLDS = 8
KNOTS = 16  # of the curve
UNCHANGED = Curve.through(IDENTITY)

Floats = NDArray[np.float64]


class Sample(msgspec.Struct, frozen=True):
    """One labelled goal, read. `needed` are the places of the tools known to be needed, from the pair of its group that
    lacks them; `weight` makes small files count beside large ones."""

    file: str
    row: GoalRow
    group: str
    offered: tuple[str, ...]
    reading: Reading
    weight: float
    needed: tuple[int, ...] = ()


def read_samples(files: Mapping[str, Sequence[GoalRow]], embedder: ReadingEmbedder) -> Iterator[Sample]:
    """The goals of all files that offer tools, in order. A file weighs by the square root of its size."""
    sizes = [len(rows) for rows in files.values()]
    for file, rows in files.items():
        needed = _needed(rows)
        for row in rows:
            tools = [tool for tool in row.tools if isinstance(tool, dict)]
            if tools:
                names = tuple(str(tool.get("function", tool)["name"]) for tool in tools)
                reading = read_goal(
                    goal=row.goal, context=row.context, history=row.history, tools=tools, embedder=embedder, now=READ_ON
                )
                places = tuple(place for place, name in enumerate(names) if name in needed.get(row.id, ()))
                yield Sample(file, row, group_of(row, names), names, reading, (max(sizes) / len(rows)) ** 0.5, places)


def _needed(rows: Sequence[GoalRow]) -> dict[str, set[str]]:
    """By id of an "ok" goal: the tools that its twin of the same group, labelled "missing_tool", is not offered."""
    lacking = {(row.group, row.goal): _names(row) for row in rows if row.group and row.label == "missing_tool"}
    whole = [row for row in rows if row.label == "ok" and (row.group, row.goal) in lacking]
    return {row.id: _names(row) - lacking[row.group, row.goal] for row in whole}


def _names(row: GoalRow) -> set[str]:
    return {str(tool.get("function", tool)["name"]) for tool in row.tools if isinstance(tool, dict)}


def fit_heads(samples: Sequence[Sample], *, without: str = "") -> Heads:
    """All heads, each on the files that have what it tells apart; `without` leaves one feature out ("tools: whole").

    Raises ValueError when a label is missing.
    """
    with_tool = [one for one in _of_files_with("missing_tool", samples) if one.row.label != "missing_info"]
    with_info = [one for one in _of_files_with("missing_info", samples) if one.row.label != "missing_tool"]
    match = _fit_match(with_tool, without)
    tools = _fit([(evidence_of(one.reading, match).coverage, *_target(one)) for one in with_tool], without, "tools")
    context = _fit([(evidence_of(one.reading, match).context, *_target(one)) for one in with_info], without, "context")
    return Heads(match, tools, context)


def _target(sample: Sample) -> tuple[bool, float]:
    return sample.row.label == "ok", sample.weight


def _of_files_with(label: str, samples: Sequence[Sample]) -> list[Sample]:
    files = {one.file for one in samples if one.row.label == label}
    return [one for one in samples if one.file in files]


def _fit_match(samples: Sequence[Sample], without: str) -> Head:
    head: Head | None = None
    for _ in range(TURNS):
        head = _fit([row for one in samples for row in _instances(one, head)], without, "match", balanced=True)
    assert head is not None
    return head


def _instances(sample: Sample, head: Head | None) -> Iterator[tuple[dict[str, float], bool, float]]:
    """(features, serves, weight): the pairs of ask and tool that stand for a goal."""
    matches = sample.reading.matches
    if matches is None or not len(sample.reading.asks):
        return
    features = matches.features
    scores = matches.logits(head) if head else features.sum(axis=2)
    ok = sample.row.label == "ok"
    if sample.needed:
        for tool in sample.needed:
            ask = int(scores[:, tool].argmax())
            yield _named(features[ask, tool]), True, PAIR_WEIGHT
            rivals = [place for place in np.argsort(-scores[ask]).tolist() if place not in sample.needed][:RIVALS]
            for rival in rivals:
                yield _named(features[ask, rival]), False, PAIR_WEIGHT / RIVALS
    elif not sample.row.group:
        likeliest = np.unravel_index(int(scores.argmax()), scores.shape)
        yield _named(features[likeliest]), ok, 1.0


def _named(row: Floats) -> dict[str, float]:
    return dict(zip(FEATURES, row.tolist(), strict=True))


def _fit(
    rows: Sequence[tuple[dict[str, float], bool, float]], without: str, of: str, *, balanced: bool = False
) -> Head:
    """The head `of` over rows of (features, good, weight); `balanced` gives both labels the same total weight."""
    names = [name for name in sorted(rows[0][0]) if f"{of}: {name}" != without]
    x = np.array([[row[name] for name in names] for row, _, _ in rows])
    good = np.array([label for _, label, _ in rows])
    weights = np.array([weight for _, _, weight in rows])
    if balanced and good.any() and not good.all():
        weights = weights * np.where(good, 0.5 / weights[good].sum(), 0.5 / weights[~good].sum())
    return fit_bounded(x, good, STRENGTH * weights / weights.mean(), names, [AT_LEAST_ZERO] * len(names))


def judged_by_others(
    samples: Sequence[Sample], *, folds: int = FOLDS, seed: int = 0, without: str = ""
) -> list[Judged]:
    """Each sample judged by heads fitted to the other folds, its confidence not yet calibrated; groups stay whole. In
    the order of `samples`."""
    judged: dict[int, Judged] = {}
    for others, fold in _folds(samples, folds, seed):
        heads = fit_heads([samples[place] for place in others], without=without)
        judged |= {place: judge_sample(samples[place], heads) for place in fold}
    return [judged[place] for place in range(len(samples))]


def _folds(samples: Sequence[Sample], folds: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    from sklearn.model_selection import GroupKFold

    groups = [one.group for one in samples]
    folds = min(folds, len(set(groups)))
    for others, fold in GroupKFold(folds, shuffle=True, random_state=seed).split(samples, groups=groups):
        yield others.tolist(), fold.tolist()


def judge_sample(sample: Sample, heads: Heads, curve: Curve = UNCHANGED) -> Judged:
    """What the rules make of a sample by `heads`; without a curve the confidence is the plain weighted sum."""
    return judged_as(sample.row, weigh_reading(sample.reading, heads), sample.offered, Thresholds(), curve)


def fit_curve(samples: Sequence[Sample], judged: Sequence[Judged]) -> list[Point]:
    """Points of the curve from weighted sum to the share that was good: a sigmoid over the sum's log-odds (Platt 1999,
    on log-odds as in beta calibration with one slope, Kull et al. 2017), read off at KNOTS. `judged` are to come from
    heads fitted to others."""
    from sklearn.linear_model import LogisticRegression

    raw = np.array([[one.confidence] for one in judged])
    good, weight = [one.good for one in judged], [one.weight for one in samples]
    sigmoid = LogisticRegression(C=1e6).fit(_log_odds(raw), good, sample_weight=weight)
    knots = np.linspace(0.0, 1.0, KNOTS + 1)[1:-1, None]
    shares = sigmoid.predict_proba(_log_odds(knots))[:, 1]
    points = [(round(float(x), 4), round(float(y), 4)) for x, y in zip(knots[:, 0], shares, strict=True)]
    return [(0.0, 0.0), *points, (1.0, 1.0)]


def _log_odds(raw: Floats) -> Floats:
    kept = np.clip(raw, 1e-3, 1.0 - 1e-3)
    return np.asarray(np.log(kept / (1.0 - kept)))


def calibrated(samples: Sequence[Sample], judged: Sequence[Judged], *, folds: int = FOLDS) -> list[Judged]:
    """The same with each confidence put on a curve fitted to the other folds, and the path that follows from it."""
    found: dict[int, Judged] = {}
    for others, fold in _folds(samples, folds, seed=1):
        curve = Curve.through(fit_curve([samples[one] for one in others], [judged[one] for one in others]))
        for place in fold:
            found[place] = _on_curve(judged[place], curve)
    return [found[place] for place in range(len(samples))]


def _on_curve(judged: Judged, curve: Curve) -> Judged:
    confidence = Confidence(curve.apply(judged.confidence), ())
    verdict = gate(judged.checks, confidence, Thresholds(), Switches(), rounds_left=DEFAULT_ROUNDS)
    return msgspec.structs.replace(
        judged, confidence=confidence.value, path=verdict.execution_path, reasons=verdict.reasons
    )
