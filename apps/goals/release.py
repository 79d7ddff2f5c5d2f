"""ACT: let a goal go to its agent.

The door of the orchestrator: where goals are to be carried out by workflows, `let_go` is the one place to change.
"""

from django.utils import timezone

from apps.core.later import later
from apps.goals.ending import end
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
