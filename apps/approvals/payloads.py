"""RULE: one spelling of a payload, its hash, what may be stored as one, and what an edit changed in it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MAX_BYTES = 512 * 1024
MAX_DEPTH = 32
MAX_CHANGES = 200
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One value an edit changed: `path` like lines[0].amount; None for a value that was not there, or is gone."""

    path: str
    before: Any
    after: Any


def payload_hash(payload: Any) -> str:
    """SHA-256 (hex) of the canonical JSON: sorted keys, no spaces, UTF-8, numbers by value (1.0 is 1).

    Equal before and after a stay in the database, whose jsonb rewrites numbers. Raises ValueError for what is not
    JSON (NaN, infinity, lone surrogates) or cannot be stored (the null character), TypeError for other types.
    """
    return hashlib.sha256(canonical(payload)).hexdigest()


def canonical(payload: Any) -> bytes:
    text = json.dumps(
        _by_value(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_refuse
    )
    return text.encode()


def problem_of(payload: Any) -> str:
    """Why this cannot be a payload, in a sentence; "" when it can. A payload is an object of at most 512 KiB."""
    if not isinstance(payload, dict):
        return "A payload is an object"
    if _is_deeper(payload, MAX_DEPTH):
        return f"Nested deeper than {MAX_DEPTH} levels"
    try:
        written = canonical(payload)
    except (ValueError, TypeError, ArithmeticError):
        return "Holds something that JSON cannot say, such as NaN, or a character that cannot be stored"
    if len(written) > MAX_BYTES:
        return f"At most {MAX_BYTES} bytes; this has {len(written)}"
    return ""


def changes(before: Any, after: Any) -> list[Change]:
    """What differs, at most 200 values, in the order of the paths."""
    found: list[Change] = []
    for change in _differences("", before, after):
        found.append(change)
        if len(found) == MAX_CHANGES:
            break
    return found


def _differences(path: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            inner = f"{path}.{key}" if path else key
            yield from _differences(inner, before.get(key, _ABSENT), after.get(key, _ABSENT))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(f"{path}[{index}]", old, new)
    elif before is _ABSENT or after is _ABSENT or canonical(before) != canonical(after):
        yield Change(path, None if before is _ABSENT else before, None if after is _ABSENT else after)


def _by_value(value: Any) -> Any:
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("The null character cannot be stored")
    if isinstance(value, dict):
        return {_key(key): _by_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_by_value(item) for item in value]
    if isinstance(value, float):
        # The shortest spelling is what the database is told, so its exact value counts, not that of the binary.
        exact = Decimal(repr(value))
        return int(exact) if exact.is_finite() and exact == exact.to_integral_value() else value
    return value


def _key(key: Any) -> str:
    if not isinstance(key, str) or "\x00" in key:
        raise TypeError("The keys of a JSON object are strings, without the null character")
    return key


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} is not JSON")


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list | tuple):
        return False
    if levels == 0:
        return True
    return any(_is_deeper(item, levels - 1) for item in (value.values() if isinstance(value, dict) else value))
