"""ACT: let a goal go to its agent.

The door of the orchestrator: where goals are to be carried out by workflows, this module is the one place to change.
"""

from django.utils import timezone

from apps.core.later import later
from apps.core.models import Event
from apps.goals.ending import end, end_unwritten
from apps.goals.models import Goal
from apps.goals.states import State

HANDED_BACK = {"handed_to": "caller"}


def let_go(goal: Goal) -> None:
    """Hand a READY goal to its agent; a goal without one is done as far as Gatehouse goes: its caller carries it out.

    Call inside the transaction that made it READY.
    """
    if goal.agent_key:
        Goal.objects.filter(pk=goal.pk).update(run_after=timezone.now())
        later("apps.goals.tasks.run_goal", str(goal.pk))
        return
    end(goal, to=State.DONE, allowed=[State.READY], actor="system:release", result=HANDED_BACK)


def let_go_unwritten(goal: Goal) -> list[Event]:
    """The same for a READY goal whose row is yet to be written; the events to write beside it."""
    if goal.agent_key:
        goal.run_after = timezone.now()
        later("apps.goals.tasks.run_goal", str(goal.pk))
        return []
    return [end_unwritten(goal, to=State.DONE, actor="system:release", result=HANDED_BACK)]
