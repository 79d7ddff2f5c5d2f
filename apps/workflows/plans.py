"""RULE: the words in which a pattern says what to do: stages, their barriers, steps, and what came of them."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from apps.workflows.states import StepKind, StepState


class Barrier(StrEnum):
    """When a stage has passed. Steps that are still open then are cancelled."""

    ALL = "all"  # every step is done; one that failed for good fails the stage
    FIRST = "first"  # so many are done (need, at least 1)
    QUORUM = "quorum"  # every step has ended and so many are done, or so many are done when the time is up
    DEADLINE = "deadline"  # every step has ended or the time is up; so many must be done (need, 0 or more)


class Undo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What takes a done step back, when its run fails or is cancelled. The done step's result is given to it."""

    kind: StepKind
    does: str
    input: dict[str, Any] = {}


class StepPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do. key: unique in its stage. does: an agent's or tool's key, a rule's name, or "person".

    timeout_seconds: of one attempt; of a person the time until the policy's deadline at the latest.
    """

    key: str
    kind: StepKind
    does: str
    type: str = ""
    input: dict[str, Any] = {}
    undo: Undo | None = None
    timeout_seconds: int | None = None
    most_attempts: int = 3


class StagePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Steps that run side by side. need: for every barrier but ALL. timeout_seconds: from its opening; None: none."""

    key: str
    name: str
    steps: tuple[StepPlan, ...]
    barrier: Barrier = Barrier.ALL
    need: int = 0
    timeout_seconds: int | None = None


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one step. content: None unless it is done. edited: by a person, of a person's step."""

    stage: str
    key: str
    kind: StepKind
    does: str
    type: str
    state: StepState
    content: Any = None
    confidence: float | None = None
    reasoning: str = ""
    error: str = ""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that may be asked for a type. Candidates come in the order in which trust would ask them.

    expected: the probability trust gives the approval of its answer. low: lower bound of overall trust.
    """

    key: str
    name: str
    types: tuple[str, ...]
    low: float | None = None
    expected: float | None = None
    enough: bool = False
    price: float = 0.0


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """All that a pattern may go by. results: of the stages that have passed, in order. candidates: by type."""

    run_id: str
    input: Mapping[str, Any]
    results: Sequence[StepResult] = ()
    candidates: Mapping[str, Sequence[Candidate]] = {}

    def of(self, stage: str) -> tuple[StepResult, ...]:
        """The done results of one stage."""
        return tuple(one for one in self.results if one.stage == stage and one.state is StepState.DONE)


class StageOutline(msgspec.Struct, frozen=True, kw_only=True):
    """A stage as the diagram shows it before it begins."""

    key: str
    name: str
    says: str = ""
    types: tuple[str, ...] = ()


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """What the workflow itself makes of one step's recommendation. quality: 0 to 100. step: stage key / step key."""

    step: str
    quality: float
    feedback: str = ""


class Impossible(Exception):
    """The stage cannot be planned: no agent for a type, nothing usable from the stages before. The run fails."""


class Pattern(Protocol):
    """A workflow of the library. Pure: the same situation gives the same plan, at every attempt."""

    name: str
    title: str
    description: str
    Config: type[msgspec.Struct]

    def outline(self, config: Any) -> tuple[StageOutline, ...]:
        """The stages in order, all that may come."""
        ...

    def problem_of(self, config: Any) -> tuple[str, str] | None:
        """(field, what is wrong with the configuration beyond its types), if something is."""
        ...

    def plan(self, config: Any, stage: str, situation: Situation) -> StagePlan | None:
        """The stage of this key; None: it is passed over. Raises Impossible."""
        ...

    def compute(self, config: Any, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        """What a COMPUTE step gives: quick and pure. given: the step's input."""
        ...

    def result(self, config: Any, situation: Situation) -> Any:
        """The result of the run, once every stage has passed."""
        ...

    def ratings(self, config: Any, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        """(ratings of recommendations, quality of the whole, 0 to 100 or None), from the workflow's own review."""
        ...
