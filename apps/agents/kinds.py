"""RULE: the kinds of agents and tools, the fields each kind has, and what makes a value of them acceptable."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

MOST_SECONDS = 280
MOST_AT_ONCE = 100
MOST_TYPES, LONGEST_TYPE = 20, 40
MOST_PATHS, LONGEST_PATH = 50, 200
MOST_HEADERS, LONGEST_HEADER = 20, 2000
LONGEST_ENTRY = 100
LONGEST_PROMPT = 8000
ALL_FIELDS = "*"

_TYPE = re.compile(r"^[a-z][a-z0-9_-]{0,39}\Z")
_NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}\Z")
_PATH = re.compile(r"^[^.\s\x00]+(\.[^.\s\x00]+)*\Z")
_HEADER = re.compile(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}\Z")
_VALUE = re.compile(r"^[\x20-\x7e]+\Z")
# Ours, or the connection's own: another value would break the signature, the framing or the guard.
_TAKEN = frozenset({
    "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "upgrade", "te",
    "trailer", "expect", "keep-alive", "accept-encoding", "idempotency-key", "webhook-id", "webhook-timestamp",
    "webhook-signature", "proxy-authorization", "mcp-session-id",
})  # fmt: skip


class AgentKind(StrEnum):
    HTTP = "http"
    MODEL = "model"
    PYTHON = "python"

    @staticmethod
    def choices() -> list[tuple[str, str]]:
        return [("http", "HTTP endpoint"), ("model", "Model"), ("python", "Python entry point")]


class ToolKind(StrEnum):
    DESCRIBED = "described"
    HTTP = "http"
    MCP = "mcp"
    PYTHON = "python"

    @staticmethod
    def choices() -> list[tuple[str, str]]:
        return [
            ("described", "Described only"),
            ("http", "HTTP endpoint"),
            ("mcp", "MCP server"),
            ("python", "Python entry point"),
        ]


# The fields that belong to some kinds only; a kind must have those of NEEDED.
AGENT_FIELDS = {
    AgentKind.HTTP: ("url", "headers"),
    AgentKind.MODEL: ("model", "prompt"),
    AgentKind.PYTHON: ("entry",),
}
TOOL_FIELDS = {
    ToolKind.DESCRIBED: (),
    ToolKind.HTTP: ("url", "method", "headers", "returned", "timeout_seconds"),
    ToolKind.MCP: ("url", "remote_name", "headers", "returned", "timeout_seconds"),
    ToolKind.PYTHON: ("entry", "returned", "timeout_seconds"),
}
AGENT_NEEDS = {AgentKind.HTTP: ("url",), AgentKind.MODEL: (), AgentKind.PYTHON: ("entry",)}
TOOL_NEEDS = {
    ToolKind.DESCRIBED: (),
    ToolKind.HTTP: ("url", "returned"),
    ToolKind.MCP: ("url", "returned"),
    ToolKind.PYTHON: ("entry", "returned"),
}


def wrong_type(types: Iterable[str]) -> str:
    """Why these are no recommendation types; "" when they are."""
    found = list(types)
    if len(found) > MOST_TYPES:
        return f"At most {MOST_TYPES} types"
    if len(set(found)) < len(found):
        return "A type is named twice"
    bad = next((name for name in found if not _TYPE.match(name)), None)
    return "" if bad is None else f"Lower-case letters, digits, - and _, beginning with a letter: {bad[:60]!r}"


def wrong_paths(paths: Sequence[str]) -> str:
    """Why these are no dotted paths of fields; "" when they are."""
    if len(paths) > MOST_PATHS:
        return f"At most {MOST_PATHS} fields"
    if ALL_FIELDS in paths and len(paths) > 1:
        return "* is everything, so it stands alone"
    bad = next((path for path in paths if len(path) > LONGEST_PATH or not _PATH.match(path)), None)
    return "" if bad is None else f"A field is named like order.items.price: {bad[:60]!r}"


def wrong_headers(headers: Mapping[str, str]) -> str:
    """Why these may not be request headers; "" when they may. A value is never repeated: it may be a secret."""
    if len(headers) > MOST_HEADERS:
        return f"At most {MOST_HEADERS} headers"
    if len({name.lower() for name in headers}) < len(headers):
        return "A header is named twice"
    for name, value in headers.items():
        if not _HEADER.match(name):
            return f"{name[:60]!r} is no name of a header"
        if name.lower() in _TAKEN:
            return f"{name} is set by Gatehouse itself"
        if len(value) > LONGEST_HEADER or not _VALUE.match(value):
            return f"The value of {name} must be printable ASCII of 1 to {LONGEST_HEADER} characters"
    return ""


def wrong_tool_name(name: str) -> str:
    """Why this may not name a new tool; "" when it may."""
    return "" if _NAME.match(name) else "1 to 64 letters, digits, - and _"


def foreign_fields(kind: AgentKind | ToolKind, given: Mapping[str, object]) -> list[str]:
    """The given fields, by name, that are not empty and belong to other kinds."""
    fields: Mapping[Any, Sequence[str]] = AGENT_FIELDS if isinstance(kind, AgentKind) else TOOL_FIELDS
    others = {name for names in fields.values() for name in names} - set(fields[kind])
    return sorted(name for name in others if given.get(name))


def missing_fields(kind: AgentKind | ToolKind, given: Mapping[str, object]) -> list[str]:
    """The fields this kind cannot do without and that are empty."""
    needs: Mapping[Any, Sequence[str]] = AGENT_NEEDS if isinstance(kind, AgentKind) else TOOL_NEEDS
    return [name for name in needs[kind] if not given.get(name)]
