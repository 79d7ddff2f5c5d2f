"""manage.py load_goals FILE: submit a file of goals through the REST API and print the verdicts per label."""

import json
import time
from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean
from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track
from rich.table import Table

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
        url, key = _target(options)
        goals = list(_read(options["file"], options["limit"]))
        with (
            httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client,
            ThreadPoolExecutor(options["parallel"]) as pool,
        ):
            answers = pool.map(lambda goal: _submit(client, goal), goals)
            verdicts = list(
                track(answers, description=options["file"].name, total=len(goals), console=Console(stderr=True))
            )
        table = _tabulate(goals, verdicts)
        if options["markdown"]:
            self.stdout.write(_markdown(table))
        else:
            Console().print(_rich(table, options["file"].name))


def _target(options: dict[str, Any]) -> tuple[str, str]:
    if options["url"] and options["key"]:
        return options["url"], options["key"]
    try:
        run = json.loads(options["run_file"].read_text())
    except (OSError, ValueError):
        raise CommandError("Give --url and --key, or start Gatehouse with `make run` first") from None
    return options["url"] or run["url"], options["key"] or run["api_key"]


def _read(path: Path, limit: int | None) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    for number, line in enumerate(lines[:limit], start=1):
        try:
            goal = json.loads(line)
            yield {"label": "", **goal, "goal": goal["goal"]}
        except (ValueError, KeyError, TypeError):
            raise CommandError(f"{path}, line {number}: not an object with a goal") from None


def _submit(client: httpx.Client, goal: dict[str, Any]) -> dict[str, Any]:
    body = {name: goal[name] for name in SENT if goal.get(name)}
    while True:
        response = client.post("/v1/goals", json=body)
        if response.status_code != 429:
            return response.json()
        time.sleep(float(response.headers.get("Retry-After", 1)))


def _tabulate(goals: list[dict[str, Any]], verdicts: list[dict[str, Any]]) -> list[list[str]]:
    """Rows: label, number, share of each path in percent, refused, mean confidence."""
    by_label: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for goal, verdict in zip(goals, verdicts, strict=True):
        by_label[goal["label"] or "(none)"].append(verdict)
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
