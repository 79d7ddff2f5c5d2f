"""manage.py load_demo: the demo shop, once; prints what to sign in with as one JSON object on the last line."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from apps.ops.demo.loading import demo_base_url, goals_of_demo, load


class Command(BaseCommand):
    help = "Fill an empty installation with a small shop. Run again, it changes nothing that is there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--credentials", type=Path, help="JSON file whose password and api_key are kept if they work"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        known = _read(options["credentials"])
        found = load(base_url=demo_base_url(), password=known.get("password"), api_key=known.get("api_key"))
        self.stderr.write(f"The demo shop has {goals_of_demo()} goals")
        self.stdout.write(json.dumps(found))


def _read(path: Path | None) -> dict[str, str]:
    if path is None or not path.exists():
        return {}
    try:
        return json.loads(path.read_text())
    except ValueError:
        return {}
