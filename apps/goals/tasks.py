"""Work of goals that runs on the workers."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.goals import callbacks, carrying
from apps.goals.models import Goal
from apps.goals.states import CallbackState, State

# How long a message may take to its worker before the sweep takes it for lost.
LOST_AFTER = timedelta(seconds=15)
SWEEP_AT_ONCE = 1000


@shared_task
def run_goal(goal_id: str) -> None:
    carrying.carry(goal_id=UUID(goal_id))


@shared_task
def send_callback(goal_id: str) -> None:
    callbacks.send_callback(goal_id=UUID(goal_id))


@shared_task
def sweep_goals() -> int:
    """Send again what a lost message left behind; the number of goals touched. Of runs the orchestrator takes care."""
    now = timezone.now()
    lost = Goal.objects.filter(state=State.READY, run_after__lte=now - LOST_AFTER).order_by("run_after")
    due = list(lost.values_list("pk", flat=True)[:SWEEP_AT_ONCE])
    # The next sweep must leave alone what this one has sent, until that too may count as lost.
    Goal.objects.filter(pk__in=due).update(run_after=now)
    for pk in due:
        run_goal.delay(str(pk))
    callbacks_due = Goal.objects.filter(callback_state=CallbackState.PENDING, callback_after__lte=now)
    for pk in callbacks_due.values_list("pk", flat=True)[:SWEEP_AT_ONCE]:
        send_callback.delay(str(pk))
    return len(due)
