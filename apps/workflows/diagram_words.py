"""RULE: how states, barriers, failures, times and money of a run are put into words."""

from datetime import timedelta
from decimal import Decimal

from apps.workflows.plans import Barrier
from apps.workflows.states import Priority, RunState, StageState, StepKind, StepState

RUN_WORDS = {
    RunState.RUNNING: "Running",
    RunState.WAITING: "Waiting",
    RunState.UNDOING: "Undoing",
    RunState.DONE: "Done",
    RunState.FAILED: "Failed",
    RunState.CANCELLED: "Cancelled",
}
STAGE_WORDS = {
    StageState.OPEN: "open",
    StageState.PASSED: "passed",
    StageState.FAILED: "failed",
    StageState.CANCELLED: "cancelled",
}
_STEP_WORDS = {
    StepState.READY: "Queued",
    StepState.RUNNING: "Running",
    StepState.DONE: "Done",
    StepState.FAILED: "Failed",
    StepState.CANCELLED: "Cancelled",
}
PRIORITY_WORDS = {Priority.CRITICAL: "critical", Priority.NORMAL: "normal", Priority.LOW: "low"}
# What a step's one word of failure means; the step's own words stand beside it.
WHY_WORDS = {
    "timeout": "No answer in time",
    "unreachable": "Not reachable",
    "refused": "Address refused",
    "status": "Turned down by the other side",
    "too_large": "Answer too large",
    "not_json": "Answer is not JSON",
    "bad_answer": "Answer not usable",
    "bad_arguments": "Arguments do not fit",
    "off": "Switched off",
    "busy": "Busy",
    "breaker_open": "Left in peace after failures",
    "missing": "Not set up",
    "error": "Error",
    "rejected": "Rejected",
    "expired": "Not decided in time",
}
KIND_WORDS = {
    StepKind.AGENT: "agent",
    StepKind.TOOL: "tool",
    StepKind.PERSON: "person",
    StepKind.COMPUTE: "rule",
    StepKind.UNDO: "undo",
}
_WAITING_FOR = {StepKind.PERSON: "Waits for a person"}


def step_word(kind: str, state: str, *, attempt: int = 0, stage_passed: bool = False) -> str:
    """The state of a step as its card says it."""
    if state == StepState.WAITING:
        return _WAITING_FOR.get(StepKind(kind), "Answers later")
    if state == StepState.DONE and kind == StepKind.PERSON:
        return "Decided"
    if state == StepState.READY and attempt:
        return "To be tried again"
    if state == StepState.CANCELLED and stage_passed:
        return "Not needed"
    return _STEP_WORDS[StepState(state)]


def why_words(why: str) -> str:
    """The heading of a failure; "" for none."""
    return WHY_WORDS.get(why, why.replace("_", " ").capitalize())


def barrier_words(rule: str, need: int, steps: int, timeout_seconds: int | None = None) -> str:
    """When the stage has passed. steps: how many it has."""
    limit = f" within {span(timeout_seconds)}" if timeout_seconds else ""
    if rule == Barrier.FIRST:
        words = f"passes with the first {_of(need, steps)} done"
    elif rule == Barrier.QUORUM:
        words = f"hears all {steps}, {need} must be done"
    elif rule == Barrier.DEADLINE:
        return f"takes what is done{limit or ' when all have ended'}{f', {need} at least' if need else ''}"
    else:
        words = "must be done" if steps == 1 else f"all {steps} must be done"
    return words + limit


def _of(need: int, steps: int) -> str:
    return f"{need} of {steps}" if steps > 1 else str(need)


def span(seconds: float | timedelta | None) -> str:
    """A stretch of time in two units at most: "0.42 s", "12.3 s", "2 min 05 s", "3 h 12 min", "2 d 4 h"."""
    if seconds is None:
        return ""
    length = seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
    length = max(0.0, length)
    if length < 9.95:
        return f"{length:.2f} s" if length < 0.995 else f"{length:.1f} s"
    if length < 59.5:
        return f"{length:.0f} s"
    return _long(round(length))


def _long(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s"


def money(amount: Decimal | float | None) -> str:
    """USD; the smaller, the more digits: "$1.30", "$0.042", "$0.0042"; "" for None."""
    if amount is None:
        return ""
    worth = Decimal(str(amount))
    digits = 2 if worth == 0 or worth >= Decimal("0.1") else 3 if worth >= Decimal("0.01") else 4
    return f"${worth:,.{digits}f}"


def share(value: float | None) -> str:
    """A share of 1 in whole percent; "" for None."""
    return "" if value is None else f"{round(value * 100)} %"
