"""ACT: take the answer of an agent that took the work on (HTTP 202) and gives its answer later."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.agents.answers import CallFailed, understand
from apps.agents.models import Agent
from apps.core.errors import Invalid, NotFound, StaleState
from apps.workflows.advancing import go_on
from apps.workflows.claiming import Claimed
from apps.workflows.completing import claimed_of, keep_answer
from apps.workflows.holding import hold
from apps.workflows.models import Run, Stage, Step
from apps.workflows.states import StepState
from apps.workflows.step_ends import HELD, Answer

# Where neither the stage nor the run has an end of its own.
WITHIN = timedelta(hours=24)
_WAIT = "UPDATE workflows_step SET state = 'waiting', run_after = %s, error = '', why = '' WHERE id = %s AND " + HELD


def await_answer(step: Claimed) -> None:
    """The agent has taken the work on: the step waits without a worker, until its stage, its run or a day is over."""
    with acting_for(step.business_id):
        now = timezone.now()
        held = hold(step.run_id, (_WAIT, [_until(step, now), step.id, step.attempt]))
        # Its answer may have been here before ours was: then the step is done and nothing is left to wait for.
        if held.changed[0]:
            go_on(held.run, now, held)


def answer_step(*, step_id: UUID, answer: Any, agent: Agent) -> Step:
    """Take what the agent answers to a step it took on, and bring the run on. answer: JSON as agents answer at once.

    It counts while the step waits, is being tried or will be tried again; at any other time it is counted as late.
    Raises NotFound (no such step of this agent), Invalid (not an answer), StaleState (nobody waits for it: in words).
    """
    try:
        said = understand(answer)
    except CallFailed as error:
        raise Invalid("", str(error)) from None
    with acting_for(agent.business_id):
        step = Step.objects.filter(pk=step_id, agent=agent).select_related("run").first()
        if step is None:
            raise NotFound
        cost = said.cost if said.cost is not None else (agent.price_per_call or None)
        given = Answer(said.content, said.confidence, said.reasoning, cost, _took_ms(step))
        kept = keep_answer(claimed_of(step, step.run), given)
        step.refresh_from_db()
    if not kept:
        # Outside of the transaction, which has to keep that it was counted.
        raise StaleState(_refusal(step))
    return step


def _took_ms(step: Step) -> int | None:
    return round((timezone.now() - step.started_at).total_seconds() * 1000) if step.started_at else None


def _refusal(step: Step) -> str:
    if step.state == StepState.DONE:
        return "This step has its answer already"
    return f"Nobody waits for this answer any more: the step is {step.state}"


def _until(step: Claimed, now: datetime) -> datetime:
    due = Stage.objects.filter(pk=step.stage_id).values_list("due_at", flat=True).first()
    deadline = Run.objects.filter(pk=step.run_id).values_list("deadline", flat=True).first()
    return min(moment for moment in (due, deadline, now + WITHIN) if moment)
