"""RULE: a payload read back from the form it was shown in.

What a person does not touch stays exactly as it was: a field whose text comes back unchanged keeps its original value.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from apps.approvals.payload_fields import MISSING, Field, Schema, is_date, plain

Sent = Callable[[str], str | None]


def read_payload(
    fields: tuple[Field, ...], payload: Any, schema: Schema | None, sent: Sent
) -> tuple[Any, tuple[Field, ...]]:
    """The payload a form sends, and the fields as filled in, with their errors.

    sent: the text of an input by its name, None when it is absent (an unticked box, or a form without the editor).
    The payload is to be used only if no field has an error.
    """
    edited = json.loads(json.dumps(payload))
    seen = []
    for field in fields:
        value, text, error = _read(field, sent(field.name))
        seen.append(replace(field, text=text, error=error))
        if not error and value is not MISSING:
            edited = _put(edited, field.path, value)
    if is_edited(payload, edited) and not any(field.error for field in seen):
        seen = _check(seen, edited, schema or {})
    return edited, tuple(seen)


def is_edited(before: Any, after: Any) -> bool:
    """Whether two payloads differ as JSON (where true is not 1)."""
    return json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True)


def _read(field: Field, sent: str | None) -> tuple[Any, str, str]:
    """(value or MISSING, text to show again, error)."""
    if field.widget == "check":
        sent = "true" if sent is not None else "false"
        if field.value is MISSING and sent == "false":
            return MISSING, sent, ""
    text = (field.text if sent is None else sent).replace("\r\n", "\n").replace("\r", "\n")
    if text == field.text.replace("\r\n", "\n").replace("\r", "\n"):
        return field.value, text, ""
    if not text.strip() and field.widget not in ("text", "long") and text not in field.options:
        return _empty(field, text)
    try:
        return _value(field, text), text, ""
    except ValueError as error:
        return MISSING, text, str(error)


def _empty(field: Field, text: str) -> tuple[Any, str, str]:
    if field.widget == "lines":
        return [], text, ""
    if _may_be_null(field.schema):
        return None, text, ""
    return MISSING, text, "A value is needed here"


def _may_be_null(schema: Schema) -> bool:
    named = schema.get("type")
    return isinstance(named, list) and "null" in named


def _value(field: Field, text: str) -> Any:
    """The value a text stands for. Raises ValueError with the words for the person."""
    reader = _READERS.get(field.widget)
    return reader(field, text) if reader else text


def _choice(field: Field, text: str) -> Any:
    for option in field.schema["enum"]:
        if plain(option) == text:
            return option
    raise ValueError("Choose one of the values offered")


def _date(field: Field, text: str) -> str:
    if not is_date(text):
        raise ValueError("A date, as 2026-12-31")
    return text


def _lines(field: Field, text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _number(field: Field, text: str) -> int | float:
    clean = text.strip()
    if field.schema.get("type") == "integer":
        try:
            return int(clean)
        except ValueError:
            raise ValueError("A whole number") from None
    try:
        number = float(clean)
    except ValueError:
        raise ValueError("A number") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError("A number")
    return int(clean) if clean.lstrip("+-").isdigit() else number


def _json(field: Field, text: str) -> Any:
    def refuse(_: str) -> None:
        raise ValueError("not JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"This is not JSON: {error.msg}, line {error.lineno}") from None
    except (ValueError, RecursionError):
        raise ValueError("This is not JSON that can be kept: NaN, Infinity or nested too deeply") from None


_READERS: dict[str, Callable[[Field, str], Any]] = {
    "number": _number,
    "lines": _lines,
    "json": _json,
    "check": lambda field, text: text == "true",
    "choice": _choice,
    "date": _date,
}


def _put(payload: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    inner = payload
    for name in path[:-1]:
        if not isinstance(inner.get(name), dict):
            inner[name] = {}
        inner = inner[name]
    inner[path[-1]] = value
    return payload


def _check(fields: list[Field], payload: Any, schema: Schema) -> list[Field]:
    """Hold the edited payload against its schema; each error goes to the field it concerns, else to the first."""
    try:
        Draft202012Validator.check_schema(schema)
        # A registry of its own: what a schema points to outside of itself is never fetched.
        found = list(Draft202012Validator(schema, registry=Registry()).iter_errors(payload))
    except (SchemaError, Unresolvable, TypeError, RecursionError):
        return fields
    for error in found:
        where = tuple(str(part) for part in error.absolute_path)
        at = next((i for i, field in enumerate(fields) if field.path and where[: len(field.path)] == field.path), 0)
        if fields and not fields[at].error:
            fields[at] = replace(fields[at], error=error.message[:200])
    return fields
