"""EDGE: the page of the embedding model: what is searched by, what it can be changed to and at what cost, and how far a
change is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import GatehouseError
from apps.knowledge.changing import cancel, change_model, resume
from apps.knowledge.choosing import model_of
from apps.knowledge.offering import amount_of, offers_of
from apps.knowledge.page_context import Who, for_writers, page
from apps.knowledge.page_lines import changes_of


def model_context(person: Who) -> dict[str, Any]:
    """Six queries."""
    business_id = person.business_id
    amount, changes = amount_of(business_id), changes_of(business_id)
    model, offers = model_of(business_id), offers_of(business_id, amount)
    used = next((one for one in offers if one.key == model.key), None)
    latest = changes[0] if changes else None
    is_open = latest is not None and latest.row.ended_at is None
    return {
        "model": model,
        "used": used,
        "amount": amount,
        "offers": [one for one in offers if one.key != model.key],
        "latest": latest if is_open else None,
        "past": changes[1:] if is_open else changes,
    }


@require_safe
@for_writers
def model_page(request: HttpRequest, person: Who) -> HttpResponse:
    return page(request, "knowledge/model.html", **model_context(person))


@require_POST
@for_writers
def change(request: HttpRequest, person: Who) -> HttpResponse:
    """POST model: the key of the model to change to."""
    key = request.POST.get("model", "").replace("\0", "")[:120]
    _try(
        request,
        lambda: change_model(business_id=person.business_id, model_key=key, actor=person.actor),
        "Begun; until it is complete the old model is searched by",
    )
    return redirect("admin:knowledge-model")


@require_POST
@for_writers
def move_change(request: HttpRequest, person: Who, act: str) -> HttpResponse:
    """act: cancel or resume."""
    acts: dict[str, tuple[Callable[..., Any], str]] = {
        "cancel": (cancel, "Called off; the model stays as it is"),
        "resume": (resume, "It goes on"),
    }
    if act not in acts:
        raise Http404
    call, words = acts[act]
    _try(request, lambda: call(business_id=person.business_id, actor=person.actor), words)
    return redirect("admin:knowledge-model")


def _try(request: HttpRequest, act: Callable[[], Any], words: str) -> None:
    try:
        act()
    except GatehouseError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, words)
