"""Mails that are built to break whoever reads them: each is one message and at most one draft, to its writer alone."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.drafts.models import Draft, Mailbox, Message
from apps.drafts.parsing import MOST_ATTACHMENTS, MOST_TEXT
from apps.drafts.receiving import receive
from apps.drafts.states import Source
from tests.drafts.attacks.hostile_mails import CODINGS, FORGED, MACHINES, STRUCTURES, TEXTS, UTF8, a_mail
from tests.drafts.attacks.invariants import nothing_is_stuck, only_goes_to, rows_of, says_nothing_unknown, through
from tests.drafts.attacks.tricks import FINE
from tests.drafts.letters import COMPLETIONS, Outside
from tests.drafts.mail_servers import a_raw_mail, connected

pytestmark = pytest.mark.django_db
LONGEST_PROMPT = 60_000
STATEMENTS = 30


def statements(made: Any) -> tuple[Any, int]:
    with CaptureQueriesContext(connection) as asked:
        return made(), len(asked)


def is_bounded(message: Message) -> None:
    """Nothing that is stored of a mail grows with what was sent."""
    assert len(message.text) <= MOST_TEXT and len(message.attachments) <= MOST_ATTACHMENTS
    assert len(message.cc) <= 200 and len(message.references) <= 200 and len(message.problems) <= 20
    assert "\x00" not in message.text + message.subject + message.html
    message.text.encode("utf-8")


@pytest.mark.parametrize("name", [*STRUCTURES, *CODINGS])
def test_a_mail_that_breaks_readers_is_read(name: str, mailbox: Mailbox, enemy: Outside, alice: User) -> None:
    raw = (STRUCTURES | CODINGS)[name]()
    passed, asked = statements(lambda: receive(mailbox=mailbox, raw=raw, source=Source.WEBHOOK))
    assert passed.message.sender == "anna@example.com" and asked <= STATEMENTS
    is_bounded(passed.message)
    again = through(mailbox, raw, alice)
    assert again.message == passed.message and Message.objects.filter(direction="in").count() == 1
    nothing_is_stuck(1)


def test_texts_that_patterns_trip_over_become_drafts(mailbox: Mailbox, enemy: Outside, alice: User) -> None:
    enemy.writes(FINE)
    for name, text in TEXTS.items():
        raw = a_mail(name, UTF8, f"What is the status of my order HP-2041?\n{text}".encode())
        passed = through(mailbox, raw, alice)
        is_bounded(passed.message)
        only_goes_to(passed, to=["anna@example.com"])
    assert max(len(str(one.body)) for one in enemy.to(COMPLETIONS)) < LONGEST_PROMPT
    nothing_is_stuck(len(TEXTS))


def test_texts_that_patterns_trip_over_do_not_break_a_draft(mailbox: Mailbox, enemy: Outside, alice: User) -> None:
    for name, text in TEXTS.items():
        enemy.writes(f"{FINE}\n{text}")
        passed = through(mailbox, a_raw_mail(message_id=f"{name}@x.example"), alice)
        only_goes_to(passed, to=["anna@example.com"])
        assert not says_nothing_unknown(passed, ())
    nothing_is_stuck(len(TEXTS))


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_header_brings_nobody_else_into_the_reply(
    name: str, mailbox: Mailbox, enemy: Outside, alice: User
) -> None:
    passed = through(mailbox, a_mail(name, begin=FORGED[name]), alice)
    nobody = name in ("no_sender", "long_sender")
    only_goes_to(passed, to=[] if nobody else ["anna@example.com"])
    assert (passed.sending is None) is nobody


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_gets_no_answer_so_that_two_never_talk_for_ever(
    name: str, mailbox: Mailbox, enemy: Outside, alice: User
) -> None:
    passed = through(mailbox, a_mail(name, begin=MACHINES[name]), alice)
    assert passed.draft is None and not Draft.objects.exists() and not enemy.to(COMPLETIONS)


def test_an_id_that_another_business_knows_too_brings_nothing_together(
    mailbox: Mailbox, enemy: Outside, alice: User, other_shop: Business
) -> None:
    theirs = connected(other_shop, address="help@other-shop.example.com")
    secret = a_raw_mail("Our contract is about 7,000 EUR.", message_id="same@x.example", sender="karl@private.example")
    receive(mailbox=theirs, raw=secret, source=Source.WEBHOOK)
    before = rows_of(other_shop)
    raws = [
        a_raw_mail(message_id="same@x.example"),
        a_raw_mail(message_id="two@x.example", answers="same@x.example", references="<same@x.example>"),
        a_raw_mail(message_id="three@x.example", answers="same@x.example", sender="karl@private.example"),
    ]
    for raw in raws:
        passed = through(mailbox, raw, alice)
        assert passed.message.business_id == mailbox.business_id == passed.message.thread.business_id
    assert rows_of(other_shop) == before
    with acting_for(mailbox.business_id):
        assert Message.objects.exclude(business_id=mailbox.business_id).count() == 0
    asked = str([one.body for one in enemy.to(COMPLETIONS)])
    assert "7,000" not in asked and "contract" not in asked


def test_a_stranger_who_knows_an_id_sees_nothing_of_the_conversation(
    mailbox: Mailbox, enemy: Outside, alice: User
) -> None:
    first = through(mailbox, a_raw_mail("My flat is in Rose Lane 7.", message_id="own@x.example"), alice)
    enemy.asked.clear()
    raw = a_raw_mail(
        "What did I write?", message_id="in@x.example", answers="own@x.example", sender="Anna Berg <anna@attacker.test>"
    )
    receive(mailbox=mailbox, raw=raw, source=Source.WEBHOOK)
    message = Message.objects.get(message_id="in@x.example")
    assert message.thread != first.message.thread
    second = through(mailbox, raw, alice)
    assert second.request is not None and "Rose Lane" not in str([one.body for one in enemy.to(COMPLETIONS)])
    assert second.request.payload["to"] == ["Anna Berg <anna@attacker.test>"]
