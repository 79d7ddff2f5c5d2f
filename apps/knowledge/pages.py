"""EDGE: the pages of knowledge. Nothing here changes anything."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.core.errors import NotFound
from apps.knowledge.documents import collection_of, find_document
from apps.knowledge.models import Collection, Document
from apps.knowledge.page_context import (
    Who,
    collection_context,
    for_readers,
    overview_context,
    page,
    search_context,
    wanted_from,
)
from apps.knowledge.page_forms import CollectionForm, DocumentForm
from apps.knowledge.selectors import chunks_of


@require_safe
@for_readers
def overview(request: HttpRequest, person: Who) -> HttpResponse:
    """Collections, batches, imports, the model and the cache; q searches all collections."""
    if request.headers.get("hx-target") == "found":
        wanted = wanted_from(request.GET)
        context = {"wanted": wanted, **search_context(person.business_id, wanted)}
        return page(request, "knowledge/found.html", **context)
    return page(request, "knowledge/overview.html", form=CollectionForm(), **overview_context(person, request.GET))


@require_safe
@for_readers
def collection_page(request: HttpRequest, person: Who, key: str) -> HttpResponse:
    """One collection: its documents, a search in it, and its imports. q, mode, intent, after."""
    place = collection_or_404(person, key)
    if request.headers.get("hx-target") == "found":
        wanted = wanted_from(request.GET)
        context = {"wanted": wanted, "place": place, **search_context(person.business_id, wanted, place.key)}
        return page(request, "knowledge/found.html", **context)
    context = collection_context(person, place, request.GET)
    form = DocumentForm(snippets=place.kind == "snippets")
    return page(request, "knowledge/collection.html", form=form, **context)


@require_safe
@for_readers
def document_page(request: HttpRequest, person: Who, key: str, pk: UUID) -> HttpResponse:
    """One document: its text, and the passages it is found by."""
    document = document_or_404(person, key, pk)
    return page(request, "knowledge/document.html", form=form_of(document), **document_context(document))


def form_of(document: Document) -> DocumentForm:
    meta = document.meta
    initial = {
        "title": document.title,
        "text": document.text,
        "tags": ", ".join(str(tag) for tag in meta.get("tags", []) if isinstance(meta.get("tags"), list)),
        "intent": meta.get("intent", ""),
    }
    return DocumentForm(initial=initial, snippets=document.collection.kind == "snippets")


def document_context(document: Document) -> dict[str, Any]:
    place = document.collection
    known = ("tags", "intent")
    return {
        "document": document,
        "place": place,
        "is_written": place.kind in ("snippets", "documents"),
        "chunks": chunks_of(document),
        "meta": [
            (name, value) for name, value in document.meta.items() if name not in known and value not in ("", None)
        ],
    }


def collection_or_404(person: Who, key: str) -> Collection:
    try:
        return collection_of(person.business_id, key)
    except NotFound:
        raise Http404 from None


def document_or_404(person: Who, key: str, pk: UUID) -> Document:
    try:
        document = find_document(person.business_id, pk)
    except NotFound:
        raise Http404 from None
    if document.collection.key != key:
        raise Http404
    return document
