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


def find_tool(business_id: UUID, name: str) -> Tool | None:
    """The tool of this name, on or off."""
    # A name from an address may hold what no text in the database can.
    if "\x00" in name:
        return None
    return Tool.objects.filter(business_id=business_id, name=name).first()
