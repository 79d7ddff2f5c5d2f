"""ACT: put the entries of config/schedule.py into the schedule that admins edit, each once and never again."""

from typing import Any

from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from config.schedule import SCHEDULE


def seed_schedule() -> int:
    """Add the entries that are not there; the number added. What an admin has edited or switched off stays as it is."""
    added = 0
    with transaction.atomic():
        for name, task, when in SCHEDULE:
            if PeriodicTask.objects.filter(task=task).exists():
                continue
            PeriodicTask.objects.create(name=name, task=task, **_timing(when))
            added += 1
    return added


def _timing(when: int | str) -> dict[str, Any]:
    """The columns of an entry that runs every so many seconds, or at a time of day."""
    if isinstance(when, int):
        every, _ = IntervalSchedule.objects.get_or_create(every=when, period=IntervalSchedule.SECONDS)
        # A run that waited out its own interval has a successor already.
        return {"interval": every, "expire_seconds": max(when, 10)}
    hour, minute = when.split(":")
    daily, _ = CrontabSchedule.objects.get_or_create(
        minute=str(int(minute)),
        hour=str(int(hour)),
        day_of_week="*",
        day_of_month="*",
        month_of_year="*",
        timezone="UTC",
    )
    return {"crontab": daily, "expire_seconds": 12 * 3600}
