"""ACT: find the conversation a mail belongs to: by the ids it names, never by its subject.

A mail joins the thread of the newest mail it names, if its writer took part in that thread: whoever merely knows an id
must not get into the conversation of somebody else. A mail that names only ids we do not know begins a thread; when
the mail it named comes in late, that one joins it, and threads of one customer that turn out to be one are put
together.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.core.events import record
from apps.drafts.models import Draft, Mailbox, Message, Thread
from apps.drafts.parsing import ParsedMail

ACTOR = "system:mail"
# Of a thread, whose writers and readers are looked at.
LOOKED_AT = 300
OUTSIDER = "It names a conversation that its writer was no part of, so it begins its own"


def thread_for(
    *, mailbox: Mailbox, mail: ParsedMail, message_id: str, own: frozenset[str], outgoing: bool, at: datetime
) -> tuple[Thread, bool]:
    """(the thread, locked, of a mail that is about to be stored; whether it was kept out of one it names).

    own: our addresses, in lower case. Call in the transaction that stores it, with the mailbox locked.
    """
    people = _people(mail, own)
    named = _threads_of(mailbox, _by_nearness(mail))
    waiting = _threads_naming(mailbox, message_id)
    joined = [thread for thread in dict.fromkeys([*named, *waiting]) if outgoing or people & _members(thread, own)]
    refused = bool(named) and named[0] not in joined
    if not joined:
        return _begin(mailbox, mail, outgoing, at), refused
    first, *others = Thread.objects.select_for_update(no_key=True).filter(pk__in=joined).order_by("created_at", "id")
    for other in others:
        if other.customer.lower() == first.customer.lower():
            _put_together(first, other)
    return first, refused


def _begin(mailbox: Mailbox, mail: ParsedMail, outgoing: bool, at: datetime) -> Thread:
    customer, name = mail.sender, mail.sender_name
    if outgoing:
        customer, name = (mail.to[0].address, mail.to[0].name) if mail.to else ("", "")
    return Thread.objects.create(
        business_id=mailbox.business_id,
        mailbox=mailbox,
        subject=mail.subject,
        customer=customer,
        customer_name=name,
        last_message_at=at,
    )


def _by_nearness(mail: ParsedMail) -> list[str]:
    return list(dict.fromkeys(filter(None, [mail.in_reply_to, *reversed(mail.references)])))


def _threads_of(mailbox: Mailbox, ids: list[str]) -> list[UUID]:
    """Threads of the mails with these ids, that of the nearest first."""
    if not ids:
        return []
    found = dict(Message.objects.filter(mailbox=mailbox, message_id__in=ids).values_list("message_id", "thread_id"))
    return list(dict.fromkeys(found[one] for one in ids if one in found))[:1]


def _threads_naming(mailbox: Mailbox, message_id: str) -> list[UUID]:
    """Threads of mails that came before the one they answer."""
    rows = Message.objects.filter(mailbox=mailbox, references__contains=[message_id])
    return list(rows.order_by("thread_id").values_list("thread_id", flat=True).distinct()[:20])


def _people(mail: ParsedMail, own: frozenset[str]) -> set[str]:
    """Who writes; of a mail of ours, to whom."""
    if mail.sender.lower() in own:
        return {one.address.lower() for one in (*mail.to, *mail.cc)} - own
    return {mail.sender.lower()} - {""}


def _members(thread_id: UUID, own: frozenset[str]) -> set[str]:
    rows = Message.objects.filter(thread_id=thread_id).order_by("-received_at", "-id")
    members: set[str] = set()
    for sender, reply_to, to, cc in rows.values_list("sender", "reply_to", "to", "cc")[:LOOKED_AT]:
        members |= {sender.lower(), *_addresses(reply_to), *_addresses(to), *_addresses(cc)}
    return members - own - {""}


def _addresses(entries: Iterable[dict[str, str]]) -> set[str]:
    return {str(entry.get("address", "")).lower() for entry in entries}


def _put_together(kept: Thread, other: Thread) -> None:
    Message.objects.filter(thread=other).update(thread=kept)
    Draft.objects.filter(thread=other).update(thread=kept)
    kept.messages_count += other.messages_count
    kept.last_message_at = max(kept.last_message_at, other.last_message_at)
    kept.save(update_fields=["messages_count", "last_message_at"])
    gone = str(other.pk)
    other.delete()
    record(
        kind="thread.joined",
        subject_type="thread",
        subject_id=kept.pk,
        business_id=kept.business_id,
        actor=ACTOR,
        joined=gone,
    )
