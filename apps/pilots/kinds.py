"""RULE: what kinds of features there are, and what their variants may look like."""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}\Z")
VARIANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}\Z")
# Paths below /v1/features/ that are no feature.
RESERVED = frozenset({"stale"})
FEWEST_VARIANTS, MOST_VARIANTS = 2, 20
MOST_BYTES = 8 * 1024
# What JSON keeps exactly in every language.
LARGEST_NUMBER = 2**53


class Kind(StrEnum):
    BOOLEAN = "boolean"
    STRING = "string"
    NUMBER = "number"
    OBJECT = "object"


# The usual boolean feature.
ON_OFF: dict[str, Any] = {"on": True, "off": False}


def problem_of_key(key: str) -> str:
    """Why a key cannot be one; empty when it can."""
    if key in RESERVED:
        return "This word means something else in addresses"
    if KEY.match(key):
        return ""
    return "A letter first, then letters, digits, dots, dashes and underscores, at most 80 in all"


def problem_of_variants(kind: str, variants: Mapping[str, Any]) -> str:
    """Why these values by name cannot be the variants of a feature of this kind; empty when they can."""
    if not FEWEST_VARIANTS <= len(variants) <= MOST_VARIANTS:
        return f"From {FEWEST_VARIANTS} to {MOST_VARIANTS} variants"
    for name, value in variants.items():
        if not VARIANT.match(name):
            return f"{name[:40]!r} is no name of a variant: letters, digits, dots, dashes, underscores, at most 40"
        if not _fits(kind, value):
            return f"The value of {name} is no {kind}"
    if len(json.dumps(variants)) > MOST_BYTES:
        return f"All variants together take at most {MOST_BYTES // 1024} KB"
    return ""


def _fits(kind: str, value: Any) -> bool:
    if kind == Kind.BOOLEAN:
        return isinstance(value, bool)
    if kind == Kind.STRING:
        return isinstance(value, str) and "\0" not in value
    if kind == Kind.NUMBER:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and abs(value) <= LARGEST_NUMBER
    return isinstance(value, dict) and "\\u0000" not in json.dumps(value)
