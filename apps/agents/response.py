"""What a program reads of agents and tools."""

from typing import Any

from apps.agents.asking_http import extra_headers
from apps.agents.kinds import AGENT_FIELDS, TOOL_FIELDS, AgentKind, ToolKind
from apps.agents.models import Agent, Tool
from apps.core.breaking import Light, Standing


def agent_of(agent: Agent, standing: Standing) -> dict[str, Any]:
    """One agent. Of its request headers the names alone; its signing secret never."""
    return {
        "key": agent.key,
        "id": str(agent.pk),
        "kind": agent.kind,
        "name": agent.name,
        "description": agent.description,
        **_own(agent, AGENT_FIELDS[AgentKind(agent.kind)]),
        "types": agent.types,
        "concurrency": agent.concurrency,
        "timeout_seconds": agent.timeout_seconds,
        "price_per_call": float(agent.price_per_call),
        "enabled": agent.enabled,
        "disabled_reason": agent.disabled_reason,
        "disabled_by": agent.disabled_by,
        "disabled_at": agent.disabled_at.isoformat() if agent.disabled_at else None,
        "breaker": breaker_of(standing),
        "created_at": agent.created_at.isoformat(),
    }


def tool_of(tool: Tool, standing: Standing) -> dict[str, Any]:
    """One tool. Of its request headers the names alone."""
    return {
        "name": tool.name,
        "id": str(tool.pk),
        "kind": tool.kind,
        "description": tool.description,
        "parameters": tool.parameters,
        "risk": tool.risk,
        "enabled": tool.enabled,
        **_own(tool, TOOL_FIELDS[ToolKind(tool.kind)]),
        "breaker": breaker_of(standing),
        "created_at": tool.created_at.isoformat(),
    }


def breaker_of(standing: Standing) -> dict[str, Any]:
    """How an agent or tool has been answering: whether it is called at all now, and its last failure."""
    failed = standing.failed_at
    return {
        "state": standing.light.value,
        "failures": standing.failures,
        "tries_again_in_seconds": round(standing.tries_again_in, 1) if standing.light is not Light.CLOSED else None,
        "last_failure": {"at": failed.isoformat(), "why": standing.last_why, "words": standing.last_words}
        if failed
        else None,
        "answered_at": standing.answered_at.isoformat() if standing.answered_at else None,
    }


def _own(owner: Agent | Tool, fields: tuple[str, ...]) -> dict[str, Any]:
    told = {name: getattr(owner, name) for name in fields if name != "headers"}
    return told | ({"header_names": sorted(extra_headers(owner.headers))} if "headers" in fields else {})
