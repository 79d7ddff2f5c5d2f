"""EDGE: the pages of threads, and the parts of an open draft that a script asks for. Nothing here changes anything."""

from uuid import UUID

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from apps.approvals.models import ApprovalRequest
from apps.drafts.page_context import Who, draft_or_404, for_members, message_or_404, page, part, thread_or_404
from apps.drafts.page_context_mail import allowed_in
from apps.drafts.page_context_threads import thread_context, threads_context
from apps.drafts.page_masking import masked_html
from apps.drafts.panes import banner_of

# A mail is shown in a frame that can load nothing, run nothing and send nothing.
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": ["'unsafe-inline'"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@require_safe
@for_members
def threads_page(request: HttpRequest, person: Who) -> HttpResponse:
    """q, show (state of the newest draft), mailbox, after."""
    return page(request, "drafts/threads.html", title="Threads", **threads_context(person.business_id, request.GET))


@require_safe
@for_members
def thread_page(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """The whole conversation with its drafts and what became of them. after: older messages."""
    thread = thread_or_404(person, pk)
    return page(request, "drafts/thread.html", title="Thread", **thread_context(thread, request.GET.get("after", "")))


@require_safe
@xframe_options_sameorigin
@csp(MAIL_POLICY)
@for_members
def message_html(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """The cleaned HTML of a message, alone, for a frame."""
    message = message_or_404(person, pk)
    if not message.html:
        raise Http404
    thread = thread_or_404(person, message.thread_id)
    html = masked_html(message.html, allowed_in(thread.mailbox, thread.customer))
    return render(request, "drafts/message_html.html", {"html": html, "subject": message.subject})


@require_safe
@for_members
def banner_part(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """What has changed since a draft was opened. request: the one that is open."""
    draft = draft_or_404(person, pk)
    rows = ApprovalRequest.objects.filter(business_id=person.business_id, kind="draft", subject_id=draft.pk)
    row = next((one for one in rows.order_by("-id")[:100] if str(one.pk) == request.GET.get("request")), None)
    row = row or rows.order_by("-id").first()
    if row is None:
        raise Http404
    return part(request, "drafts/pane/banner.html", pane=banner_of(request, draft, row))
