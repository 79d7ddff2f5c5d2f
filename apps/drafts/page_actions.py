"""EDGE: what is done at an open draft besides deciding: check what is typed, write again, show what is masked."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.approvals.models import ApprovalRequest
from apps.approvals.page_context import Filled, person_of
from apps.approvals.pages import whole_page
from apps.approvals.payload_fields import fields_of
from apps.approvals.payload_reading import read_payload
from apps.approvals.queue import filters_from
from apps.core.errors import GatehouseError, NotFound
from apps.drafts import drafting, page_context_check, rechecking, regenerating, revealing
from apps.drafts.models import Draft
from apps.drafts.page_context import (
    Who,
    carry_out,
    draft_or_404,
    for_admins,
    for_writers,
    is_part,
    message_or_404,
    page,
    part,
    plain_words,
)
from apps.drafts.page_context_mail import mail_of
from apps.drafts.selectors import newer_of, open_request_of

LONGEST_CHECKED = 20_000
ASKED = "Another version is being written. It shows up here by itself; what you have typed stays."


@require_POST
@for_writers
def check(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """subject, body: as typed. What the guardrails would say of it; nothing is written."""
    draft = draft_or_404(person, pk)
    subject, body = (request.POST.get(name, "").replace("\r\n", "\n") for name in ("subject", "body"))
    if len(body) > LONGEST_CHECKED or "\x00" in body + subject:
        return JsonResponse(
            {"words": "This text cannot be checked: it is too long, or holds a null character"}, status=422
        )
    try:
        verdicts = rechecking.check_text(draft_id=draft.pk, subject=subject[:300], body=body)
    except GatehouseError as error:
        return JsonResponse({"words": plain_words(error)}, status=error.status)
    context: dict[str, Any] = page_context_check.context_of(verdicts)
    return JsonResponse(
        {
            "facts": [
                {"number": fact.number, "text": fact.text, "supported": fact.supported} for fact in context["facts"]
            ],
            "unsupported": len(context["unsupported"]),
            "blocked": context["blocked"],
            "verdicts": render_to_string("drafts/pane/verdicts.html", {"pane": context}),
            "list": render_to_string("drafts/pane/facts.html", {"pane": context}),
        }
    )


@require_POST
@for_writers
def regenerate(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """instruction: what to do differently. What was typed into the reply comes back as it was."""
    draft, instruction = draft_or_404(person, pk), request.POST.get("instruction", "").strip()
    words, status = ASKED, 200
    if not instruction:
        words, status = "Say in a few words what to do differently.", 422
    else:
        try:
            regenerating.regenerate(
                draft_id=draft.pk, instruction=instruction, actor=person.actor, user_id=person.user.pk
            )
        except GatehouseError as error:
            words, status = plain_words(error), error.status
    if is_part(request):
        return part(request, "drafts/pane/said.html", words=words, good=status == 200, status=status)
    (messages.success if status == 200 else messages.error)(request, words)
    return _back_with_typed(request, draft)


@require_POST
@for_writers
def draft_again(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """The thread has moved on: have the newest mail answered instead."""
    draft = draft_or_404(person, pk)
    newer = newer_of(draft)
    if newer is None:
        messages.info(request, "Nobody has written since; this reply is to the newest mail.")
    elif newer.draft_id is None:
        carry_out(request, lambda: drafting.want_draft(message=newer.newest), "The newest mail is being answered.")
    return redirect(_where(draft))


@require_POST
@for_admins
def reveal_redaction(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """One masked piece in full, once; it is in the audit."""
    try:
        original = revealing.reveal_redaction(redaction_id=pk, by=person_of(request))
    except NotFound:
        raise Http404 from None
    template = "drafts/revealed_part.html" if is_part(request) else "drafts/revealed.html"
    return _shown(request, template, original=original)


@require_POST
@for_admins
def reveal_message(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """A message with nothing masked, once; it is in the audit."""
    message_or_404(person, pk)
    message = revealing.reveal_message(message_id=pk, by=person_of(request))
    mail = mail_of(message, allowed=frozenset(), plain=True)
    template = "drafts/message.html" if is_part(request) else "drafts/revealed.html"
    return _shown(request, template, mail=mail, plain_mail=True)


def _shown(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return part(request, template, **context) if is_part(request) else page(request, template, **context)


def _where(draft: Draft) -> str:
    waiting = open_request_of(draft.pk)
    return (
        reverse("admin:queue-item", args=[waiting.pk]) if waiting else reverse("admin:thread", args=[draft.thread_id])
    )


def _back_with_typed(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Without scripts: the item again, with what was typed kept. The open request may be over by now."""
    row = open_request_of(draft.pk) or _seen(request, draft)
    if row is None:
        return redirect("admin:thread", draft.thread_id)
    _, fields = read_payload(
        fields_of(row.payload, row.payload_schema), row.payload, row.payload_schema, request.POST.get
    )
    return whole_page(request, row, filters_from(request.GET), view="item", filled=Filled(fields=fields, opened="edit"))


def _seen(request: HttpRequest, draft: Draft) -> ApprovalRequest | None:
    rows = ApprovalRequest.objects.filter(kind="draft", subject_id=draft.pk)
    return rows.select_related("claimed_by", "requester").filter(payload_hash=request.POST.get("hash", "")).first()
