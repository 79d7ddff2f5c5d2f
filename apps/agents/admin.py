"""EDGE: the admin pages, registered."""

from apps.agents.admin_agents import AgentAdmin
from apps.agents.admin_tools import ToolAdmin

__all__ = ["AgentAdmin", "ToolAdmin"]
