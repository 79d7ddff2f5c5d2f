"""ACT: find out what became of a mail that a server may have taken, and what a person says about it."""

import logging
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.errors import GatehouseError, NotFound, StaleState
from apps.core.later import later
from apps.core.transitions import move
from apps.drafts import imap
from apps.drafts.models import Sending
from apps.drafts.retrying import next_wait
from apps.drafts.sending import ACTOR, SEND, mark_sent, note_unsure, put_off, record_sending
from apps.drafts.states import SendState

log = logging.getLogger(__name__)


def settle(*, sending: Sending, words: str) -> SendState:
    """What became of a sending that is HANDING and that this process holds.

    Seen in the folder of sent mail or in the mailbox: SENT. Not seen: QUEUED once more where the mail server removes
    duplicates by Message-ID, else UNSURE; that nobody sees it is no proof.
    """
    seen = _seen(sending)
    with acting_for(sending.business_id):
        try:
            if seen:
                mark_sent(sending=sending, allowed=[SendState.HANDING], by=ACTOR, refused=sending.refused)
                return SendState.SENT
        except StaleState:
            return _now(sending)
        wait = next_wait(sending.attempts)
        if sending.mailbox.removes_duplicates and wait is not None:
            put_off(sending=sending, words=words, wait=wait, refused=sending.refused)
        else:
            note_unsure(sending=sending, words=words)
        return _now(sending)


def settle_unsure(*, sending_id: UUID, sent: bool, actor: str) -> Sending:
    """A person says what became of an unsure mail: it went out, or it did not and is sent again (under the same id).

    Raises NotFound, StaleState.
    """
    with transaction.atomic():
        sending = _found(sending_id)
        record_sending("sending.settled", sending, actor, sent=sent)
        if sent:
            mark_sent(sending=sending, allowed=[SendState.UNSURE], by=actor, refused=sending.refused)
        else:
            _again(sending, SendState.UNSURE, actor)
    return _found(sending_id)


def send_again(*, sending_id: UUID, actor: str) -> Sending:
    """Try a mail again that was refused for good. Raises NotFound, StaleState."""
    with transaction.atomic():
        sending = _found(sending_id)
        _again(sending, SendState.FAILED, actor)
        record_sending("sending.again", sending, actor)
    return _found(sending_id)


def _again(sending: Sending, state: SendState, actor: str) -> None:
    rows = Sending.objects.filter(pk=sending.pk)
    now = timezone.now()
    move(rows, allowed=[state], to=SendState.QUEUED, next_attempt_at=now, attempts=0, settled_by=actor[:120])
    later(SEND, str(sending.pk))


def _seen(sending: Sending) -> bool:
    mailbox = sending.mailbox
    if not mailbox.imap_host:
        return False
    try:
        with imap.signed_in(mailbox) as server:
            for name in filter(None, [mailbox.sent_folder, mailbox.imap_folder]):
                server.look_into(name)
                if server.uids_with_id(sending.message_id):
                    return True
    except GatehouseError as error:
        log.warning("could not look for a sent mail: %s", error.detail)
    return False


def _found(sending_id: UUID) -> Sending:
    sending = Sending.objects.select_related("mailbox").filter(pk=sending_id).first()
    if sending is None:
        raise NotFound(f"There is no mail {sending_id} on its way")
    return sending


def _now(sending: Sending) -> SendState:
    return SendState(Sending.objects.values_list("state", flat=True).get(pk=sending.pk))
