"""ACT: people and programs add, change and remove documents, and index them anew: each with its audit event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.bodies import check_storable
from apps.core.errors import Invalid, NotAllowed, NotFound, StaleState
from apps.core.events import record
from apps.knowledge.formats.snippets import key_of
from apps.knowledge.indexing import Indexed, ensure_collection, index_document
from apps.knowledge.models import Collection, Document
from apps.knowledge.removing import remove_document
from apps.knowledge.standing import forget_standings

# What fills these is learned from mail and decisions: people look, and remove what is wrong, but do not write there.
LEARNED = frozenset({"replies", "precedents"})
SNIPPETS = "snippets"


def collection_of(business_id: UUID, key: str) -> Collection:
    """Raises NotFound."""
    found = Collection.objects.filter(business_id=business_id, key=key).first()
    if found is None:
        raise NotFound(f"There is no collection {key}")
    return found


def add_collection(*, business_id: UUID, key: str, name: str, kind: str, actor: str) -> tuple[Collection, bool]:
    """(the collection of that key, whether it is new). Raises StaleState where there is one of another kind."""
    before = Collection.objects.filter(business_id=business_id, key=key).first()
    if before is not None:
        if before.kind != kind:
            raise StaleState(f"There is a collection {key} already, of {before.kind}")
        return before, False
    with transaction.atomic():
        made = ensure_collection(business_id=business_id, key=key, name=name.strip(), kind=kind)
        _tell("collection.created", "collection", made.pk, business_id, actor, key=key)
    return made, True


def put_document(
    *,
    business_id: UUID,
    collection: str,
    actor: str,
    title: str,
    text: str,
    key: str = "",
    tags: list[str] | None = None,
    intent: str = "",
    meta: Mapping[str, Any] | None = None,
    source: str = "",
    expires_at: datetime | None = None,
) -> Indexed:
    """Add a document, or replace the one of that key. key: of the title unless given. Raises NotFound, NotAllowed (a
    collection that is learned), Invalid, EmbeddingFailed."""
    place = collection_of(business_id, collection)
    if place.kind in LEARNED:
        raise NotAllowed(f"{place.name} are learned, not written: remove what is wrong there")
    if not text.strip():
        raise Invalid("text", "There is no text")
    if not (key or title).strip():
        raise Invalid("title", "Give a title, or a key")
    whole_meta = {**(meta or {}), **({"tags": tags} if tags else {}), **({"intent": intent} if intent else {})}
    check_storable(whole_meta, "meta")
    indexed = index_document(
        business_id=business_id, collection=collection, key=key or key_of(title), title=title, text=text,
        whole=place.kind == SNIPPETS, meta=whole_meta, source=source or actor, expires_at=expires_at,
    )  # fmt: skip
    if indexed.state == "indexed":
        with transaction.atomic():
            _tell("document.indexed", "document", indexed.document_id, business_id, actor, collection=collection)
    return indexed


def find_document(business_id: UUID, document_id: UUID) -> Document:
    """With its collection. Raises NotFound."""
    found = Document.objects.filter(business_id=business_id, pk=document_id).select_related("collection").first()
    if found is None:
        raise NotFound
    return found


def delete_document(*, business_id: UUID, document_id: UUID, actor: str) -> None:
    """Of whichever collection: what was learned may be wrong too. Raises NotFound."""
    with transaction.atomic():
        document = find_document(business_id, document_id)
        if not remove_document(business_id=business_id, document_id=document_id):
            raise NotFound
        _tell(
            "document.removed", "document", document_id, business_id, actor,
            collection=document.collection.key, key=document.key,
        )  # fmt: skip


def reindex_document(*, business_id: UUID, document_id: UUID, actor: str) -> Indexed:
    """Cut and embed it anew, though it is the same. Raises NotFound, EmbeddingFailed."""
    document = find_document(business_id, document_id)
    # A document whose hash is another one is not taken for the same.
    Document.objects.filter(pk=document.pk).update(content_hash="")
    indexed = index_document(
        business_id=business_id, collection=document.collection.key, key=document.key, title=document.title,
        text=document.text, searchable=document.searchable or None, whole=document.whole, meta=document.meta,
        source=document.source, expires_at=document.expires_at, created_at=document.created_at,
    )  # fmt: skip
    with transaction.atomic():
        _tell(
            "document.indexed",
            "document",
            document.pk,
            business_id,
            actor,
            collection=document.collection.key,
            again=True,
        )
    return indexed


def delete_collection(*, business_id: UUID, key: str, actor: str) -> int:
    """The collection with all that is in it; how many documents went. Raises NotFound."""
    with transaction.atomic():
        place = collection_of(business_id, key)
        count = Document.objects.filter(collection=place).delete()[0]
        place.delete()
        _tell("collection.removed", "collection", place.pk or key, business_id, actor, key=key, documents=count)
    forget_standings()
    return count


def _tell(kind: str, subject: str, pk: UUID | str, business_id: UUID, actor: str, **data: Any) -> None:
    record(kind=kind, subject_type=subject, subject_id=pk, business_id=business_id, actor=actor, **data)
