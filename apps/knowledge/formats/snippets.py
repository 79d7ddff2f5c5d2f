"""RULE: a table of snippets: title, text, tags, intent, under whatever names and in whatever order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from apps.knowledge.formats.entries import (
    MOST_ROWS,
    MOST_SNIPPET,
    MOST_TAG,
    MOST_TAGS,
    MOST_TITLE,
    Entry,
    FileRead,
    RowError,
    Unreadable,
)
from apps.knowledge.formats.tables import Row, rows_of, separator_of

COLUMNS = ("title", "text", "tags", "intent")
# Letters only, accents taken off: "Snippet text" and "snippet_text" are one name.
_NAMES = {
    "title": "title name subject heading headline question shortcut summary snippettitle snippetname titel betreff"
    " titre sujet titulo asunto titolo",
    "text": "text body content reply answer message snippet template response snippettext replytext description"
    " antwort inhalt nachricht texte reponse texto respuesta testo risposta tekst",
    "tags": "tags tag labels label keywords keyword schlagworte etiquetas etiquettes",
    "intent": "intent intents category topic type kind kategorie categorie categoria",
}
_BY_NAME = {name: column for column, names in _NAMES.items() for name in names.split()}
_SPLIT_TAGS = re.compile(r"[,;|\n]")
_NOT_LETTERS = re.compile(r"[^a-z]+")
_EXCERPT = 80
_MOST_ERRORS = 1_000


def read_snippets(text: str) -> FileRead:
    """The snippets of a table. Without a header its columns are taken to be title, text, tags and intent, in this
    order; a table of one column is taken for texts alone. Raises Unreadable where there is no row at all."""
    separator, text = separator_of(text, [*_BY_NAME])
    first = next(rows_of(text, separator=separator), None)
    if first is None or not first.cells:
        raise Unreadable("The file is empty")
    columns, notes = _columns(first)
    has_header = not notes
    entries: list[Entry] = []
    errors: list[RowError] = []
    seen: dict[str, int] = {}
    for row in rows_of(text, width=len(columns), separator=separator):
        if has_header and row.line == first.line:
            continue
        if len(entries) >= MOST_ROWS or len(errors) >= _MOST_ERRORS:
            errors.append(RowError(row.line, _too_many(len(entries))))
            break
        found = _entry(row, columns, seen)
        if isinstance(found, Entry):
            entries.append(found)
        else:
            errors.append(found)
    if not entries and not errors:
        raise Unreadable("There is no row below the header")
    return FileRead(tuple(entries), tuple(errors), tuple(notes))


def _too_many(entries: int) -> str:
    what = f"{MOST_ROWS:,} rows" if entries >= MOST_ROWS else f"{_MOST_ERRORS:,} rows with errors"
    return f"At most {what} are read: not read from here on"


def _columns(first: Row) -> tuple[list[str], list[str]]:
    """(the column of each cell, "" for one that is not used; notes: none where the first row is a header)."""
    named = [_BY_NAME.get(_letters(cell), "") for cell in first.cells]
    named = [name if name not in named[:place] else "" for place, name in enumerate(named)]
    if "text" in named:
        return named, []
    if named.count("") < len(named) and len(named) > 1 and "title" in named:
        raise Unreadable(
            f"The header names {', '.join(repr(cell.strip()[:40]) for cell in first.cells)},"
            " but no column for the text: call it text, body, reply or answer"
        )
    if len(first.cells) == 1:
        return ["text"], ["No header: each row is taken for a text"]
    taken = [*COLUMNS[: len(first.cells)], *[""] * (len(first.cells) - len(COLUMNS))]
    return taken, [f"No header: the columns are taken for {', '.join(name for name in taken if name)}"]


def _letters(cell: str) -> str:
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKD", cell.lower()))


def _entry(row: Row, columns: Sequence[str], seen: dict[str, int]) -> Entry | RowError:
    excerpt = " ".join(" ".join(row.cells).split())[:_EXCERPT]
    if row.wrong:
        return RowError(row.line, row.wrong, excerpt)
    if any(cell.strip() for cell in row.cells[len(columns) :]):
        words = f"{len(row.cells)} cells where there are {len(columns)} columns: put a text with a separator in quotes"
        return RowError(row.line, words, excerpt)
    values = {name: cell.strip() for name, cell in zip(columns, row.cells, strict=False) if name}
    if wrong := _wrong(values):
        return RowError(row.line, wrong, excerpt)
    text = values["text"]
    title = " ".join((values.get("title") or _first_words(text)).split())
    key = key_of(title)
    seen[key] = seen.get(key, 0) + 1
    return Entry(
        key=key if seen[key] == 1 else f"{key}-{seen[key]}",
        title=title,
        text=text,
        line=row.line,
        tags=tags_of(values.get("tags", "")),
        intent=intent_of(values.get("intent", "")),
        is_snippet=True,
    )


def _wrong(values: Mapping[str, str]) -> str:
    """What is wrong with a row, "" for nothing."""
    text = values.get("text", "")
    if not text:
        return "There is no text"
    if len(text) > MOST_SNIPPET:
        return f"The text has {len(text):,} characters; at most {MOST_SNIPPET:,}"
    if len(values.get("title", "")) > MOST_TITLE:
        return f"The title has {len(values['title']):,} characters; at most {MOST_TITLE}"
    tags = tags_of(values.get("tags", ""))
    if len(tags) > MOST_TAGS or any(len(tag) > MOST_TAG for tag in tags):
        return f"At most {MOST_TAGS} tags of {MOST_TAG} characters each"
    if len(values.get("intent", "")) > MOST_TAG:
        return f"The intent has more than {MOST_TAG} characters"
    return ""


def key_of(title: str) -> str:
    """The key of the snippet of this title, whatever case and spaces it is written with."""
    folded = " ".join(title.casefold().split())
    words = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:50].strip("-")
    digest = blake2b(folded.encode("utf-8", "replace"), digest_size=5).hexdigest()
    return f"{words}-{digest}" if words else digest


def tags_of(text: str) -> tuple[str, ...]:
    """Tags apart by comma, semicolon, bar or line, each once."""
    found = (" ".join(part.split()).lower().lstrip("#") for part in _SPLIT_TAGS.split(text))
    return tuple(dict.fromkeys(tag for tag in found if tag))


def intent_of(text: str) -> str:
    """An intent as it is compared: order_status for "Order status"."""
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")


def _first_words(text: str) -> str:
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= 60 else f"{line[:60].rsplit(' ', 1)[0]} …"
