"""manage.py check_learning: the health of learning as a table or JSON; exits 1 when a figure is bad."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.trust.fitness import State
from apps.trust.health import Health, health_of
from apps.trust.response_patterns import health_answer

# Where the output is no terminal.
WIDTH = 140
COLOURS = {State.OK: "green", State.WARN: "yellow", State.BAD: "bold red", State.UNKNOWN: "dim"}


class Command(BaseCommand):
    help = "Check how well learning does. Exits 1 when a figure is bad; what is not known yet is no failure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", help="Slug; every business unless given")
        parser.add_argument("--strict", action="store_true", help="What is worth a look fails as well")
        parser.add_argument("--json", action="store_true", help="One JSON object instead of tables")

    def handle(self, *args: Any, **options: Any) -> None:
        found = {business.slug: _health(business) for business in _businesses(options["business"])}
        failing = {State.BAD, State.WARN} if options["strict"] else {State.BAD}
        failed = sum(figure.state in failing for health in found.values() for figure in health.figures)
        if options["json"]:
            businesses = {slug: health_answer(health) for slug, health in found.items()}
            self.stdout.write(json.dumps({"failed": failed, "businesses": businesses}, default=str))
        else:
            self._tables(found, failed)
        if failed:
            sys.exit(1)

    def _tables(self, found: dict[str, Health], failed: int) -> None:
        out: Any = self.stdout
        console = Console(file=out, width=None if out.isatty() else WIDTH)
        for slug, health in found.items():
            table = Table("figure", "now", "target", "", "", title=f"{slug}, last 30 days")
            for one in health.figures:
                table.add_row(one.name, one.shown, one.target, f"[{COLOURS[one.state]}]{one.state}[/]", one.words)
            console.print(table)
        console.print(f"{failed} failed" if failed else "Nothing failed")


def _health(business: Business) -> Health:
    with acting_for(business.pk):
        return health_of(business.pk, timezone.now())


def _businesses(slug: str | None) -> list[Business]:
    if slug is None:
        return list(Business.objects.order_by("slug"))
    business = Business.objects.filter(slug=slug).first()
    if business is None:
        raise CommandError(f"There is no business {slug}")
    return [business]
