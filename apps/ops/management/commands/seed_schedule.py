"""manage.py seed_schedule: part of every installation and upgrade, after migrate."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.ops.scheduling import seed_schedule


class Command(BaseCommand):
    help = "Add what runs by the clock to the schedule. Never changes an entry that is there."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{seed_schedule()} entries added")
