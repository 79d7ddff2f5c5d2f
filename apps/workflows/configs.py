"""RULE: the configuration of a pattern: read, checked, as JSON Schema and as the fields of a form.

What is left out has the default of the pattern, inside of objects too; what is kept is always whole, so that a default
that changes later changes no workflow that was set up before.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from apps.approvals.payload_fields import Field, fields_of
from apps.approvals.payload_reading import read_payload
from apps.core.errors import Invalid
from apps.workflows.config_schema import schema_of_struct
from apps.workflows.patterns.stages import GoalInput
from apps.workflows.plans import Pattern

MOST_CHARACTERS = 65_536
MOST_INPUT = 262_144
_PATH = re.compile(r"^(?P<reason>.*?)(?: - at `(?:key in )?\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_FIELD = re.compile(r"^Object (?P<how>missing required|contains unknown) field `(?P<field>[^`]+)`$")
_HOW = {"missing required": "This field is required", "contains unknown": "There is no such field"}


def decode(pattern: Pattern, given: Any, *, at: str = "config") -> msgspec.Struct:
    """The configuration, what is missing filled in from the defaults. given: an object of JSON values.

    at: what the fields of errors begin with. Raises Invalid naming the field by its dotted path.
    """
    if not isinstance(given, Mapping):
        raise Invalid(at, "Expected an object")
    check_json(given, at, MOST_CHARACTERS)
    whole = defaults(pattern)
    config: msgspec.Struct = _convert(_over(whole, given, whole), pattern.Config, at)
    if problem := pattern.problem_of(config):
        raise Invalid(f"{at}.{problem[0]}", problem[1])
    return config


def altered(pattern: Pattern, before: Mapping[str, Any], given: Any, *, at: str = "config") -> dict[str, Any]:
    """The whole configuration `before` with what is given in its place: objects field by field, all else whole.

    Raises Invalid as `decode`.
    """
    if not isinstance(given, Mapping):
        raise Invalid(at, "Expected an object")
    check_json(given, at, MOST_CHARACTERS)
    return encode(decode(pattern, _over(before, given, defaults(pattern)), at=at))


def encode(config: msgspec.Struct) -> dict[str, Any]:
    """The whole configuration as JSON values, to be kept and shown."""
    # By way of JSON, so that it equals what comes back from the database: lists, no tuples.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(config))
    return plain


def defaults(pattern: Pattern) -> dict[str, Any]:
    """What a pattern goes by where nothing is said."""
    return encode(pattern.Config())


def schema_of(pattern: Pattern) -> dict[str, Any]:
    """JSON Schema (2020-12) of the configuration, without references; every property has its default."""
    return schema_of_struct(pattern.Config, defaults(pattern))


def input_schema_of(pattern: Pattern) -> dict[str, Any]:
    """JSON Schema of what a run is started with."""
    return schema_of_struct(_input_of(pattern), {})


def check_input(pattern: Pattern, given: Any, *, at: str = "input") -> dict[str, Any]:
    """What a run of this pattern is started with, checked. Raises Invalid naming the field by its dotted path."""
    if not isinstance(given, Mapping):
        raise Invalid(at, "Expected an object")
    check_json(given, at, MOST_INPUT)
    wanted = _convert(given, _input_of(pattern), at)
    if not getattr(wanted, "goal", "goal").strip():
        raise Invalid(f"{at}.goal", "Say what is to be reached")
    return encode(wanted)


def form_fields(pattern: Pattern, config: Mapping[str, Any]) -> tuple[Field, ...]:
    """The inputs of the form that edits a configuration, as the queue's editor draws them (approvals/_editor.html)."""
    return fields_of(dict(config), schema_of(pattern))


def read_form(
    pattern: Pattern, config: Mapping[str, Any], sent: Callable[[str], str | None]
) -> tuple[dict[str, Any], tuple[Field, ...]]:
    """(the configuration a form sends, its fields); it may be used only where no field has an error.

    config: as it was when the form was drawn. sent: the text of an input by its name, None where it is absent.
    """
    edited, fields = read_payload(form_fields(pattern, config), dict(config), schema_of(pattern), sent)
    if any(field.error for field in fields):
        return edited, fields
    try:
        return encode(decode(pattern, edited, at="")), fields
    except Invalid as problem:
        return edited, _with_error(fields, problem.errors[0])


def check_json(value: Any, at: str, most: int) -> None:
    """Refuse what is larger than `most` characters of JSON, or what the database cannot hold. Raises Invalid."""
    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False)
        written.encode()
    except RecursionError:
        raise Invalid(at, "Nested too deep") from None
    except (TypeError, ValueError):
        raise Invalid(at, "Holds something that JSON cannot say, or a character that cannot be stored") from None
    if len(written) > most:
        raise Invalid(at, f"At most {most} characters of JSON; this has {len(written)}")
    # A null character is written as \u0000; one written out as text has its backslash doubled.
    if "\\u0000" in written.replace("\\\\", ""):
        raise Invalid(at, "The null character cannot be stored")


def _input_of(pattern: Pattern) -> type[msgspec.Struct]:
    return getattr(pattern, "Input", GoalInput)


def _over(under: Mapping[str, Any], given: Mapping[Any, Any], shape: Mapping[str, Any]) -> dict[Any, Any]:
    """`given` laid over `under`: what `shape` has as an object with fields, field by field; all else whole."""
    laid: dict[Any, Any] = dict(under)
    for key, value in given.items():
        below, inner = laid.get(key), shape.get(key)
        if isinstance(below, dict) and isinstance(inner, dict) and inner and isinstance(value, Mapping):
            laid[key] = _over(below, value, inner)
        else:
            laid[key] = value
    return laid


def _convert(value: Any, kind: type[msgspec.Struct], at: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _named(str(error), at) from None


def _named(message: str, at: str) -> Invalid:
    match = _PATH.match(message)
    reason, path = (match["reason"], match["path"] or "") if match else (message, "")
    if found := _FIELD.match(reason):
        path, reason = ".".join(filter(None, [path, found["field"]])), _HOW[found["how"]]
    return Invalid(".".join(filter(None, [at, path])), reason)


def _with_error(fields: tuple[Field, ...], problem: Mapping[str, str]) -> tuple[Field, ...]:
    """The problem at the field whose path it begins with, else at the first."""
    wanted = problem["field"].replace("[", ".").strip(".")
    place = next((n for n, one in enumerate(fields) if _names(wanted, ".".join(one.path))), 0)
    return tuple(replace(one, error=problem["reason"]) if n == place else one for n, one in enumerate(fields))


def _names(wanted: str, path: str) -> bool:
    return bool(path) and (wanted == path or wanted.startswith(f"{path}."))
