"""ACT: tell trust what agents recommended, and that they did not, in the transaction in which the step ends."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.core.ids import new_id
from apps.trust.recommending import track
from apps.workflows.claiming import Claimed
from apps.workflows.models import Step
from apps.workflows.states import StepKind


def track_answer(
    step: Claimed,
    *,
    content: Any = None,
    confidence: float | None = None,
    reasoning: str = "",
    took_ms: int | None = None,
    failure: str = "",
    recommendation_id: UUID,
) -> UUID | None:
    """Keep what the agent of a step answered, or why it did not; the recommendation's id, None where nobody learns."""
    if step.agent_id is None:
        return None
    return track(
        business_id=step.business_id,
        agent_id=step.agent_id,
        type=step.type,
        content=content,
        correlation_id=step.correlation_id,
        run_id=step.run_id,
        step_id=step.id,
        group=step.group,
        confidence=confidence,
        reasoning=reasoning,
        latency_ms=took_ms,
        on_time=failure != "timeout",
        failure=failure,
        expected=step.expected,
        recommendation_id=recommendation_id,
    )


def track_unanswered(steps: QuerySet[Step]) -> None:
    """Keep that the agents of these steps had been asked and had not answered when the time of their stage was up."""
    asked = steps.filter(kind=StepKind.AGENT, agent__isnull=False, attempt__gt=0).select_related("run")
    for step in asked:
        found = track(
            business_id=step.business_id,
            agent_id=step.agent_id,  # type: ignore[arg-type]
            type=step.type,
            content=None,
            correlation_id=step.run.correlation_id,
            run_id=step.run_id,
            step_id=step.pk,
            group=f"{step.run_id}/{step.key.split('/', 1)[0]}",
            on_time=False,
            failure="timeout",
            expected=step.expected,
            recommendation_id=new_id(),
        )
        Step.objects.filter(pk=step.pk).update(recommendation_id=found, why="timeout")
