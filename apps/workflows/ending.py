"""ACT: what people do to a run: cancel it, let one that failed go on, try one step again. Each once, and audited."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.core.errors import StaleState
from apps.core.events import record
from apps.workflows.advancing import close_open_stage, go_on
from apps.workflows.holding import lock_run
from apps.workflows.models import Run, Stage, Step
from apps.workflows.opening import put_before_people
from apps.workflows.plans import Barrier
from apps.workflows.states import RUN_ENDS, RunState, StageState, StepKind, StepState
from apps.workflows.undoing import STAGE as UNDO_STAGE
from apps.workflows.undoing import take_back
from apps.workflows.waking import wake
from apps.workflows.words import words

# What a step gets on top when a person has it tried again.
MORE_ATTEMPTS = 3
_TRIABLE = [StepState.FAILED, StepState.CANCELLED]


def cancel_run(*, run_id: UUID, actor: str, reason: str) -> Run:
    """End a run that goes on: what is open is cancelled, what can be undone is undone. Raises NotFound, StaleState."""
    with transaction.atomic():
        run, now = lock_run(run_id), timezone.now()
        if run.state in RUN_ENDS:
            raise StaleState(f"The run is {run.state} already")
        if run.state == RunState.UNDOING:
            raise StaleState("The run has ended already, and what it did is being taken back")
        says = words(f"Cancelled by {actor.removeprefix('user:')}" + (f": {reason}" if reason else ""))
        close_open_stage(run, StageState.CANCELLED, says, now)
        run.error, run.ending = says, RunState.CANCELLED
        _record("run.cancelled", run, actor, reason=words(reason))
        take_back(run, now)
    return run


def resume_run(*, run_id: UUID, actor: str) -> Run:
    """Let a run that failed or was cancelled go on where it stood: what was not done in its stage is tried again.

    Raises NotFound, StaleState: it goes on, is done, or what it had done was taken back.
    """
    with transaction.atomic():
        run, now = lock_run(run_id), timezone.now()
        _check_resumable(run, now)
        stage = Stage.objects.filter(run=run, position=run.stage).first() if run.stage else None
        _reopen(run, stage, now, actor)
        if stage is not None and stage.state == StageState.OPEN:
            _try_again(run, stage, Step.objects.filter(stage=stage, state__in=_TRIABLE), now)
        _record("run.resumed", run, actor)
        go_on(run, now)
    return run


def retry_step(*, step_id: UUID, actor: str) -> Step:
    """Try one step again that failed: in a stage that goes on, in one that failed by it alone, or an undoing.

    Raises NotFound, StaleState (it has not failed; the run has moved on; others failed too).
    """
    with transaction.atomic():
        run_id = Step.objects.filter(pk=step_id).values_list("run_id", flat=True).first()
        run, now = lock_run(run_id), timezone.now()  # type: ignore[arg-type]
        step = Step.objects.select_related("stage").get(pk=step_id)
        if step.state != StepState.FAILED:
            raise StaleState(f"The step is {step.state}; only one that failed can be tried again")
        if step.kind == StepKind.UNDO:
            _undo_again(run, step, now)
        else:
            _retry(run, step, now, actor)
        _record("step.retried", run, actor, step=step.key)
        go_on(run, now)
        step.refresh_from_db()
    return step


def _retry(run: Run, step: Step, now: datetime, actor: str) -> None:
    stage = step.stage
    if stage.position != run.stage or stage.state == StageState.PASSED:
        raise StaleState("The run has moved on from the stage of this step")
    again = Step.objects.filter(pk=step.pk)
    if run.state in RUN_ENDS:
        _check_resumable(run, now)
        others = Step.objects.filter(stage=stage, state=StepState.FAILED).exclude(pk=step.pk)
        if stage.rule == Barrier.ALL and others.exists():
            raise StaleState("Other steps of this stage failed too: resume the run to try all of them again")
        _reopen(run, stage, now, actor)
        again = again | Step.objects.filter(stage=stage, state=StepState.CANCELLED)
    _try_again(run, stage, again, now)


def _check_resumable(run: Run, now: datetime) -> None:
    if run.state not in (RunState.FAILED, RunState.CANCELLED):
        raise StaleState("The run goes on already" if run.state not in RUN_ENDS else "The run is done")
    if Stage.objects.filter(run=run, key=UNDO_STAGE).exists():
        raise StaleState("What the run had done was taken back; start it anew instead")
    if run.deadline and run.deadline <= now:
        raise StaleState("The deadline of the run has passed")


def _reopen(run: Run, stage: Stage | None, now: datetime, actor: str) -> None:
    run.state, run.ending, run.error, run.result, run.finished_at = RunState.RUNNING, "", "", None, None
    run.save(update_fields=["state", "ending", "error", "result", "finished_at"])
    if stage is not None and stage.state in (StageState.FAILED, StageState.CANCELLED):
        stage.state, stage.says, stage.closed_at = StageState.OPEN, "", None
        stage.due_at = now + timedelta(seconds=stage.timeout_seconds) if stage.timeout_seconds else None
        stage.save(update_fields=["state", "says", "closed_at", "due_at"])


def _undo_again(run: Run, step: Step, now: datetime) -> None:
    if run.state in RUN_ENDS:
        run.ending, run.state = run.state, RunState.UNDOING
        run.save(update_fields=["ending", "state"])
    Stage.objects.filter(pk=step.stage_id).update(state=StageState.OPEN, says="", closed_at=None)
    _try_again(run, step.stage, Step.objects.filter(pk=step.pk), now)


def _try_again(run: Run, stage: Stage, steps: QuerySet[Step], now: datetime) -> None:
    """Make these steps ready again; the attempts go on being counted, so that an old one's answer binds to nothing."""
    fresh: dict[str, Any] = {"error": "", "why": "", "finished_at": None, "run_after": now}
    asked = list(steps.filter(kind=StepKind.PERSON))
    ready = steps.exclude(kind=StepKind.PERSON).update(
        state=StepState.READY, most_attempts=F("attempt") + MORE_ATTEMPTS, **fresh
    )
    for step in asked:
        Step.objects.filter(pk=step.pk).update(**fresh)
        put_before_people(run, stage, step, now)
    wake(ready)


def _record(kind: str, run: Run, actor: str, **data: Any) -> None:
    record(kind=kind, subject_type="run", subject_id=run.pk, business_id=run.business_id, actor=actor, **data)
