"""RULE: the answer a caller reads about a goal."""

from typing import Any

from apps.goals.models import Goal


def response_of(goal: Goal) -> dict[str, Any]:
    """The goal as JSON. What the gate made of it is left out for goals that came while PHASE2_ENABLED was off."""
    answer: dict[str, Any] = {
        "goal_id": str(goal.pk),
        "goal": goal.text,
        "agent_id": goal.agent_key,
        "workflow": goal.workflow_key,
        "state": goal.state,
        "result": goal.result,
        "error": goal.error,
        "created_at": goal.created_at.isoformat(),
        "finished_at": goal.finished_at.isoformat() if goal.finished_at else None,
    }
    if goal.execution_path:
        answer |= {
            "confidence": goal.confidence,
            "confidence_factors": goal.factors,
            "approval_state": goal.approval_state,
            "execution_path": goal.execution_path,
            "soul_request_id": str(goal.request_id) if goal.request_id else None,
            "timestamp": goal.updated_at.isoformat(),
            "clarification_questions": goal.questions if goal.state == "asking" else [],
            "pre_validation_result": goal.checks or None,
            "reasons": goal.reasons,
        }
    return answer
