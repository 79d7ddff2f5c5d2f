"""RULE: the passages a document is searched by: what of each is embedded, what is indexed as words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b, sha256
from typing import Any

from apps.knowledge.chunking import Counter, cut

LONGEST_TEXT = 2_000_000  # characters
LONGEST_SEARCHABLE = 20_000  # characters of a passage that are looked at


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document as it is given. searchable: what is searched instead of the text; whole: as one passage."""

    key: str
    title: str
    text: str
    searchable: str | None = None
    whole: bool = False
    meta: Mapping[str, Any] | None = None
    source: str = ""
    expires_at: datetime | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewPassage:
    """start, end: characters of the document's text. embedded: what the model reads; digest: BLAKE2 of it, hex."""

    position: int
    start: int
    end: int
    heading: str
    tokens: int
    text: str
    searchable: str
    embedded: str
    digest: str


def clean(text: str) -> str:
    """As PostgreSQL takes it: no null bytes, no lone surrogates."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def content_hash(document: NewDocument) -> str:
    """SHA-256 of what it says, hex; two documents of one hash are the same for readers and for the search."""
    parts = (document.title, document.text, document.searchable or "")
    return sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()


def passages_of(document: NewDocument, count: Counter) -> list[NewPassage]:
    """In order; none where there is nothing to search."""
    searched = document.searchable if document.searchable is not None else document.text
    if not searched.strip() and not document.title.strip():
        return []
    if document.whole or document.searchable is not None:
        embedded = searched if document.searchable else _joined(document.title, "", document.text)
        embedded = embedded[:LONGEST_SEARCHABLE]
        tokens = count([embedded])[0]
        return [_passage(0, 0, len(document.text), "", tokens, document, document.searchable or "", embedded)]
    pieces = cut(document.text, count)
    return [
        _passage(
            place, piece.start, piece.end, piece.heading, piece.tokens, document, "",
            _joined(document.title, piece.heading, document.text[piece.start : piece.end]),
        )
        for place, piece in enumerate(pieces)
    ]  # fmt: skip


def _passage(
    position: int,
    start: int,
    end: int,
    heading: str,
    tokens: int,
    document: NewDocument,
    searchable: str,
    embedded: str,
) -> NewPassage:
    digest = blake2b(embedded.encode(), digest_size=16).hexdigest()
    return NewPassage(
        position, start, end, heading, tokens, document.text[start:end], searchable, embedded, digest
    )  # fmt: skip


def embedded_text(title: str, heading: str, text: str, searchable: str) -> str:
    """What was embedded of a stored passage."""
    return (searchable or _joined(title, heading, text))[:LONGEST_SEARCHABLE]


def _joined(title: str, heading: str, text: str) -> str:
    return "\n".join(part for part in (title, heading, text) if part.strip())
