"""Work of Pilots that runs on the workers."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.pilots import advancing, stepping, watching


@shared_task
def advance_due() -> int:
    """Each minute: take the steps that are due, ask for those that may be asked for; how many."""
    return advancing.advance_due(now=timezone.now())


@shared_task
def drop_request(advance_id: str) -> bool:
    """Take the request of a step that has ended out of the queue."""
    return stepping.drop_request(advance_id=UUID(advance_id))


@shared_task
def watch_guards() -> int:
    """Every half minute: look at the guards of what is out, and take back what is surely beyond its limit."""
    return watching.watch_guards(now=timezone.now())


@shared_task
def forget_readings() -> int:
    """Once a day: delete readings that no chart shows any more; how many."""
    return watching.forget_readings(now=timezone.now())
