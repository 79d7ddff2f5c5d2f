"""RULE: one file, by its name and its content, into entries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import PurePosixPath

from apps.knowledge.formats.decoding import decode
from apps.knowledge.formats.entries import MOST_TEXT, MOST_TITLE, Entry, FileRead, Unreadable
from apps.knowledge.formats.html import read_html
from apps.knowledge.formats.markdown import is_parsed, read_markdown
from apps.knowledge.formats.plain import read_plain
from apps.knowledge.formats.snippets import read_snippets

_MARKDOWN, _HTML, _PLAIN, _TABLE = "markdown", "html", "text", "csv"
_KINDS = {
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".mdown": _MARKDOWN,
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".csv": _TABLE,
    ".tsv": _TABLE,
    ".txt": _PLAIN,
    ".text": _PLAIN,
    ".log": _PLAIN,
    "": _PLAIN,
}
SUFFIXES = tuple(suffix for suffix in _KINDS if suffix)
_LOOKS_HTML = re.compile(r"\A\s*(?:<!doctype html|<html|<\?xml[^>]*>\s*<!doctype html)", re.IGNORECASE)
_SINGLE: dict[str, Callable[[str], tuple[str, str]]] = {
    _MARKDOWN: read_markdown,
    _HTML: read_html,
    _PLAIN: read_plain,
}
_MOST_KEY = 180


def read_file(name: str, raw: bytes) -> FileRead:
    """What the file holds: snippets of a table (.csv, .tsv), else one document. Raises Unreadable."""
    suffix = PurePosixPath(name.lower()).suffix
    kind = _KINDS.get(suffix)
    if kind is None:
        raise Unreadable(f"Files of the kind {suffix} are not read: {', '.join(SUFFIXES)} are")
    if not raw.strip():
        raise Unreadable("The file is empty")
    text, note = decode(raw, is_html=kind == _HTML)
    if kind == _TABLE:
        found = read_snippets(text)
        return FileRead(found.entries, found.errors, (*((note,) if note else ()), *found.notes))
    if kind == _PLAIN and _LOOKS_HTML.match(text):
        kind = _HTML
    if kind == _MARKDOWN and not is_parsed(text):
        kind, note = _PLAIN, f"{note}. Too large to take the marks out: they stay".removeprefix(". ")
    title, plain = _SINGLE[kind](text)
    if not plain.strip():
        raise Unreadable("There is no text in it")
    if len(plain) > MOST_TEXT:
        raise Unreadable(f"It has {len(plain):,} characters of text; at most {MOST_TEXT:,} are read: split it")
    entry = Entry(file_key(name), title or title_of(name), plain)
    return FileRead((entry,), (), (note,) if note else ())


def file_key(name: str) -> str:
    """The key of a file's document: its name without a path, so that the same file read again replaces itself."""
    base = unicodedata.normalize("NFC", PurePosixPath(name.replace("\\", "/")).name)
    clean = "".join(char for char in base if char.isprintable() and not 0xD800 <= ord(char) <= 0xDFFF).strip()
    return clean[-_MOST_KEY:] or "file"


def title_of(name: str) -> str:
    """A title from the name of a file: "Returns and refunds" for returns-and_refunds.md."""
    stem = re.sub(r"[-_\s]+", " ", PurePosixPath(file_key(name)).stem).strip()
    return (stem[:1].upper() + stem[1:] or "Untitled")[:MOST_TITLE]
