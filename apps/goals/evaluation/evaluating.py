"""RULE: what the gate makes of labelled goals, and how well that tells them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from apps.goals import calibration
from apps.goals.assessment import assess
from apps.goals.calibration import Curve
from apps.goals.evaluation.goal_files import GoalRow
from apps.goals.evaluation.measures import (
    Figure,
    Flags,
    Floats,
    Measure,
    accuracy,
    auroc,
    balanced_accuracy,
    brier,
    calibration_error,
    on_rows,
    order_within,
    with_intervals,
)
from apps.goals.facts import GoalFacts
from apps.goals.gate import Switches, Thresholds
from apps.goals.heads import SHIPPED, Heads
from apps.goals.preparing import prepare_facts
from apps.goals.vocabulary import Check, CheckResult, ExecutionPath, Status
from apps.llm.embedding import ReadingEmbedder

GOOD = frozenset({"ok", "clear"})
# What is wrong, and the check that should tell.
TELLING = {
    "missing_tool": Check.TOOLS_AVAILABLE,
    "missing_info": Check.REQUIRED_CONTEXT,
    "vague": Check.WELL_FORMED,
}
LABELS = GOOD | TELLING.keys()
_SAYS = {check: label for label, check in TELLING.items()} | {Check.NO_CONTRADICTION: "vague"}

# Relative dates and deadlines are read against this moment, so that a figure is the same next year.
READ_ON = datetime(2023, 1, 1, tzinfo=UTC)

TOOL_COUNTS = (("1 tool", 1, 1), ("2-4 tools", 2, 4), ("5+ tools", 5, 10**9))
QUINTILES = 5


class Judged(msgspec.Struct, frozen=True):
    """One labelled goal and what the gate made of it. `offered` are the tools' names, `words` the goal's length."""

    id: str
    goal: str
    label: str
    group: str
    offered: tuple[str, ...]
    words: int
    confidence: float
    checks: tuple[CheckResult, ...]
    path: ExecutionPath
    reasons: tuple[str, ...]

    @property
    def tools(self) -> int:
        return len(self.offered)

    @property
    def good(self) -> bool:
        return self.label in GOOD

    @property
    def let_through(self) -> bool:
        """Whether it runs, alone or once a person agrees."""
        return self.path in (ExecutionPath.EXECUTED, ExecutionPath.APPROVED)

    def result(self, check: Check) -> CheckResult:
        """Raises StopIteration when the check was not made."""
        return next(one for one in self.checks if one.check is check)


class Slice(msgspec.Struct, frozen=True):
    """Figures over part of a file; what their keys mean is in docs/developer/evaluation.md.

    `by` says what the part is cut by: "all", "tools" or "words". `groups` is the number resampled. `confusion` counts
    goals by label and by what the checks say, `paths` by label and path.
    """

    name: str
    by: str
    goals: int
    groups: int
    labels: dict[str, int]
    figures: dict[str, Figure]
    confusion: dict[str, dict[str, int]]
    paths: dict[str, dict[str, int]]


class Report(msgspec.Struct, frozen=True):
    """Figures of one file; the slice named "all" is first."""

    slices: tuple[Slice, ...]

    def figure(self, key: str, slice_name: str = "all") -> Figure:
        """One figure. Raises KeyError when there is no such slice or key."""
        for part in self.slices:
            if part.name == slice_name:
                return part.figures[key]
        raise KeyError(slice_name)


def judge_rows(
    rows: Iterable[GoalRow],
    *,
    embedder: ReadingEmbedder,
    heads: Heads = SHIPPED,
    thresholds: Thresholds | None = None,
    now: datetime = READ_ON,
) -> Iterator[Judged]:
    """Prepare and judge each row as the product does, all switches on, without a model, an agent or a scope.

    `heads` are handed to `prepare_facts`, so that heads fitted on other rows can be tried.
    """
    thresholds = thresholds or Thresholds()
    for row in rows:
        facts = prepare_facts(
            goal=row.goal,
            context=row.context,
            history=row.history,
            tools=[tool for tool in row.tools if isinstance(tool, dict)],
            embedder=embedder,
            now=now,
            heads=heads,
        )
        offered = tuple(str(tool.get("function", tool)["name"]) for tool in row.tools if isinstance(tool, dict))
        yield judged_as(row, facts, offered, thresholds)


def judged_as(
    row: GoalRow,
    facts: GoalFacts,
    offered: Sequence[str],
    thresholds: Thresholds,
    curve: Curve = calibration.SHIPPED,
) -> Judged:
    """What the rules make of a row whose facts are prepared; `offered` are its tools' names."""
    found = assess(facts, thresholds=thresholds, switches=Switches(), curve=curve)
    return Judged(
        id=row.id,
        goal=row.goal,
        label=row.label,
        group=group_of(row, offered),
        offered=tuple(offered),
        words=facts.words,
        confidence=found.confidence.value,
        checks=found.checks,
        path=found.verdict.execution_path,
        reasons=found.verdict.reasons,
    )


def group_of(row: GoalRow, offered: Sequence[str]) -> str:
    """What stays together in folds and resamples: the row's group, else goals offered the same tools, else itself."""
    if row.group:
        return f"group:{row.group}"
    return f"tools:{','.join(sorted(set(offered)))}" if offered else f"id:{row.id}"


def predicted_label(judged: Judged, labels: Collection[str]) -> str:
    """What the checks say is wrong, of the `labels` there are. Which values are missing is only known once a tool fits,
    so the tools are asked first, then the values, then the wording; nothing wrong is "clear" where that is a label,
    else "ok"."""
    wrong = {_SAYS[one.check] for one in judged.checks if one.status is not Status.PASS and one.check in _SAYS}
    for label in TELLING:
        if label in wrong & set(labels):
            return label
    return "clear" if "clear" in labels and "ok" not in labels else "ok"


def evaluate(judged: Sequence[Judged], *, resamples: int = 1000, seed: int = 0) -> Report:
    """All figures of one file, over all of it, by number of tools and by quintile of length.

    `judged` may come from anywhere, such as folds put together again. Raises ValueError when it is empty.
    """
    if not judged:
        raise ValueError("There is nothing to evaluate")
    labels = sorted({one.label for one in judged}, key=lambda label: (label in GOOD, label))
    parts = [("all", "all", list(judged)), *_by_tools(judged), *_by_words(judged)]
    return Report(tuple(_slice(*part, labels, resamples, seed) for part in parts if part[2]))


def _by_tools(judged: Sequence[Judged]) -> Iterator[tuple[str, str, list[Judged]]]:
    for name, least, most in TOOL_COUNTS:
        yield name, "tools", [one for one in judged if least <= one.tools <= most]


def _by_words(judged: Sequence[Judged]) -> Iterator[tuple[str, str, list[Judged]]]:
    words = np.array([one.words for one in judged])
    edges = np.unique(np.quantile(words, np.linspace(0, 1, QUINTILES + 1)[1:-1]))
    member = np.searchsorted(edges, words, side="left")
    for place in range(len(edges) + 1):
        inside = [one for one, where in zip(judged, member, strict=True) if where == place]
        if inside:
            least, most = min(one.words for one in inside), max(one.words for one in inside)
            yield f"{least}-{most} words" if least < most else f"{most} words", "words", inside


def _slice(name: str, by: str, rows: list[Judged], labels: list[str], resamples: int, seed: int) -> Slice:
    said = [predicted_label(one, labels) for one in rows]
    groups = np.unique([one.group for one in rows], return_inverse=True)[1]
    measures = _measures(rows, said, groups, labels)
    return Slice(
        name=name,
        by=by,
        goals=len(rows),
        groups=len(np.unique(groups)),
        labels=dict(Counter(one.label for one in rows)),
        figures=with_intervals(measures, groups, resamples=resamples, seed=seed),
        confusion=_confusion([one.label for one in rows], said),
        paths=_paths(rows),
    )


def _measures(rows: list[Judged], said: list[str], groups: Any, labels: list[str]) -> dict[str, Measure]:
    good = np.array([one.good for one in rows])
    confidence = np.array([one.confidence for one in rows])
    through = np.array([one.let_through for one in rows])
    alone = np.array([one.path is ExecutionPath.EXECUTED for one in rows])
    measures = {"auroc.confidence": auroc(good, confidence)}
    for label in labels:
        if label in TELLING:
            measures |= _against(label, rows, good, confidence, groups)
    return measures | {
        "balanced.let_through": balanced_accuracy(good, through),
        "balanced.executed": balanced_accuracy(good, alone),
        "brier": brier(good, confidence),
        "ece": calibration_error(good, confidence),
        "accuracy": accuracy([one.label for one in rows], said),
        "accuracy.commonest": _commonest(rows),
        "confound.words": auroc(good, np.array([one.words for one in rows], dtype=float)),
        "confound.tools": auroc(good, np.array([one.tools for one in rows], dtype=float)),
    }


def _against(label: str, rows: list[Judged], good: Flags, confidence: Floats, groups: Any) -> dict[str, Measure]:
    """Good goals against those with one label: by the confidence, and by the check that should tell."""
    check = TELLING[label]
    results = [one.result(check) for one in rows]
    scores = np.array([result.score for result in results])
    passes = np.array([result.status is Status.PASS for result in results])
    among = good | np.array([one.label == label for one in rows])

    def of(measure: Callable[..., Measure], *columns: Any) -> Measure:
        return on_rows(measure(good[among], *(column[among] for column in columns)), among)

    return {
        f"auroc.confidence.{label}": of(auroc, confidence),
        f"auroc.{check}.{label}": of(auroc, scores),
        f"order.confidence.{label}": of(order_within, confidence, groups),
        f"order.{check}.{label}": of(order_within, scores, groups),
        f"balanced.{check}.{label}": of(balanced_accuracy, passes),
    }


def _commonest(rows: list[Judged]) -> Measure:
    """The accuracy of always saying the commonest label."""
    common = Counter(one.label for one in rows).most_common(1)[0][0]
    return accuracy([one.label for one in rows], [common] * len(rows))


def _confusion(truth: list[str], said: list[str]) -> dict[str, dict[str, int]]:
    from sklearn.metrics import confusion_matrix

    # All labels there are, as one alone makes scikit-learn warn; those nobody has are left out after.
    names, seen = sorted(LABELS), {*truth, *said}
    counts = confusion_matrix(truth, said, labels=names)
    return {
        name: {other: int(count) for other, count in zip(names, row, strict=True) if other in seen}
        for name, row in zip(names, counts, strict=True)
        if name in truth
    }


def _paths(rows: list[Judged]) -> dict[str, dict[str, int]]:
    counts = Counter((one.label, one.path) for one in rows)
    labels = sorted({one.label for one in rows})
    return {label: {path.value: counts[label, path] for path in ExecutionPath} for label in labels}
