"""manage.py check_gate: the sanity checks of the gate as a table or JSON; exits 1 when one fails."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.watch.sanity import Outcome, Sanity, failed, sanity_of, sanity_of_installation
from apps.watch.windows import NAMED, named

# Where the output is no terminal.
WIDTH = 140
COLOURS = {Outcome.PASS: "green", Outcome.FAIL: "bold red", Outcome.UNSURE: "yellow", Outcome.NOT_ENOUGH_DATA: "dim"}


class Command(BaseCommand):
    help = "Check how the gate judges. Exits 1 when a check fails; too few goals to tell is no failure unless --strict."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", help="Slug; every business unless given")
        parser.add_argument("--window", choices=list(NAMED), default="24h")
        parser.add_argument("--strict", action="store_true", help="Unsure, and too few to tell, fail as well")
        parser.add_argument("--json", action="store_true", help="One JSON object instead of tables")

    def handle(self, *args: Any, **options: Any) -> None:
        window = named(options["window"], timezone.now())
        found: dict[str, list[Sanity]] = {"": sanity_of_installation()}
        for business in _businesses(options["business"]):
            with acting_for(business.pk):
                found[business.slug] = sanity_of(business.pk, window, minimum=settings.WATCH_MINIMUM)
        bad = sum(len(failed(checks, strict=options["strict"])) for checks in found.values())
        if options["json"]:
            self.stdout.write(json.dumps(_to_json(found, options["window"], bad)))
        else:
            self._tables(found, options["window"], bad)
        if bad:
            sys.exit(1)

    def _tables(self, found: dict[str, list[Sanity]], window: str, bad: int) -> None:
        out: Any = self.stdout
        console = Console(file=out, width=None if out.isatty() else WIDTH)
        for slug, checks in found.items():
            table = Table(
                "check", "found", "wanted", "goals", "", title=f"{slug}, last {window}" if slug else "Installation"
            )
            for check in checks:
                word = check.outcome.replace("_", " ")
                colour = COLOURS[check.outcome]
                table.add_row(check.name, check.found, check.wanted, str(check.n or ""), f"[{colour}]{word}[/]")
            console.print(table)
        console.print(f"{bad} failed" if bad else "Nothing failed")


def _businesses(slug: str | None) -> list[Business]:
    if slug is None:
        return list(Business.objects.order_by("slug"))
    business = Business.objects.filter(slug=slug).first()
    if business is None:
        raise CommandError(f"There is no business {slug}")
    return [business]


def _to_json(found: dict[str, list[Sanity]], window: str, bad: int) -> dict[str, Any]:
    installation, *_ = found.values()
    return {
        "window": window,
        "failed": bad,
        "installation": [check.to_json() for check in installation],
        "businesses": {slug: [check.to_json() for check in checks] for slug, checks in found.items() if slug},
    }
