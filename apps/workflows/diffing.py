"""RULE: what differs between two configurations, value by value."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_NONE = object()


@dataclass(frozen=True, slots=True)
class Change:
    """path: dotted. before, after: as JSON, a string without quotes; "" on the side that has no such value."""

    path: str
    before: str
    after: str


def changes_between(before: Any, after: Any) -> list[Change]:
    """Every value that differs, in the order of the newer configuration; true is not 1."""
    old, new = dict(_values(before, "")), dict(_values(after, ""))
    paths = [*new, *(path for path in old if path not in new)]
    pairs = ((path, old.get(path, _NONE), new.get(path, _NONE)) for path in paths)
    return [Change(path, _told(was), _told(now)) for path, was, now in pairs if _json(was) != _json(now)]


def _values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Objects are opened; a list is one value."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _values(inner, f"{path}.{name}" if path else name)
    else:
        yield path, value


def _told(value: Any) -> str:
    if value is _NONE:
        return ""
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json(value: Any) -> str:
    return "" if value is _NONE else json.dumps(value, sort_keys=True)
