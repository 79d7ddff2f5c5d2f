"""RULE: the states of runs, stages and steps, the kinds of steps, and the order in which workers serve them."""

from enum import StrEnum

from apps.trust.verdicts import Priority


class RunState(StrEnum):
    RUNNING = "running"
    WAITING = "waiting"  # nothing but a person, or an agent that answers later, is awaited
    UNDOING = "undoing"  # failed or cancelled, and what was done is being taken back
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StageState(StrEnum):
    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StepState(StrEnum):
    READY = "ready"  # a worker may take it once run_after has come
    RUNNING = "running"  # a worker has it, until run_after
    WAITING = "waiting"  # for a person, or for an agent that answers later
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"  # the run was, or the stage went on without it


class StepKind(StrEnum):
    AGENT = "agent"
    TOOL = "tool"
    PERSON = "person"
    COMPUTE = "compute"  # a pure rule of the pattern
    UNDO = "undo"  # takes back what a step has done


__all__ = ["Priority", "RunState", "StageState", "StepKind", "StepState"]

RUN_ENDS = frozenset({RunState.DONE, RunState.FAILED, RunState.CANCELLED})
STEP_ENDS = frozenset({StepState.DONE, StepState.FAILED, StepState.CANCELLED})
STEP_OPEN = frozenset(StepState) - STEP_ENDS
