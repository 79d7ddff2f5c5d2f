"""manage.py evaluate_gate FILE...: judge files of labelled goals and print how well the gate tells them apart."""

import tempfile
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from django.core.management.base import BaseCommand, CommandError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table as RichTable

from apps.goals.evaluation.evaluating import LABELS, READ_ON, Judged, Report, evaluate, judge_rows
from apps.goals.evaluation.goal_files import GoalFileError, GoalRow, read_goals
from apps.goals.evaluation.misses import misses_of
from apps.goals.evaluation.tables import Table, tables_of
from apps.goals.gate import DEFAULT_HIGH, DEFAULT_MEDIUM, Thresholds
from apps.llm.embedding import get_embedder

SEED = 0
FORM = 1  # of the JSON; goes up when a key changes its meaning


def _count(text: str) -> int:
    if not text.isdigit():
        raise ArgumentTypeError(f"not a whole number of at least 0: {text}")
    return int(text)


def _some(text: str) -> int:
    if _count(text) == 0:
        raise ArgumentTypeError("at least 1")
    return int(text)


class Command(BaseCommand):
    help = (
        "Judge files of labelled goals (JSON Lines: id, goal, label, tools, context, history, group) and print how "
        "well the gate tells them apart. Needs neither a database nor a running Gatehouse."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--json", metavar="PATH", help="Write all figures as JSON; - for standard output")
        parser.add_argument("--markdown", action="store_true", help="Print the tables for a document")
        parser.add_argument("--misses", type=_some, metavar="N", help="Write out the N worst misses of each kind")
        parser.add_argument("--misses-file", type=Path, metavar="PATH", help="Where to; standard output unless given")
        parser.add_argument("--thresholds", nargs=2, type=float, metavar=("HIGH", "MEDIUM"), help="Instead of shipped")
        parser.add_argument("--resamples", type=_count, default=1000, help="For the 95%% intervals; 0 for none")
        parser.add_argument("--limit", type=_some, help="Only the first N goals of each file")

    def handle(self, *args: Any, **options: Any) -> None:
        _agree(options)
        thresholds = _thresholds(options["thresholds"])
        judged = _judge(_read(options["files"], options["limit"]), thresholds)
        reports = {name: evaluate(rows, resamples=options["resamples"], seed=SEED) for name, rows in judged.items()}
        # Everything is known by now: whatever fails below fails before or while one whole thing is written.
        if options["json"]:
            self._give(_json(reports, thresholds, options["resamples"]), options["json"])
        if options["json"] != "-":
            self._print(list(tables_of(reports)), markdown=options["markdown"])
        if options["misses"]:
            text = "\n\n".join(misses_of(name, rows, options["misses"]) for name, rows in judged.items())
            self._give(text + "\n", str(options["misses_file"] or "-"))

    def _print(self, tables: list[Table], *, markdown: bool) -> None:
        if markdown:
            self.stdout.write("\n\n".join(table.markdown() for table in tables))
            return
        console = Console(file=cast("IO[str]", self.stdout))
        for table in tables:
            rich = RichTable(*table.headings, title=table.title, title_justify="left", box=SIMPLE_HEAD)
            for row in table.rows:
                # A narrow terminal may break a cell before the interval, not within.
                rich.add_row(*(cell.replace(", ", ",\u00a0") for cell in row))
            console.print(rich)

    def _give(self, text: str, where: str) -> None:
        """To standard output for "-", else to a file, which is there whole or not at all."""
        if where == "-":
            self.stdout.write(text)
            return
        path = Path(where)
        try:
            with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
                file.write(text)
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None


def _agree(options: dict[str, Any]) -> None:
    """Raises CommandError when two options want the same place, or one lacks another."""
    if options["json"] == "-" and options["markdown"]:
        raise CommandError("--json - and --markdown both write to standard output; give --json a path")
    if options["json"] == "-" and options["misses"] and not options["misses_file"]:
        raise CommandError("--json - and --misses both write to standard output; give --misses-file a path")
    if options["misses_file"] and not options["misses"]:
        raise CommandError("--misses-file needs --misses N")


def _thresholds(given: list[float] | None) -> Thresholds:
    try:
        return Thresholds(*(given or (DEFAULT_HIGH, DEFAULT_MEDIUM)))
    except ValueError as error:
        raise CommandError(str(error)) from None


def _read(paths: list[Path], limit: int | None) -> dict[str, list[GoalRow]]:
    """The rows of every file by its name, all read before any is judged."""
    if len({path.stem for path in paths}) < len(paths):
        raise CommandError("Two of the files have the same name, which would mix up their figures")
    try:
        return {path.stem: read_goals(path, limit=limit, labels=LABELS) for path in paths}
    except GoalFileError as error:
        raise CommandError(str(error)) from None


def _judge(files: dict[str, list[GoalRow]], thresholds: Thresholds) -> dict[str, list[Judged]]:
    embedder = get_embedder()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        return {
            name: list(judge_rows(progress.track(rows, description=name), embedder=embedder, thresholds=thresholds))
            for name, rows in files.items()
        }


def _json(reports: dict[str, Report], thresholds: Thresholds, resamples: int) -> str:
    whole = {
        "form": FORM,
        "thresholds": thresholds,
        "resamples": resamples,
        "seed": SEED,
        "read_on": READ_ON,
        "files": [{"file": name, "slices": report.slices} for name, report in reports.items()],
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"
