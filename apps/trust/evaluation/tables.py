"""RULE: an evaluation as tables, for a terminal or a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from apps.trust.evaluation.evaluating import Prediction, Report
from apps.trust.evaluation.prediction import AVERAGE, BASE, METHODS, TRUST
from apps.trust.evaluation.resampling import Figure

NOT_DEFINED = "n/a"
LABELLERS = {"majority": "majority", "weighted": "weighted", "dawid_skene": "Dawid-Skene"}
JUDGED_BY = {"all": "all outcomes", "truth": "against the truth", "consensus": "against what the others say"}
RIVALS = (METHODS[AVERAGE], METHODS[BASE])


class Table(NamedTuple):
    title: str
    headings: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """The table for a document; the first column to the left, the others to the right."""
        lines = [self.headings, ["---"] + ["---:"] * (len(self.headings) - 1), *self.rows]
        return f"**{self.title}**\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines)


def tables_of(name: str, report: Report) -> Iterator[Table]:
    """What is in the file, accuracy of labels, and how well outcomes were foretold."""
    yield _size(name, report)
    if report.labels:
        yield _labels(name, report)
    for part, prediction in report.predictions.items():
        if prediction.outcomes:
            yield _prediction(f"{name}: next outcome, {JUDGED_BY[part]}", prediction)
    yield _half_lives(name, report)


def summary(reports: Mapping[str, Report]) -> Table:
    """One row a file, for a document."""
    headings = ["crowd", "majority", "weighted", "Dawid-Skene", "log loss: trust", *RIVALS, "trust less average"]
    rows = []
    for name, report in reports.items():
        told = report.predictions["all"]
        labels = [shown(report.labels.get(key), interval=False) for key in LABELLERS]
        losses = [shown(told.log_loss[key], interval=False) for key in METHODS]
        rows.append([name, *labels, *losses, shown(told.log_loss_less[METHODS[AVERAGE]])])
    return Table("Crowds of known truth", headings, rows)


def shown(figure: Figure | None, *, interval: bool = True) -> str:
    """0.8740 [0.8512, 0.9001]; "n/a" where not defined."""
    if figure is None or figure.value is None:
        return NOT_DEFINED
    if not interval or figure.low is None or figure.high is None:
        return f"{figure.value:.4f}"
    return f"{figure.value:.4f} [{figure.low:.4f}, {figure.high:.4f}]"


def _size(name: str, report: Report) -> Table:
    rows = [
        ["answers given", f"{report.votes:,}"],
        ["questions", f"{report.questions:,}"],
        ["questions of known truth", f"{report.questions_of_known_truth:,}"],
        ["workers", f"{report.workers:,}"],
        ["different answers", f"{report.answers:,}"],
        ["outcomes by the truth", f"{report.outcomes_by_truth:,}"],
        ["outcomes by what the others say", f"{report.outcomes_by_consensus:,}"],
    ]
    return Table(f"{name}: what is in it", ["", "number"], rows)


def _labels(name: str, report: Report) -> Table:
    rows = [
        [LABELLERS[key], shown(figure), shown(report.labels_less_majority[key]) if key != "majority" else ""]
        for key, figure in report.labels.items()
    ]
    headings = ["labels by", "accuracy (95 %)", "less that of the majority"]
    return Table(f"{name}: labels against the truth", headings, rows)


def _prediction(title: str, told: Prediction) -> Table:
    rows = [[method, shown(told.brier[method]), shown(told.log_loss[method])] for method in METHODS]
    for one in RIVALS:
        rows.append([f"{METHODS[TRUST]} less {one}", shown(told.brier_less[one]), shown(told.log_loss_less[one])])
    sized = f"{title}: {told.outcomes:,} of {told.workers:,} workers"
    return Table(sized, ["foretold by", "Brier (95 %)", "log loss (95 %)"], rows)


def _half_lives(name: str, report: Report) -> Table:
    rows = [[half, f"{100 * share:.1f}"] for half, share in report.half_lives.items()]
    return Table(f"{name}: how fast trust aged", ["half-life, answers of a worker", "weight in the end, %"], rows)
