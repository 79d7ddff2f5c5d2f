"""RULE: whether a stage has passed, has failed, or goes on."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from apps.workflows.plans import Barrier
from apps.workflows.states import STEP_OPEN, StepState


class Outcome(StrEnum):
    WAIT = "wait"
    PASS = "pass"  # noqa: S105
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many steps of a stage are done, have ended otherwise, and are open."""

    done: int
    ended: int
    open: int

    @property
    def all(self) -> int:
        return self.done + self.ended + self.open


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the barrier says, in words where it decides."""

    outcome: Outcome
    says: str = ""


WAIT = Ruling(Outcome.WAIT)


def tally_of(states: Iterable[str]) -> Tally:
    """Count the states of a stage's steps."""
    found = list(states)
    done, open_ = found.count(StepState.DONE), sum(state in STEP_OPEN for state in found)
    return Tally(done=done, ended=len(found) - done - open_, open=open_)


def judge(rule: str, need: int, tally: Tally, *, time_up: bool) -> Ruling:
    """What the barrier says of a stage whose steps stand so. time_up: its own time has passed.

    need: as StagePlan has it; under `all` every step must be done, whatever it is. A stage that cannot reach what it
    needs any more fails at once, without waiting for the rest.
    """
    barrier = Barrier(rule)
    wanted = tally.all if barrier is Barrier.ALL else max(need, 1 if barrier is Barrier.FIRST else 0)
    told = f"{tally.done} of {tally.all} done, {wanted} needed"
    if tally.done + tally.open < wanted:
        return Ruling(Outcome.FAIL, told)
    # Quorum and deadline wait for whoever may still answer; only `first` has enough as soon as it has enough.
    if tally.done >= wanted and (tally.open == 0 or barrier is Barrier.FIRST):
        return Ruling(Outcome.PASS, told)
    if not time_up:
        return WAIT
    outcome = Outcome.PASS if tally.done >= wanted else Outcome.FAIL
    return Ruling(outcome, f"{told}, when the time was up")
