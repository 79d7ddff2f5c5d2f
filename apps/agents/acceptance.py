"""RULE: why the fields of an agent or a tool are not acceptable, all reasons at once."""

import math
from collections.abc import Mapping
from typing import Any

from apps.agents.kinds import (
    LONGEST_ENTRY,
    MOST_AT_ONCE,
    MOST_SECONDS,
    AgentKind,
    ToolKind,
    foreign_fields,
    missing_fields,
    wrong_headers,
    wrong_paths,
    wrong_tool_name,
    wrong_type,
)
from apps.agents.returning import wrong_schema

MOST_PRICE = 1000
Errors = list[dict[str, str]]

_CHECKS: dict[str, Any] = {
    "types": wrong_type,
    "headers": wrong_headers,
    "returned": wrong_paths,
    "parameters": wrong_schema,
    "concurrency": lambda value: _outside(value, 1, MOST_AT_ONCE),
    "timeout_seconds": lambda value: _outside(value, 1, MOST_SECONDS),
    "price_per_call": lambda value: _outside(value, 0, MOST_PRICE),
    "risk": lambda value: _outside(value, 0, 1),
    "entry": lambda value: f"At most {LONGEST_ENTRY} characters" if len(value) > LONGEST_ENTRY else "",
    "method": lambda value: "" if value in ("GET", "POST") else "GET or POST",
    "name": lambda value: "" if value.strip() else "Give it a name",
}


def wrong_agent(kind: AgentKind, given: Mapping[str, Any], *, new: bool) -> Errors:
    """What is wrong with these fields of an agent of this kind. new: fields that are needed must be among them."""
    return _own_kind(kind, given, new=new) + _values(given)


def wrong_tool(kind: ToolKind, given: Mapping[str, Any], *, new: bool) -> Errors:
    """What is wrong with these fields of a tool of this kind. new: fields that are needed must be among them."""
    errors = _own_kind(kind, given, new=new)
    if new and (reason := wrong_tool_name(str(given.get("name", "")))):
        return [*errors, {"field": "name", "reason": reason}, *_values({**given, "name": "x"})]
    return errors + _values(given)


def _own_kind(kind: AgentKind | ToolKind, given: Mapping[str, Any], *, new: bool) -> Errors:
    errors = [{"field": name, "reason": f"Not a field of kind {kind}"} for name in foreign_fields(kind, given)]
    for name in missing_fields(kind, given):
        if new or name in given:
            errors.append({"field": name, "reason": "This field is required"})
    return errors


def _values(given: Mapping[str, Any]) -> Errors:
    told = ((name, check(given[name])) for name, check in _CHECKS.items() if given.get(name) is not None)
    return [{"field": name, "reason": reason} for name, reason in told if reason]


def _outside(value: Any, low: float, high: float) -> str:
    return "" if math.isfinite(value) and low <= value <= high else f"{low} to {high}"
