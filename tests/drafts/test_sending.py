"""An approved reply goes out once, with the headers we mean, and it is known at each moment what became of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.approvals.models import ApprovalRequest
from apps.core.errors import Invalid, StaleState
from apps.core.models import Event
from apps.drafts import handing
from apps.drafts.models import Draft, Mailbox, Message, Sending
from apps.drafts.receiving import receive
from apps.drafts.sending import queue_sending
from apps.drafts.settling import send_again
from apps.drafts.states import DraftState, SendState, Source
from tests.drafts.mail_servers import Smtp, a_raw_mail, connected, smtp_server

Approve = Callable[..., Sending]


def approved(mailbox: Mailbox, raw: bytes | None = None, **payload: Any) -> Sending:
    """A mail has come in, and its draft was approved."""
    received = receive(mailbox=mailbox, raw=raw or a_raw_mail(message_id="asked@example.com"), source=Source.WEBHOOK)
    assert received.draft is not None
    return queue(received.draft, **payload)


def queue(draft: Draft, **payload: Any) -> Sending:
    given: dict[str, Any] = {
        "to": ["Anna Berg <anna@example.com>"],
        "cc": [],
        "subject": "Re: Order HP-2041",
        "body": "Dear Anna,\n\nit was shipped.",
        "override_reason": "",
    }
    Draft.objects.filter(pk=draft.pk).update(state=DraftState.APPROVED)
    draft = Draft.objects.select_related("thread__mailbox", "message").get(pk=draft.pk)
    return queue_sending(draft=draft, request=ApprovalRequest(payload=given | payload))


def send(sending: Sending) -> SendState | None:
    return handing.send_mail(sending_id=sending.pk, business_id=sending.business_id)


def now_of(sending: Sending) -> Sending:
    return Sending.objects.select_related("draft").get(pk=sending.pk)


def make_due(sending: Sending) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Sending.objects.filter(pk=sending.pk).update(next_attempt_at=past, held_until=None)


def test_a_reply_arrives_with_the_right_recipients_and_headers(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    Mailbox.objects.update(signature="Corner Shop\nTel. 1")
    raw = a_raw_mail(message_id="2@x", answers="1@x", references="<0@x> <1@x>")
    sending = approved(sending_mailbox, raw, cc=["bert@example.com"])
    assert send(sending) == SendState.SENT
    (arrived,) = smtp.mails
    assert (arrived.sender, arrived.recipients) == (sending_mailbox.address, ["anna@example.com", "bert@example.com"])
    message = arrived.message
    assert message["From"] == f"Corner Shop <{sending_mailbox.address}>"
    assert (message["To"], message["Cc"]) == ("Anna Berg <anna@example.com>", "bert@example.com")
    assert (message["In-Reply-To"], message["References"]) == ("<2@x>", "<0@x> <1@x> <2@x>")
    assert message["Message-ID"] == f"<{sending.message_id}>"
    text = message.get_content().replace("\r\n", "\n")
    assert text.startswith("Dear Anna,\n\nit was shipped.\n\n-- \nCorner Shop\nTel. 1\n\n")
    assert "> Where is my order HP-2041?" in text


def test_what_was_sent_stands_in_its_thread_and_the_draft_is_sent(sending_mailbox: Mailbox) -> None:
    sending = approved(sending_mailbox)
    send(sending)
    row = now_of(sending)
    assert (row.state, row.draft.state, row.attempts) == (SendState.SENT, DraftState.SENT, 1)
    message = Message.objects.get(direction="out")
    assert (message.thread, message.message_id, message.source) == (row.draft.thread, sending.message_id, "sent")
    assert (message.sender, message.to[0]["address"]) == (sending_mailbox.address, "anna@example.com")
    assert message.thread.messages_count == 2
    assert Event.objects.get(kind="draft.sent").subject_id == str(row.draft_id)


def test_it_is_sent_once_however_often_it_is_tried(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    sending = approved(sending_mailbox)
    assert [send(sending), send(sending)] == [SendState.SENT, None]
    make_due(sending)
    assert send(sending) is None
    assert len(smtp.mails) == 1


def test_a_draft_is_queued_once(sending_mailbox: Mailbox) -> None:
    sending = approved(sending_mailbox)
    with pytest.raises(StaleState):
        queue(sending.draft)


@pytest.mark.parametrize(
    "payload",
    [
        {"subject": "Hello\r\nBcc: eve@example.net"},
        {"subject": "Hello\nBcc: eve@example.net"},
        {"subject": "Hello\u2028Bcc: eve@example.net"},
        {"subject": "Hello\x85x"},
        {"to": ["Anna\r\nBcc: eve@example.net <anna@example.com>"]},
        {"to": ["anna@example.com\nBcc: eve@example.net"]},
        {"to": ["anna@example.com, eve@example.net"]},
        {"to": ["<anna@example.com> <eve@example.net"]},
        {"to": ["anna@example.com>\r\nRCPT TO:<eve@example.net"]},
        {"to": []},
        {"cc": ["not an address"]},
    ],
)
def test_no_header_can_be_smuggled_in(sending_mailbox: Mailbox, payload: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        approved(sending_mailbox, **payload)
    assert not Sending.objects.exists()


@pytest.mark.parametrize(
    "body", ["a\n.\nb", ".\r\nMAIL FROM:<eve@x.example>", "From here\n..\n", "ä" * 5000, "\r\n.\r\nQUIT\r\n"]
)
def test_no_body_ends_the_mail_early(sending_mailbox: Mailbox, smtp: Smtp, body: str) -> None:
    assert send(approved(sending_mailbox, body=body)) == SendState.SENT
    text = smtp.mails[0].message.get_content().replace("\r\n", "\n")
    assert text.startswith(body.replace("\r\n", "\n").rstrip())
    assert len(smtp.mails) == 1


def test_words_beyond_ascii_arrive(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    sending = approved(
        sending_mailbox, to=["Jürgen Ö <anna@example.com>"], subject="Re: Bestellung für Zoë ☕", body="Grüße"
    )
    send(sending)
    message = smtp.mails[0].message
    assert (message["To"].addresses[0].display_name, message["Subject"]) == ("Jürgen Ö", "Re: Bestellung für Zoë ☕")
    assert message.get_content().startswith("Grüße")


def test_personal_data_of_the_original_is_not_sent_round_again(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    send(approved(sending_mailbox, a_raw_mail("My card is 4111 1111 1111 1111, charge it.")))
    assert "4111" not in smtp.mails[0].message.get_content()


def test_a_refusal_for_now_is_tried_again_later(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    sending = approved(sending_mailbox)
    smtp.answer_data = "451 try again later"
    assert send(sending) == SendState.QUEUED
    row = now_of(sending)
    assert row.next_attempt_at is not None and row.next_attempt_at > timezone.now() + timedelta(seconds=5)
    assert "451" in row.last_error
    assert send(sending) is None
    smtp.answer_data = ""
    make_due(sending)
    assert send(sending) == SendState.SENT
    assert len(smtp.mails) == 1


def test_a_refusal_for_good_fails_and_may_be_tried_again_by_a_person(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    sending = approved(sending_mailbox)
    smtp.answer_data = "554 we do not like it"
    assert send(sending) == SendState.FAILED
    assert Event.objects.filter(kind="draft.send_failed").count() == 1
    assert now_of(sending).draft.state == DraftState.APPROVED
    smtp.answer_data = ""
    send_again(sending_id=sending.pk, actor="user:bob")
    assert send(sending) == SendState.SENT
    assert [one.message["Message-ID"] for one in smtp.mails] == [f"<{sending.message_id}>"]


def test_an_address_that_is_refused_keeps_nobody_from_theirs(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    smtp.refuse["bert@example.com"] = "550 no such user"
    sending = approved(sending_mailbox, cc=["bert@example.com"])
    assert send(sending) == SendState.SENT
    assert smtp.mails[0].recipients == ["anna@example.com"]
    assert now_of(sending).refused == {"bert@example.com": "550 no such user"}


def test_an_address_that_is_refused_for_now_makes_all_wait(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    smtp.refuse["bert@example.com"] = "450 greylisted"
    sending = approved(sending_mailbox, cc=["bert@example.com"])
    assert send(sending) == SendState.QUEUED
    assert smtp.mails == []
    smtp.refuse.clear()
    make_due(sending)
    send(sending)
    assert smtp.mails[0].recipients == ["anna@example.com", "bert@example.com"]


def test_all_refused_fails(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    smtp.refuse["anna@example.com"] = "550 no such user"
    assert send(approved(sending_mailbox)) == SendState.FAILED


def test_a_connection_lost_before_the_mail_is_tried_again(sending_mailbox: Mailbox, smtp: Smtp) -> None:
    sending = approved(sending_mailbox)
    smtp.hang_up = "data"
    assert send(sending) == SendState.QUEUED
    smtp.hang_up = ""
    make_due(sending)
    assert send(sending) == SendState.SENT
    assert len(smtp.mails) == 1


def test_no_server_is_tried_again(in_shop: Business) -> None:
    with smtp_server() as gone:
        mailbox = connected(in_shop, smtp=gone)
    sending = approved(mailbox)
    assert send(sending) == SendState.QUEUED
    assert "does not answer" in now_of(sending).last_error
