"""ACT: a business chooses how its drafts are made, and which tools bring the facts."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.agents.kinds import ToolKind
from apps.agents.models import Tool
from apps.core.bodies import check_storable
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.events import record
from apps.drafts.gathering import SOURCES
from apps.drafts.models import DraftSettings, IntentTool
from apps.drafts.requests import LONGEST_GUIDANCE, LONGEST_MODEL, MOST_ARGUMENTS, MOST_TOOLS, IntentToolIn
from apps.drafts.states import Intent

_SWITCHES = ("enabled", "keep_prompts", "compare")
_NUMBERS = {"token_budget": (500, 1_000_000), "control_share": (1, 99), "keep_days": (1, 3650)}
_TEXTS = {"model": LONGEST_MODEL, "guidance": LONGEST_GUIDANCE}
CHOICES = (*_SWITCHES, *_NUMBERS, *_TEXTS)


def settings_of(business_id: UUID) -> DraftSettings:
    """What the business has chosen, or the defaults, unsaved."""
    found = DraftSettings.objects.filter(business_id=business_id).first()
    return found or DraftSettings(business_id=business_id)


def mapped_tools(business_id: UUID) -> list[IntentTool]:
    """Which tools bring facts for which intent."""
    return list(IntentTool.objects.filter(business_id=business_id).order_by("intent", "id"))


def choose(*, business_id: UUID, actor: str, **choices: Any) -> DraftSettings:
    """Change some of CHOICES, and leave the others. Raises Invalid naming the field."""
    for name, value in choices.items():
        if problem := _problem(name, value):
            raise Invalid(name, problem)
    with transaction.atomic():
        DraftSettings.objects.bulk_create([DraftSettings(business_id=business_id)], ignore_conflicts=True)
        chosen = DraftSettings.objects.select_for_update().get(business_id=business_id)
        before = {name: getattr(chosen, name) for name in choices}
        for name, value in choices.items():
            setattr(chosen, name, value)
        chosen.updated_by = actor[:120]
        chosen.save()
        news = {name: value for name, value in choices.items() if value != before[name]}
        if news:
            _record("draft_settings.changed", business_id, actor, before={n: before[n] for n in news}, after=news)
    return chosen


def map_tool(*, business_id: UUID, intent: str, tool_id: UUID, arguments: Mapping[str, str], actor: str) -> IntentTool:
    """Let a tool bring facts for an intent; where it did already, its arguments are replaced.

    arguments: {parameter of the tool: one of SOURCES}. Raises Invalid naming the field, NotFound for the tool.
    """
    tool = _fit_tool(business_id, intent, tool_id, arguments)
    with transaction.atomic():
        row, _ = IntentTool.objects.update_or_create(
            business_id=business_id, intent=intent, tool=tool, defaults={"arguments": dict(arguments)}
        )
        _record("draft_tool.mapped", business_id, actor, intent=intent, tool=tool.name, arguments=dict(arguments))
    return row


def unmap_tool(*, business_id: UUID, intent_tool_id: UUID, actor: str) -> None:
    """Ask this tool no more for this intent. Raises NotFound."""
    with transaction.atomic():
        rows = IntentTool.objects.filter(business_id=business_id, pk=intent_tool_id)
        row = rows.select_related("tool").first()
        if row is None:
            raise NotFound
        rows.delete()
        _record("draft_tool.unmapped", business_id, actor, intent=row.intent, tool=row.tool.name)


def map_tools(*, business_id: UUID, wanted: Sequence[IntentToolIn], actor: str) -> list[IntentTool]:
    """Put these in the place of all that was mapped before. Raises Invalid, NotFound, StaleState."""
    if len(wanted) > MOST_TOOLS:
        raise Invalid("intent_tools", f"At most {MOST_TOOLS}")
    tools = {one.tool: _fit_tool(business_id, one.intent, one.tool, one.arguments) for one in wanted}
    if len({(one.intent, one.tool) for one in wanted}) < len(wanted):
        raise Invalid("intent_tools", "A tool is named twice for one intent")
    rows = [
        IntentTool(business_id=business_id, intent=one.intent, tool=tools[one.tool], arguments=one.arguments)
        for one in wanted
    ]
    with transaction.atomic():
        IntentTool.objects.filter(business_id=business_id).delete()
        try:
            IntentTool.objects.bulk_create(rows)
        except IntegrityError:
            raise StaleState("Somebody else changes the tools at this moment") from None
        named = [{"intent": row.intent, "tool": row.tool.name, "arguments": row.arguments} for row in rows]
        _record("draft_tool.mapped", business_id, actor, all=named)
    return rows


def _fit_tool(business_id: UUID, intent: str, tool_id: UUID, arguments: Mapping[str, str]) -> Tool:
    if intent not in set(Intent):
        raise Invalid("intent", f"One of {', '.join(Intent)}")
    if len(arguments) > MOST_ARGUMENTS:
        raise Invalid("arguments", f"At most {MOST_ARGUMENTS}")
    check_storable(dict(arguments), "arguments")
    for parameter, source in arguments.items():
        if source not in SOURCES:
            raise Invalid(f"arguments.{parameter}", f"One of {', '.join(SOURCES)}")
    tool = Tool.objects.filter(business_id=business_id, pk=tool_id).first()
    if tool is None:
        raise NotFound("There is no such tool")
    if tool.kind == ToolKind.DESCRIBED:
        raise Invalid("tool", "This tool is only described, so it cannot be called")
    known = tool.parameters.get("properties") if isinstance(tool.parameters, dict) else None
    if isinstance(known, dict) and (strange := sorted(set(arguments) - set(known))):
        raise Invalid(f"arguments.{strange[0]}", "The tool has no such parameter")
    return tool


def _problem(name: str, value: Any) -> str:
    if name in _SWITCHES:
        return "" if isinstance(value, bool) else "true or false"
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return "" if is_whole and low <= value <= high else f"A whole number from {low} to {high}"
    if name in _TEXTS:
        if not isinstance(value, str) or len(value) > _TEXTS[name]:
            return f"A text of at most {_TEXTS[name]} characters"
        check_storable(value, name)
        return ""
    return "There is no such setting"


def _record(kind: str, business_id: UUID, actor: str, **data: Any) -> None:
    record(kind=kind, subject_type="business", subject_id=business_id, business_id=business_id, actor=actor, **data)
