"""manage.py evaluate_trust FILE...: judge trust on files of reviewed outcomes."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from django.core.management.base import BaseCommand, CommandError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable

from apps.trust.aggregation import TooManyAnswers
from apps.trust.evaluation.crowd_files import Crowd, CrowdFileError, read_crowd
from apps.trust.evaluation.crowds import KINDS, generate
from apps.trust.evaluation.evaluating import Report, evaluate
from apps.trust.evaluation.resampling import RESAMPLES, SEED
from apps.trust.evaluation.tables import Table, summary, tables_of

FORM = 1  # of the JSON; goes up when a key changes its meaning
MADE_BY = 1  # seed of the made-up crowds


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"not a whole number of at least 0: {text}")
    return int(text)


class Command(BaseCommand):
    help = (
        "Judge files of reviewed outcomes (CSV: question, worker, answer, and truth and time where known): accuracy of "
        "majority, weighted and Dawid-Skene labels, and how well trust foretells the next outcome. Needs neither a "
        "database nor a running Gatehouse."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
        parser.add_argument("--made-up", action="store_true", help="Judge the made-up crowds of known truth instead")
        parser.add_argument("--json", action="store_true", help="Print all figures as JSON and nothing else")
        parser.add_argument("--markdown", action="store_true", help="Print the tables for a document")
        parser.add_argument("--resamples", type=_count, default=RESAMPLES, help="For the 95%% intervals; 0 for none")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["files"]) == options["made_up"]:
            raise CommandError("Give a file of reviewed outcomes, or --made-up")
        reports = {}
        for name, crowd in _crowds(options):
            began = time.monotonic()
            try:
                reports[name] = evaluate(crowd, options["resamples"])
            except TooManyAnswers as error:
                raise CommandError(f"{name}: {error} are too many to tell labels by") from None
            took = time.monotonic() - began
            self.stderr.write(f"{name}: {len(crowd):,} answers judged in {took:.1f} s")
        if options["json"]:
            self.stdout.write(_json(reports, options["resamples"]))
            return
        whole = [table for name, one in reports.items() for table in tables_of(name, one)]
        tables = [summary(reports)] if options["made_up"] else whole
        self._print(tables, reports, markdown=options["markdown"])

    def _print(self, tables: list[Table], reports: dict[str, Report], *, markdown: bool) -> None:
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
        for name, report in reports.items():
            for note in report.notes:
                self.stdout.write(f"{name}: {note}")


def _crowds(options: dict[str, Any]) -> list[tuple[str, Crowd]]:
    """All that is to be judged, read before any of it is."""
    if options["made_up"]:
        return [(kind.name, generate(kind, MADE_BY)) for kind in KINDS]
    if len({path.name for path in options["files"]}) < len(options["files"]):
        raise CommandError("Two of the files have the same name, which would mix up their figures")
    try:
        return [(path.name, read_crowd(path)) for path in options["files"]]
    except CrowdFileError as error:
        raise CommandError(str(error)) from None


def _json(reports: dict[str, Report], resamples: int) -> str:
    files = [{"file": name, **msgspec.to_builtins(report)} for name, report in reports.items()]
    whole = {"form": FORM, "resamples": resamples, "seed": SEED, "files": files}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode()
