"""manage.py fit_gate FILE...: fit the gate's trained figures to labelled goals, and show how they do on others."""

from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from apps.goals import calibration, heads
from apps.goals.clarity import head
from apps.goals.clarity.fitting import fit_clarity
from apps.goals.evaluation.ablation import ablation_table, transfer_table
from apps.goals.evaluation.evaluating import LABELS, Judged, evaluate
from apps.goals.evaluation.fitting import Sample, calibrated, fit_curve, fit_heads, judged_by_others, read_samples
from apps.goals.evaluation.goal_files import GoalFileError, GoalRow, read_goals
from apps.goals.evaluation.tables import Table, tables_of
from apps.llm.embedding import get_embedder


class Command(BaseCommand):
    help = (
        "Fit the gate's heads and curve to files of labelled goals and print the cross-validated figures, each "
        "goal judged by what was fitted to others. Nothing is changed without --write."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--write", action="store_true", help="Write the shipped JSON files")
        parser.add_argument("--ablation", action="store_true", help="Also without each feature, and across files")
        parser.add_argument("--resamples", type=int, default=1000, help="For the 95%% intervals; 0 for none")

    def handle(self, *args: Any, **options: Any) -> None:
        files = _read(options["files"])
        samples = list(read_samples(files, get_embedder()))
        if not samples:
            raise CommandError("None of these goals offers tools")
        try:
            raw = judged_by_others(samples)
            fitted = fit_heads(samples)
        except ValueError as error:
            raise CommandError(str(error)) from None
        judged = calibrated(samples, raw)
        self._print(_tables(samples, judged, options["resamples"]))
        if options["ablation"]:
            self._print([ablation_table(samples), transfer_table(samples)])
        if options["write"]:
            _write(heads.FILE, fitted)
            _write(calibration.FILE, fit_curve(samples, raw))
            self._write_clarity([(row.goal, row.label) for rows in files.values() for row in rows])
            self.stdout.write("Wrote the shipped figures")

    def _write_clarity(self, rows: list[tuple[str, str]]) -> None:
        """Where some of the goals are labelled clear and vague."""
        labelled = [(goal, label) for goal, label in rows if label in ("clear", "vague")]
        if {label for _, label in labelled} == {"clear", "vague"}:
            _write(head.FILE, fit_clarity(labelled, embedder=get_embedder()))

    def _print(self, tables: list[Table]) -> None:
        Console(file=cast("IO[str]", self.stdout), soft_wrap=True).print(
            "\n\n".join(table.markdown() for table in tables), markup=False, highlight=False
        )


def _read(paths: list[Path]) -> dict[str, list[GoalRow]]:
    try:
        return {path.stem: read_goals(path, labels=LABELS) for path in paths}
    except GoalFileError as error:
        raise CommandError(str(error)) from None


def _tables(samples: list[Sample], judged: list[Judged], resamples: int) -> list[Table]:
    files: dict[str, list[Judged]] = {}
    for sample, one in zip(samples, judged, strict=True):
        files.setdefault(sample.file, []).append(one)
    return list(tables_of({name: evaluate(rows, resamples=resamples) for name, rows in files.items()}))


def _write(path: Path, fitted: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(fitted), indent=1) + b"\n")
