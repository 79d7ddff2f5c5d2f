"""Lines of a file, whatever its format: JSONL, JSON, CSV, TSV; also packed by gzip."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apps.knowledge.evaluation.fields import Line, lines_of
from apps.knowledge.evaluation.shapes import Unreadable

LONGEST_FIELD = 10_000_000  # characters of a CSV


def kind_of(path: Path) -> str:
    """Its ending, without that of packing: ".jsonl"."""
    return Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def text_of(path: Path) -> str:
    """Raises Unreadable for what is not UTF-8, OSError."""
    data = path.read_bytes()
    try:
        if path.suffix.lower() == ".gz":
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable(f"{path.name}, line {line}: this is not UTF-8.") from None
    except (EOFError, gzip.BadGzipFile) as error:
        raise Unreadable(f"{path.name}: {error}") from None


def lines(path: Path) -> Iterator[Line]:
    """The objects of a JSONL, the rows of a CSV or TSV by the names of their columns. Raises Unreadable, OSError."""
    if kind_of(path) in (".csv", ".tsv"):
        yield from _table(path)
        return
    if kind_of(path) == ".json":
        yield from lines_of(path.name, whole(path))
        return
    for number, line in enumerate(text_of(path).split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path.name}, line {number}"
        try:
            value = json.loads(line)
        except ValueError as error:
            raise Unreadable(f"{place}: this is not JSON ({error}).") from None
        if not isinstance(value, dict):
            raise Unreadable(f"{place}: an object is expected.")
        yield Line(place, value)


def whole(path: Path) -> object:
    """A JSON file. Raises Unreadable."""
    try:
        return json.loads(text_of(path))
    except ValueError as error:
        raise Unreadable(f"{path.name}: this is not JSON ({error}).") from None


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number of the line, fields) of a table; by commas in a .csv, else by tabs, else by spaces."""
    text = text_of(path)
    if kind_of(path) == ".csv":
        reader = csv.reader(io.StringIO(text, newline=""))
        with _long_fields(path, reader):
            for row in reader:
                if any(row):
                    yield reader.line_num, row
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, [one.strip() for one in line.split("\t")] if "\t" in line else line.split()


def _table(path: Path) -> Iterator[Line]:
    mark = "\t" if kind_of(path) == ".tsv" else ","
    reader = csv.DictReader(io.StringIO(text_of(path), newline=""), delimiter=mark)
    with _long_fields(path, reader):
        for row in reader:
            place = f"{path.name}, line {reader.line_num}"
            if None in row:
                raise Unreadable(f"{place}: more fields than names in the first line.")
            fields = {name.strip().lower(): value for name, value in row.items() if name and value}
            if fields:
                yield Line(place, fields)


@contextmanager
def _long_fields(path: Path, reader: Any) -> Iterator[None]:
    """The limit of a field's length is the whole process's, so it is put back. Raises Unreadable."""
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    except csv.Error as error:
        raise Unreadable(f"{path.name}, line {reader.line_num}: {error}") from None
    finally:
        csv.field_size_limit(before)
