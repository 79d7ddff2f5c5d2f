"""RULE: what a tool said, as a person would write it: sentences for an order and its parcel, lines for the rest.

Values stand as the tool gave them; only a day is written out. What is not understood stays a line "- Label: value".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

MOST_FIELDS = 12
MOST_VALUE = 160
DEEPEST = 3
_MOST_NAMED = 5

_ORDER = ("order_id", "order_number", "order_no", "order")
_PLACED = ("placed_on", "ordered_on", "order_date", "ordered_at", "placed_at")
_TOTAL = ("total", "amount", "total_amount", "grand_total")
_ITEMS = ("items", "lines", "articles", "products")
_NAME = ("article", "name", "title", "product", "description")
_COUNT = ("quantity", "qty", "count")
_PARCEL = ("parcel", "shipment", "delivery", "tracking")
_TRACKED = ("tracking_number", "tracking_no", "tracking_id", "tracking")
_CARRIER = ("carrier", "courier")
_EXPECTED = ("expected_on", "eta", "delivery_date", "expected_delivery", "due_on", "expected_at")
_DELIVERED = ("delivered_on", "delivered_at", "delivery_on")
_DONE = frozenset(
    [
        "paid",
        "packed",
        "shipped",
        "dispatched",
        "delivered",
        "cancelled",
        "canceled",
        "refunded",
        "returned",
        "received",
    ]
)
_GOING = re.compile(r"(?:in|on|out|at|under|awaiting|being|ready|waiting|with)\b[a-z ]{0,40}$")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T\S{0,40})?$")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class _Record:
    """A tool's result whose fields are taken out as they are told."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.left = dict(data)

    def text(self, names: Sequence[str]) -> str:
        """The first of these fields that holds a short plain value, taken out; "" where none does."""
        for name in names:
            value = self.left.get(name)
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                said = " ".join(str(value).split())
                if said and len(said) <= MOST_VALUE:
                    del self.left[name]
                    return said
        return ""

    def items(self) -> str:
        """ "2 × Oak table and 1 × Lamp", or "" where the list holds more than names and counts, or is long."""
        for name in _ITEMS:
            rows = self.left.get(name)
            if isinstance(rows, list) and 0 < len(rows) <= _MOST_NAMED:
                named = [_item(one) for one in rows]
                if all(named):
                    del self.left[name]
                    return _and(named)
        return ""

    def parcel(self) -> "_Record | None":
        """The record of the parcel inside, taken out."""
        for name in _PARCEL:
            if isinstance(self.left.get(name), Mapping):
                return _Record(self.left.pop(name))
        return None


def told(data: Any) -> list[str]:
    """Paragraphs that tell a tool's result; none for a result without a value."""
    record = _Record(_unwrapped(data)) if isinstance(data, Mapping) else None
    sentences = list(_sentences(record)) if record else []
    lines = _lines(record.left if record and sentences else data)
    if not sentences:
        return ["This is what we have on record:\n" + "\n".join(lines)] if lines else []
    return [" ".join(sentences), *(["\n".join(lines)] if lines else [])]


def _unwrapped(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The order itself, where a result is nothing but {"order": {...}}, under the names by which orders are told."""
    inner = data.get("order")
    if len(data) > 1 or not isinstance(inner, Mapping):
        return data
    key = next((name for name in ("number", "id", "reference", "code") if name in inner), "")
    return {"order_id" if name == key else name: value for name, value in inner.items()}


def labelled(data: Any) -> list[str]:
    """The result as lines only, for a mail in a language in which there are no sentences."""
    return ["\n".join(lines)] if (lines := _lines(data)) else []


def _sentences(record: _Record) -> Iterator[str]:
    if any(name in record.left for name in _TRACKED) and not any(name in record.left for name in _ITEMS):
        yield from _of_parcel(record)
        return
    order = record.text(_ORDER)
    if not order:
        return
    status = record.text(("status", "state"))
    yield f"{_stands(f'Your order {order}', status)}." if status else f"We have found your order {order}."
    placed, items, total = record.text(_PLACED), record.items(), record.text(_TOTAL)
    parts = [f"was placed on {_day(placed)}"] if placed else []
    parts += [f"is for {items}"] if items else []
    parts += [f"comes to {total}"] if total else []
    if parts:
        yield f"It {_and(parts)}."
    if parcel := record.parcel():
        yield from _of_parcel(parcel)
        record.left |= {f"parcel {name}": value for name, value in parcel.left.items()}


def _of_parcel(record: _Record) -> Iterator[str]:
    number, carrier = record.text(_TRACKED), record.text(_CARRIER)
    status, expected, order = record.text(("status", "state")), record.text(_EXPECTED), record.text(_ORDER)
    arrived = record.text(_DELIVERED)
    subject = "The parcel" + (f" with your order {order}" if order else "")
    if status:
        yield f"{_stands(subject, status)}{_beside(carrier, number)}."
    elif carrier or number:
        yield f"{subject} goes by the tracking number {number}." if number else f"{subject} travels with {carrier}."
    if arrived:
        yield f"It was delivered on {_day(arrived)}."
    elif expected and status.lower() != "delivered":
        yield f"It is expected on {_day(expected)}."


def _beside(carrier: str, number: str) -> str:
    parts = [part for part in (carrier and f"carrier {carrier}", number and f"tracking number {number}") if part]
    return f" ({', '.join(parts)})" if parts else ""


def _stands(subject: str, status: str) -> str:
    plain = status.replace("_", " ").lower()
    if plain in _DONE:
        return f"{subject} has been {plain}"
    return f"{subject} is {plain}" if _GOING.match(plain) else f"{subject} has the status “{status}”"


def _item(row: Any) -> str:
    if isinstance(row, str):
        return " ".join(row.split())[:MOST_VALUE]
    if not isinstance(row, Mapping):
        return ""
    record = _Record(row)
    name, count = record.text(_NAME), record.text(_COUNT)
    if record.left or not name:
        return ""
    return f"{count} × {name}" if count and count != "1" else name


def _day(value: str) -> str:
    found = _DAY.match(value)
    if not found:
        return value
    year, month, day = (int(part) for part in found.groups())
    try:
        date(year, month, day)
    except ValueError:
        return value
    return f"{day} {_MONTHS[month - 1]} {year}"


def _and(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _lines(data: Any) -> list[str]:
    return [f"- {label[:1].upper()}{label[1:]}: {value}" for label, value in islice(_fields(data, "", 0), MOST_FIELDS)]


def _fields(data: Any, label: str, depth: int) -> Iterator[tuple[str, str]]:
    """(label, value) of everything in a result that has a value, down to DEEPEST."""
    if isinstance(data, bool):
        yield label, "yes" if data else "no"
    elif isinstance(data, str | int | float):
        if text := " ".join(str(data)[: MOST_VALUE * 4].split()):
            yield label, text[:MOST_VALUE]
    elif isinstance(data, Mapping) and depth <= DEEPEST:
        for key, value in data.items():
            yield from _fields(value, f"{label} {_words(key)}".strip(), depth + 1)
    elif isinstance(data, list | tuple) and depth <= DEEPEST:
        yield from _listed(data, label, depth)


def _listed(data: Sequence[Any], label: str, depth: int) -> Iterator[tuple[str, str]]:
    """A list of plain values on one line, of records a line each."""
    if all(isinstance(one, str | int | float) for one in data):
        if text := ", ".join(str(one) for one in data[:MOST_VALUE]):
            yield label, text[:MOST_VALUE]
        return
    for number, value in enumerate(data[:MOST_FIELDS], 1):
        if text := ", ".join(f"{name}: {said}" if name else said for name, said in _fields(value, "", depth + 1)):
            yield f"{label} {number}".strip() if len(data) > 1 else label, text[:MOST_VALUE]


def _words(key: Any) -> str:
    return str(key).replace("_", " ").replace("-", " ")[:60].lower()
