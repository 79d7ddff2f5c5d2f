"""manage.py evaluate_guardrails FILE...: judge files of drafts and print how well the guardrails tell them apart."""

from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from django.core.management.base import BaseCommand, CommandError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from apps.drafts.evaluation.case_files import CaseError, read_cases
from apps.drafts.evaluation.judging import Tally, judge
from apps.drafts.evaluation.tables import HEADINGS, markdown, rows_of


class Command(BaseCommand):
    help = (
        "Judge files of drafts (JSON Lines, see docs/developer/guardrails.md) and print recall, false alarms and "
        "precision of every layer. Needs no database."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--misses", action="store_true", help="List what was missed and what was a false alarm")
        parser.add_argument("--json", action="store_true", help="All figures as JSON instead of tables")
        parser.add_argument("--markdown", action="store_true", help="Print the tables for a document")

    def handle(self, *args: Any, **options: Any) -> None:
        reports = {path.name: judge(self._read(path)) for path in options["files"]}
        if options["json"]:
            self.stdout.write(msgspec.json.encode(reports).decode())
            return
        for name, tallies in reports.items():
            self._print(name, tallies, as_markdown=options["markdown"])
            if options["misses"]:
                for stage, tally in tallies.items():
                    self.stdout.write("".join(f"{stage}: {miss}\n" for miss in tally.misses))

    def _read(self, path: Path) -> list[Any]:
        try:
            return list(read_cases(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, CaseError) as error:
            raise CommandError(f"{path}: {error}") from error

    def _print(self, name: str, tallies: dict[str, Tally], *, as_markdown: bool) -> None:
        rows = rows_of(tallies)
        if as_markdown:
            self.stdout.write(markdown(name, rows) + "\n")
            return
        table = Table(*HEADINGS, title=name, title_justify="left", box=SIMPLE_HEAD)
        for row in rows:
            table.add_row(*(cell.replace(", ", ",\u00a0") for cell in row))
        Console(file=cast("IO[str]", self.stdout), width=None).print(table)
