"""RULE: what of a tool's answer may leave it, and what may be asked of it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator, SchemaError
from jsonschema.exceptions import UnknownType, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from apps.agents.kinds import ALL_FIELDS

MOST_ERRORS = 5
MOST_SCHEMA_BYTES = 64 * 1024
LONGEST_REASON = 200
_NOTHING: Any = object()


def keep(data: Any, paths: Sequence[str]) -> Any:
    """`data` with nothing but what `paths` name; None when none of them is there.

    A path such as order.items.price is followed through objects by key and through lists into each of their items; what
    it ends at is kept whole. Items of a list that have none of it become empty objects, so that positions stay true.
    "*" keeps everything.
    """
    if ALL_FIELDS in paths:
        return data
    kept = _keep(data, [path.split(".") for path in paths])
    return None if kept is _NOTHING else kept


def _keep(data: Any, paths: list[list[str]]) -> Any:
    if any(not path for path in paths):
        return data
    if isinstance(data, list):
        kept = [_keep(item, paths) for item in data]
        return [{} if item is _NOTHING else item for item in kept] if kept else _NOTHING
    if not isinstance(data, dict):
        return _NOTHING
    by_key: dict[str, list[list[str]]] = {}
    for first, *rest in paths:
        by_key.setdefault(first, []).append(rest)
    found = {key: _keep(data[key], rests) for key, rests in by_key.items() if key in data}
    found = {key: value for key, value in found.items() if value is not _NOTHING}
    return found or _NOTHING


def wrong_schema(schema: Any) -> str:
    """Why this is no JSON Schema of an object of arguments; "" when it is one."""
    if not isinstance(schema, dict):
        return "The schema must be an object"
    try:
        if len(msgspec.json.encode(schema)) > MOST_SCHEMA_BYTES:
            return f"The schema takes more than {MOST_SCHEMA_BYTES} bytes"
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"Not a JSON Schema: {error.message[:LONGEST_REASON]}"
    except RecursionError:
        return "The schema is nested too deeply"
    if schema.get("type", "object") != "object":
        return "The schema must be one of an object"
    if _refers_outside(schema):
        return "$ref may only point into the schema itself (#/...)"
    return ""


def wrong_arguments(schema: dict[str, Any], arguments: Any) -> list[dict[str, str]]:
    """What is wrong with `arguments`, as {field, reason}, the first few; empty when they may be sent."""
    if not isinstance(arguments, dict):
        return [{"field": "arguments", "reason": "Must be an object"}]
    try:
        errors = list(_validator(msgspec.json.encode(schema)).iter_errors(arguments))
    except (RecursionError, Unresolvable, UnknownType):
        return [{"field": "arguments", "reason": "The tool's schema refers to itself without end, or to nothing"}]
    found = sorted(errors, key=lambda error: [str(part) for part in error.path])
    return [{"field": _where(error), "reason": error.message[:LONGEST_REASON]} for error in found[:MOST_ERRORS]]


def _where(error: ValidationError) -> str:
    return ".".join(["arguments", *(str(part) for part in error.absolute_path)])


def _refers_outside(schema: Any) -> bool:
    """Whether something in it would be fetched from elsewhere."""
    waiting = [schema]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            reference = item.get("$ref") or item.get("$dynamicRef")
            if isinstance(reference, str) and not reference.startswith("#"):
                return True
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False


def _ignore(*_: Any) -> None:
    return None


def _additional(validator: Any, allowed: Any, instance: Any, schema: dict[str, Any]) -> Any:
    if "patternProperties" not in schema:
        yield from _PLAIN(validator, allowed, instance, schema) or ()


# References are never fetched (the registry is empty), and regular expressions not run, because some take for ever.
_PLAIN = Draft202012Validator.VALIDATORS["additionalProperties"]
_Validator = extend(
    Draft202012Validator,
    {"pattern": _ignore, "patternProperties": _ignore, "additionalProperties": _additional},
)


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Any:
    return _Validator(msgspec.json.decode(schema), registry=Registry())
