"""RULE: what of a goal a person approves and may edit, and how an edit becomes the goal again."""

from typing import Any, Protocol

from apps.core.errors import Invalid
from apps.goals.requests import Function, GoalIn, OfferedTool

PAYLOAD_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "goal": {"type": "string", "title": "Goal", "minLength": 1, "maxLength": 20000, "format": "textarea"},
        "context": {"type": "object", "title": "Context", "description": "What the agent is told beside the goal"},
        "tools": {
            "type": "array",
            "title": "Tools",
            "description": "Names of the tools the agent may use",
            "items": {"type": "string"},
        },
        "agent_id": {"type": "string", "title": "Agent", "maxLength": 60, "readOnly": True},
        "workflow": {"type": "string", "title": "Workflow", "maxLength": 60, "readOnly": True},
    },
    "required": ["goal", "context", "tools"],
    "additionalProperties": False,
}


class HasGoal(Protocol):
    text: str
    context: Any
    history: Any
    tools: Any
    agent_key: str
    workflow_key: str
    own_confidence: float | None


def payload_of(goal: HasGoal) -> dict[str, Any]:
    """Exactly what will be handed on, tools by name, and to whom: an agent or a workflow."""
    to = {"workflow": goal.workflow_key} if goal.workflow_key else {"agent_id": goal.agent_key}
    names = [tool["function"]["name"] for tool in goal.tools]
    return {"goal": goal.text, "context": goal.context, "tools": names, **to}


def schema_of(goal: HasGoal) -> dict[str, Any]:
    """PAYLOAD_SCHEMA with the one of agent and workflow that the goal's payload names."""
    absent = "agent_id" if goal.workflow_key else "workflow"
    properties = {name: field for name, field in PAYLOAD_SCHEMA["properties"].items() if name != absent}
    return {**PAYLOAD_SCHEMA, "properties": properties}


def tools_named(goal: HasGoal, names: list[str]) -> list[dict[str, Any]]:
    """The goal's tools of these names. Raises Invalid for others: an edit may only take tools away."""
    offered = {tool["function"]["name"]: tool for tool in goal.tools}
    for index, name in enumerate(names):
        if name not in offered:
            raise Invalid(f"payload.tools[{index}]", f"{name} was not among the tools offered")
    return [offered[name] for name in names]


def merged_request(goal: HasGoal, payload: Any) -> GoalIn:
    """The goal as edited, to be weighed again. Raises Invalid when the payload has not the form of PAYLOAD_SCHEMA."""
    if not isinstance(payload, dict) or set(payload) - set(PAYLOAD_SCHEMA["properties"]):
        raise Invalid("payload", "An object with goal, context and tools is wanted")
    text, context, names = payload.get("goal"), payload.get("context"), payload.get("tools")
    if not isinstance(text, str) or not 1 <= len(text.strip()) <= 20_000:
        raise Invalid("payload.goal", "1 to 20,000 characters")
    if not isinstance(context, dict):
        raise Invalid("payload.context", "An object is wanted")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Invalid("payload.tools", "A list of names is wanted")
    if payload.get("agent_id", goal.agent_key) != goal.agent_key:
        raise Invalid("payload.agent_id", "The agent cannot be changed")
    if payload.get("workflow", goal.workflow_key) != goal.workflow_key:
        raise Invalid("payload.workflow", "The workflow cannot be changed")
    return request_of(goal, text=text, context=context, tools=tools_named(goal, names))


def request_of(goal: HasGoal, *, text: str, context: dict[str, Any], tools: list[dict[str, Any]]) -> GoalIn:
    """The goal as a request again. Who carries it out was looked up when the goal came in."""
    return GoalIn(
        goal=text,
        context=context,
        history=list(goal.history),
        tools=[OfferedTool(function=Function(**tool["function"])) for tool in tools],
        agent_id=goal.agent_key,
        workflow=goal.workflow_key,
        confidence=goal.own_confidence,
    )
