"""EDGE: set up the pilot of retrieval from a terminal."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.core.errors import GatehouseError
from apps.drafts.piloting import set_up_pilot
from apps.pilots.laddering import ladder_of
from apps.pilots.models import Guard


class Command(BaseCommand):
    help = "Make the feature RAG_PILOT, its seven days and its guards; what is there already stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--home", required=True, metavar="SLUG", help="The business whose people run the pilot")
        parser.add_argument("--by", default="", help="Your name, for the audit")

    def handle(self, *args: Any, **options: Any) -> None:
        with across_businesses():
            home = Business.objects.filter(slug=options["home"]).values_list("pk", flat=True).first()
            if home is None:
                raise CommandError(f"There is no business {options['home']}")
            actor = f"user:{options['by']}" if options["by"] else "system:command"
            try:
                feature = set_up_pilot(actor=actor, home=home)
            except GatehouseError as error:
                raise CommandError(error.detail) from None
            for plan in ladder_of(feature):
                self.stdout.write(f"{plan.stage.position}. {plan.stage.name}: {len(plan.criteria)} criteria")
            guards = Guard.objects.filter(feature=feature).count()
        self.stdout.write(self.style.SUCCESS(f"{feature.key} is set up with {guards} guards"))
