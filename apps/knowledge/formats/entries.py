"""RULE: what is read from a file: documents to keep, and what could not be read, by line."""

from __future__ import annotations

from dataclasses import dataclass

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 20_000
MOST_TITLE = 200
MOST_TEXT = 2_000_000
MOST_SNIPPET = 20_000
MOST_TAGS = 20
MOST_TAG = 40


class Unreadable(ValueError):
    """A file that cannot be read at all, with words for people."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One document to be. key: the same whenever the same thing is read again. line: where it begins, from 1."""

    key: str
    title: str
    text: str
    line: int = 1
    tags: tuple[str, ...] = ()
    intent: str = ""
    is_snippet: bool = False


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one line of a file. text: its beginning, so that it can be found and nothing is lost."""

    line: int
    words: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class FileRead:
    """What a file gave. notes: what the reader had to guess, for people."""

    entries: tuple[Entry, ...]
    errors: tuple[RowError, ...] = ()
    notes: tuple[str, ...] = ()
