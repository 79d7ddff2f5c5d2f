"""ACT: files into a collection, in the background: a file is kept until all that is in it is in the collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction

from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid, NotFound
from apps.core.later import later
from apps.knowledge import working
from apps.knowledge.formats.entries import MOST_BYTES, Entry, FileRead, RowError, Unreadable
from apps.knowledge.formats.reading import file_key, read_file
from apps.knowledge.indexing import Indexed, NewDocument, index_many
from apps.knowledge.models import Collection, FileImport
from apps.knowledge.working import Held

NOUN = "file_import"
WORK = "apps.knowledge.tasks.work_on_import"
PIECE = 16
MOST_ERRORS = 1_000


def import_file(*, business_id: UUID, collection: str, name: str, raw: bytes, actor: str) -> FileImport:
    """Take a file in; a worker reads it. Raises NotFound (no such collection), Invalid (too large, empty)."""
    check_size(name, len(raw))
    if not raw.strip():
        raise Invalid("file", f"{name}: the file is empty")
    place = Collection.objects.filter(business_id=business_id, key=collection).first()
    if place is None:
        raise NotFound(f"There is no collection {collection}")
    with transaction.atomic():
        work = FileImport.objects.create(
            business_id=business_id, collection=place, name=file_key(name), size=len(raw), content=raw,
            asked_by=actor[:120],
        )  # fmt: skip
        working.tell(work, f"{NOUN}.created", actor=actor, name=work.name, collection=place.key)
        later(WORK, str(work.pk))
    return work


def check_size(name: str, size: int) -> None:
    """size: in bytes. Raises Invalid where nobody need look into the file."""
    if size > MOST_BYTES:
        raise Invalid("file", f"{name}: more than {MOST_BYTES // 1024 // 1024} MB")


def work_on_import(import_id: UUID) -> bool:
    """Go on with an import for a turn; whether there is more to do. Safe to call at any time, twice too."""
    held = working.claim(FileImport, import_id, NOUN)
    if held is None:
        return False
    # Read once a turn, as the first of its pieces, so that whatever goes wrong in it is told there.
    read: list[FileRead] = []

    def piece(one: Held[FileImport]) -> bool:
        if not read:
            read.append(_read(one.work))
            _begin(one, read[0])
        return _piece(one, read[0])

    return working.work_on(held, piece)


def _read(work: FileImport) -> FileRead:
    try:
        return read_file(work.name, bytes(work.content or b""))
    except Unreadable as error:
        return FileRead((), (RowError(0, str(error)),))


def _begin(held: Held[FileImport], found: FileRead) -> None:
    work = held.work
    if work.total:
        return
    errors = [msgspec.to_builtins(error) for error in found.errors[:MOST_ERRORS]]
    work.total = len(found.entries) + len(found.errors)
    with acting_for(work.business_id):
        working.advance(held, failed=len(found.errors), total=work.total, errors=errors, notes=list(found.notes))
    work.errors = errors


def _piece(held: Held[FileImport], found: FileRead) -> bool:
    """Index the next entries. Those of a piece that a killed worker had indexed already are found to be the same."""
    work = held.work
    begin = work.done + work.failed - min(len(found.errors), work.failed)
    entries = found.entries[begin : begin + PIECE]
    if not entries:
        with acting_for(work.business_id):
            working.advance(held, content=None)
        return False
    with acting_for(work.business_id):
        place = Collection.objects.filter(pk=work.collection_id).first()
    if place is None:
        raise NotFound("Its collection was removed")
    outcomes = _indexed(work, place.key, entries)
    errors = [one for one in outcomes if isinstance(one, RowError)]
    counts = Counter(work.counts) + Counter(one.state for one in outcomes if isinstance(one, Indexed))
    listed = [*work.errors, *(msgspec.to_builtins(error) for error in errors)][:MOST_ERRORS]
    with acting_for(work.business_id):
        working.advance(held, done=len(entries) - len(errors), failed=len(errors), counts=dict(counts), errors=listed)
    work.counts, work.errors = dict(counts), listed
    return True


def _indexed(work: FileImport, collection: str, entries: Sequence[Entry]) -> list[Indexed | RowError]:
    """All at once; where one of them is refused, each alone, so that the others get in."""
    documents = [document_of(entry, work.name) for entry in entries]
    try:
        return [*index_many(business_id=work.business_id, collection=collection, documents=documents)]
    except Invalid as error:
        if len(entries) == 1:
            return [RowError(entries[0].line, error.detail[:200], entries[0].title[:80])]
    return [one for entry in entries for one in _indexed(work, collection, [entry])]


def document_of(entry: Entry, source: str) -> NewDocument:
    """What is indexed of an entry: a snippet is one passage with its title, tags and intent."""
    meta: dict[str, Any] = {}
    if entry.tags:
        meta["tags"] = list(entry.tags)
    if entry.intent:
        meta["intent"] = entry.intent
    return NewDocument(entry.key, entry.title, entry.text, None, entry.is_snippet, meta, source)


def cancel_import(*, business_id: UUID, import_id: UUID, actor: str) -> FileImport:
    """Read no more of it; what is in the collection stays. Raises NotFound, StaleState."""
    return working.cancel(FileImport, business_id=business_id, pk=import_id, noun=NOUN, actor=actor)


def resume_import(*, business_id: UUID, import_id: UUID, actor: str) -> FileImport:
    """Go on where it was cancelled or failed. Raises NotFound, StaleState."""
    with transaction.atomic():
        work = working.resume(FileImport, business_id=business_id, pk=import_id, noun=NOUN, actor=actor)
        later(WORK, str(import_id))
    return work
