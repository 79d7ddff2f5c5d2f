"""manage.py stale_features: which features have served their time; ends with 1 when there are any."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.accounts.row_access import across_businesses
from apps.pilots.stale import stale_features


def _days(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise ArgumentTypeError(f"not a whole number of at least 1: {text}")
    return int(text)


class Command(BaseCommand):
    help = (
        "List features that are out for everybody, that nothing asks for, or that nobody has changed for long. "
        "Permanent and archived ones are left out. Ends with 1 when there are any, so that a schedule can tell."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=_days, help="instead of FEATURE_STALE_DAYS")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"] or settings.FEATURE_STALE_DAYS
        with across_businesses():
            found = stale_features(timezone.now(), days=days)
        for one in found:
            owner = f" ({one.feature.owner.email})" if one.feature.owner else ""
            self.stdout.write(f"{one.feature.key}{owner}")
            for words in one.words:
                self.stdout.write(f"  {words}")
        if found:
            sys.exit(1)
        self.stdout.write(f"No feature is stale after {days} days")
