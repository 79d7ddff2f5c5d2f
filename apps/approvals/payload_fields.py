"""RULE: a payload as typed form fields, made from its JSON Schema, or from its values where the schema is silent."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

# What the names of a payload's inputs begin with.
PREFIX = "p"
LONG_TEXT = 80
NESTING = 2
# A payload of more values is edited as one piece of JSON.
MOST_FIELDS = 100

Schema = Mapping[str, Any]
MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Field:
    """One input.

    `path` leads to the value in the payload; `value` is the original or MISSING; `text` is what the input shows.
    `widget` is text, long, number, check, choice (of `options`), date, lines or json.
    """

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
        """The name of the input: the path, with its slashes told from those of a key."""
        return "/".join((self.prefix, *(part.replace("~", "~0").replace("/", "~1") for part in self.path)))

    @property
    def group(self) -> str:
        """The label of the object this field is nested in, "" at the top."""
        return _label(self.path[-2]) if len(self.path) > 1 else ""

    @property
    def has_value(self) -> bool:
        """Whether there is something to show; false and 0 are something."""
        return self.value is not MISSING and self.value not in (None, "", [], {})

    @property
    def checked(self) -> bool:
        return self.text == "true"

    @property
    def step(self) -> str:
        return "1" if type_of(self.schema, self.value) == "integer" else "any"


def fields_of(payload: Any, schema: Schema | None) -> tuple[Field, ...]:
    """The inputs for a payload: what is required first, then the other values, then what is nested one level."""
    found = list(_object_fields(payload, schema or {}, ())) if isinstance(payload, dict) else []
    if found and len(found) <= MOST_FIELDS:
        return tuple(found)
    return (Field((), "json", "Payload", _pretty(payload), payload, schema or {}, True),)


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
    options = tuple(plain(option) for option in schema.get("enum", ())) if widget == "choice" else ()
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
    kind = type_of(schema, value)
    if kind == "string":
        return _text_widget(schema, value)
    if kind == "array":
        return "lines" if _is_lines(schema, value) else "json"
    if kind == "boolean" and value is None:
        # A box has no third position.
        return "json"
    return {"integer": "number", "number": "number", "boolean": "check"}.get(kind, "json")


def _text_widget(schema: Schema, value: Any) -> str:
    if schema.get("format") == "date" and (value in (MISSING, None, "") or is_date(value)):
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
    return all(
        isinstance(item, str) and item and item.strip() == item and len(item.splitlines()) == 1 for item in value
    )


def type_of(schema: Schema, value: Any) -> str:
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
    return _pretty(value) if widget == "json" else plain(value)


def plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _pretty(value: Any) -> str:
    """JSON on one line if that is short, else over several."""
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) <= LONG_TEXT else json.dumps(value, ensure_ascii=False, indent=2)


def _label(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").strip().capitalize() or name


def is_date(value: Any) -> bool:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True
