"""What a mail wants, told from its words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.drafts.intents import MOST_NAMED, UNTOLD, read_intent
from apps.drafts.states import Intent

MAIL = Path(__file__).parent / "intent_mails.txt"
MAILS = [
    ("", "Where is my order HP-2041? It should have come on Monday.", Intent.TRACKING),
    ("", "My parcel PN48201177 hasn't arrived", Intent.TRACKING),
    ("tracking number?", "could you send me the tracking number for order 12345", Intent.TRACKING),
    ("", "When will my order arrive?", Intent.TRACKING),
    ("Order HP-2041", "Hi, can you tell me the status of my order HP-2041 please?", Intent.ORDER),
    ("", "Please cancel my order HP-2041", Intent.ORDER),
    ("", "Could you send me an invoice for order HP-2099?", Intent.ORDER),
    ("Refund", "I'd like my money back for order HP-2041", Intent.REFUND),
    ("", "I have been charged twice for order #88231", Intent.REFUND),
    ("", "Can I book an appointment for next Tuesday at 3pm?", Intent.APPOINTMENT),
    ("", "I want to reschedule my fitting on 12 March", Intent.APPOINTMENT),
    ("", "The lamp arrived broken, I'm very disappointed", Intent.COMPLAINT),
    ("Opening hours", "Are you open on Sundays?", Intent.GENERAL),
    ("Question", "Do you ship to Norway?", Intent.GENERAL),
    ("", "Thanks a lot!", Intent.GENERAL),
    ("", "It's not about a refund, do you have the oak table in stock?", Intent.GENERAL),
]


@pytest.mark.parametrize(("subject", "text", "intent"), MAILS)
def test_it_tells_what_a_mail_wants(subject: str, text: str, intent: Intent) -> None:
    assert read_intent(subject, text).intent is intent


def test_it_reads_ordinary_mail_in_four_languages() -> None:
    """Two hundred and fifty mails, which its words were written with: no measure of what it makes of others."""
    mails = [line.split("|") for line in MAIL.read_text().splitlines()]
    wrong = [mail for mail in mails if read_intent(mail[1], mail[2]).intent != mail[0]]
    assert len(mails) > 250 and len(wrong) <= len(mails) * 0.05, wrong


def test_it_names_orders_parcels_and_days() -> None:
    read = read_intent("", "Order hp-2041 and #88231, parcel PN48201177, on 2026-11-23 or 12 March 2027.")
    assert read.order_numbers == ("88231", "HP-2041")
    assert read.tracking_numbers == ("PN48201177",)
    assert read.dates == ("2026-11-23", "12 March 2027")


def test_it_is_unsure_where_nothing_speaks_for_anything() -> None:
    assert read_intent("", "").confidence == UNTOLD
    assert read_intent("Refund", "I want a refund").confidence > read_intent("", "cancel it or refund it").confidence


def test_a_word_that_is_not_meant_does_not_count() -> None:
    assert "refund" not in read_intent("", "This is not about a refund.").words


@given(st.text(max_size=400), st.text(max_size=3000))
def test_it_reads_whatever_comes(subject: str, text: str) -> None:
    read = read_intent(subject, text)
    assert 0 < read.confidence < 1
    assert len(read.order_numbers) <= MOST_NAMED


def test_a_huge_mail_is_read_from_its_beginning() -> None:
    assert read_intent("", "Where is my order? " + "refund " * 2_000_000).tracking_numbers == ()
