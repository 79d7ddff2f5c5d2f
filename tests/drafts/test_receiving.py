"""A mail that comes in is one message in the right thread, and a person's gets one draft."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.models import Event
from apps.drafts.models import Draft, Mailbox, Message, Thread
from apps.drafts.receiving import Received, receive
from apps.drafts.states import Direction, DraftState, Source
from tests.drafts.mail_servers import ADDRESS, a_raw_mail, connected


@pytest.fixture
def mailbox(in_shop: Business) -> Mailbox:
    return connected(in_shop)


def take(mailbox: Mailbox, raw: bytes, source: Source = Source.WEBHOOK, **more: Any) -> Received:
    return receive(mailbox=mailbox, raw=raw, source=source, **more)


def test_a_mail_is_a_message_with_a_thread_and_a_draft_is_wanted(mailbox: Mailbox) -> None:
    received = take(mailbox, a_raw_mail(message_id="one@example.com"))
    message = received.message
    assert (message.message_id, message.sender, message.sender_name) == (
        "one@example.com",
        "anna@example.com",
        "Anna Berg",
    )
    assert message.to == [{"name": "", "address": ADDRESS}]
    assert message.text == message.reply_text == "Where is my order HP-2041?"
    assert (message.thread.customer, message.thread.messages_count) == ("anna@example.com", 1)
    assert received.draft is not None and received.draft.state == DraftState.QUEUED
    event = Event.objects.get(kind="mail.received")
    assert (event.subject_id, event.data["message"]) == (str(message.thread_id), str(message.pk))


def test_the_same_mail_is_one_message_however_it_comes(mailbox: Mailbox) -> None:
    raw = a_raw_mail()
    first = take(mailbox, raw)
    by_imap = take(mailbox, b"Received: from somewhere\r\n" + raw, Source.IMAP)
    assert (first.duplicate, by_imap.duplicate) == (False, True)
    assert by_imap.message == first.message
    assert (Message.objects.count(), Draft.objects.count(), Thread.objects.get().messages_count) == (1, 1, 1)


def test_a_mail_without_an_id_is_known_again_by_what_it_says(mailbox: Mailbox) -> None:
    lines = [line for line in a_raw_mail().split(b"\r\n") if not line.startswith(b"Message-ID")]
    raw = b"\r\n".join(lines)
    assert not take(mailbox, raw).duplicate
    assert take(mailbox, b"Received: by another way\r\n" + raw).duplicate


def test_another_mail_under_a_used_id_is_not_lost(mailbox: Mailbox) -> None:
    take(mailbox, a_raw_mail(message_id="same@x.example", sender="eve@example.net", text="first"))
    raw = a_raw_mail(message_id="same@x.example", text="Please help")
    second = take(mailbox, raw)
    assert not second.duplicate and "It uses the Message-ID of another mail" in second.message.problems
    assert take(mailbox, raw).duplicate
    assert second.message.thread.customer == "anna@example.com"


def test_one_mail_in_two_mailboxes_is_two_messages(mailbox: Mailbox, shop: Business) -> None:
    raw = a_raw_mail()
    take(mailbox, raw)
    assert not take(connected(shop, address="sales2@corner-shop.example.com"), raw).duplicate


def test_an_answer_joins_the_thread_it_names(mailbox: Mailbox) -> None:
    first = take(mailbox, a_raw_mail(message_id="a@x"))
    other = take(mailbox, a_raw_mail(message_id="b@x", sender="bert@example.com"))
    answer = take(mailbox, a_raw_mail(message_id="c@x", answers="a@x", subject="Something else"))
    assert answer.message.thread == first.message.thread != other.message.thread
    assert answer.message.thread.messages_count == 2


def test_the_subject_joins_nothing(mailbox: Mailbox) -> None:
    one = take(mailbox, a_raw_mail(subject="Re: Order"))
    two = take(mailbox, a_raw_mail(subject="Re: Order"))
    assert one.message.thread != two.message.thread


def test_who_was_no_part_of_a_conversation_does_not_get_into_it(mailbox: Mailbox) -> None:
    first = take(mailbox, a_raw_mail(message_id="a@x"))
    other = take(mailbox, a_raw_mail(message_id="b@x", answers="a@x", sender="eve@example.net"))
    assert other.message.thread != first.message.thread
    assert any("no part of" in words for words in other.message.problems)


def test_who_was_in_copy_is_part_of_it(mailbox: Mailbox) -> None:
    first = take(mailbox, a_raw_mail(message_id="a@x", Cc="bert@example.com"))
    other = take(mailbox, a_raw_mail(message_id="b@x", answers="a@x", sender="Bert@Example.com"))
    assert other.message.thread == first.message.thread


def test_mails_out_of_order_end_in_one_thread(mailbox: Mailbox) -> None:
    third = take(mailbox, a_raw_mail(message_id="3@x", answers="2@x"))
    first = take(mailbox, a_raw_mail(message_id="1@x"))
    assert third.message.thread != first.message.thread
    second = take(mailbox, a_raw_mail(message_id="2@x", answers="1@x"))
    assert Thread.objects.count() == 1
    assert set(Message.objects.values_list("thread_id", flat=True)) == {second.message.thread_id}
    assert set(Draft.objects.values_list("thread_id", flat=True)) == {second.message.thread_id}
    assert Thread.objects.get().messages_count == 3


def test_threads_of_two_customers_are_never_put_together(mailbox: Mailbox) -> None:
    anna = take(mailbox, a_raw_mail(message_id="a@x"))
    bert = take(mailbox, a_raw_mail(message_id="b@x", sender="bert@example.com"))
    both = take(mailbox, a_raw_mail(message_id="c@x", answers="a@x", references="<b@x> <a@x>"))
    assert both.message.thread == anna.message.thread != bert.message.thread
    assert Thread.objects.count() == 2


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto-reply"),
        ({"Precedence": "bulk"}, "list"),
        ({"List_Id": "<news.example.com>"}, "list"),
        ({"X_Auto_Response_Suppress": "All"}, "auto-reply"),
        ({"Return_Path": "<>"}, "auto-reply"),
        ({"sender": "noreply@example.com"}, "auto-reply"),
        ({"sender": "no-reply+17@example.com"}, "auto-reply"),
        ({"sender": "MAILER-DAEMON@example.com"}, "bounce"),
        ({"sender": f"Shop <{ADDRESS.upper()}>"}, "own"),
        ({"sender": "sales@corner-shop.example.com"}, "own"),
    ],
)
def test_no_machine_gets_a_draft(mailbox: Mailbox, headers: dict[str, str], kind: str) -> None:
    received = take(mailbox, a_raw_mail(**headers))
    assert (received.message.automatic, received.message.direction, received.draft) == (kind, Direction.IN, None)


def test_auto_submitted_no_is_a_person(mailbox: Mailbox) -> None:
    assert take(mailbox, a_raw_mail(Auto_Submitted="no")).draft is not None


def test_another_mailbox_of_the_business_gets_no_draft(mailbox: Mailbox, shop: Business) -> None:
    connected(shop, address="info@corner-shop.example.com")
    received = take(mailbox, a_raw_mail(sender="info@corner-shop.example.com"))
    assert (received.message.automatic, received.draft) == ("own", None)


def test_mail_of_the_past_gets_no_draft(mailbox: Mailbox) -> None:
    assert take(mailbox, a_raw_mail(), draft=False).draft is None


def test_a_forged_date_orders_nothing(mailbox: Mailbox) -> None:
    before = timezone.now()
    raw = (
        a_raw_mail()
        .replace(b"Date: ", b"X-Date: ")
        .replace(b"From: ", b"Date: Mon, 1 Jan 2040 00:00:00 +0000\r\nFrom: ")
    )
    message = take(mailbox, raw).message
    assert before <= message.received_at <= timezone.now()
    assert "Its Date lies in the future" in message.problems
    later = take(mailbox, a_raw_mail(), received_at=timezone.now() + timedelta(days=3)).message
    assert later.received_at <= timezone.now()


@pytest.mark.parametrize(
    "raw", [b"", b"\x00" * 5000, b"\r\n\r\n", b"From: \xff\xfe\x00\r\nSubject: \x00\xed\xa0\x80\r\n\r\n\x00"]
)
def test_anything_can_be_stored(mailbox: Mailbox, raw: bytes) -> None:
    received = take(mailbox, raw)
    assert Message.objects.get().pk == received.message.pk


def test_a_mail_of_another_shop_is_out_of_sight(other_shop: Business, mailbox: Mailbox) -> None:
    from apps.accounts.row_access import acting_for

    take(mailbox, a_raw_mail())
    with acting_for(other_shop.pk):
        assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_at_the_same_time_it_is_one_message_and_an_answer_finds_its_thread(shop: Business) -> None:
    mailbox = connected(shop)
    raws = [a_raw_mail(message_id="a@x")] * 4 + [a_raw_mail(message_id="b@x", answers="a@x")] * 4

    def run(raw: bytes) -> bool:
        try:
            return take(mailbox, raw).duplicate
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        duplicates = list(pool.map(run, raws))
    assert duplicates.count(False) == 2
    assert (Message.objects.count(), Thread.objects.count(), Draft.objects.count()) == (2, 1, 2)


def test_an_answer_from_elsewhere_overtakes_the_draft(mailbox: Mailbox) -> None:
    asked = take(mailbox, a_raw_mail(message_id="a@x"))
    ours = a_raw_mail("Done.", message_id="b@x", answers="a@x", sender=ADDRESS, to="anna@example.com")
    sent = take(mailbox, ours, Source.IMPORT)
    assert (sent.message.direction, sent.message.thread) == (Direction.OUT, asked.message.thread)
    assert Draft.objects.get().state == DraftState.STALE


def test_a_forged_sender_of_ours_teaches_nothing(mailbox: Mailbox) -> None:
    take(mailbox, a_raw_mail(message_id="a@x"))
    forged = a_raw_mail("Wire us money.", answers="a@x", sender=ADDRESS, to="anna@example.com")
    received = take(mailbox, forged, Source.IMAP)
    assert (received.message.direction, received.message.automatic) == (Direction.IN, "own")
    assert Draft.objects.get().state == DraftState.QUEUED
