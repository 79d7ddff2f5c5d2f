"""RULE: a table of text by lines: any separator, quotes that are never closed, and which line each row begins on."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SEPARATORS = (",", ";", "\t", "|")
_SAID = re.compile(r"\Asep=(.)\n", re.IGNORECASE)
# Rows after which a quote that is never closed is no longer looked behind: each costs a walk to the end.
_MOST_WALKS = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One record. line, last: its first and last line, from 1. wrong: why it cannot be read; then cells are as far."""

    line: int
    last: int
    cells: tuple[str, ...]
    wrong: str = ""


def rows_of(text: str, *, width: int = 0, separator: str = "") -> Iterator[Row]:
    """The records of the table in order, empty lines left out.

    width: how many cells a row should have; one over several lines that has another number is taken for a quote left
    open: its first line is told as wrong and reading goes on below it. 0: not known.
    """
    lines = text.split("\n")
    at, walks = 0, 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        row = _record(lines, at, separator or ",")
        spans = row.last > row.line
        if spans and (row.wrong or (width and len(row.cells) != width)):
            walks += 1
            if walks > _MOST_WALKS:
                yield Row(row.line, len(lines), (), "Too many quotation marks are left open: not read from here on")
                return
            yield Row(row.line, row.line, (lines[at],), "A quotation mark is opened here and never closed")
            at += 1
            continue
        yield row
        at = row.last


def separator_of(text: str, header: Sequence[str] = ()) -> tuple[str, str]:
    """(the separator, the text without a "sep=" line). header: names that a header may have, in small letters."""
    if said := _SAID.match(text):
        return said[1], text[said.end() :]
    first = next((line for line in text.split("\n") if line.strip()), "")
    return max(SEPARATORS, key=lambda one: _fits(first, one, header)), text


def _fits(line: str, separator: str, header: Sequence[str]) -> tuple[int, int]:
    cells = _record([line], 0, separator).cells
    return sum(cell.strip().strip("\ufeff").lower() in header for cell in cells), len(cells)


def _record(lines: Sequence[str], at: int, separator: str) -> Row:
    taken = 0

    def feed() -> Iterator[str]:
        nonlocal taken
        for number in range(at, len(lines)):
            taken += 1
            yield lines[number] + "\n"

    try:
        cells = next(csv.reader(feed(), delimiter=separator, skipinitialspace=True))
    except csv.Error as error:
        return Row(at + 1, at + max(taken, 1), (lines[at],), f"Not a row of a table: {error}")
    except StopIteration:
        return Row(at + 1, at + 1, ())
    is_open = taken > 1 and at + taken == len(lines) and _is_open(lines[at : at + taken], separator)
    return Row(at + 1, at + taken, tuple(cells), "A quotation mark is never closed" if is_open else "")


def _is_open(lines: Sequence[str], separator: str) -> bool:
    """Whether the record ends within quotes: what a strict reader says of its end."""
    try:
        list(csv.reader((f"{line}\n" for line in lines), delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False
