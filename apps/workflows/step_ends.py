"""ACT: the end of one step: what is written into its row, on which condition, and who is told with it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from apps.core.events import record
from apps.core.ids import new_id
from apps.trust.switch import is_learning
from apps.workflows.claiming import Claimed
from apps.workflows.holding import Write
from apps.workflows.models import Step
from apps.workflows.states import StepKind
from apps.workflows.tracking import track_answer
from apps.workflows.words import words

# Which step may end so: the one this attempt holds; one that was given out, for an answer that comes without a worker;
# one whose agent took it on and let its time pass.
HELD = "state = 'running' AND attempt = %s"
GIVEN_OUT = "state IN ('ready', 'running', 'waiting') AND attempt > 0 AND kind IN ('agent', 'undo')"
OVERDUE = "state = 'waiting' AND request_id IS NULL AND run_after < %s"

_DONE = (
    "UPDATE workflows_step SET state = 'done', finished_at = %s, result = %s, confidence = %s, reasoning = %s,"
    " cost = %s, took_ms = %s, error = '', why = '', recommendation_id = %s WHERE id = %s AND "
)
_FAILED = (
    "UPDATE workflows_step SET state = 'failed', finished_at = %s, error = %s, why = %s, recommendation_id = %s"
    " WHERE id = %s AND "
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a step came to. content: JSON that the database can keep. cost: USD."""

    content: Any
    confidence: float | None = None
    reasoning: str = ""
    cost: Decimal | None = None
    took_ms: int | None = None


def _tracked(step: Claimed) -> UUID | None:
    """The id of what trust will keep of this step; None where it keeps nothing."""
    asked = step.kind == StepKind.AGENT and step.agent_id is not None
    return new_id() if asked and is_learning(step.business_id) else None


@dataclass(frozen=True, slots=True)
class StepEnd:
    """How a step is to end: with an answer, or failed with `error` and `why`. where: HELD, GIVEN_OUT or OVERDUE."""

    step: Claimed
    where: str
    answer: Answer | None = None
    error: str = ""
    why: str = ""
    tracked: UUID | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tracked", _tracked(self.step))

    def write(self, now: datetime) -> Write:
        """The conditional UPDATE of the step's row."""
        said, condition = self.answer, self._condition(now)
        if said is None:
            return _FAILED + self.where, [now, words(self.error), self.why[:20], self.tracked, self.step.id, *condition]
        result = None if said.content is None else Jsonb(said.content, dumps=msgspec.json.encode)
        kept = [now, result, said.confidence, said.reasoning, said.cost, said.took_ms, self.tracked]
        return _DONE + self.where, [*kept, self.step.id, *condition]

    def _condition(self, now: datetime) -> list[Any]:
        """The parameters of `where`."""
        if self.where == HELD:
            return [self.step.attempt]
        return [now] if self.where == OVERDUE else []

    def tell(self) -> None:
        """Tell trust, and the audit trail of a failure, once the row has been written."""
        said = self.answer
        if self.tracked and not track_answer(
            self.step,
            recommendation_id=self.tracked,
            content=said.content if said else None,
            confidence=said.confidence if said else None,
            reasoning=said.reasoning if said else "",
            took_ms=said.took_ms if said else None,
            failure="" if said else self.why[:20] or "error",
        ):
            Step.objects.filter(pk=self.step.id).update(recommendation_id=None)
        if said is None:
            tell_failure("step.failed", self.step, error=self.error, why=self.why)


def tell_failure(kind: str, step: Claimed, *, error: str, why: str) -> None:
    """The audit event of an attempt, or of the step, that failed."""
    record(
        kind=kind,
        subject_type="run",
        subject_id=step.run_id,
        business_id=step.business_id,
        actor=f"agent:{step.does}" if step.agent_id else "system:workflows",
        step=step.key,
        attempt=step.attempt,
        error=words(error, 300),
        why=why,
    )
