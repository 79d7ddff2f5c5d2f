"""ACT: take back what a run has done that failed or was cancelled: one step at a time, the last one done first.

Each undoing is a step as any other: durable, tried again, under a key of its own. One that fails for good does not keep
the others from being taken back; the run then says so.
"""

from datetime import datetime
from typing import Any

from apps.agents.models import Agent, Tool
from apps.core.ids import new_id
from apps.core.inserting import insert
from apps.workflows.closing import end_run
from apps.workflows.models import Run, Stage, Step
from apps.workflows.states import STEP_OPEN, Priority, RunState, StageState, StepKind, StepState
from apps.workflows.waking import wake
from apps.workflows.words import words

STAGE = "undo"
NAME = "Taking back"
MOST_ATTEMPTS = 5
RULE_SECONDS = 30


def take_back(run: Run, now: datetime) -> None:
    """Go on undoing the locked run, whose `ending` and `error` say what it comes to; end it when all has been tried."""
    undone = {step.key: step for step in Step.objects.filter(run_id=run.pk, kind=StepKind.UNDO)}
    open_ = [step for step in undone.values() if step.state in STEP_OPEN]
    waits = bool(open_)
    if not waits:
        done = Step.objects.filter(run_id=run.pk, state=StepState.DONE, undo__isnull=False).exclude(kind=StepKind.UNDO)
        left = [step for step in done.order_by("-finished_at", "-id") if undo_key(step) not in undone]
        if left:
            _open(run, left[0], now)
            waits = True
    if waits:
        run.state, run.advance_after = RunState.UNDOING, None
        run.save(update_fields=["state", "ending", "error", "stage", "advance_after"])
        return
    _close(run, list(undone.values()), now)


def undo_key(step: Step) -> str:
    """The key of what takes a step back."""
    return f"{STAGE}/{step.key}"


def _open(run: Run, done: Step, now: datetime) -> None:
    stage = Stage.objects.filter(run_id=run.pk, key=STAGE).first()
    rows: list[Any] = []
    if stage is None:
        stage = Stage(
            id=new_id(),
            business_id=run.business_id,
            run_id=run.pk,
            position=run.stage + 1,
            key=STAGE,
            name=NAME,
            rule="all",
        )
        rows.append(stage)
    elif stage.state != StageState.OPEN:
        Stage.objects.filter(pk=stage.pk).update(state=StageState.OPEN, closed_at=None)
    insert(*rows, _undo_step(run, stage, done, now))
    wake(1)


def _undo_step(run: Run, stage: Stage, done: Step, now: datetime) -> Step:
    undo = done.undo or {}
    agent = tool = None
    if undo.get("kind") == StepKind.AGENT:
        agent = Agent.objects.filter(business_id=run.business_id, key=undo.get("does")).first()
    elif undo.get("kind") == StepKind.TOOL:
        tool = Tool.objects.filter(business_id=run.business_id, name=undo.get("does")).first()
    seconds = (agent and agent.timeout_seconds) or (tool and tool.timeout_seconds) or RULE_SECONDS
    return Step(
        id=new_id(),
        business_id=run.business_id,
        run_id=run.pk,
        stage_id=stage.pk,
        key=undo_key(done)[:100],
        kind=StepKind.UNDO,
        agent=agent,
        does=str(undo.get("does", ""))[:64],
        input={**undo, "result": done.result},
        priority=min(int(run.priority), Priority.NORMAL),
        most_attempts=MOST_ATTEMPTS,
        timeout_seconds=seconds,
        run_after=now,
    )


def _close(run: Run, undone: list[Step], now: datetime) -> None:
    failed = [step for step in undone if step.state != StepState.DONE]
    if undone:
        says = f"{len(undone) - len(failed)} of {len(undone)} taken back"
        state = StageState.FAILED if failed else StageState.PASSED
        Stage.objects.filter(run_id=run.pk, key=STAGE, state=StageState.OPEN).update(
            state=state, says=says, closed_at=now
        )
    note = f"; {len(failed)} of {len(undone)} steps could not be taken back" if failed else ""
    if note and note not in run.error:
        run.error = words(run.error, 500 - len(note)) + note
    end_run(run, RunState(run.ending or RunState.FAILED), now)
