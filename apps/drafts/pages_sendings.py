"""EDGE: sendings that a person must settle: nobody knows whether the mail went out, or it could not be sent."""

from uuid import UUID

from django.db.models import Case, IntegerField, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from apps.drafts.models import Sending
from apps.drafts.page_context import Who, carry_out, for_admins, for_members, page
from apps.drafts.states import SendState

MOST = 200
SETTLED = {
    "sent": "It stands as sent.",
    "again": "It is sent again, under the same Message-ID.",
}


@require_safe
@for_members
def sendings_page(request: HttpRequest, person: Who) -> HttpResponse:
    """Unsure first, then failed, returned and what is still on its way: one query."""
    rank = Case(
        When(state=SendState.UNSURE, then=Value(0)), When(state=SendState.FAILED, then=Value(1)),
        When(state__in=[SendState.QUEUED, SendState.HANDING], then=Value(2)), default=Value(3),
        output_field=IntegerField(),
    )  # fmt: skip
    rows = Sending.objects.filter(business_id=person.business_id).exclude(state=SendState.SENT).defer("mime")
    found = list(rows.select_related("draft__thread", "mailbox").annotate(rank=rank).order_by("rank", "-id")[:MOST])
    groups = [
        ("unsure", "Unsure", [one for one in found if one.state == SendState.UNSURE]),
        ("failed", "Not sent", [one for one in found if one.state == SendState.FAILED]),
        ("out", "On their way", [one for one in found if one.state in (SendState.QUEUED, SendState.HANDING)]),
        ("bounced", "Returned", [one for one in found if one.state == SendState.BOUNCED]),
    ]
    return page(request, "drafts/sendings.html", title="Sendings", groups=[one for one in groups if one[2]])


@require_POST
@for_admins
def settle(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """as: sent (it did go out) or again (send it once more)."""
    from apps.drafts import settling

    sending = Sending.objects.filter(business_id=person.business_id, pk=pk).only("state").first()
    if sending is None:
        raise Http404
    how = request.POST.get("as", "")
    if how not in SETTLED:
        return HttpResponse("sent or again", status=422)
    if sending.state == SendState.FAILED and how == "again":
        carry_out(request, lambda: settling.send_again(sending_id=pk, actor=person.actor), SETTLED[how])
    else:
        carry_out(
            request,
            lambda: settling.settle_unsure(sending_id=pk, sent=how == "sent", actor=person.actor),
            SETTLED[how],
        )
    return redirect("admin:sendings")
