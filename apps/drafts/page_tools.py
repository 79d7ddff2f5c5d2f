"""EDGE: the parameters of a tool, as the form that maps them to what is read in a mail shows and sends them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

# What the names of the inputs begin with.
PREFIX = "p:"


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    about: str
    needed: bool
    guess: str


# Names that tools commonly give to what a mail can fill.
GUESSES = {
    "order_number": ("order", "order_id", "order_number", "ordernumber", "order_no"),
    "tracking_number": ("tracking", "tracking_number", "tracking_id", "shipment", "parcel"),
    "sender": ("email", "customer", "customer_email", "sender", "address"),
    "date": ("date", "day", "on"),
}


def parameters_of(schema: Any) -> list[Parameter]:
    """schema: the JSON Schema of a tool's parameters."""
    known = schema.get("properties") if isinstance(schema, dict) else None
    required = schema.get("required") if isinstance(schema, dict) else None
    needed = required if isinstance(required, list) else []
    return [
        Parameter(str(name), _about(part), name in needed, _guess(str(name)))
        for name, part in (known.items() if isinstance(known, dict) else ())
    ]


def arguments_in(sent: Mapping[str, Any], tool_id: UUID) -> dict[str, str]:
    """{parameter: source} of a form that carries every tool's parameters; those that nothing fills are left out."""
    start = f"{PREFIX}{tool_id}:"
    return {name.removeprefix(start): str(value) for name, value in sent.items() if name.startswith(start) and value}


def _about(part: Any) -> str:
    words = part.get("description") if isinstance(part, dict) else ""
    return words[:200] if isinstance(words, str) else ""


def _guess(name: str) -> str:
    plain = name.lower().replace("-", "_")
    return next((source for source, names in GUESSES.items() if plain in names), "")
