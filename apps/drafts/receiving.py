"""ACT: take a mail in, whichever way it came: one message, however often and from wherever it comes."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.events import record
from apps.drafts import automatic
from apps.drafts.conversing import ACTOR, OUTSIDER, thread_for
from apps.drafts.drafting import want_draft
from apps.drafts.mail_headers import Address, made_id
from apps.drafts.models import Draft, Mailbox, Message, Sending, Thread
from apps.drafts.parsing import ParsedMail, parse_mail
from apps.drafts.regenerating import thread_moved_on
from apps.drafts.sending import note_bounced, note_delivered
from apps.drafts.states import Direction, DraftState, Source

REUSED = "It uses the Message-ID of another mail"
FUTURE = "Its Date lies in the future"
OLD = "Its Date lies more than a month before it came"


@dataclass(frozen=True, slots=True)
class Received:
    """duplicate: it was here before, and nothing was changed. draft: the reply that is wanted to it, if one is."""

    message: Message
    duplicate: bool
    draft: Draft | None = None


def receive(
    *,
    mailbox: Mailbox,
    raw: bytes,
    source: Source,
    received_at: datetime | None = None,
    size: int | None = None,
    draft: bool = True,
) -> Received:
    """Store a mail with its thread, in one transaction, and want a reply drafted where a person wrote it.

    raw: RFC 5322, anything at all. received_at: when it came in there; None or a later time than now: now.
    size: of the whole mail, where raw is its beginning. draft: False for mail of the past.
    """
    mail, now = parse_mail(raw, size=size), timezone.now()
    at = min(received_at or now, now)
    with acting_for(mailbox.business_id):
        # One at a time for each mailbox, so that a mail and its answer find each other's thread.
        Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
        own, business = own_addresses(mailbox), _addresses_of_business(mailbox)
        if known := _known(mailbox, mail, own):
            return Received(known, duplicate=True)
        mail = _noted(_freed(mailbox, mail), at, source)
        outgoing = source == Source.IMPORT and mail.sender.lower() in own
        if not outgoing and mail.sender.lower() in business and not mail.automatic:
            mail = replace(mail, automatic=automatic.OWN)
        return _take_in(mailbox, mail, source, at, own, outgoing, draft)


def own_addresses(mailbox: Mailbox) -> frozenset[str]:
    """The addresses of a mailbox, in lower case."""
    return frozenset(address.lower() for address in [mailbox.address, *mailbox.aliases])


def _addresses_of_business(mailbox: Mailbox) -> frozenset[str]:
    """Of all its mailboxes: two that answer each other would never end."""
    rows = Mailbox.objects.filter(business_id=mailbox.business_id).values_list("address", "aliases")
    return frozenset(address.lower() for one, aliases in rows for address in [one, *aliases])


def _known(mailbox: Mailbox, mail: ParsedMail, own: frozenset[str]) -> Message | None:
    """This very mail, if it is here; a mail of ours that came back to us proves that it went out."""
    rows = Message.objects.filter(mailbox=mailbox)
    same = rows.filter(message_id=mail.message_id).first()
    if same is None:
        if mail.sender.lower() in own:
            sending = Sending.objects.filter(mailbox=mailbox, message_id=mail.message_id).first()
            return note_delivered(sending=sending, words="It came back to the mailbox") if sending else None
        return None
    if _is_same(same, mail):
        return same
    return rows.filter(message_id=_own_id(mail)).first()


def _is_same(message: Message, mail: ParsedMail) -> bool:
    if message.digest == mail.digest:
        return True
    # By another way it may have another footer, but hardly another writer and date.
    dated = message.claimed_at is not None and message.claimed_at == mail.claimed_at
    return message.sender.lower() == mail.sender.lower() and (dated or message.content_hash == mail.content_hash)


def _own_id(mail: ParsedMail) -> str:
    return made_id("reused", mail.message_id, mail.sender.lower(), str(mail.claimed_at), mail.content_hash)


def _freed(mailbox: Mailbox, mail: ParsedMail) -> ParsedMail:
    """With an id of its own where it uses that of another mail."""
    if not Message.objects.filter(mailbox=mailbox, message_id=mail.message_id).exists():
        return mail
    return replace(mail, message_id=_own_id(mail), problems=(*mail.problems, REUSED))


def _noted(mail: ParsedMail, at: datetime, source: Source) -> ParsedMail:
    if mail.claimed_at is None or source == Source.IMPORT:
        return mail
    off = (mail.claimed_at - at).total_seconds()
    words = FUTURE if off > 24 * 3600 else OLD if off < -31 * 24 * 3600 else ""
    return replace(mail, problems=(*mail.problems, words)) if words else mail


def _take_in(
    mailbox: Mailbox,
    mail: ParsedMail,
    source: Source,
    at: datetime,
    own: frozenset[str],
    outgoing: bool,
    draft: bool,
) -> Received:
    bounced = _bounced(mailbox, mail)
    if bounced is not None:
        thread = Thread.objects.select_for_update(no_key=True).get(pk=bounced.draft.thread_id)
    else:
        thread, kept_out = thread_for(
            mailbox=mailbox, mail=mail, message_id=mail.message_id, own=own, outgoing=outgoing, at=at
        )
        mail = replace(mail, problems=(*mail.problems, OUTSIDER)) if kept_out else mail
    direction = Direction.OUT if outgoing else Direction.IN
    message = Message.objects.create(
        business_id=mailbox.business_id,
        mailbox=mailbox,
        thread=thread,
        direction=direction,
        source=source,
        received_at=at,
        bounce_of=bounced,
        **_columns(mail),
    )
    thread.messages_count, thread.last_message_at = thread.messages_count + 1, max(thread.last_message_at, at)
    thread.save(update_fields=["messages_count", "last_message_at"])
    _record(message, thread)
    if bounced is not None and mail.bounce is not None and mail.bounce.for_good:
        note_bounced(sending=bounced, words=mail.bounce.words, recipients=mail.bounce.recipients)
    wanted = None
    if direction == Direction.IN and not mail.automatic:
        _note_answer(message)
        wanted = want_draft(message=message) if draft else None
    if wanted is None and not mail.automatic:
        # Answered elsewhere, or of the past: a draft for an older mail of the thread has been overtaken all the same.
        thread_moved_on(thread_id=thread.pk, message=message)
    return Received(message, duplicate=False, draft=wanted)


def _columns(mail: ParsedMail) -> dict[str, Any]:
    return {
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "sender": mail.sender,
        "sender_name": mail.sender_name,
        "reply_to": _entries(mail.reply_to),
        "to": _entries(mail.to),
        "cc": _entries(mail.cc),
        "subject": mail.subject,
        "text": mail.text,
        "reply_text": mail.reply_text,
        "html": mail.html,
        "attachments": [{"name": one.name, "type": one.type, "size": one.size} for one in mail.attachments],
        "automatic": mail.automatic,
        "problems": list(mail.problems),
        "digest": mail.digest,
        "content_hash": mail.content_hash,
        "size": min(mail.size, 2**31 - 1),
        "claimed_at": mail.claimed_at,
    }


def _entries(people: tuple[Address, ...]) -> list[dict[str, str]]:
    return [{"name": one.name, "address": one.address} for one in people]


def _bounced(mailbox: Mailbox, mail: ParsedMail) -> Sending | None:
    """What of ours a bounce is about; by our own ids alone, so that no other mail can be declared bounced."""
    if mail.bounce is None:
        return None
    rows = Sending.objects.filter(mailbox=mailbox, message_id__in=mail.bounce.about)
    return rows.select_related("draft").order_by("-id").first()


def _note_answer(message: Message) -> None:
    """The customer's next message after a reply of ours."""
    rows = Draft.objects.filter(thread_id=message.thread_id, state=DraftState.SENT, answered_by=None)
    sent = rows.filter(Q(sending__sent_at=None) | Q(sending__sent_at__lte=message.received_at))
    for draft in sent.order_by("id").select_for_update(of=("self",)):
        Draft.objects.filter(pk=draft.pk).update(answered_by=message)
        record(
            kind="draft.answered",
            subject_type="draft",
            subject_id=draft.pk,
            business_id=draft.business_id,
            actor=ACTOR,
            message=str(message.pk),
            thread=str(message.thread_id),
        )


def _record(message: Message, thread: Thread) -> None:
    record(
        kind="mail.received" if message.direction == Direction.IN else "mail.imported",
        subject_type="thread",
        subject_id=thread.pk,
        business_id=message.business_id,
        actor=ACTOR,
        message=str(message.pk),
        source=str(message.source),
        automatic=message.automatic,
    )
