"""ACT: use a tool, whatever kind it is: arguments are checked before, and only named fields of its answer come back."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec

from apps.agents.answers import CallFailed, Why, check_keepable, decode
from apps.agents.asking_http import exchange, extra_headers
from apps.agents.asking_mcp import ask_mcp
from apps.agents.calling import PROBE_MARGIN, note_failure
from apps.agents.entries import TOOLS, call_entry
from apps.agents.kinds import ToolKind
from apps.agents.models import Tool
from apps.agents.returning import keep, wrong_arguments
from apps.core import breaking

ToolFailed = CallFailed


class BadArguments(CallFailed):
    """The arguments do not fit the tool's schema. `errors`: {field, reason} each."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        words = "; ".join(f"{error['field']}: {error['reason']}" for error in errors)
        super().__init__(f"The arguments do not fit: {words}", again=False, why=Why.BAD_ARGUMENTS)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class ToolReply:
    """data: what the tool answered, reduced to the fields in Tool.returned; None when there were none of them."""

    data: Any
    took_ms: int


def use_tool(
    *, tool: Tool, arguments: Mapping[str, Any], work_id: str, timeout: float | None = None, trial: bool = False
) -> ToolReply:
    """Call the tool. work_id: the same at every attempt at one piece of work; servers get it as Idempotency-Key.

    timeout: seconds for everything together, at most the tool's own.
    trial: a person tries the tool out, so that it is called even if it is off or its breaker open.

    Call outside of a transaction. Raises ToolFailed; BadArguments before anything was sent.
    """
    way = _WAYS.get(ToolKind(tool.kind))
    if way is None:
        raise CallFailed("The tool is only described, so it cannot be called", again=False, why=Why.MISSING)
    if not (tool.enabled or trial):
        raise CallFailed("The tool is switched off", again=False, why=Why.OFF)
    given = dict(arguments)
    if errors := wrong_arguments(tool.parameters, given):
        raise BadArguments(errors)
    seconds = float(tool.timeout_seconds) if timeout is None else min(timeout, tool.timeout_seconds)
    wait = 0.0 if trial else breaking.may_call(tool.pk, probe_seconds=seconds + PROBE_MARGIN)
    if wait:
        raise CallFailed(breaking.words("tool", wait), again=True, why=Why.BREAKER_OPEN)
    started = time.monotonic()
    try:
        data = way(tool, given, work_id, seconds)
        check_keepable(data)
    except CallFailed as error:
        note_failure(tool, error)
        raise
    breaking.note(tool.pk, ok=True)
    return ToolReply(data=keep(data, tool.returned), took_ms=round((time.monotonic() - started) * 1000))


def _by_http(tool: Tool, arguments: dict[str, Any], work_id: str, seconds: float) -> Any:
    url, content, headers = tool.url, None, {"idempotency-key": work_id}
    if tool.method == "GET":
        if arguments:
            url += ("&" if "?" in url else "?") + urlencode(_as_query(arguments), doseq=True)
    else:
        content, headers = msgspec.json.encode(arguments), headers | {"content-type": "application/json"}
    headers = extra_headers(tool.headers) | headers
    _, body = exchange(tool.method, url, content=content, headers=headers, timeout=seconds, whom="tool")
    return decode(body)


def _as_query(arguments: dict[str, Any]) -> dict[str, Any]:
    """Texts as they are, lists as repeated keys, everything else as JSON writes it."""

    def said(value: Any) -> str:
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()

    return {
        key: [said(item) for item in value] if isinstance(value, list) else said(value)
        for key, value in arguments.items()
    }


def _by_mcp(tool: Tool, arguments: dict[str, Any], work_id: str, seconds: float) -> Any:
    return ask_mcp(
        url=tool.url,
        name=tool.remote_name or tool.name,
        arguments=arguments,
        headers=extra_headers(tool.headers) | {"idempotency-key": work_id},
        timeout=seconds,
    )


def _by_python(tool: Tool, arguments: dict[str, Any], work_id: str, seconds: float) -> Any:
    return call_entry(TOOLS, tool.entry, timeout=seconds, given=arguments, work_id=work_id)


_WAYS: dict[ToolKind, Callable[[Tool, dict[str, Any], str, float], Any]] = {
    ToolKind.HTTP: _by_http,
    ToolKind.MCP: _by_mcp,
    ToolKind.PYTHON: _by_python,
}
