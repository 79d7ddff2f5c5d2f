"""RULE: read a list of businesses that somebody pasted or uploaded: one a line, or CSV with a header."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

MOST_LINES = 10_000
MOST_BYTES = 2 * 1024 * 1024
MOST_NOTES = 500
SEPARATORS = (",", ";", "\t")
BUSINESS, NOTES = "business", "notes"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, or several where notes go over the end of one. number, last: the first and the last, from 1.

    named: a slug, an id or an exact name. wrong: why it cannot be used.
    """

    number: int
    last: int
    named: str
    notes: str = ""
    wrong: str = ""


def text_of(raw: bytes) -> str:
    """The text of an uploaded file. Raises ValueError, with words for people, for one that is no such text."""
    if len(raw) > MOST_BYTES:
        raise ValueError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(raw, "utf-16")
    if b"\0" in raw:
        raise ValueError("This is no text file. Save the sheet as CSV and choose that")
    return _decoded(raw, "utf-8-sig")


def read_list(text: str) -> list[Entry]:
    """The entries in order; blank lines and lines that begin with # are left out.

    With a header that has a column "business" (and perhaps "notes") it is CSV by comma, semicolon or tab; without one a
    line is a business, whatever signs are in it, in quotation marks or not. Raises ValueError, with words for people,
    where there is nothing to read or far too much.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if len(text.encode()) > MOST_BYTES:
        raise ValueError(f"That is more than {MOST_BYTES // 1024 // 1024} MB")
    lines = text.split("\n")
    used = [(number, line) for number, line in enumerate(lines, start=1) if _is_said(line)]
    if not used:
        raise ValueError("Paste at least one business, or choose a file")
    columns = _header(used[0][1])
    if columns:
        used = used[1:]
    if not used:
        raise ValueError("There is nothing below the header")
    if len(used) > MOST_LINES:
        raise ValueError(f"{len(used):,} lines: at most {MOST_LINES:,} at a time")
    return list(_rows(lines[used[0][0] - 1 :], used[0][0], *columns)) if columns else [_line(*one) for one in used]


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("The file is not in UTF-8. Save it as “CSV UTF-8” and choose that") from None
    if "\0" in text:
        raise ValueError("This is no text file. Save the sheet as CSV and choose that")
    return text


def _is_said(line: str) -> bool:
    return bool(line.strip(" \t;,")) and not line.lstrip().startswith("#")


def _header(line: str) -> tuple[str, int, int | None] | None:
    """(separator, column of the business, column of the notes), None where the line is no header."""
    for separator in SEPARATORS:
        names = [cell.strip().strip('"').casefold() for cell in line.split(separator)]
        if BUSINESS in names:
            return separator, names.index(BUSINESS), names.index(NOTES) if NOTES in names else None
    return None


def _line(number: int, line: str) -> Entry:
    named = line.strip()
    if len(named) > 1 and named[0] == named[-1] == '"':
        named = named[1:-1].replace('""', '"')
    return _checked(number, number, named, "")


def _rows(lines: list[str], first: int, separator: str, business: int, notes: int | None) -> Iterator[Entry]:
    reader = csv.reader(StringIO("\n".join(lines)), delimiter=separator, skipinitialspace=True, strict=True)
    begins = first
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            last = first + reader.line_num - 1
            yield Entry(begins, last, lines[begins - first][:80], wrong=_csv_words(str(error)))
        else:
            if _is_said(separator.join(row)):
                cell = row[business] if business < len(row) else ""
                told = row[notes] if notes is not None and notes < len(row) else ""
                yield _checked(begins, first + reader.line_num - 1, cell, told)
        begins = first + reader.line_num


def _csv_words(error: str) -> str:
    if "unexpected end" in error:
        return "A quotation mark is opened here and never closed: from here on nothing could be read"
    if "limit" in error:
        return "This line is far too long"
    return "The quotation marks of this line do not fit; write a quotation mark inside of quotation marks twice"


def _checked(number: int, last: int, named: str, notes: str) -> Entry:
    named, notes = " ".join(named.split()), notes.strip()
    wrong = ""
    if not named:
        wrong = "No business is named in this line"
    elif "\0" in named + notes:
        wrong = "There is a sign in it that is no text"
    elif len(notes) > MOST_NOTES:
        wrong = f"The notes are longer than {MOST_NOTES} characters"
    return Entry(number, last, named[:200], notes, wrong)
