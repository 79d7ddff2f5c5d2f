"""ACT: let a goal go: to the orchestrator, which runs its workflow or its one agent, or back to its caller."""

from django.utils import timezone

from apps.core.later import later
from apps.core.models import Event
from apps.goals.ending import end, end_unwritten
from apps.goals.models import Goal
from apps.goals.states import State

HANDED_BACK = {"handed_to": "caller"}


def let_go(goal: Goal) -> None:
    """Hand a READY goal to the orchestrator; one that names no workflow and no agent is its caller's to carry out.

    Call inside the transaction that made it READY.
    """
    if goal.workflow_key or goal.agent_key:
        Goal.objects.filter(pk=goal.pk).update(run_after=timezone.now())
        later("apps.goals.tasks.run_goal", str(goal.pk))
        return
    end(goal, to=State.DONE, allowed=[State.READY], actor="system:release", result=HANDED_BACK)


def let_go_unwritten(goal: Goal) -> list[Event]:
    """The same for a READY goal whose row is yet to be written; the events to write beside it."""
    if goal.workflow_key or goal.agent_key:
        goal.run_after = timezone.now()
        later("apps.goals.tasks.run_goal", str(goal.pk))
        return []
    return [end_unwritten(goal, to=State.DONE, actor="system:release", result=HANDED_BACK)]
