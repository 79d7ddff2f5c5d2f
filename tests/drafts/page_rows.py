"""Threads with drafts in them, as the pages of mail find them: judged by the real guardrails, written without a run."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from django.utils import timezone

from apps.accounts.models import Business
from apps.approvals.models import ApprovalRequest
from apps.approvals.requesting import request_approval
from apps.core.recall import forget_all
from apps.core.sealing import seal
from apps.drafts.guardrails.checking import check_draft
from apps.drafts.guardrails.terms import Address, Candidate, Context, PassageText, Recipients, ThreadText, ToolFacts
from apps.drafts.keeping import SCHEMA, payload_of
from apps.drafts.models import Draft, DraftVersion, Mailbox, Message, Redaction, Sending, Thread
from apps.drafts.states import Direction, DraftState, Intent, MadeBy, Source
from apps.drafts.weighing import checks_of

ASKED = "Hello,\n\nwhere is my order GH-1042? I was told it comes this week.\n\nKind regards\nJane Porter"
QUOTED = "\n\nOn 9 November the shop wrote:\n> Thank you for your order GH-1042."
ORDER = {
    "order_id": "GH-1042",
    "status": "shipped",
    "total": {"amount": "129.90", "currency": "EUR"},
    "items": [{"name": "Blue kettle", "quantity": 2}],
    "carrier": "DHL",
    "tracking_number": "JD014600006281230704",
    "estimated_delivery": "2026-11-24",
}
ANSWER = (
    "Dear Jane,\n\nthank you for your mail. Your order GH-1042 has been shipped with DHL under the tracking number"
    " JD014600006281230704. It should arrive on 24 November 2026.\n\nKind regards"
)
INVENTED = ANSWER.replace("Kind regards", "As an apology we will refund you 20.00 EUR.\n\nKind regards")
SNIPPET = PassageText("snip-1", "snippet", "Delivery times", "Parcels within the country take 2 to 4 working days.")


def mailbox_of(business: Business, **more: Any) -> Mailbox:
    values: dict[str, Any] = {
        "address": "help@corner-shop.example",
        "name": "Corner Shop",
        "imap_host": "imap.example.com",
    }
    return Mailbox.objects.create(business=business, **(values | more))


def thread_of(
    mailbox: Mailbox, *, subject: str = "Where is my order?", texts: Sequence[tuple[str, str]] = (), **more: Any
) -> Thread:
    """texts: (direction, text), oldest first; ours are sent by the mailbox."""
    at = more.pop("at", timezone.now() - timedelta(minutes=len(texts) * 30 + 5))
    values = {"customer": "jane@porter.example", "customer_name": "Jane Porter"} | more
    thread = Thread.objects.create(
        business_id=mailbox.business_id, mailbox=mailbox, subject=subject, last_message_at=at, **values
    )
    for number, (direction, text) in enumerate(texts or [(Direction.IN, ASKED)]):
        message_of(thread, direction, text, at=at + timedelta(minutes=30 * number))
    return thread


def message_of(thread: Thread, direction: str, text: str, *, at: Any = None, **more: Any) -> Message:
    at, ours = at or timezone.now(), direction == Direction.OUT
    box = {"name": thread.mailbox.name, "address": thread.mailbox.address}
    them = {"name": thread.customer_name, "address": thread.customer}
    number = thread.messages_count + 1
    message = Message.objects.create(
        **{
            "business_id": thread.business_id,
            "mailbox": thread.mailbox,
            "thread": thread,
            "direction": direction,
            "source": Source.SENT if ours else Source.IMAP,
            "message_id": f"m{number}.{thread.pk}@mail.example",
            "sender": box["address"] if ours else thread.customer,
            "sender_name": box["name"] if ours else thread.customer_name,
            "to": [them if ours else box],
            "subject": thread.subject,
            "text": text,
            "reply_text": text,
            "digest": f"{number:064x}",
            "received_at": at,
            "claimed_at": at,
            "size": len(text),
        }
        | more
    )
    Thread.objects.filter(pk=thread.pk).update(messages_count=number, last_message_at=at)
    thread.messages_count = number
    return message


def draft_of(
    message: Message,
    *,
    body: str = ANSWER,
    tools: Sequence[tuple[str, Any]] = (("order_status", ORDER),),
    passages: Sequence[PassageText] = (SNIPPET,),
    intent: str = Intent.ORDER,
    **more: Any,
) -> tuple[Draft, ApprovalRequest]:
    """A draft that waits, and its request. more: columns of the draft."""
    thread, now = message.thread, timezone.now()
    values: dict[str, Any] = {
        "state": DraftState.WAITING,
        "version": 1,
        "intent": intent,
        "intent_confidence": 0.93,
        "made_by": MadeBy.MODEL,
        "tool_calls": len(tools),
        "retrieval": "hit",
        "retrieval_ms": 14.2,
        "passages": len(passages),
        "tokens_estimated": 912,
        "tokens_actual": 931,
        "took_ms": 1840,
        "made_at": now,
    }
    draft = Draft.objects.create(business_id=message.business_id, thread=thread, message=message, **(values | more))
    return draft, version_of(draft, body=body, tools=tools, passages=passages)


def version_of(
    draft: Draft,
    *,
    body: str = ANSWER,
    tools: Sequence[tuple[str, Any]] = (("order_status", ORDER),),
    passages: Sequence[PassageText] = (),
    number: int = 1,
    instruction: str = "",
) -> ApprovalRequest:
    """Another version, and the request that asks for it."""
    message, thread = draft.message, draft.thread
    to = (Address(thread.customer_name, thread.customer),)
    subject = f"Re: {thread.subject}"
    context = Context(
        intent=Intent(draft.intent),
        tools=tuple(ToolFacts(name, data) for name, data in tools),
        thread=(ThreadText(str(message.pk), "in", message.reply_text),),
        passages=tuple(passages),
        recipients=Recipients(to),
        own=frozenset({thread.mailbox.address, thread.mailbox.name}),
        customer=frozenset({thread.customer, thread.customer_name}),
        now=timezone.localdate(),
    )
    verdicts = check_draft(Candidate(subject, body), context)
    DraftVersion.objects.create(
        business_id=draft.business_id,
        draft=draft,
        number=number,
        made_by=MadeBy.MODEL,
        instruction=instruction,
        to=msgspec.to_builtins(to),
        subject=verdicts.subject,
        body=verdicts.body,
        material={
            "tools": [
                {
                    "name": name,
                    "arguments": {"order_id": "GH-1042"},
                    "data": data,
                    "ok": True,
                    "error": "",
                    "took_ms": 38.0,
                }
                for name, data in tools
            ],
            "passages": [
                {"id": one.id, "kind": one.kind, "title": one.title, "text": one.text, "score": 0.71}
                for one in passages
            ],
            "thread": [str(message.pk)],
        },
        verdicts=[
            msgspec.to_builtins(stage)
            | {"findings": [{"kind": f.kind, "text": f.text, "words": f.words} for f in stage.findings]}
            for stage in verdicts.stages
        ],
        claims=msgspec.to_builtins(verdicts.claims),
        prompt_digest="ab" * 32,
        prompt_parts=[
            {"part": "instructions", "tokens": 310, "kept": True},
            {"part": "past replies", "tokens": 220, "kept": False},
        ],
        model="gpt-test-mini",
        provider="settings",
    )
    Draft.objects.filter(pk=draft.pk).update(version=number)
    draft.version = number
    forget_all()
    return request_approval(
        business_id=draft.business_id,
        kind="draft",
        subject_id=draft.pk,
        title=subject,
        why="Every fact has a source" if not verdicts.blocked else "A fact has no source",
        payload=payload_of(to, (), verdicts.subject, verdicts.body),
        payload_schema=SCHEMA,
        requested_by="system:drafts",
        confidence=0.9,
        risk=0.2,
        checks=checks_of(verdicts),
    )


def redaction_of(draft: Draft, original: str = "4111 1111 1111 1111", masked: str = "[card ending 1111]") -> Redaction:
    return Redaction.objects.create(
        business_id=draft.business_id, draft=draft, place="tool", kind="card", masked=masked, sealed=seal(original)
    )


def sending_of(draft: Draft, state: str, **more: Any) -> Sending:
    return Sending.objects.create(
        **{
            "business_id": draft.business_id,
            "draft": draft,
            "mailbox": draft.thread.mailbox,
            "message_id": f"{draft.pk}@corner-shop.example",
            "recipients": [draft.thread.customer],
            "mime": "-",
            "state": state,
            "attempts": 1,
        }
        | more
    )
