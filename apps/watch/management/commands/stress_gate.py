"""manage.py stress_gate --goals N: made-up goals through the real API, many at a time, and what came of them."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track
from rich.table import Table

from apps.goals.client import Answer, GateClient, NoTarget, target
from apps.watch.stress_goals import SEED, bodies_of, stress_goals
from apps.watch.stress_report import outcome_of, report, tables

OPEN = ("waiting", "asking", "ready")
REASON = "A trial of the gate that is over"

# Where the output is no terminal.
WIDTH = 140


class Command(BaseCommand):
    help = "Try a running Gatehouse with made-up goals. They are kept out of its figures and taken back at the end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--goals", type=int, default=500)
        parser.add_argument("--parallel", type=int, default=8)
        parser.add_argument("--seed", type=int, default=SEED, help="Another seed, other goals")
        parser.add_argument("--url", help="Where it runs; from var/run.json unless given")
        parser.add_argument("--key", help="API key (goals:write); from var/run.json unless given")
        parser.add_argument("--run-file", type=Path, default=Path("var/run.json"))
        parser.add_argument("--keep", action="store_true", help="Leave what waits for a person where it is")
        parser.add_argument("--json", action="store_true", help="One JSON object instead of tables")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            url, key = target(url=options["url"], key=options["key"], run_file=options["run_file"])
            run = _run(url, key, options)
        except NoTarget as error:
            raise CommandError(str(error)) from None
        except httpx.HTTPError as error:
            raise CommandError(f"{url} does not answer: {error}") from None
        if options["json"]:
            self.stdout.write(json.dumps(run))
        else:
            self._print(run)
        if run["errors"]:
            sys.exit(1)

    def _print(self, run: dict[str, Any]) -> None:
        out: Any = self.stdout
        console = Console(file=out, width=None if out.isatty() else WIDTH)
        for title, headings, rows in tables(run):
            table = Table(*headings, title=title)
            for row in rows:
                table.add_row(*row)
            console.print(table)


def _run(url: str, key: str, options: dict[str, Any]) -> dict[str, Any]:
    goals = stress_goals(max(1, options["goals"]), seed=options["seed"])
    parallel = max(1, options["parallel"])
    with GateClient(url, key) as client:
        began = time.perf_counter()
        coming = client.submit_all(bodies_of(goals), parallel=parallel)
        answers = list(track(coming, "goals", total=len(goals), console=Console(stderr=True), disable=options["json"]))
        elapsed = time.perf_counter() - began
        _check_key(answers)
        waiting = [answer.body["goal_id"] for answer in answers if answer.body.get("state") in OPEN]
        cancelled = 0 if options["keep"] else client.cancel_all(waiting, reason=REASON, parallel=parallel)
    outcomes = [
        outcome_of(goal, answer.status, answer.seconds, answer.body)
        for goal, answer in zip(goals, answers, strict=True)
    ]
    return report(outcomes, elapsed=elapsed, cancelled=cancelled)


def _check_key(answers: list[Answer]) -> None:
    refusals = [answer for answer in answers if answer.status in (401, 403)]
    if refusals:
        raise CommandError(f"The key is not accepted: {refusals[0].body.get('detail', refusals[0].status)}")
