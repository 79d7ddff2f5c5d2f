"""Work of goals that runs on the workers."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from apps.goals import callbacks, running
from apps.goals.models import Goal
from apps.goals.states import CallbackState, State

# How long a message may take to its worker before the sweep takes it for lost.
LOST_AFTER = timedelta(seconds=15)
SWEEP_AT_ONCE = 1000


@shared_task
def run_goal(goal_id: str) -> None:
    running.run(goal_id=UUID(goal_id))


@shared_task
def send_callback(goal_id: str) -> None:
    callbacks.send_callback(goal_id=UUID(goal_id))


@shared_task
def sweep_goals() -> int:
    """Send again what a lost message, a killed worker or a due retry left behind; the number of goals touched."""
    now = timezone.now()
    Goal.objects.filter(state=State.RUNNING, run_after__lt=now).update(state=State.READY, run_after=now)
    retries = Q(attempts__gt=0, run_after__lte=now)
    lost = Q(attempts=0, run_after__lte=now - LOST_AFTER)
    waiting = Goal.objects.filter(retries | lost, state=State.READY).order_by("run_after")
    due = list(waiting.values_list("pk", flat=True)[:SWEEP_AT_ONCE])
    # The next sweep must leave alone what this one has sent, until that too may count as lost.
    Goal.objects.filter(pk__in=due, attempts=0).update(run_after=now)
    for pk in due:
        run_goal.delay(str(pk))
    callbacks_due = Goal.objects.filter(callback_state=CallbackState.PENDING, callback_after__lte=now)
    for pk in callbacks_due.values_list("pk", flat=True)[:SWEEP_AT_ONCE]:
        send_callback.delay(str(pk))
    return len(due)
