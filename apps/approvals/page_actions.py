"""EDGE: what a person does on the queue page. Each is a POST that works with and without JavaScript."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.roles import at_least
from apps.approvals import claiming, deciding, queue
from apps.approvals.answer_fields import answer_fields, read_answers
from apps.approvals.models import ApprovalRequest
from apps.approvals.page_context import (
    Filled,
    Notice,
    find_request,
    is_part,
    item_url,
    person_of,
    shell,
    user_of,
    with_filters,
)
from apps.approvals.pages import item_part, status_line, whole_page
from apps.approvals.payload_fields import fields_of
from apps.approvals.payload_reading import is_edited, read_payload
from apps.approvals.queue import Filters, filters_from
from apps.approvals.states import State, Verdict
from apps.core.errors import GatehouseError, Invalid, NotAllowed, StaleState

View = Callable[..., HttpResponse]
DONE = {Verdict.APPROVE: "Approved", Verdict.REJECT: "Rejected", Verdict.ANSWER: "Answered"}


def by_post(view: View) -> View:
    """Act on POST only. Any other request, such as the return from signing in, is led to the item or the queue."""

    @wraps(view)
    def guarded(request: HttpRequest, pk: UUID | None = None, **rest: Any) -> HttpResponse:
        if request.method != "POST":
            return redirect("admin:queue-item", pk) if pk else redirect("admin:queue")
        return view(request, pk, **rest) if pk else view(request, **rest)

    return guarded


@by_post
def claim(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hold the item, or hold it longer."""
    person, row, filters = person_of(request), find_request(pk), filters_from(request.GET)
    try:
        _may_hold(person.role, row)
        row = claiming.claim(request_id=pk, user=user_of(request))
    except (StaleState, NotAllowed):
        # The status line says who has it; being late is no error here.
        row = find_request(pk)
    return status_line(request, row, filters) if is_part(request) else redirect(item_url(pk, filters))


@by_post
def let_go(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give the item back, as the page does when it is left."""
    filters = filters_from(request.GET)
    claiming.let_go(request_id=find_request(pk).pk, user=user_of(request))
    return HttpResponse(status=204) if is_part(request) else redirect(with_filters(reverse("admin:queue"), filters))


@by_post
def skip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Leave the item undecided and open the next."""
    row = find_request(pk)
    claiming.let_go(request_id=pk, user=user_of(request))
    return _open_next(request, row, filters_from(request.GET), notice=None)


@by_post
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Approve (as it is, or as edited), reject or answer; then open the next item."""
    row, filters = find_request(pk), filters_from(request.GET)
    verdict = request.POST.get("verdict", "")
    payload, answers, filled = _read_form(request, row, verdict)
    try:
        _hold_errors(filled)
        decided = deciding.decide(
            request_id=pk,
            by=person_of(request),
            verdict=verdict,
            payload_hash=request.POST.get("hash", ""),
            payload=payload,
            reason=filled.reason,
            comment=filled.comment,
            answers=answers,
        )
    except GatehouseError as error:
        return _refused(request, pk, filters, error, filled)
    return _open_next(
        request, row, filters, notice=Notice("good", _done(decided, Verdict(verdict), payload is not None))
    )


@by_post
def bulk(request: HttpRequest) -> HttpResponse:
    """Decide every ticked item alike; each succeeds or fails by itself, and the answer tells which."""
    person, filters = person_of(request), filters_from(request.GET)
    items = [_ticked(value) for value in request.POST.getlist("pick")]
    picked = [item for item in items if item is not None]
    verdict, reason = request.POST.get("verdict", ""), request.POST.get("reason", "")
    notice, results = None, []
    if not picked:
        notice = Notice("note", "Tick the items first, with X or the boxes in the list")
    elif verdict not in (Verdict.APPROVE, Verdict.REJECT):
        notice = Notice("bad", "Choose to approve or to reject")
    else:
        comment = request.POST.get("comment", "")
        results = deciding.decide_many(items=picked, by=person, verdict=verdict, reason=reason, comment=comment)
    titles = dict(ApprovalRequest.objects.filter(pk__in=[pk for pk, _ in picked]).values_list("pk", "title"))
    context = {
        "results": [{"result": result, "title": titles.get(result.request_id, "")} for result in results],
        "done": sum(1 for result in results if result.ok),
        "notice": notice,
        "filters": filters,
        "queue_url": with_filters(reverse("admin:queue"), filters),
    }
    if is_part(request):
        return render(request, "approvals/queue/results.html", context)
    return render(request, "approvals/bulk_done.html", shell(request) | context)


@by_post
def single_keys(request: HttpRequest) -> HttpResponse:
    """Turn the one-key shortcuts on or off for this person."""
    on = request.POST.get("on") == "1"
    User.objects.filter(pk=user_of(request).pk).update(single_keys=on)
    return HttpResponse(status=204) if is_part(request) else redirect("admin:queue")


def _may_hold(role: str | None, row: ApprovalRequest) -> None:
    if not at_least(role, row.decider_role):
        raise NotAllowed


def _read_form(
    request: HttpRequest, row: ApprovalRequest, verdict: str
) -> tuple[dict[str, Any] | None, dict[str, Any] | None, Filled]:
    """(payload if it was edited, answers if answering, the form as filled in)."""
    sent = request.POST.get
    payload, fields, answers, answered, opened = None, None, None, None, ""
    if verdict == Verdict.APPROVE and sent("editor"):
        edited, fields = read_payload(fields_of(row.payload, row.payload_schema), row.payload, row.payload_schema, sent)
        changed = is_edited(row.payload, edited) or any(field.error for field in fields)
        payload, opened = (edited, "edit") if changed else (None, "")
    elif verdict == Verdict.ANSWER:
        answers, answered = read_answers(answer_fields(row.questions), sent)
        opened = "answer"
    elif verdict == Verdict.REJECT:
        opened = "reject"
    filled = Filled(
        fields=fields if opened == "edit" else None,
        answers=answered,
        opened=opened,
        reason=sent("reason", "").strip(),
        comment=sent("comment", "").strip(),
    )
    return payload, answers, filled


def _hold_errors(filled: Filled) -> None:
    """Raise Invalid when the form itself could not be read; the fields carry their own words."""
    if any(field.error for field in (*(filled.fields or ()), *(filled.answers or ()))):
        raise Invalid("", "Some values are not acceptable; they are marked below")


def _refused(request: HttpRequest, pk: UUID, filters: Filters, error: GatehouseError, filled: Filled) -> HttpResponse:
    """The item again, with what was filled in kept and the reason on top."""
    notice = Notice("bad", _plain_words(error))
    shown: dict[str, Any] = {"notice": notice, "filled": filled, "status": error.status}
    row = find_request(pk)
    if is_part(request):
        return item_part(request, row, filters, **shown)
    return whole_page(request, row, filters, view="item", **shown)


def _plain_words(error: GatehouseError) -> str:
    if isinstance(error, Invalid):
        return "; ".join(one["reason"] for one in error.errors)
    return error.detail


def _open_next(request: HttpRequest, row: ApprovalRequest, filters: Filters, *, notice: Notice | None) -> HttpResponse:
    """Claim the next item of the list and show it."""
    following = _claim_following(request, row, filters)
    url = item_url(following.pk, filters) if following else with_filters(reverse("admin:queue"), filters)
    if not is_part(request):
        if notice:
            messages.success(request, notice.text)
        return redirect(url)
    response = item_part(request, following, filters, notice=notice)
    response["HX-Push-Url"] = url
    return response


def _claim_following(request: HttpRequest, row: ApprovalRequest, filters: Filters) -> ApprovalRequest | None:
    """The next item, held for this person: one that nobody else is taking at this moment."""
    person = person_of(request)
    if not filters.waiting:
        filters = Filters()
    places = queue.next_places(filters, user=user_of(request), role=person.role, after=row, skip=(row.pk,))
    taken = (claiming.claim_first(rows=rows, user=person.user) for rows in places)  # type: ignore[arg-type]
    return next(filter(None, taken), None)


def _done(row: ApprovalRequest, verdict: Verdict, edited: bool) -> str:
    title = row.title if len(row.title) <= 60 else row.title[:59] + "…"
    if verdict == Verdict.APPROVE and row.state == State.WAITING:
        return f"Your approval counts; another person must approve too: {title}"
    return f"{DONE[verdict]}{' with your changes' if edited else ''}: {title}"


def _ticked(value: str) -> tuple[UUID, str] | None:
    pk, _, digest = value.partition(":")
    try:
        return UUID(pk), digest
    except ValueError:
        return None
