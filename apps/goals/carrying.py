"""ACT: carry a goal out: begin the run of its workflow, or of its one agent, and take over how that ended."""

from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.errors import GatehouseError
from apps.goals.ending import end
from apps.goals.models import Goal
from apps.goals.states import State
from apps.workflows.models import Run
from apps.workflows.starting import start_run, start_workflow
from apps.workflows.states import RunState

SUBJECT = "goal"
MOST_ATTEMPTS = 5
TYPE = "goal"
_END = {RunState.DONE: State.DONE, RunState.FAILED: State.FAILED, RunState.CANCELLED: State.CANCELLED}


def carry(*, goal_id: UUID) -> None:
    """Begin the run of a READY goal; nothing when it has begun or ended. Told twice, it begins once."""
    goal = Goal.objects.filter(pk=goal_id).first()
    if goal is None:
        return
    with acting_for(goal.business_id):
        # The run is begun in the transaction of the claim: a goal that is RUNNING has a run.
        if not _claim(goal):
            return
        try:
            _check_time(goal)
            _begin(goal)
        except GatehouseError as error:
            end(goal, to=State.FAILED, allowed=[State.RUNNING], actor=actor_of(goal), error=str(error)[:500])


def on_run_ended(run: Run) -> None:
    """Run outcome of subject "goal": called in the transaction of the end, also when a resumed run ends again."""
    goal = Goal.objects.filter(pk=run.subject_id).first() if run.subject_id else None
    to = _END[RunState(run.state)]
    if goal is None or (goal.state != State.RUNNING and to != State.DONE):
        return
    # A run that was resumed may reach its end after the goal was given up: the caller hears of it again.
    allowed = [State.RUNNING, State.FAILED, State.CANCELLED]
    end(goal, to=to, allowed=allowed, actor=actor_of(goal), result=run.result, error=run.error)


def actor_of(goal: Goal) -> str:
    """Who carries the goal out, as the audit names it."""
    return f"workflow:{goal.workflow_key}" if goal.workflow_key else f"agent:{goal.agent_key}"


def _claim(goal: Goal) -> bool:
    now = timezone.now()
    mine = Goal.objects.filter(pk=goal.pk, state=State.READY, run_after__lte=now).update(
        state=State.RUNNING, attempts=F("attempts") + 1, started_at=now, run_after=None, updated_at=now
    )
    if mine:
        goal.refresh_from_db()
    return bool(mine)


def _check_time(goal: Goal) -> None:
    if goal.deadline and goal.deadline <= timezone.now():
        raise GatehouseError("The deadline passed before the goal could run")


def _begin(goal: Goal) -> None:
    key = f"goal:{goal.pk}"
    shared: dict[str, Any] = {
        "business_id": goal.business_id,
        "title": goal.text,
        "correlation_id": str(goal.pk),
        "subject": (SUBJECT, goal.pk),
        "deadline": goal.deadline,
    }
    if goal.workflow_key:
        start_workflow(key=goal.workflow_key, run_key=key, input=_matter(goal), actor=goal.submitted_by, **shared)
        return
    config = {"agent": goal.agent_key, "type": TYPE, "attempts": MOST_ATTEMPTS}
    given = {"body": _work(goal), "work_id": str(goal.pk)}
    start_run(pattern="single", config=config, input=given, key=key, started_by=goal.submitted_by, **shared)


def _work(goal: Goal) -> dict[str, Any]:
    """What the goal's one agent is sent; `attempt` is added at each."""
    return {
        "goal_id": str(goal.pk),
        "goal": goal.text,
        "context": goal.context,
        "history": goal.history,
        "tools": goal.tools,
    }


def _matter(goal: Goal) -> dict[str, Any]:
    """What a workflow is started with; earlier turns and tools are facts among others to it."""
    beside = {"history": goal.history, "tools": [tool["function"] for tool in goal.tools]}
    return {"goal": goal.text, "context": {name: value for name, value in beside.items() if value} | goal.context}
