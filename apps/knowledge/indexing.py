"""ACT: keep documents so that they are found: cut, embedded, indexed; the same again is no work.

Texts are embedded before the transaction, which then replaces all that is kept of a document at once: no search sees
half of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.core.errors import Invalid, NotFound
from apps.knowledge.embedders import count_tokens, installed_model
from apps.knowledge.languages import ENGLISH, language_of
from apps.knowledge.models import Collection, Document, EmbeddingModel, Library
from apps.knowledge.models.catalogue import KINDS
from apps.knowledge.passages import LONGEST_TEXT, NewDocument, NewPassage, clean, content_hash, passages_of
from apps.knowledge.shelves import delete_passages, vectors_by_digest, write_passages, write_vectors
from apps.knowledge.standing import forget_standings
from apps.knowledge.vectors import vectors_of

__all__ = ["Indexed", "NewDocument", "ensure_collection", "index_document", "index_many"]

LONGEST_KEY = 250


@dataclass(frozen=True, slots=True)
class Indexed:
    """state: "indexed"; "same" (it was there, word for word); "duplicate" (another says the same: that one)."""

    document_id: UUID
    chunks: int
    state: str


@dataclass(frozen=True, slots=True)
class _Ready:
    """A document with its passages, and what the model makes of each; vectors is None for what is there already."""

    given: NewDocument
    hash: str
    language: str
    passages: list[NewPassage]
    vectors: list[Any] | None


def ensure_collection(*, business_id: UUID, key: str, name: str = "", kind: str = "documents") -> Collection:
    """The collection of this key, made when it is new. kind: replies, snippets, documents or precedents."""
    if kind not in dict(KINDS):
        raise Invalid("kind", f"one of {', '.join(dict(KINDS))}")
    library_of(business_id)
    found, made = Collection.objects.get_or_create(
        business_id=business_id, key=key, defaults={"name": name or key.replace("-", " ").capitalize(), "kind": kind}
    )
    if made:
        forget_standings()
    return found


def library_of(business_id: UUID) -> Library:
    """The row that says where a business's chunks lie, made when it is new."""
    found = Library.objects.filter(business_id=business_id).first()
    if found is None:
        found, _ = Library.objects.get_or_create(business_id=business_id, defaults={"model": installed_model()})
        forget_standings()
    return found


def index_document(
    *,
    business_id: UUID,
    collection: str,
    key: str,
    title: str,
    text: str,
    searchable: str | None = None,
    whole: bool = False,
    meta: Mapping[str, Any] | None = None,
    source: str = "",
    expires_at: datetime | None = None,
    created_at: datetime | None = None,
    dedupe: bool = False,
) -> Indexed:
    """Keep one document in the collection of this key; one of the same key is replaced.

    searchable: what is searched instead of the text (whose title is then not searched either). whole: one passage.
    meta: JSON; text of up to 80 characters, whole numbers and booleans in it can be filtered by. created_at: its own
    date. dedupe: a document that says the same as another of the collection is not kept. Raises Invalid, NotFound (no
    such collection), EmbeddingFailed; nothing is changed then.
    """
    document = NewDocument(key, title, text, searchable, whole, meta, source, expires_at, created_at)
    return index_many(business_id=business_id, collection=collection, documents=[document], dedupe=dedupe)[0]


def index_many(
    *, business_id: UUID, collection: str, documents: Sequence[NewDocument], dedupe: bool = False
) -> list[Indexed]:
    """As `index_document`, for some at once: one call of the embedder, one transaction; in their order."""
    library = library_of(business_id)
    place = Collection.objects.filter(business_id=business_id, key=collection).first()
    if place is None:
        raise NotFound(f"There is no collection {collection}.")
    model = EmbeddingModel.objects.get(pk=library.model_id)
    cleaned = [_checked(document) for document in documents]
    ready = _prepared(library, place, model, cleaned, dedupe)
    with transaction.atomic():
        library = locked_library(business_id)
        if library.model_id != model.pk:
            model = EmbeddingModel.objects.get(pk=library.model_id)
            ready = _prepared(library, place, model, cleaned, dedupe)
        _note_languages(library, {one.language for one in ready})
        # In order of their keys, so that two who write the same ones do not wait for each other in a ring.
        order = sorted(range(len(ready)), key=lambda number: ready[number].given.key)
        written = {number: _write(library, place, model, ready[number], dedupe) for number in order}
    return [written[number] for number in range(len(ready))]


def locked_library(business_id: UUID, *, alone: bool = False) -> Library:
    """The library's row, which stays as it is until the transaction ends; alone: nobody else writes meanwhile."""
    strength = "FOR UPDATE" if alone else "FOR KEY SHARE"
    rows = Library.objects.raw(f"SELECT * FROM knowledge_library WHERE business_id = %s {strength}", [business_id])
    return rows[0]


def _checked(document: NewDocument) -> NewDocument:
    key = clean(document.key).strip()
    if not key or len(key) > LONGEST_KEY:
        raise Invalid("key", f"1 to {LONGEST_KEY} characters")
    if len(document.text) > LONGEST_TEXT or len(document.searchable or "") > LONGEST_TEXT:
        raise Invalid("text", f"at most {LONGEST_TEXT:,} characters")
    searchable = None if document.searchable is None else clean(document.searchable)
    return replace(
        document, key=key, title=clean(document.title).strip()[:300], text=clean(document.text), searchable=searchable,
        meta=dict(document.meta or {}), source=clean(document.source)[:250],
    )  # fmt: skip


def _prepared(
    library: Library, place: Collection, model: EmbeddingModel, documents: Sequence[NewDocument], dedupe: bool
) -> list[_Ready]:
    """Cut what is new or changed, and embed all its passages at once; those that are there keep their vectors."""
    hashes = [content_hash(document) for document in documents]
    there = {
        row.key: row
        for row in Document.objects.filter(collection=place, key__in=[one.key for one in documents]).defer(
            "text", "searchable"
        )
    }
    twins = (
        set(Document.objects.filter(collection=place, content_hash__in=hashes).values_list("content_hash", flat=True))
        if dedupe
        else set()
    )
    ready, wanted = [], []
    for document, digest in zip(documents, hashes, strict=True):
        old = there.get(document.key)
        language = language_of(f"{document.title} {document.searchable or document.text}")
        if (old and _same(old, document, digest)) or (not old and digest in twins):
            ready.append(_Ready(document, digest, language, [], None))
            continue
        passages = passages_of(document, count_tokens)
        known: Mapping[str, Any] = vectors_by_digest(library, old.pk, model.pk) if old else {}
        vectors: list[Any] = [known.get(passage.digest) for passage in passages]
        wanted += [(vectors, number, passages[number].embedded) for number, one in enumerate(vectors) if one is None]
        ready.append(_Ready(document, digest, language, passages, vectors))
    # Not kept there as well: the index itself keeps them.
    rows = vectors_of(
        business_id=library.business_id, model=model, texts=[text for _, _, text in wanted], remember=False
    ).rows
    for (vectors, number, _), row in zip(wanted, rows, strict=True):
        vectors[number] = row
    return ready


def _same(row: Document, document: NewDocument, digest: str) -> bool:
    return (
        row.content_hash == digest and row.meta == document.meta and row.whole == document.whole
        and (document.created_at is None or row.created_at == document.created_at)
    )  # fmt: skip


def _write(library: Library, place: Collection, model: EmbeddingModel, ready: _Ready, dedupe: bool) -> Indexed:
    given, now = ready.given, timezone.now()
    if dedupe:
        twin = (
            Document.objects.filter(collection=place, content_hash=ready.hash)
            .exclude(key=given.key)
            .defer("text")
            .first()
        )
        if twin:
            return Indexed(twin.pk, twin.chunks_count, "duplicate")
    row = _locked(place, given.key)
    if row and _same(row, given, ready.hash):
        Document.objects.filter(pk=row.pk).update(source=given.source, expires_at=given.expires_at)
        return Indexed(row.pk, row.chunks_count, "same")
    if ready.vectors is None:
        # What it equalled a moment ago has just been changed or removed.
        ready = _prepared(library, place, model, [given], False)[0]
    fields = {
        "title": given.title, "text": given.text, "searchable": given.searchable or "", "whole": given.whole,
        "meta": given.meta, "source": given.source, "language": ready.language, "content_hash": ready.hash,
        "chunks_count": len(ready.passages), "expires_at": given.expires_at, "indexed_at": now,
        "created_at": given.created_at or (row.created_at if row else now),
    }  # fmt: skip
    if row:
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
        delete_passages(library, [row.pk])
    else:
        row = Document.objects.create(business_id=library.business_id, collection=place, key=given.key, **fields)
    ids = write_passages(library, row, ready.passages)
    write_vectors(library, model.pk, [(one, place.pk) for one in ids], ready.vectors or [])
    return Indexed(row.pk, len(ids), "indexed")


def _locked(place: Collection, key: str) -> Document | None:
    """The row, if there is one, so that of two who write the same key the second waits for the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"document {place.pk} {key}"])
    return Document.objects.select_for_update(no_key=True).filter(collection=place, key=key).first()


def _note_languages(library: Library, languages: set[str]) -> None:
    """Add those that are new; not while somebody else does, for the count of terms finds them as well."""
    new = sorted(languages - {ENGLISH, *library.languages})
    if not new:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE knowledge_library SET languages = ARRAY(SELECT DISTINCT unnest(languages || %s::varchar[]))"
            " WHERE business_id = (SELECT business_id FROM knowledge_library WHERE business_id = %s"
            " FOR NO KEY UPDATE SKIP LOCKED)",
            [new, library.business_id],
        )
    forget_standings()
