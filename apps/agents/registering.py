"""ACT: register a tool of a business under its name, and change it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.agents.acceptance import wrong_tool
from apps.agents.altering import alter, check_fields, tell
from apps.agents.asking_http import seal_headers
from apps.agents.kinds import ToolKind
from apps.agents.models import Agent, Tool
from apps.core import breaking
from apps.core.errors import Invalid, NotFound

MOST_TOOLS = 500


def register_tool(
    *,
    business_id: UUID,
    actor: str,
    name: str,
    kind: str = ToolKind.DESCRIBED,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Tool:
    """Add a tool. headers: extra request headers, kept encrypted and never shown.

    more: description, parameters (a JSON Schema of an object), risk, enabled, url, method, remote_name, entry,
    returned, timeout_seconds. Raises Invalid: each field that is wrong, a name in use, too many tools.
    """
    given = {"name": name, "headers": dict(headers or {}), **more}
    check_fields(wrong_tool, ToolKind(kind), given, new=True)
    given["headers"] = seal_headers(given["headers"])
    try:
        with transaction.atomic():
            if Tool.objects.filter(business_id=business_id).count() >= MOST_TOOLS:
                raise Invalid("", f"A business has at most {MOST_TOOLS} tools")
            tool = Tool.objects.create(business_id=business_id, kind=kind, **given)
            tell(tool, "registered", actor, tool_kind=str(kind), url=tool.url)
    except IntegrityError:
        raise Invalid("name", f"There is a tool {name} already") from None
    return tool


def change_tool(*, tool_id: UUID, actor: str, **changes: Any) -> Tool:
    """Change the given fields; name and kind stay. headers: replaced as a whole.

    Raises NotFound, Invalid: each field that is wrong or belongs to another kind.
    """
    with transaction.atomic():
        tool = Tool.objects.select_for_update().filter(pk=tool_id).first()
        if tool is None:
            raise NotFound
        check_fields(wrong_tool, ToolKind(tool.kind), changes, new=False)
        alter(tool, changes, actor)
    return tool


def close_breaker(*, owner: Agent | Tool, actor: str) -> None:
    """Call an agent or tool again at once, although it kept failing."""
    with transaction.atomic():
        tell(owner, "breaker_closed", actor)
        transaction.on_commit(lambda: breaking.close(owner.pk))
