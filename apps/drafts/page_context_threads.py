"""EDGE: what the pages of threads are given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime

from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State
from apps.drafts.models import Draft, Mailbox, Message, Sending, Thread
from apps.drafts.page_context_mail import MailShown, allowed_in, mails_of
from apps.drafts.states import DraftState, SendState

PAGE = 50
MOST_MESSAGES = 100
# What a person looks for, and which threads that are, by the newest draft of each and what became of its sending.
SHOWS: dict[str, tuple[str, Q]] = {
    "": ("All", Q()),
    "waiting": ("Waiting for a decision", Q(draft_state=DraftState.WAITING)),
    "making": ("Being written", Q(draft_state__in=[DraftState.QUEUED, DraftState.MAKING])),
    "unsent": ("Approved, not sent yet", Q(draft_state=DraftState.APPROVED)),
    "unsure": ("Unsure or failed", Q(send_state__in=[SendState.UNSURE, SendState.FAILED])),
    "bounced": ("Returned", Q(send_state=SendState.BOUNCED)),
    "failed": ("Not drafted", Q(draft_state=DraftState.FAILED)),
    "sent": ("Answered", Q(draft_state=DraftState.SENT)),
    "discarded": ("Rejected", Q(draft_state=DraftState.DISCARDED)),
}
STATE_WORDS = {
    "queued": "being written",
    "making": "being written",
    "waiting": "waits for a decision",
    "approved": "approved, on its way",
    "sent": "sent",
    "discarded": "rejected",
    "failed": "could not be drafted",
    "stale": "overtaken by a newer mail",
    "": "no draft",
}
SEND_WORDS = {"unsure": "unsure whether sent", "failed": "not sent", "bounced": "returned", "sent": "sent"}
TONES = {
    "waiting": "now",
    "sent": "good",
    "failed": "bad",
    "unsure": "bad",
    "bounced": "bad",
    "approved": "warn",
    "making": "",
    "queued": "",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thread in the list. tone: good, warn, bad, now or ""."""

    thread: Any
    words: str
    tone: str


def threads_context(business_id: UUID, wanted: Mapping[str, str]) -> dict[str, Any]:
    """A page of threads, newest first: two queries. wanted: q, show, mailbox, after."""
    asked = {name: wanted.get(name, "").replace("\x00", "").strip() for name in ("q", "show", "mailbox", "after")}
    show = asked["show"] if asked["show"] in SHOWS else ""
    mailboxes = list(
        Mailbox.objects.filter(business_id=business_id).only("address", "enabled", "last_error", "failures")
    )
    mailbox = next((one for one in mailboxes if str(one.pk) == asked["mailbox"]), None)
    rows = _with_states(Thread.objects.filter(business_id=business_id)).filter(SHOWS[show][1])
    if mailbox:
        rows = rows.filter(mailbox=mailbox)
    if asked["q"]:
        rows = rows.filter(_found(asked["q"]))
    rows = _after(rows, asked["after"])
    found = list(rows.order_by("-last_message_at", "-id")[: PAGE + 1])
    kept = {"q": asked["q"], "show": show, "mailbox": str(mailbox.pk) if mailbox else ""}
    query = {name: value for name, value in kept.items() if value}
    return {
        "lines": [_line(one) for one in found[:PAGE]],
        "mailboxes": mailboxes,
        "stuck": Sending.objects.filter(
            business_id=business_id, state__in=[SendState.UNSURE, SendState.FAILED]
        ).count(),
        "broken": [one for one in mailboxes if one.enabled and one.last_error],
        "shows": [(key, words) for key, (words, _) in SHOWS.items()],
        "wanted": kept,
        "filtered": bool(query),
        "newest": f"?{urlencode(query)}" if asked["after"] else "",
        "older": f"?{urlencode(query | {'after': _place(found[PAGE - 1])})}" if len(found) > PAGE else "",
    }


def thread_context(thread: Thread, after: str) -> dict[str, Any]:
    """The messages, newest first, and the drafts of the thread with their sendings: four queries."""
    rows = Message.objects.filter(thread=thread).order_by("-received_at", "-id")
    if moment := _moment(after):
        rows = rows.filter(received_at__lt=moment)
    messages = list(rows[: MOST_MESSAGES + 1])
    drafts = list(Draft.objects.filter(thread=thread).select_related("sending").order_by("-id")[:100])
    asked = ApprovalRequest.objects.filter(
        business_id=thread.business_id, kind="draft", subject_id__in=[one.pk for one in drafts]
    ).order_by("id")
    requests = {one.subject_id: one for one in asked.only("subject_id", "state")}
    shown = mails_of(messages[:MOST_MESSAGES], allowed=allowed_in(thread.mailbox, thread.customer))
    by_message = {draft.message_id: _draft_line(draft, requests.get(draft.pk)) for draft in drafts}
    entries: list[tuple[MailShown, Any]] = [(mail, by_message.get(mail.id)) for mail in shown]
    older = messages[MOST_MESSAGES - 1].received_at.isoformat() if len(messages) > MOST_MESSAGES else ""
    return {
        "thread": thread,
        "entries": entries,
        "older": f"?{urlencode({'after': older})}" if older else "",
        "is_newest": not after,
    }


def _draft_line(draft: Draft, request: ApprovalRequest | None) -> dict[str, Any]:
    sending = getattr(draft, "sending", None)
    words, tone = _state(draft.state, sending.state if sending else "")
    return {
        "draft": draft,
        "request": request,
        "open": request is not None and request.state == State.WAITING,
        "sending": sending,
        "words": words,
        "tone": tone,
    }


def _with_states(rows: QuerySet[Thread]) -> QuerySet[Thread]:
    newest = Draft.objects.filter(thread=OuterRef("pk")).order_by("-id")
    return rows.annotate(
        draft_state=Subquery(newest.values("state")[:1]),
        send_state=Subquery(newest.values("sending__state")[:1]),
        intent=Subquery(newest.values("intent")[:1]),
    ).annotate(mailbox_address=F("mailbox__address"))


def _line(thread: Any) -> Line:
    words, tone = _state(thread.draft_state or "", thread.send_state or "")
    return Line(thread, words, tone)


def _state(draft: str, sending: str) -> tuple[str, str]:
    if sending in (SendState.UNSURE, SendState.FAILED, SendState.BOUNCED):
        return SEND_WORDS[sending], "bad"
    return STATE_WORDS.get(draft, draft), TONES.get(draft, "")


def _found(words: str) -> Q:
    """Every word in the subject or in who wrote."""
    found = Q()
    for word in words.split()[:8]:
        found &= Q(subject__icontains=word) | Q(customer__icontains=word) | Q(customer_name__icontains=word)
    return found


def _after(rows: QuerySet[Thread], place: str) -> QuerySet[Thread]:
    moment, _, pk = place.partition("~")
    at = _moment(moment)
    if at is None:
        return rows
    try:
        return rows.filter(Q(last_message_at__lt=at) | Q(last_message_at=at, pk__lt=UUID(pk)))
    except ValueError:
        return rows


def _place(thread: Any) -> str:
    return f"{thread.last_message_at.isoformat()}~{thread.pk}"


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None
