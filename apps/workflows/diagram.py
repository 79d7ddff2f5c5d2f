"""RULE: the diagram of a run: its stages in order, those to come too, and each step with its bar in time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.workflows.diagram_words import barrier_words, money, span, step_word
from apps.workflows.plans import StageOutline
from apps.workflows.states import RUN_ENDS, StageState, StepKind, StepState

# A stage with more steps shows them as marks in a grid; each is told in full below.
MOST_CARDS = 6
# Percent of the axis; a bar that took no time is seen all the same.
THINNEST = 0.8

_MARKS = {
    StepState.READY: "ready",
    StepState.RUNNING: "running",
    StepState.WAITING: "waiting",
    StepState.DONE: "done",
    StepState.FAILED: "failed",
    StepState.CANCELLED: "cancelled",
}
_STAGE_MARKS = {
    StageState.OPEN: "running",
    StageState.PASSED: "done",
    StageState.FAILED: "failed",
    StageState.CANCELLED: "cancelled",
}
# In the order in which the count of a stage tells them.
_COUNTED = (
    (StepState.DONE, "done"),
    (StepState.FAILED, "failed"),
    (StepState.RUNNING, "running"),
    (StepState.WAITING, "waiting"),
    (StepState.READY, "queued"),
    (StepState.CANCELLED, "not needed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFacts:
    """A stage as it stands in the database."""

    id: UUID
    key: str
    name: str
    state: str
    rule: str
    need: int
    timeout_seconds: int | None
    opened_at: datetime
    closed_at: datetime | None
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """A step as it stands in the database. row: what the page shows besides; the rule does not look at it."""

    id: UUID
    stage_id: UUID
    key: str
    label: str
    kind: str
    state: str
    attempt: int
    run_after: datetime
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cost: Decimal | None = None
    row: Any = None


@dataclass(frozen=True, slots=True)
class Bar:
    """Percent of the stage's time. waited_left and left: where waiting and work begin; width 0: no work yet."""

    waited_left: float
    waited_width: float
    left: float
    width: float
    open: bool


@dataclass(frozen=True, slots=True)
class DrawnStep:
    facts: StepFacts
    mark: str
    word: str
    took: str
    bar: Bar

    @property
    def row(self) -> Any:
        return self.facts.row

    @property
    def since(self) -> datetime | None:
        """When the work that goes on began; None where none goes on."""
        return self.facts.started_at if self.facts.state in (StepState.RUNNING, StepState.WAITING) else None


@dataclass(frozen=True, slots=True)
class DrawnStage:
    """mark: done, failed, running, waiting, cancelled or coming; facts: None for one that has not begun."""

    number: int
    key: str
    name: str
    mark: str
    word: str
    rule: str
    says: str = ""
    took: str = ""
    cost: str = ""
    counts: str = ""
    steps: tuple[DrawnStep, ...] = ()
    facts: StageFacts | None = None

    @property
    def dense(self) -> bool:
        return len(self.steps) > MOST_CARDS

    @property
    def since(self) -> datetime | None:
        return self.facts.opened_at if self.facts and self.facts.state == StageState.OPEN else None


@dataclass(frozen=True, slots=True)
class Diagram:
    stages: tuple[DrawnStage, ...]
    steps: int = 0
    counts: dict[str, int] = field(default_factory=dict)


def diagram_of(
    outline: Sequence[StageOutline],
    stages: Sequence[StageFacts],
    steps: Sequence[StepFacts],
    *,
    run_state: str,
    now: datetime,
) -> Diagram:
    """stages: in the order of their positions. Stages of the outline that never began stand where they would."""
    by_stage: dict[UUID, list[StepFacts]] = {stage.id: [] for stage in stages}
    for step in steps:
        by_stage.setdefault(step.stage_id, []).append(step)
    drawn: list[DrawnStage] = []
    for one in _merged(outline, stages):
        if isinstance(one, StageFacts):
            drawn.append(_drawn(len(drawn) + 1, one, by_stage[one.id], now))
        else:
            later = run_state not in RUN_ENDS and not _opened_after(one.key, outline, stages)
            word = "to come" if later else _never(one.key, outline, stages)
            drawn.append(DrawnStage(len(drawn) + 1, one.key, one.name, "coming", word, one.says))
    return Diagram(tuple(drawn), len(steps), dict(Counter(step.state for step in steps)))


def outline_drawn(outline: Sequence[StageOutline]) -> Diagram:
    """The stages that may come, of a workflow rather than of a run."""
    stages = [
        DrawnStage(number, one.key, one.name, "coming", f"asks {', '.join(one.types)}" if one.types else "", one.says)
        for number, one in enumerate(outline, 1)
    ]
    return Diagram(tuple(stages))


def _merged(outline: Sequence[StageOutline], stages: Sequence[StageFacts]) -> list[StageFacts | StageOutline]:
    """What began, in its order, with what did not begin put before the first of its followers that did."""
    place = {one.key: index for index, one in enumerate(outline)}
    begun, next_ghost = {stage.key for stage in stages}, 0
    found: list[StageFacts | StageOutline] = []
    for stage in stages:
        until = place.get(stage.key, 0)
        found += [one for one in outline[next_ghost:until] if one.key not in begun]
        next_ghost = max(next_ghost, until)
        found.append(stage)
    return [*found, *(one for one in outline[next_ghost:] if one.key not in begun)]


def _opened_after(key: str, outline: Sequence[StageOutline], stages: Sequence[StageFacts]) -> bool:
    begun, keys = {stage.key for stage in stages}, [one.key for one in outline]
    return any(later in begun for later in keys[keys.index(key) + 1 :])


def _never(key: str, outline: Sequence[StageOutline], stages: Sequence[StageFacts]) -> str:
    return "passed over" if _opened_after(key, outline, stages) else "not reached"


def _drawn(number: int, stage: StageFacts, steps: Sequence[StepFacts], now: datetime) -> DrawnStage:
    start, end = stage.opened_at, stage.closed_at or now
    # Undoing comes after the stage has closed.
    end = max([end, *(step.finished_at for step in steps if step.finished_at)])
    length = max((end - start).total_seconds(), 0.001)
    passed = stage.state == StageState.PASSED
    forward = [step for step in steps if step.kind != StepKind.UNDO]
    costs = [step.cost for step in steps if step.cost is not None]
    return DrawnStage(
        number,
        stage.key,
        stage.name,
        _stage_mark(stage, steps),
        stage.state,
        barrier_words(stage.rule, stage.need, len(forward), stage.timeout_seconds),
        says=stage.says,
        took=span((stage.closed_at or now) - start),
        cost=money(sum(costs, Decimal(0))) if costs else "",
        counts=counts_words(steps),
        steps=tuple(_step(step, start, length, now, passed) for step in steps),
        facts=stage,
    )


def _stage_mark(stage: StageFacts, steps: Sequence[StepFacts]) -> str:
    """An open stage in which nothing but a person or a late answer is awaited waits."""
    going = {step.state for step in steps} & {StepState.READY.value, StepState.RUNNING.value}
    if stage.state == StageState.OPEN and not going and any(step.state == StepState.WAITING for step in steps):
        return "waiting"
    return _STAGE_MARKS[StageState(stage.state)]


def counts_words(steps: Sequence[StepFacts]) -> str:
    """ "3 done, 1 failed, 2 running"."""
    counts = Counter(step.state for step in steps)
    return ", ".join(f"{counts[state]} {word}" for state, word in _COUNTED if counts[state])


def _step(step: StepFacts, start: datetime, length: float, now: datetime, passed: bool) -> DrawnStep:
    end = step.finished_at or (now if step.state in (StepState.RUNNING, StepState.WAITING) else None)
    took = span(end - step.started_at) if step.started_at and end and end >= step.started_at else ""
    word = step_word(step.kind, step.state, attempt=step.attempt, stage_passed=passed)
    return DrawnStep(step, _MARKS[StepState(step.state)], word, took, _bar(step, start, length, now))


def _bar(step: StepFacts, start: datetime, length: float, now: datetime) -> Bar:
    def at(moment: datetime) -> float:
        return min(100.0, max(0.0, (moment - start).total_seconds() / length * 100))

    ended = step.finished_at or now
    waited = at(step.created_at)
    # What is to be tried again waits: its last attempt is over.
    works = step.started_at is not None and step.state != StepState.READY
    began = at(step.started_at) if works and step.started_at else at(ended)
    width = max(at(ended) - began, THINNEST) if works else 0.0
    began = min(began, 100.0 - width)
    return Bar(
        round(waited, 2),
        round(max(began - waited, 0.0), 2),
        round(began, 2),
        round(width, 2),
        step.state in (StepState.RUNNING, StepState.WAITING),
    )
