"""RULE: one value that a text states, and the keys under which a source offers it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

Key = tuple[object, ...]


class Value(NamedTuple):
    """keys: any of them in a source supports it. also: further keys that a source offers. unit: a currency or kind."""

    kind: str
    start: int
    end: int
    keys: tuple[Key, ...]
    unit: str = ""
    low: bool = False  # the lower end of a range


def id_key(token: str) -> str:
    """An id without case, separators and number sign: ord1001 of #ORD-1001."""
    folded = token.casefold()
    return folded if folded.isalnum() else "".join(filter(str.isalnum, folded))


def offered(value: Value) -> Iterator[Key]:
    """All keys under which a source offers the value: a whole date is also a weekday, a day and a month.

    A week or another span of days is offered by its words alone: it says of none of its days that it is the one.
    """
    if len(value.keys) > 2 and value.keys[0][0] == "rel":
        yield value.keys[0]
        return
    for key in value.keys:
        yield key
        if key[0] == "d" and isinstance(key[1], date):
            yield from day_keys(key[1])
        elif key[0] == "md":
            yield ("m", key[1])
            yield ("dom", key[2])
        elif key[0] == "ym":
            yield ("m", key[2])
        elif key[0] == "t" and key[2] == 0:
            yield ("n", float(str(key[1])))
            yield ("n", float(int(str(key[1])) % 12 or 12))
        elif key[0] == "i" and str(key[1]).isdecimal():
            yield ("n", float(str(key[1])[:30]))


def day_keys(day: date) -> tuple[Key, ...]:
    return (
        ("md", day.month, day.day),
        ("wd", day.isoweekday()),
        ("ym", day.year, day.month),
        ("m", day.month),
        ("dom", day.day),
        ("y", day.year),
    )
