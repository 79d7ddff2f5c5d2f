"""ACT: bring a run as far as it can go now: past the barrier, into the next stage, to its end. Repeated at will."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.errors import NotFound
from apps.core.later import later
from apps.workflows.barrier import Outcome, Ruling, judge, tally_of
from apps.workflows.closing import end_run
from apps.workflows.holding import Held, Write, hold
from apps.workflows.models import Run, Stage, Step
from apps.workflows.opening import open_stage
from apps.workflows.plans import Impossible, StagePlan
from apps.workflows.showing import show
from apps.workflows.situations import rule_of, situation_of
from apps.workflows.states import RUN_ENDS, STEP_OPEN, RunState, StageState, StepKind, StepState
from apps.workflows.tracking import track_unanswered
from apps.workflows.undoing import take_back
from apps.workflows.waking import wake
from apps.workflows.words import words

log = logging.getLogger(__name__)

OPEN = [state.value for state in STEP_OPEN]
_PASSED = "UPDATE workflows_stage SET state = %s, says = %s, closed_at = %s WHERE id = %s"
_GOES_ON = "UPDATE workflows_run SET state = %s, stage = %s, advance_after = %s WHERE id = %s"


def advance(*, run_id: UUID) -> None:
    """Bring the run as far as it can go; nothing when it has ended. Raises NotFound."""
    business_id = Run.objects.filter(pk=run_id).values_list("business_id", flat=True).first()
    if business_id is None:
        raise NotFound
    with acting_for(business_id):
        held = hold(run_id)
        go_on(held.run, timezone.now(), held)


def begin(run: Run, now: datetime) -> None:
    """Open the first stage of a run that has just been written, in its transaction."""
    show(run.business_id, run.pk)
    _go_through_stages(run, None, [], now)


def go_on(run: Run, now: datetime, seen: Held | None = None) -> None:
    """The same with the run locked by the caller, in whose transaction it happens. seen: if nothing changed since."""
    if run.state in RUN_ENDS:
        return
    show(run.business_id, run.pk)
    if run.state == RunState.UNDOING:
        take_back(run, now)
    elif run.deadline and run.deadline <= now:
        fail_run(run, "The deadline of the run has passed", now)
    else:
        held = seen or hold(run.pk)
        _go_through_stages(run, held.stage, held.states, now)


def fail_run(run: Run, error: str, now: datetime) -> None:
    """End the run as failed: what is open is cancelled, what can be undone is undone first."""
    close_open_stage(run, StageState.FAILED, error, now)
    run.error = words(error)
    run.ending = RunState.FAILED
    take_back(run, now)


def close_open_stage(run: Run, state: StageState, says: str, now: datetime) -> None:
    """End the open stage of the run, if there is one, and cancel the steps that are open in it."""
    if run.stage:
        stages = Stage.objects.filter(run_id=run.pk, position=run.stage, state=StageState.OPEN)
        stages.update(state=state, says=words(says, 300), closed_at=now)
        cancel_open_steps(Step.objects.filter(run_id=run.pk), words(says), now)


def cancel_open_steps(steps: QuerySet[Step], error: str, now: datetime) -> None:
    """Cancel those of the steps that are open; the questions of people leave the queue after commit."""
    asked = list(steps.filter(kind=StepKind.PERSON, state=StepState.WAITING).values_list("pk", flat=True))
    steps.filter(state__in=OPEN).update(state=StepState.CANCELLED, error=error, finished_at=now)
    for step_id in asked:
        # Not here: whoever decides holds the request and waits for the run.
        later("apps.workflows.tasks.drop_request", str(step_id))


def _go_through_stages(run: Run, stage: Stage | None, states: list[str], now: datetime) -> None:
    passed: list[Stage] = []
    before = _where(run)
    while True:
        if stage is not None and stage.state == StageState.OPEN:
            ruling = judge(stage.rule, stage.need, tally_of(states), time_up=bool(stage.due_at and stage.due_at <= now))
            if ruling.outcome is Outcome.WAIT:
                return _wait(run, stage, states, passed, before)
            if ruling.outcome is Outcome.FAIL:
                _write(_passed(passed))
                return fail_run(run, f"The stage {stage.name} failed: {_told(stage, ruling)}", now)
            _pass(stage, ruling, states, now)
            passed.append(stage)
        try:
            opened = _open_next(run, stage, now)
        except _Stuck as error:
            _write(_passed(passed))
            return fail_run(run, str(error), now)
        if opened is None:
            _write(_passed(passed))
            return _end(run, now)
        stage, steps = opened
        states = [str(step.state) for step in steps]
        run.stage = stage.position
        wake(states.count(StepState.READY))


def _told(stage: Stage, ruling: Ruling) -> str:
    """The barrier's words, with the first thing that went wrong."""
    failed = Step.objects.filter(stage_id=stage.pk, state=StepState.FAILED).order_by("finished_at").first()
    return f"{ruling.says}. {failed.key}: {failed.error}" if failed else ruling.says


def _where(run: Run) -> tuple[Any, ...]:
    return str(run.state), run.stage, run.advance_after


def _wait(run: Run, stage: Stage, states: Sequence[str], passed: Sequence[Stage], before: tuple[Any, ...]) -> None:
    """Keep what has changed of a run that goes on; nothing has, where others of the stage are open."""
    open_ = {state for state in states if state in OPEN}
    run.state = RunState.WAITING if open_ == {StepState.WAITING.value} else RunState.RUNNING
    moments = [moment for moment in (stage.due_at, run.deadline) if moment]
    run.advance_after = min(moments) if moments else None
    writes = _passed(passed)
    if _where(run) != before:
        writes.append((_GOES_ON, [run.state, run.stage, run.advance_after, run.pk]))
    _write(writes)


def _pass(stage: Stage, ruling: Ruling, states: Sequence[str], now: datetime) -> None:
    stage.state, stage.says, stage.closed_at = StageState.PASSED, words(ruling.says, 300), now
    if any(state in OPEN for state in states):
        late = bool(stage.due_at and stage.due_at <= now)
        steps = Step.objects.filter(stage_id=stage.pk)
        if late:
            track_unanswered(steps.filter(state__in=OPEN))
        cancel_open_steps(steps, "The time of the stage was up" if late else "The stage went on without it", now)


def _passed(stages: Sequence[Stage]) -> list[Write]:
    return [(_PASSED, [stage.state, stage.says, stage.closed_at, stage.pk]) for stage in stages]


def _write(writes: Sequence[Write]) -> None:
    if writes:
        with connection.cursor() as cursor:
            cursor.execute(";\n".join(text for text, _ in writes), [value for _, values in writes for value in values])


def _open_next(run: Run, before: Stage | None, now: datetime) -> tuple[Stage, list[Step]] | None:
    """Plan and write the next stage that is not passed over; None when there is none. Raises _Stuck."""
    plan = next_plan(run, before.key if before else None)
    try:
        return open_stage(run, plan, now) if plan else None
    except Impossible as error:
        raise _Stuck(str(error)) from None


def next_plan(run: Run, before: str | None) -> StagePlan | None:
    """The plan of the stage after the one of this key. Raises _Stuck (it cannot be planned: in words)."""
    rule, config = _pure(lambda: rule_of(run.pattern, run.config))
    keys = [stage.key for stage in _pure(lambda: rule.outline(config))]
    if before is not None and before not in keys:
        raise _Stuck(f"The pattern {run.pattern} has no stage {before} any more")
    current = situation_of(run)
    for key in keys[keys.index(before) + 1 if before is not None else 0 :]:
        plan = _pure(lambda key=key: rule.plan(config, key, current))  # type: ignore[misc]
        if plan is not None:
            return plan  # type: ignore[no-any-return]
    return None


def _end(run: Run, now: datetime) -> None:
    """Every stage has passed: work out the result."""
    try:
        rule, config = _pure(lambda: rule_of(run.pattern, run.config))
        current = situation_of(run)
        result = _pure(lambda: rule.result(config, current))
        rated = _pure(lambda: rule.ratings(config, current))
    except _Stuck as error:
        fail_run(run, str(error), now)
    else:
        end_run(run, RunState.DONE, now, result=result, rated=rated)


class _Stuck(Exception):
    """The pattern cannot say how to go on; the run fails with these words."""


def _pure(ask: Callable[[], Any]) -> Any:
    """What a pattern says. It is pure, so what it cannot say now it cannot say later either."""
    try:
        return ask()
    except Impossible as error:
        raise _Stuck(str(error)) from None
    except NotFound as error:
        raise _Stuck(error.detail) from None
    except DatabaseError:
        raise
    except Exception as error:
        log.exception("a pattern failed")
        raise _Stuck(f"The pattern failed: {type(error).__name__}") from error
