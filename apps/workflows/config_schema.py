"""RULE: the JSON Schema of a typed configuration, without references, as forms and programs read it."""

from collections.abc import Mapping
from typing import Any

import msgspec

_REF = "#/$defs/{name}"
_HIDDEN = ("title", "description")


def schema_of_struct(kind: type[msgspec.Struct], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema of a struct; each property of `defaults` carries its default, also inside of nested objects."""
    (top,), parts = msgspec.json.schema_components([kind], ref_template=_REF)
    plain: dict[str, Any] = _inlined(top, parts)
    return _with_defaults(plain, defaults) if defaults else plain


def _inlined(part: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_inlined(one, parts) for one in part]
    if not isinstance(part, dict):
        return part
    merged: dict[str, Any] = {}
    if reference := part.get("$ref"):
        # The name of a class says nothing to who fills in a form; the words at the field itself stand.
        there = parts[reference.rsplit("/", 1)[-1]]
        merged = {key: value for key, value in there.items() if key not in _HIDDEN}
    if len(whole := part.get("allOf", ())) == 1:
        merged |= _inlined(whole[0], parts)
    merged |= {key: value for key, value in part.items() if key not in ("$ref", "allOf")}
    return _one_type({key: value if key == "default" else _inlined(value, parts) for key, value in merged.items()})


def _one_type(part: dict[str, Any]) -> dict[str, Any]:
    """`anyOf` of something and null as one schema of two types, which forms can draw."""
    choices = part.get("anyOf")
    if not isinstance(choices, list) or len(choices) != 2 or {"type": "null"} not in choices:
        return part
    other = next(one for one in choices if one != {"type": "null"})
    if not isinstance(other.get("type"), str):
        return part
    rest = {key: value for key, value in part.items() if key != "anyOf"}
    return {**other, "type": [other["type"], "null"], **rest}


def _with_defaults(part: dict[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    properties = {}
    for name, inner in part.get("properties", {}).items():
        default = defaults.get(name)
        if isinstance(default, dict) and "properties" in inner:
            properties[name] = _with_defaults(inner, default)
        else:
            properties[name] = {**inner, "default": default}
    # Whatever is left out has its default, so nothing is required.
    rest = {key: value for key, value in part.items() if key not in ("required", "default")}
    return {**rest, "properties": properties}
