"""ACT: carry a goal out: claim it, call its agent, keep the result. Repeated safely after any crash."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.agents.calling import AgentFailed, call_agent
from apps.agents.models import Agent
from apps.agents.selectors import find_agent
from apps.core.events import record
from apps.goals.ending import end
from apps.goals.models import Goal
from apps.goals.states import State

MOST_ATTEMPTS = 5
FIRST_RETRY_SECONDS = 3
# What a worker may need beyond the agent's own timeout before another may take the goal from it.
LEASE_MARGIN = timedelta(seconds=15)


def run(*, goal_id: UUID) -> None:
    """One attempt at a READY goal; nothing when another worker has it or it has ended."""
    goal = Goal.objects.filter(pk=goal_id).first()
    if goal is None:
        return
    with acting_for(goal.business_id):
        agent = find_agent(goal.business_id, goal.agent_key)
        claimed = _claim(goal, agent)
    if not claimed:
        return
    try:
        _check_may_run(goal, agent)
        result = call_agent(agent=agent, work_id=str(goal.pk), body=_work(goal))  # type: ignore[arg-type]
    except AgentFailed as error:
        with acting_for(goal.business_id):
            _retry_or_fail(goal, str(error), again=error.again)
        return
    with acting_for(goal.business_id):
        _end(goal, State.DONE, result=result)


def _claim(goal: Goal, agent: Agent | None) -> bool:
    now = timezone.now()
    lease = now + timedelta(seconds=agent.timeout_seconds if agent else 0) + LEASE_MARGIN
    mine = Goal.objects.filter(pk=goal.pk, state=State.READY, run_after__lte=now).update(
        state=State.RUNNING, attempts=F("attempts") + 1, started_at=now, run_after=lease, updated_at=now
    )
    if mine:
        goal.refresh_from_db()
    return bool(mine)


def _check_may_run(goal: Goal, agent: Agent | None) -> None:
    if agent is None:
        raise AgentFailed("The agent is not there any more", again=False)
    if not agent.enabled:
        raise AgentFailed("The agent is switched off", again=False)
    if goal.attempts > MOST_ATTEMPTS:
        raise AgentFailed("Every attempt at it was cut off", again=False)
    if goal.deadline and goal.deadline <= timezone.now():
        raise AgentFailed("The deadline passed before the goal could run", again=False)


def _work(goal: Goal) -> dict[str, object]:
    return {
        "goal_id": str(goal.pk),
        "goal": goal.text,
        "context": goal.context,
        "history": goal.history,
        "tools": goal.tools,
        "attempt": goal.attempts,
    }


def _retry_or_fail(goal: Goal, words: str, *, again: bool) -> None:
    if not again or goal.attempts >= MOST_ATTEMPTS:
        _end(goal, State.FAILED, error=words[:500])
        return
    wait = timedelta(seconds=FIRST_RETRY_SECONDS * 2 ** (goal.attempts - 1))
    with transaction.atomic():
        # Only the attempt that holds the lease may give it back.
        held = Goal.objects.filter(pk=goal.pk, state=State.RUNNING, attempts=goal.attempts)
        if held.update(state=State.READY, run_after=timezone.now() + wait, error=words[:500]):
            record(
                kind="goal.attempt_failed",
                subject_type="goal",
                subject_id=goal.pk,
                business_id=goal.business_id,
                actor=f"agent:{goal.agent_key}",
                attempt=goal.attempts,
                error=words[:300],
            )


def _end(goal: Goal, to: State, **changes: Any) -> None:
    with transaction.atomic():
        # An attempt whose lease ran out may answer late: the attempt that came after it decides then.
        if (
            not Goal.objects.select_for_update()
            .filter(pk=goal.pk, state=State.RUNNING, attempts=goal.attempts)
            .exists()
        ):
            return
        changes.setdefault("error", "")
        end(goal, to=to, allowed=[State.RUNNING], actor=f"agent:{goal.agent_key}", **changes)
