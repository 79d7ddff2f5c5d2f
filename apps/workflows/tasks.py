"""Work of workflows that runs on the workers."""

from uuid import UUID

from celery import shared_task
from celery.signals import worker_shutting_down

from apps.workflows import asking, reconciling, working


@worker_shutting_down.connect
def _stop(**about: object) -> None:
    # A backlog would keep every thread for its twenty seconds, and whoever stops us does not wait so long.
    working.stop.set()


# Acknowledged at once: it is only a wake-up, and one that came back later would wake for nothing.
@shared_task(acks_late=False)
def work_steps() -> int:
    return working.work_steps()


@shared_task
def drop_request(step_id: str) -> bool:
    return asking.drop_request(step_id=UUID(step_id))


@shared_task
def reconcile() -> int:
    """Take back, give up, advance and wake what was left behind; how much of it there was."""
    found = reconciling.reconcile()
    return found.taken_back + found.given_up + found.advanced + found.dropped
