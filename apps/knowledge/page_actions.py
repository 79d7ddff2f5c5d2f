"""EDGE: what people do on the pages of knowledge: each calls one act and shows what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from apps.core.errors import GatehouseError, Invalid
from apps.knowledge.batching import cancel_batch, resume_batch
from apps.knowledge.documents import (
    add_collection,
    delete_collection,
    delete_document,
    put_document,
    reindex_document,
)
from apps.knowledge.importing import cancel_import, check_size, import_file, resume_import
from apps.knowledge.models import Collection, Document
from apps.knowledge.page_context import Who, collection_context, for_writers, overview_context, page
from apps.knowledge.page_forms import CollectionForm, DocumentForm, tell_errors
from apps.knowledge.pages import collection_or_404, document_context, document_or_404

MOST_FILES = 20


@require_POST
@for_writers
def add(request: HttpRequest, person: Who) -> HttpResponse:
    form = CollectionForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        key = given["key"] or slugify(given["name"])[:60].strip("-_")
        try:
            if not key:
                raise Invalid("key", "Give a key: the name has no letters for one")
            add_collection(
                business_id=person.business_id, key=key, name=given["name"], kind=given["kind"], actor=person.actor
            )
            return redirect("admin:knowledge-collection", key=key)
        except Invalid as error:
            tell_errors(form, error)
        except GatehouseError as error:
            form.add_error("key", error.detail)
    context = overview_context(person, request.GET)
    return page(request, "knowledge/overview.html", status=422, form=form, **context)


@require_POST
@for_writers
def add_document(request: HttpRequest, person: Who, key: str) -> HttpResponse:
    place = collection_or_404(person, key)
    form = DocumentForm(request.POST, snippets=place.kind == "snippets")
    if form.is_valid() and (saved := _save(request, person, place.key, form)):
        return saved
    context = collection_context(person, place, request.GET)
    return page(request, "knowledge/collection.html", status=422, form=form, opened="add", **context)


@require_POST
@for_writers
def edit_document(request: HttpRequest, person: Who, key: str, pk: UUID) -> HttpResponse:
    document = document_or_404(person, key, pk)
    form = DocumentForm(request.POST, snippets=document.collection.kind == "snippets")
    if form.is_valid() and request.POST.get("seen", document.content_hash) != document.content_hash:
        form.add_error(None, "Somebody changed it since you opened it. Save again to put yours in its place.")
    elif form.is_valid() and (saved := _save(request, person, key, form, document)):
        return saved
    return page(request, "knowledge/document.html", status=422, form=form, **document_context(document))


def _save(
    request: HttpRequest, person: Who, key: str, form: DocumentForm, document: Document | None = None
) -> HttpResponse | None:
    """Back to the document; None where the form must be shown again."""
    given = form.cleaned_data
    kept: dict[str, Any] = {}
    if document:
        rest = {name: value for name, value in document.meta.items() if name not in ("tags", "intent")}
        kept = {"key": document.key, "meta": rest, "source": document.source, "expires_at": document.expires_at}
    try:
        made = put_document(business_id=person.business_id, collection=key, actor=person.actor, **given, **kept)
    except Invalid as error:
        tell_errors(form, error)
        return None
    except GatehouseError as error:
        form.add_error(None, error.detail)
        return None
    words = "Nothing was changed" if made.state == "same" else "Saved, and found from now on"
    messages.success(request, words)
    return redirect("admin:knowledge-document", key=key, pk=made.document_id)


@require_POST
@for_writers
def remove_document(request: HttpRequest, person: Who, key: str, pk: UUID) -> HttpResponse:
    document = document_or_404(person, key, pk)
    delete_document(business_id=person.business_id, document_id=pk, actor=person.actor)
    messages.success(request, f"{document.title or document.key} is removed")
    return redirect("admin:knowledge-collection", key=key)


@require_POST
@for_writers
def reindex(request: HttpRequest, person: Who, key: str, pk: UUID) -> HttpResponse:
    document_or_404(person, key, pk)
    _try(request, lambda: reindex_document(business_id=person.business_id, document_id=pk, actor=person.actor),
         "Indexed anew")  # fmt: skip
    return redirect("admin:knowledge-document", key=key, pk=pk)


@require_POST
@for_writers
def remove_collection(request: HttpRequest, person: Who, key: str) -> HttpResponse:
    place = collection_or_404(person, key)
    count = delete_collection(business_id=person.business_id, key=key, actor=person.actor)
    messages.success(request, f"{place.name} is removed, with {count} documents")
    return redirect("admin:knowledge")


@require_POST
@for_writers
def upload(request: HttpRequest, person: Who, key: str) -> HttpResponse:
    """Take files in; what becomes of each is shown by its import."""
    place = collection_or_404(person, key)
    files = request.FILES.getlist("file")
    if not files:
        messages.error(request, "Choose at least one file")
    if len(files) > MOST_FILES:
        messages.error(request, f"At most {MOST_FILES} files at once; the first {MOST_FILES} are taken")
    for file in files[:MOST_FILES]:
        try:
            # Told by its size: what is too large is never read into memory.
            check_size(file.name or "", file.size or 0)
            import_file(
                business_id=person.business_id, collection=place.key, name=file.name or "", raw=file.read(),
                actor=person.actor,
            )  # fmt: skip
        except GatehouseError as error:
            messages.error(request, error.detail)
    return HttpResponseRedirect(reverse("admin:knowledge-collection", args=[key]) + "#imports")


@require_POST
@for_writers
def work(request: HttpRequest, person: Who, noun: str, pk: UUID, act: str) -> HttpResponse:
    """noun: batch or import; act: cancel or resume."""
    acts: dict[tuple[str, str], Callable[[], Any]] = {
        ("batch", "cancel"): lambda: cancel_batch(business_id=person.business_id, batch_id=pk, actor=person.actor),
        ("batch", "resume"): lambda: resume_batch(business_id=person.business_id, batch_id=pk, actor=person.actor),
        ("import", "cancel"): lambda: cancel_import(business_id=person.business_id, import_id=pk, actor=person.actor),
        ("import", "resume"): lambda: resume_import(business_id=person.business_id, import_id=pk, actor=person.actor),
    }
    if (noun, act) not in acts:
        raise Http404
    _try(request, acts[noun, act], "Cancelled; what is done stays" if act == "cancel" else "It goes on")
    back = request.POST.get("back", "")
    known = Collection.objects.filter(business_id=person.business_id, key=back).exists()
    return redirect("admin:knowledge-collection", key=back) if known else redirect("admin:knowledge")


def _try(request: HttpRequest, act: Callable[[], Any], words: str) -> None:
    try:
        act()
    except GatehouseError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, words)
