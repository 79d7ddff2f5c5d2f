"""manage.py maintain_replies: what runs at 03:00, now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.drafts.maintaining import maintain, maintain_all


class Command(BaseCommand):
    help = "Learn yesterday's replies, forget the old, the doubled and what is over the cap. Twice does no harm."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", metavar="SLUG", help="Of this one only")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if not options["business"]:
            self.stdout.write(f"{maintain_all(now=now)} businesses")
            return
        with across_businesses():
            business_id = Business.objects.filter(slug=options["business"]).values_list("pk", flat=True).first()
        if business_id is None:
            raise CommandError(f"There is no business {options['business']}")
        run = maintain(business_id=business_id, now=now)
        if run is None:
            raise CommandError("Another process is at it")
        if run.error:
            raise CommandError(run.error)
        self.stdout.write(
            f"{run.day}: {run.indexed} learned, {run.expired} too old, {run.duplicates} doubled, "
            f"{run.over_cap} over the cap, {run.kept} kept"
        )
