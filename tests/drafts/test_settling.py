"""What became of a mail that a server may have taken; and what comes back to one that was sent."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.errors import StaleState
from apps.core.models import Event
from apps.drafts import handing
from apps.drafts.models import Mailbox, Message, Sending
from apps.drafts.receiving import receive
from apps.drafts.settling import settle_unsure
from apps.drafts.states import DraftState, SendState, Source
from tests.drafts.mail_servers import Imap, Smtp, a_raw_mail, connected
from tests.drafts.test_sending import approved, make_due, now_of, send


def test_no_answer_to_the_whole_mail_is_for_a_person(sending_mailbox: Mailbox, smtp: Smtp, alice: Any) -> None:
    sending = approved(sending_mailbox)
    smtp.hang_up = "dot"
    assert send(sending) == SendState.UNSURE
    make_due(sending)
    assert send(sending) is None
    smtp.hang_up = ""
    settle_unsure(sending_id=sending.pk, sent=True, actor="user:alice")
    row = now_of(sending)
    assert (row.state, row.draft.state, row.settled_by) == (SendState.SENT, DraftState.SENT, "user:alice")
    assert Event.objects.get(kind="sending.settled").actor == "user:alice"
    assert len(smtp.mails) == 1
    with pytest.raises(StaleState):
        settle_unsure(sending_id=sending.pk, sent=False, actor="user:alice")


def test_what_a_person_says_was_not_sent_goes_out_under_the_same_id(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    sending = approved(sending_mailbox)
    smtp.hang_up = "dot"
    send(sending)
    lost = smtp.mails.pop()
    smtp.hang_up = ""
    settle_unsure(sending_id=sending.pk, sent=False, actor="user:alice")
    assert send(sending) == SendState.SENT
    assert smtp.mails[0].raw == lost.raw


def test_a_server_that_removes_duplicates_is_sent_what_is_unsure_again(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    Mailbox.objects.update(removes_duplicates=True)
    sending = approved(sending_mailbox)
    smtp.hang_up = "dot"
    assert send(sending) == SendState.QUEUED
    smtp.hang_up = ""
    make_due(sending)
    assert send(sending) == SendState.SENT
    assert len({one.message["Message-ID"] for one in smtp.mails}) == 1


def test_one_that_was_left_handing_is_found_in_the_folder_of_sent_mail(
    in_shop: Business, smtp: Smtp, imap: Imap
) -> None:
    mailbox = connected(in_shop, imap, smtp)
    sending = approved(mailbox)
    smtp.file_in = lambda raw: imap.deliver(raw, to="Sent")
    smtp.hang_up = "dot"
    assert send(sending) == SendState.SENT
    assert now_of(sending).draft.state == DraftState.SENT
    assert len(smtp.mails) == 1


def test_one_that_a_dead_process_left_handing_is_not_sent_again(in_shop: Business, smtp: Smtp, imap: Imap) -> None:
    mailbox = connected(in_shop, imap, smtp)
    sending = approved(mailbox)
    Sending.objects.filter(pk=sending.pk).update(
        state=SendState.HANDING, held_until=timezone.now() - timedelta(seconds=1)
    )
    assert handing.due_sendings() == [sending.pk]
    assert send(sending) == SendState.UNSURE
    assert smtp.mails == []


def test_its_own_copy_that_comes_back_settles_it(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    sending = approved(sending_mailbox)
    smtp.hang_up = "dot"
    assert send(sending) == SendState.UNSURE
    received = receive(mailbox=sending_mailbox, raw=smtp.mails[0].raw, source=Source.IMAP)
    assert received.duplicate
    assert now_of(sending).state == SendState.SENT
    assert Message.objects.filter(message_id=sending.message_id).count() == 1


def test_a_copy_is_filed_once(in_shop: Business, smtp: Smtp, imap: Imap) -> None:
    from apps.drafts.filing import file_mail, unfiled

    mailbox = connected(in_shop, imap, smtp)
    sending = approved(mailbox)
    send(sending)
    assert unfiled() == [sending.pk]
    assert file_mail(sending_id=sending.pk, business_id=in_shop.pk)
    assert not file_mail(sending_id=sending.pk, business_id=in_shop.pk)
    Sending.objects.filter(pk=sending.pk).update(file_in="Sent", file_after=timezone.now())
    assert file_mail(sending_id=sending.pk, business_id=in_shop.pk)
    filed = [one for one in imap.mails("Sent") if one["Message-ID"] == f"<{sending.message_id}>"]
    assert len(filed) == 1


def test_the_installations_mail_backend_sends_for_a_mailbox_without_smtp(in_shop: Business) -> None:
    sending = approved(connected(in_shop))
    assert send(sending) == SendState.SENT
    (sent,) = outbox.outbox
    assert sent.to == ["anna@example.com"]
    assert sent.message()["Message-ID"] == f"<{sending.message_id}>"


def test_a_bounce_is_linked_to_what_was_sent(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    sending = approved(sending_mailbox)
    send(sending)
    bounced = receive(mailbox=sending_mailbox, raw=a_bounce(sending.message_id), source=Source.IMAP)
    assert (bounced.message.automatic, bounced.message.bounce_of, bounced.draft) == ("bounce", sending, None)
    assert bounced.message.thread == now_of(sending).draft.thread
    row = now_of(sending)
    assert (row.state, row.last_error) == (SendState.BOUNCED, "550 5.1.1 no such user")
    assert Event.objects.get(kind="draft.bounced").subject_id == str(row.draft_id)


def test_a_delay_is_no_bounce(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    sending = approved(sending_mailbox)
    send(sending)
    raw = a_bounce(sending.message_id).replace(b"Action: failed", b"Action: delayed").replace(b"5.1.1", b"4.4.1")
    received = receive(mailbox=sending_mailbox, raw=raw, source=Source.IMAP)
    assert received.message.bounce_of == sending
    assert now_of(sending).state == SendState.SENT


def test_the_customers_next_mail_answers_the_draft(sending_mailbox: Mailbox) -> None:
    sending = approved(sending_mailbox)
    send(sending)
    answer = receive(mailbox=sending_mailbox, raw=a_raw_mail("Thanks!", answers=sending.message_id), source=Source.IMAP)
    assert answer.message.thread == now_of(sending).draft.thread
    assert now_of(sending).draft.answered_by == answer.message
    assert Event.objects.get(kind="draft.answered").data["message"] == str(answer.message.pk)


def a_bounce(message_id: str) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example.com\r\nTo: help@corner-shop.example.com\r\nSubject: Undelivered\r\n"
        "Message-ID: <dsn@mx.example.com>\r\nDate: Fri, 21 Nov 2025 10:00:00 +0000\r\nAuto-Submitted: auto-replied\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        "Final-Recipient: rfc822; anna@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{message_id}>\r\nSubject: Re: x\r\n\r\n--b--\r\n"
    ).encode()
