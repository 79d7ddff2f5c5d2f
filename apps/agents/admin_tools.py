"""EDGE: tools in the admin site."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from apps.agents.admin_pages import KindAdmin
from apps.agents.forms import ToolForm, tool_fieldsets
from apps.agents.kinds import ToolKind
from apps.agents.models import Tool
from apps.agents.registering import change_tool, register_tool
from apps.agents.trying import MOST_SECONDS, Trial, try_tool


@admin.register(Tool)
class ToolAdmin(KindAdmin):
    """What goals may offer by its name, and workflows may use."""

    form = ToolForm
    kinds = ToolKind.choices()
    list_display = ["name", "sort", "what", "stands", "last_failure", "risk"]
    list_filter = ["kind", "enabled"]
    search_fields = ["name", "description"]
    actions_detail = ["try_out", "close"]

    @display(description="Kind", ordering="kind")
    def sort(self, tool: Tool) -> str:
        return tool.get_kind_display()

    @display(description="What it does")
    def what(self, tool: Tool) -> str:
        return tool.description if len(tool.description) <= 80 else f"{tool.description[:79]}…"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["health", "sort", "name"] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets = tool_fieldsets(self.kind_of(request, obj), may_drop=bool(obj and obj.headers))
        if obj is None:
            return sets
        known = ["sort"] if obj.kind == ToolKind.DESCRIBED else ["health", "sort"]
        return [(None, {"fields": known}), *sets]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actor = self.principal(request).actor
        if change:
            change_tool(tool_id=obj.pk, actor=actor, **form.values())
            return
        tool = register_tool(business_id=obj.business_id, actor=actor, kind=form.kind, **form.values())
        obj.pk, obj._state.adding = tool.pk, False

    def has_try_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        tool = self.shown(request, obj)
        return tool is not None and tool.kind != ToolKind.DESCRIBED

    @action(description="Try it", url_path="try", icon="science", permissions=["try"])
    def try_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for arguments on GET, call on POST and show what came of it."""
        tool = self.found(request, object_id)
        entered = request.POST.get("arguments") if request.method == "POST" else _sketch(tool.parameters)
        said: dict[str, Any] = {"title": f"Try {tool}", "arguments": entered, "arguments_asked": True}
        said["words"] = (
            "Really use the tool with these arguments? "
            f"This page waits for the answer, {min(MOST_SECONDS, tool.timeout_seconds):g} seconds at most."
        )
        if request.method == "POST":
            said["trial"] = self._try(request, tool, entered or "{}")
        return self.ask(request, tool, "agents/try.html", **said)

    def _try(self, request: HttpRequest, tool: Tool, entered: str) -> Trial:
        try:
            arguments = json.loads(entered)
        except (ValueError, RecursionError):
            return Trial(0, failure="The arguments are not JSON", why="bad_arguments")
        if not isinstance(arguments, dict):
            return Trial(0, failure="The arguments must be an object, such as {}", why="bad_arguments")
        return try_tool(tool=tool, arguments=arguments, actor=self.principal(request).actor)


def _sketch(schema: dict[str, Any]) -> str:
    """Arguments to begin with: a place for each that is required."""
    properties = schema.get("properties")
    named = properties if isinstance(properties, dict) else {}
    empty: dict[str, Any] = {"string": "", "number": 0, "integer": 0, "boolean": False, "array": [], "object": {}}
    places = {}
    for name in schema.get("required", []):
        about = named.get(name)
        kind = about.get("type") if isinstance(about, dict) else None
        places[name] = empty.get(kind, "") if isinstance(kind, str) else ""
    return json.dumps(places, indent=2)
