"""ACT: put the entries of config/schedule.py into the schedule that admins edit, each once and never again."""

from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config.schedule import SCHEDULE


def seed_schedule() -> int:
    """Add the entries that are not there; the number added. What an admin has edited or switched off stays as it is."""
    added = 0
    with transaction.atomic():
        for name, task, seconds in SCHEDULE:
            if PeriodicTask.objects.filter(task=task).exists():
                continue
            every, _ = IntervalSchedule.objects.get_or_create(every=seconds, period=IntervalSchedule.SECONDS)
            # A run that waited out its own interval has a successor already.
            PeriodicTask.objects.create(name=name, task=task, interval=every, expire_seconds=max(seconds, 10))
            added += 1
    return added
