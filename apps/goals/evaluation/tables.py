"""RULE: an evaluation as tables, for a terminal or a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from apps.goals.evaluation.evaluating import TELLING, Report, Slice
from apps.goals.evaluation.measures import Figure
from apps.goals.vocabulary import ExecutionPath

NOT_DEFINED = "n/a"
HEADLINES = {
    "auroc.confidence": "AUROC",
    "balanced.let_through": "balanced accuracy",
    "brier": "Brier",
    "ece": "ECE",
    "accuracy": "label accuracy",
}
_KINDS = {"auroc": "AUROC", "order": "pairs in order", "balanced": "balanced accuracy"}
_NAMES = {
    "auroc.confidence": "AUROC, confidence",
    "balanced.let_through": "balanced accuracy, executed or approved",
    "balanced.executed": "balanced accuracy, executed",
    "brier": "Brier, confidence",
    "ece": "ECE, confidence",
    "accuracy": "label accuracy",
    "accuracy.commonest": "label accuracy, commonest always",
    "confound.words": "AUROC, length alone",
    "confound.tools": "AUROC, number of tools alone",
}


class Table(NamedTuple):
    title: str
    headings: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """The table for a document; the first column to the left, the others to the right."""
        lines = [self.headings, ["---"] + ["---:"] * (len(self.headings) - 1), *self.rows]
        return f"**{self.title}**\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines)


def tables_of(reports: Mapping[str, Report]) -> Iterator[Table]:
    """The headlines of all files, then each file's figures, paths and labels. `reports` by the file's name."""
    yield _headlines(reports)
    for name, report in reports.items():
        whole = report.slices[0]
        yield _figures(f"{name}: figures", [whole, *_cut_by(report, "tools")])
        yield _figures(f"{name}: by length of the goal", _cut_by(report, "words"), intervals=False)
        yield _paths(name, whole)
        yield _confusion(name, whole)


def shown(figure: Figure, *, interval: bool = True) -> str:
    """0.874 [0.85, 0.90]; "n/a" where not defined."""
    if figure.value is None:
        return NOT_DEFINED
    if not interval or figure.low is None or figure.high is None:
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} [{figure.low:.2f}, {figure.high:.2f}]"


def figure_name(key: str) -> str:
    """The words of a figure's key: auroc.tools_available.missing_tool is "AUROC, tools_available, missing_tool"."""
    if key in _NAMES:
        return _NAMES[key]
    kind, score, label = key.split(".")
    return f"{_KINDS[kind]}, {score}{' passes' if kind == 'balanced' else ''}, {label}"


def _headlines(reports: Mapping[str, Report]) -> Table:
    rows = []
    for name, report in reports.items():
        whole = report.slices[0]
        rows.append([name, str(whole.goals), *(shown(whole.figures[key]) for key in HEADLINES)])
    return Table("All goals of each file", ["file", "goals", *HEADLINES.values()], rows)


def _cut_by(report: Report, by: str) -> list[Slice]:
    return [part for part in report.slices if part.by == by]


def _figures(title: str, parts: list[Slice], *, intervals: bool = True) -> Table:
    """A row a figure, a column a slice; figures defined in none of them are left out, but for the headlines."""
    rows = [["goals", *(str(part.goals) for part in parts)]]
    for label in sorted({label for part in parts for label in part.labels}):
        rows.append([f"of these {label}", *(str(part.labels.get(label, 0)) for part in parts)])
    for key in parts[0].figures:
        cells = [shown(part.figures[key], interval=intervals) for part in parts]
        if not _repeats(key, parts[0]) and (key in HEADLINES or any(cell != NOT_DEFINED for cell in cells)):
            rows.append([figure_name(key), *cells])
    return Table(title, ["figure", *(part.name for part in parts)], rows)


def _repeats(key: str, part: Slice) -> bool:
    """With one bad label, the confidence against it is the confidence against all bad."""
    bad = [name for name in TELLING if f"auroc.confidence.{name}" in part.figures]
    return len(bad) == 1 and key == f"auroc.confidence.{bad[0]}"


def _paths(name: str, part: Slice) -> Table:
    rows = [
        [label, str(sum(counts.values())), *(f"{100 * n / sum(counts.values()):.1f}" for n in counts.values())]
        for label, counts in part.paths.items()
    ]
    return Table(f"{name}: paths", ["label", "goals", *(f"{path.value} %" for path in ExecutionPath)], rows)


def _confusion(name: str, part: Slice) -> Table:
    said = sorted({other for counts in part.confusion.values() for other in counts})
    rows = [[label, *(str(counts[other]) for other in said)] for label, counts in part.confusion.items()]
    return Table(f"{name}: labels as the checks tell them", ["label", *(f"told {other}" for other in said)], rows)
