"""RULE: a payload as typed form fields, made from its JSON Schema, and the payload read back from a form.

What a person does not touch stays exactly as it was: a field whose text comes back unchanged keeps its original value.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

# What the names of a payload's inputs begin with.
PREFIX = "p"
LONG_TEXT = 80
NESTING = 2

Schema = Mapping[str, Any]
MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Field:
    """One input. `path` leads to the value in the payload; `widget` is text, long, number, check, choice, date, lines or
    json; `text` is what the input shows; `options` are the values of a choice; `value` is the original or MISSING."""

    path: tuple[str, ...]
    widget: str
    label: str
    text: str
    value: Any
    schema: Schema
    required: bool
    help: str = ""
    options: tuple[str, ...] = ()
    error: str = ""
    prefix: str = PREFIX

    @property
    def name(self) -> str:
        """The name of the input."""
        return "/".join((self.prefix, *self.path))

    @property
    def group(self) -> str:
        """The label of the object this field is nested in, "" at the top."""
        return _label(self.path[-2]) if len(self.path) > 1 else ""

    @property
    def checked(self) -> bool:
        return self.text == "true"

    @property
    def step(self) -> str:
        return "1" if _type_of(self.schema, self.value) == "integer" else "any"


def fields_of(payload: Any, schema: Schema | None) -> tuple[Field, ...]:
    """The inputs for a payload, in the order of its schema, then of the payload. Without a schema the values tell the types."""
    if not isinstance(payload, dict):
        return (Field((), "json", "Payload", _pretty(payload), payload, schema or {}, True),)
    return tuple(_object_fields(payload, schema or {}, ()))


def read_payload(
    fields: tuple[Field, ...], payload: Any, schema: Schema | None, sent: Callable[[str], str | None]
) -> tuple[Any, tuple[Field, ...]]:
    """The payload a form sends, and the fields as filled in, with their errors.

    sent: the text of an input by its name, None when it is absent (an unticked box, or a form without the editor).
    The payload is to be used only if no field has an error.
    """
    edited = json.loads(json.dumps(payload))
    seen = []
    for field in fields:
        value, text, error = _read(field, sent(field.name))
        seen.append(_with(field, text=text, error=error))
        if not error and value is not MISSING:
            edited = _put(edited, field.path, value)
    if is_edited(payload, edited) and not any(field.error for field in seen):
        seen = _check(seen, edited, schema or {})
    return edited, tuple(seen)


def is_edited(before: Any, after: Any) -> bool:
    """Whether two payloads differ as JSON (where true is not 1)."""
    return json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True)


def _object_fields(values: Mapping[str, Any], schema: Schema, above: tuple[str, ...]) -> Iterator[Field]:
    known = schema.get("properties")
    properties: Mapping[str, Any] = known if isinstance(known, dict) else {}
    required = schema.get("required")
    wanted = required if isinstance(required, list) else []
    names = [*properties, *(key for key in values if key not in properties)]
    opened = []
    # What is required stands first, in its order; what opens into fields of its own stands last.
    for name in sorted(names, key=lambda name: wanted.index(name) if name in wanted else len(wanted)):
        part = properties.get(name)
        inner: Schema = part if isinstance(part, dict) else {}
        value = values.get(name, MISSING)
        if _opens(inner, value) and len(above) + 1 < NESTING:
            opened.append((value if isinstance(value, dict) else {}, inner, (*above, name)))
        else:
            yield _field((*above, name), value, inner, name in wanted)
    for value, inner, path in opened:
        yield from _object_fields(value, inner, path)


def _opens(schema: Schema, value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) or bool(schema.get("properties"))
    return value is MISSING and bool(schema.get("properties"))


def _field(path: tuple[str, ...], value: Any, schema: Schema, required: bool) -> Field:
    widget = _widget(schema, value)
    options = tuple(_plain(option) for option in schema.get("enum", ())) if widget == "choice" else ()
    about = schema.get("description", "")
    return Field(
        path=path,
        widget=widget,
        label=str(schema.get("title") or _label(path[-1])),
        text=_text(widget, value),
        value=value,
        schema=schema,
        required=required,
        help=about if isinstance(about, str) else "",
        options=options,
    )


def _widget(schema: Schema, value: Any) -> str:
    if isinstance(schema.get("enum"), list):
        return "choice"
    kind = _type_of(schema, value)
    if kind == "string":
        return _text_widget(schema, value)
    if kind == "array":
        return "lines" if _is_lines(schema, value) else "json"
    return {"integer": "number", "number": "number", "boolean": "check"}.get(kind, "json")


def _text_widget(schema: Schema, value: Any) -> str:
    if schema.get("format") == "date" and (value in (MISSING, None, "") or _is_date(value)):
        return "date"
    text = value if isinstance(value, str) else ""
    return "long" if "\n" in text or "\r" in text or len(text) > LONG_TEXT else "text"


def _is_lines(schema: Schema, value: Any) -> bool:
    items = schema.get("items")
    of_strings = isinstance(items, dict) and items.get("type") == "string"
    if value in (MISSING, None):
        return of_strings
    if not isinstance(value, list) or not (value or of_strings):
        return False
    return all(isinstance(item, str) and item.strip() == item and item and "\n" not in item for item in value)


def _type_of(schema: Schema, value: Any) -> str:
    """The type the value has, else the one the schema names first."""
    if value is not MISSING and value is not None:
        return _type_of_value(value)
    named = schema.get("type")
    if isinstance(named, list):
        named = next((name for name in named if name != "null"), None)
    return named if isinstance(named, str) else "null"


def _type_of_value(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    names = {float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _text(widget: str, value: Any) -> str:
    if value is MISSING or (value is None and widget != "json"):
        return ""
    if widget == "lines":
        return "\n".join(value)
    return _pretty(value) if widget == "json" else _plain(value)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _pretty(value: Any) -> str:
    """JSON on one line if that is short, else over several."""
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) <= LONG_TEXT else json.dumps(value, ensure_ascii=False, indent=2)


def _label(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").strip().capitalize() or name


def _is_date(value: Any) -> bool:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _read(field: Field, sent: str | None) -> tuple[Any, str, str]:
    """(value or MISSING, text to show again, error)."""
    if field.widget == "check":
        sent = "true" if sent is not None else "false"
        if field.value is MISSING and sent == "false":
            return MISSING, sent, ""
    text = (field.text if sent is None else sent).replace("\r\n", "\n").replace("\r", "\n")
    if text == field.text.replace("\r\n", "\n").replace("\r", "\n"):
        return field.value, text, ""
    if not text.strip() and field.widget not in ("text", "long"):
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
    if field.widget == "number":
        return _number(field, text)
    if field.widget == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if field.widget == "json":
        return _json(text)
    if field.widget == "check":
        return text == "true"
    if field.widget == "choice":
        for option in field.schema["enum"]:
            if _plain(option) == text:
                return option
        raise ValueError("Choose one of the values offered")
    if field.widget == "date" and not _is_date(text):
        raise ValueError("A date, as 2026-12-31")
    return text


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


def _json(text: str) -> Any:
    def refuse(_: str) -> None:
        raise ValueError("not JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"This is not JSON: {error.msg}, line {error.lineno}") from None
    except ValueError:
        raise ValueError("This is not JSON: NaN and Infinity are not allowed") from None


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
            fields[at] = _with(fields[at], error=error.message[:200])
    return fields


def _with(field: Field, **changes: Any) -> Field:
    return replace(field, **changes)
