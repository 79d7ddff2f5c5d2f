"""ACT: put together what a draft is made from and judged against: the thread, the settings, everything masked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from apps.drafts.choosing import settings_of
from apps.drafts.gathering import Called
from apps.drafts.guardrails.recipients import recipients_of
from apps.drafts.guardrails.terms import Address, Context, PassageText, Recipients, ThreadMail, ThreadText, ToolFacts
from apps.drafts.looking_up import earlier_than
from apps.drafts.masking import Masker
from apps.drafts.models import Draft, DraftSettings, DraftVersion, Message, Thread
from apps.drafts.prompting import Materials
from apps.drafts.retrieving import Retrieved
from apps.drafts.selectors import newest_version
from apps.drafts.states import Intent
from apps.knowledge.searching import Passage

# Of a message and of each before it, in characters; the prompt cuts further.
MOST_MESSAGE, MOST_EARLIER_TEXT = 20_000, 4_000
MOST_PASSAGE = 4_000


@dataclass(frozen=True, slots=True)
class Background:
    """What stands in the database about one draft, read at one moment. earlier: before the message, oldest first."""

    draft: Draft
    message: Message
    earlier: tuple[Message, ...]
    chosen: DraftSettings
    version: DraftVersion | None
    own: frozenset[str]
    customer: frozenset[str]
    recipients: Recipients

    @property
    def business_name(self) -> str:
        mailbox = self.draft.thread.mailbox
        return mailbox.name or self.draft.business.name

    @property
    def customer_name(self) -> str:
        return self.message.sender_name or self.draft.thread.customer_name

    @property
    def reply_subject(self) -> str:
        """The subject of the reply: the mail's, with one Re: before it."""
        subject = " ".join(self.message.subject.split())
        return subject if subject.lower().startswith("re:") else f"Re: {subject}".strip()


def read_background(draft: Draft, chosen: DraftSettings | None = None) -> Background:
    """Call in a transaction of the draft's business. draft: with thread, mailbox, message and business loaded.

    chosen: the business's settings, where the caller has them.
    """
    message, mailbox = draft.message, draft.thread.mailbox
    earlier = earlier_than(message)
    addresses = {mailbox.address, *mailbox.aliases}
    names = {mailbox.name, draft.business.name} - {""}
    customer = {message.sender, message.sender_name, draft.thread.customer, draft.thread.customer_name}
    customer |= {str(one.get("address", "")) for one in message.reply_to if isinstance(one, Mapping)}
    return Background(
        draft=draft,
        message=message,
        earlier=earlier,
        chosen=chosen or settings_of(draft.business_id),
        version=newest_version(draft.pk) if draft.version else None,
        own=frozenset(addresses | names | ({mailbox.signature} - {""})),
        customer=frozenset(customer - {""}),
        recipients=recipients_of([_headers(one) for one in (*earlier, message)], addresses),
    )


def masked_thread(background: Background, masker: Masker) -> tuple[ThreadText, ...]:
    """The thread up to the message that is answered, oldest first, without what its mails quote; masked."""
    thread = raw_thread(background)
    masker.learn(_raw_context(background, thread))
    return tuple(
        msgspec.structs.replace(one, text=masker.text(one.text, "thread"), subject=masker.text(one.subject, "thread"))
        for one in thread
    )


def raw_thread(background: Background) -> tuple[ThreadText, ...]:
    earlier = [_text(one, MOST_EARLIER_TEXT) for one in background.earlier]
    return (*earlier, _text(background.message, MOST_MESSAGE))


def masked_texts(thread: Thread, messages: Sequence[Message]) -> dict[UUID, str]:
    """What each message says, whole, for whoever may read the thread: with the data of others masked."""
    said = [ThreadText(str(one.pk), str(one.direction), one.text[:MOST_MESSAGE]) for one in messages]
    context = Context(
        intent=Intent.GENERAL,
        thread=tuple(said),
        own=frozenset({thread.mailbox.address, *thread.mailbox.aliases}),
        customer=frozenset({thread.customer, thread.customer_name} - {""}),
    )
    masker = Masker()
    masker.learn(context)
    return {one.pk: masker.text(text.text, "thread") for one, text in zip(messages, said, strict=True)}


def passage_texts(background: Background, retrieved: Retrieved, masker: Masker) -> tuple[PassageText, ...]:
    """Snippets first, then replies, each from the most to the least alike. Snippets are the business's own words."""
    snippets = [_passage(one, "snippet") for one in retrieved.snippets]
    replies = [_passage(one, "reply") for one in retrieved.replies]
    if replies:
        masker.learn(_raw_context(background, raw_thread(background), passages=(*snippets, *replies)))
    masked = [
        msgspec.structs.replace(one, text=masker.text(one.text, "passage"), title=masker.text(one.title, "passage"))
        for one in replies
    ]
    return (*snippets, *masked)


def materials_of(
    background: Background,
    thread: Sequence[ThreadText],
    tools: Sequence[ToolFacts],
    passages: Sequence[PassageText],
    questions: Mapping[str, str],
) -> Materials:
    """What the prompt is built from. questions: what was asked, by the id of a past reply, masked."""
    return Materials(
        business=background.business_name,
        subject=thread[-1].subject,
        message=thread[-1].text,
        customer=background.customer_name,
        thread=[(one.direction, one.text) for one in thread[:-1]],
        tools=[(one.name, one.data) for one in tools if one.ok],
        snippets=[(one.title, one.text) for one in passages if one.kind == "snippet"],
        replies=[(questions.get(one.id, ""), one.text) for one in passages if one.kind == "reply"],
        guidance=background.chosen.guidance,
        instruction=background.draft.instruction,
        earlier_draft=background.version.body if background.version else "",
    )


def facts_of(background: Background, called: Sequence[Called], masker: Masker) -> tuple[ToolFacts, ...]:
    """What the tools answered, masked. A call that was not made is none."""
    raw = tuple(ToolFacts(one.name, one.data, one.ok) for one in called if one.called)
    if raw:
        masker.learn(_raw_context(background, raw_thread(background), tools=raw))
    return tuple(ToolFacts(one.name, masker.data(one.data, "tool"), one.ok) for one in raw)


def context_of(
    background: Background,
    *,
    intent: Intent,
    tools: Sequence[ToolFacts],
    thread: Sequence[ThreadText],
    passages: Sequence[PassageText],
    today: date,
) -> Context:
    return Context(
        intent=intent,
        tools=tuple(tools),
        thread=tuple(thread),
        passages=tuple(passages),
        recipients=background.recipients,
        own=background.own,
        customer=background.customer,
        now=today,
    )


def context_of_version(background: Background, version: DraftVersion, today: date) -> Context:
    """What a version was judged against, from what was kept of it; for judging an edit of it."""
    material: Mapping[str, Any] = version.material
    tools = [
        ToolFacts(str(one.get("name", "")), one.get("data"), bool(one.get("ok")))
        for one in material.get("tools", [])
        if one.get("called", True)
    ]
    passages = [
        PassageText(str(one["id"]), str(one["kind"]), str(one.get("title", "")), str(one.get("text", "")))
        for one in material.get("passages", [])
    ]
    thread = masked_thread(background, Masker())
    intent = Intent(background.draft.intent or Intent.GENERAL)
    return context_of(background, intent=intent, tools=tools, thread=thread, passages=passages, today=today)


def material_of(
    called: Sequence[Called],
    tools: Sequence[ToolFacts],
    masker: Masker,
    passages: Sequence[PassageText],
    retrieved: Retrieved,
    thread: Sequence[ThreadText],
) -> dict[str, Any]:
    """What a DraftVersion keeps of all this: masked, and in the words of its model. tools: of those of `called` that
    were made, in their order."""
    masked = iter(tools)
    found = {str(one.chunk_id): one for one in (*retrieved.snippets, *retrieved.replies)}
    return {
        "tools": [_kept(one, next(masked).data if one.called else None, masker) for one in called],
        "passages": [_kept_passage(one, found.get(one.id)) for one in passages],
        "thread": [one.id for one in thread],
        "redacted": len(masker.redactions),
    }


def _kept(call: Called, data: Any, masker: Masker) -> dict[str, Any]:
    return {
        "name": call.name,
        "arguments": masker.data(dict(call.arguments), "tool"),
        "data": data,
        "ok": call.ok,
        "called": call.called,
        "error": masker.text(call.error, "tool"),
        "took_ms": call.took_ms,
    }


def _kept_passage(one: PassageText, found: Passage | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "title": one.title,
        "text": one.text,
        "score": round(found.confidence, 4) if found else None,
        "document": str(found.document_id) if found else "",
    }


def _passage(found: Passage, kind: str) -> PassageText:
    return PassageText(str(found.chunk_id), kind, found.title, found.text[:MOST_PASSAGE])


def _text(message: Message, most: int) -> ThreadText:
    return ThreadText(str(message.pk), str(message.direction), _said(message, most), message.subject)


def _raw_context(
    background: Background,
    thread: Sequence[ThreadText],
    tools: Sequence[ToolFacts] = (),
    passages: Sequence[PassageText] = (),
) -> Context:
    """For telling whose data is whose; the intent and the day have no part in that."""
    return context_of(background, intent=Intent.GENERAL, tools=tools, thread=thread, passages=passages, today=date.min)


def _said(message: Message, most: int) -> str:
    """What its writer wrote: without quotations, or all of it where nothing else is there."""
    return (message.reply_text.strip() or message.text.strip())[:most]


def _headers(message: Message) -> ThreadMail:
    return ThreadMail(
        direction=str(message.direction),
        sender=message.sender,
        sender_name=message.sender_name,
        reply_to=_addresses(message.reply_to),
        to=_addresses(message.to),
        cc=_addresses(message.cc),
        automatic=message.automatic,
    )


def _addresses(rows: Any) -> tuple[Address, ...]:
    found = [one for one in rows if isinstance(one, Mapping)] if isinstance(rows, list) else []
    return tuple(Address(str(one.get("name") or ""), str(one.get("address") or "")) for one in found)
