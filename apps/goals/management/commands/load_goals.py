"""manage.py load_goals FILE: submit a file of goals through the REST API and print the verdicts per label."""

from argparse import ArgumentParser
from collections import Counter, defaultdict
from pathlib import Path
from statistics import fmean
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track
from rich.table import Table

from apps.goals.client import GateClient, NoTarget, target
from apps.goals.evaluation.goal_files import GoalFileError, GoalRow, read_goals

PATHS = ["executed", "approved", "clarification", "rejected"]
SENT = ("goal", "tools", "context", "history")


class Command(BaseCommand):
    help = "Submit goals (JSON Lines: id, goal, tools, context, history, label) to a running Gatehouse."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--url", help="Where it runs; from var/run.json unless given")
        parser.add_argument("--key", help="API key; from var/run.json unless given")
        parser.add_argument("--run-file", type=Path, default=Path("var/run.json"))
        parser.add_argument("--limit", type=int, help="Only the first N goals")
        parser.add_argument("--parallel", type=int, default=4)
        parser.add_argument("--markdown", action="store_true", help="Print the table for a document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            url, key = target(url=options["url"], key=options["key"], run_file=options["run_file"])
            goals = read_goals(options["file"], limit=options["limit"])
        except (GoalFileError, NoTarget) as error:
            raise CommandError(str(error)) from None
        with GateClient(url, key) as client:
            answers = client.submit_all(map(_body, goals), parallel=options["parallel"])
            verdicts = [
                answer.body
                for answer in track(
                    answers, description=options["file"].name, total=len(goals), console=Console(stderr=True)
                )
            ]
        table = _tabulate(goals, verdicts)
        if options["markdown"]:
            self.stdout.write(_markdown(table))
        else:
            Console().print(_rich(table, options["file"].name))


def _body(goal: GoalRow) -> dict[str, Any]:
    return {name: value for name in SENT if (value := getattr(goal, name))}


def _tabulate(goals: list[GoalRow], verdicts: list[dict[str, Any]]) -> list[list[str]]:
    """Rows: label, number, share of each path in percent, refused, mean confidence."""
    by_label: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for goal, verdict in zip(goals, verdicts, strict=True):
        by_label[goal.label or "(none)"].append(verdict)
    rows = []
    for label, answers in sorted(by_label.items()):
        paths = Counter(answer.get("execution_path", "refused") for answer in answers)
        shares = [f"{100 * paths[path] / len(answers):.1f}" for path in [*PATHS, "refused"]]
        known = [answer["confidence"] for answer in answers if answer.get("confidence") is not None]
        rows.append([label, str(len(answers)), *shares, f"{fmean(known):.2f}" if known else ""])
    return rows


HEADINGS = ["label", "goals", *(f"{path} %" for path in PATHS), "refused %", "mean confidence"]


def _rich(rows: list[list[str]], title: str) -> Table:
    table = Table(*HEADINGS, title=title)
    for row in rows:
        table.add_row(*row)
    return table


def _markdown(rows: list[list[str]]) -> str:
    lines = [HEADINGS, ["---"] + ["---:"] * (len(HEADINGS) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
