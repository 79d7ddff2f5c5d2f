"""Questions about a business's agents and registered tools."""

from collections.abc import Collection
from uuid import UUID

from apps.agents.models import Agent, Tool


def find_agent(business_id: UUID, key: str) -> Agent | None:
    return Agent.objects.filter(business_id=business_id, key=key).first()


def registered_tools(business_id: UUID, names: Collection[str]) -> dict[str, Tool]:
    """The enabled tools of these names."""
    if not names:
        return {}
    return {tool.name: tool for tool in Tool.objects.filter(business_id=business_id, name__in=names, enabled=True)}
