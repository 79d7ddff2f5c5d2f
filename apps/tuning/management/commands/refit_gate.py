"""manage.py refit_gate: fit the curves of one business or of all, now and in this process."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Business
from apps.core.errors import StaleState
from apps.tuning.refitting import refit

ACTOR = "system:command"


class Command(BaseCommand):
    help = "Fit the calibration of the gate to what people decided. Puts in force what does better on unseen goals."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", metavar="SLUG", help="only this one")

    def handle(self, *args: Any, **options: Any) -> None:
        businesses = Business.objects.order_by("slug")
        if options["business"]:
            businesses = businesses.filter(slug=options["business"])
            if not businesses:
                raise CommandError(f"There is no business {options['business']}")
        for business in businesses:
            self._refit(business)

    def _refit(self, business: Business) -> None:
        try:
            found = refit(business_id=business.pk, actor=ACTOR)
        except StaleState as error:
            self.stderr.write(f"{business.slug}: {error.detail}")
            return
        for one in found:
            self.stdout.write(f"{business.slug}, {one.kind or 'every kind'}: {one.said}")
