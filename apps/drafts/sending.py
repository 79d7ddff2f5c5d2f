"""ACT: what becomes of an approved reply on its way out: queued once, handed over once, sent, refused or bounced.

A Sending is QUEUED until a mail server has all of it but the final dot, HANDING until the answer to that dot is
written down, and then SENT, QUEUED again (refused for now) or FAILED (refused for good). One that is left HANDING by a
process that died may have been taken or not: apps.drafts.settling finds out, or leaves it UNSURE for a person.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.formats import date_format

from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State as RequestState
from apps.core.errors import Invalid, StaleState
from apps.core.events import record
from apps.core.ids import new_id
from apps.core.later import later
from apps.core.transitions import move
from apps.drafts.guardrails.privacy import mask
from apps.drafts.mail_headers import OURS, Address
from apps.drafts.mime import HeaderRefused, Outgoing, build_mail, read_people, references_of, reply_subject
from apps.drafts.models import Draft, Mailbox, Message, Sending, Thread
from apps.drafts.parsing import content_hash, parse_mail
from apps.drafts.quoting import quoted, reply_of
from apps.drafts.states import Direction, DraftState, SendState, Source

ACTOR = "system:mail"
SEND = "apps.drafts.tasks.send_mail"


def queue_sending(*, draft: Draft, request: ApprovalRequest) -> Sending:
    """Build the mail of an approved draft, whole and once, and have it sent after commit.

    Call in the transaction of the decision. request.payload: {to, cc: ["Name <a@b>"], subject, body}. Raises Invalid
    for what cannot be a header, StaleState when it is queued already.
    """
    if Sending.objects.filter(draft=draft).exists():
        raise StaleState("This draft is on its way already")
    mailbox, pk, now = draft.thread.mailbox, new_id(), timezone.now()
    message_id = f"{pk.hex}@{mailbox.address.rpartition('@')[2]}"
    try:
        to, cc = read_people(request.payload["to"]), read_people(request.payload.get("cc") or [])
        mime = build_mail(_outgoing(draft.message, mailbox, request.payload, to, cc, message_id, now))
    except HeaderRefused as error:
        raise Invalid("", f"This cannot be sent: {error}") from None
    sending = Sending.objects.create(
        id=pk,
        business_id=draft.business_id,
        draft=draft,
        mailbox=mailbox,
        message_id=message_id,
        recipients=list(dict.fromkeys(one.address for one in (*to, *cc))),
        mime=mime,
        next_attempt_at=now,
        file_in=mailbox.sent_folder if mailbox.imap_host else "",
    )
    later(SEND, str(sending.pk))
    return sending


def _outgoing(
    message: Message,
    mailbox: Mailbox,
    payload: Mapping[str, Any],
    to: Sequence[Address],
    cc: Sequence[Address],
    message_id: str,
    now: datetime,
) -> Outgoing:
    # An id that we made ourselves says nothing to the programs of others.
    known = not message.message_id.endswith(f"@{OURS}")
    references = [one for one in message.references if not one.endswith(f"@{OURS}")]
    return Outgoing(
        sender=Address(mailbox.name, mailbox.address),
        to=to,
        cc=cc,
        subject=payload["subject"] or reply_subject(message.subject),
        body=_body(message, mailbox, payload["body"]),
        message_id=message_id,
        in_reply_to=message.message_id if known else "",
        references=references_of(references, message.message_id) if known else references,
        date=now,
    )


def _body(message: Message, mailbox: Mailbox, body: str) -> str:
    parts = [body.rstrip()]
    if mailbox.signature.strip():
        parts.append(f"-- \n{mailbox.signature.strip()}")
    # Personal data does not go round once more, and not to those in copy.
    asked = mask(message.reply_text or reply_of(message.text))[0]
    if asked:
        who = message.sender_name or message.sender
        parts.append(quoted(asked, who, date_format(message.received_at, "j F Y, H:i T")))
    return "\n\n".join(parts) + "\n"


def mark_sent(*, sending: Sending, allowed: Sequence[SendState], by: str, refused: Mapping[str, str]) -> Message:
    """The mail server has it: the draft is sent, and the mail stands in its thread. Raises StaleState."""
    now = timezone.now()
    with transaction.atomic():
        draft = Draft.objects.select_related("message", "thread").get(pk=sending.draft_id)
        # The order in which a mail that comes in locks them.
        Thread.objects.select_for_update(no_key=True).get(pk=draft.thread_id)
        Draft.objects.filter(pk=draft.pk, state=DraftState.APPROVED).update(state=DraftState.SENT)
        changes: dict[str, Any] = {"sent_at": now, "held_until": None, "next_attempt_at": None, "last_error": ""}
        changes |= {"settled_by": by if by != ACTOR else "", "refused": dict(refused), "file_after": now}
        move(Sending.objects.filter(pk=sending.pk), allowed=allowed, to=SendState.SENT, **changes)
        message = _store(sending, draft, now)
        record_sending("draft.sent", sending, by, message=str(message.pk), refused=len(refused))
        if sending.file_in:
            later("apps.drafts.tasks.file_mail", str(sending.pk))
    return message


def _store(sending: Sending, draft: Draft, now: datetime) -> Message:
    """Our mail as a message of its thread, read as those of others are."""
    mail = parse_mail(sending.mime.encode("ascii"))
    body = _approved_body(draft) or mail.reply_text
    message = Message.objects.create(
        business_id=sending.business_id,
        mailbox_id=sending.mailbox_id,
        thread_id=draft.thread_id,
        direction=Direction.OUT,
        source=Source.SENT,
        message_id=sending.message_id,
        in_reply_to=mail.in_reply_to,
        references=list(mail.references),
        sender=mail.sender,
        sender_name=mail.sender_name,
        to=[{"name": one.name, "address": one.address} for one in mail.to],
        cc=[{"name": one.name, "address": one.address} for one in mail.cc],
        subject=mail.subject,
        text=mail.text,
        reply_text=body,
        digest=mail.digest,
        content_hash=content_hash(body),
        size=mail.size,
        claimed_at=mail.claimed_at,
        received_at=now,
    )
    Thread.objects.filter(pk=draft.thread_id).update(
        messages_count=F("messages_count") + 1, last_message_at=Greatest(F("last_message_at"), now)
    )
    return message


def _approved_body(draft: Draft) -> str:
    rows = ApprovalRequest.objects.filter(kind="draft", subject_id=draft.pk, state=RequestState.APPROVED)
    payload = rows.order_by("-id").values_list("payload", flat=True).first() or {}
    return str(payload.get("body", "")).strip()


def note_delivered(*, sending: Sending, words: str) -> Message:
    """Our mail was seen outside, so it went out, whatever we knew before. Gives it as a message."""
    stored = Message.objects.filter(mailbox_id=sending.mailbox_id, message_id=sending.message_id).first()
    if stored is not None:
        return stored
    return mark_sent(
        sending=sending,
        allowed=[SendState.QUEUED, SendState.HANDING, SendState.UNSURE],
        by=f"{ACTOR} ({words})",
        refused={},
    )


def note_bounced(*, sending: Sending, words: str, recipients: Sequence[str]) -> None:
    """A mail server says that it could not be delivered. Call with the thread of its draft locked."""
    if sending.state in (SendState.HANDING, SendState.UNSURE):
        note_delivered(sending=sending, words="It bounced")
    rows = Sending.objects.filter(pk=sending.pk, state=SendState.SENT)
    if rows.update(state=SendState.BOUNCED, last_error=(words or "It could not be delivered")[:300]):
        record_sending("draft.bounced", sending, ACTOR, words=words[:300], recipients=list(recipients)[:20])


def put_off(*, sending: Sending, words: str, wait: timedelta | None, refused: Mapping[str, str]) -> None:
    """It was certainly not taken: try again after `wait`, or never (None: it has FAILED)."""
    now = timezone.now()
    with transaction.atomic():
        mine = Sending.objects.filter(
            pk=sending.pk, attempts=sending.attempts, state__in=[SendState.QUEUED, SendState.HANDING]
        )
        changes: dict[str, Any] = {"held_until": None, "last_error": words[:300], "refused": dict(refused)}
        if wait is not None:
            mine.update(state=SendState.QUEUED, next_attempt_at=now + wait, **changes)
        elif mine.update(state=SendState.FAILED, next_attempt_at=None, **changes):
            record_sending("draft.send_failed", sending, ACTOR, words=words[:300])


def note_unsure(*, sending: Sending, words: str) -> None:
    """It may have been taken or not: a person must look."""
    with transaction.atomic():
        rows = Sending.objects.filter(pk=sending.pk, state=SendState.HANDING)
        if rows.update(state=SendState.UNSURE, held_until=None, next_attempt_at=None, last_error=words[:300]):
            record_sending("draft.send_unsure", sending, ACTOR, words=words[:300])


def record_sending(kind: str, sending: Sending, actor: str, **data: Any) -> None:
    """Write down what happened to a reply on its way out, as its draft's event, in the transaction of what happened."""
    record(
        kind=kind,
        subject_type="draft",
        subject_id=sending.draft_id,
        business_id=sending.business_id,
        actor=actor,
        sending=str(sending.pk),
        **data,
    )
