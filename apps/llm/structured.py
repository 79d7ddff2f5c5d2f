"""RULE: the JSON object in what a model wrote, and whether it fits. Models wrap JSON in fences and in words."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

DEEPEST = 64
LONGEST_REASON = 160
# How many opening braces are tried: a model's words before its JSON may contain some.
MOST_TRIES = 8
_FENCE = re.compile(r"```[A-Za-z0-9_-]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotFitting(ValueError):
    """There is no JSON object in it, or it does not fit. The words name the place, never the content."""


def object_in(text: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON object in `text`, checked against `schema` (JSON Schema, 2020-12) where one is given.

    Tried in turn: the whole text, what stands in code fences, and what begins at a brace. Raises NotFitting.
    """
    for found in _candidates(text):
        if isinstance(found, dict):
            _check_keepable(found)
            if schema is not None:
                _check(found, schema)
            return found
    raise NotFitting("holds no JSON object")


def without_fence(text: str) -> str:
    """The text inside, when all of it stands in one code fence."""
    inner = text.strip()
    if inner.startswith("```") and inner.endswith("```") and "\n" in inner:
        return inner.split("\n", 1)[1][:-3].strip()
    return inner


def _candidates(text: str) -> Any:
    whole = text.strip().removeprefix("\ufeff")
    for part in (whole, *(match.group(1) for match in _FENCE.finditer(whole))):
        try:
            yield json.loads(part, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            continue
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    start = whole.find("{")
    for _ in range(MOST_TRIES):
        if start < 0:
            return
        try:
            found, end = decoder.raw_decode(whole, start)
            yield found
        except (ValueError, RecursionError):
            end = start + 1
        start = whole.find("{", end)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _check_keepable(value: Any) -> None:
    """What PostgreSQL cannot store must not come so far."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, str) and ("\x00" in item or _SURROGATE.search(item)):
            raise NotFitting("holds text that is not valid Unicode")
        if isinstance(item, int) and not isinstance(item, bool) and abs(item) >= 10**300:
            raise NotFitting("holds an endless number")
        if isinstance(item, float) and item in (float("inf"), float("-inf")):
            raise NotFitting("holds an endless number")
        if isinstance(item, dict | list):
            if depth > DEEPEST:
                raise NotFitting(f"is nested deeper than {DEEPEST}")
            if isinstance(item, dict):
                waiting.extend((key, depth) for key in item)
            waiting.extend((one, depth + 1) for one in (item.values() if isinstance(item, dict) else item))


def _check(found: dict[str, Any], schema: dict[str, Any]) -> None:
    from jsonschema.exceptions import UnknownType, best_match
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(_validator(json.dumps(schema, sort_keys=True)).iter_errors(found))
    except (Unresolvable, UnknownType, RecursionError):
        raise NotFitting("was asked for with a schema that cannot be followed") from None
    if error is not None:
        # The message of the library repeats the value, which may be anything.
        place = ".".join(str(part) for part in error.absolute_path)[:LONGEST_REASON] or "the whole"
        raise NotFitting(f"does not fit the schema at {place}: {error.validator}")


@lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    return Draft202012Validator(json.loads(schema), registry=Registry())
