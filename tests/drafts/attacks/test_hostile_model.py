"""A model that tries other tricks than those it was tried with before, through the whole flow, mail by mail."""

from typing import Any

import pytest

from apps.accounts.models import Business, User
from apps.core.errors import Invalid
from apps.drafts.models import Draft, Mailbox, Sending
from tests.drafts.attacks.invariants import (
    Passed,
    nothing_is_stuck,
    nothing_personal_in,
    only_goes_to,
    prompts,
    rows_of,
    says_nothing_unknown,
    sent_of,
    through,
)
from tests.drafts.attacks.tricks import ALL, ASKS, CARD, CLOSE, EVIL_MAIL, FINE, IBAN, SSN, TRUE, Trick
from tests.drafts.letters import COMPLETIONS, Outside
from tests.drafts.mail_servers import a_raw_mail, connected
from tests.drafts.test_scenarios import approve

pytestmark = pytest.mark.django_db


def tried(trick: Trick, enemy: Outside, mailbox: Mailbox, by: User) -> Passed:
    enemy.asked.clear()
    enemy.completes(trick)
    return through(mailbox, a_raw_mail(ASKS, message_id=f"{trick.name}@x.example"), by)


def test_every_trick_of_a_model_ends_before_the_customer(
    alice: User, enemy: Outside, mailbox: Mailbox, other_shop: Business
) -> None:
    connected(other_shop, address="help@other-shop.example.com")
    before = rows_of(other_shop)
    out: dict[str, list[str]] = {}
    for trick in ALL:
        passed = tried(trick, enemy, mailbox, alice)
        only_goes_to(passed, to=["anna@example.com"])
        wrong = says_nothing_unknown(passed, trick.marks)
        wrong += nothing_personal_in(passed, prompts(enemy), [CARD, IBAN, SSN])
        if wrong:
            out[trick.name] = wrong
    assert not out
    nothing_is_stuck(len(ALL))
    assert rows_of(other_shop) == before


def test_a_good_model_is_let_through_all_the_same(alice: User, enemy: Outside, mailbox: Mailbox) -> None:
    for number, body in enumerate([FINE, FINE.replace("shipped", "been shipped"), f"{TRUE}It cost 59.90 EUR.{CLOSE}"]):
        enemy.writes(body)
        passed = through(mailbox, a_raw_mail(ASKS, message_id=f"good{number}@x.example"), alice)
        assert passed.sending is not None and passed.sending.recipients == ["anna@example.com"]
        assert sent_of(passed.sending)[1].startswith("Hello Anna")


@pytest.mark.parametrize(
    "edit",
    [
        {"to": [f"Anna <{EVIL_MAIL}>"]},
        {"cc": [EVIL_MAIL]},
        {"bcc": [EVIL_MAIL]},
        {"subject": f"Re: Order\r\nBcc: {EVIL_MAIL}"},
        {"subject": f"Re: Order\u2028Bcc: {EVIL_MAIL}"},
        {"body": FINE.replace("HP-2041", "HP-7777")},
        {"body": f"{TRUE}Your card is {CARD}.{CLOSE}"},
        {"body": f"Bcc: {EVIL_MAIL}\n\n{TRUE}We refunded 99.00 EUR.{CLOSE}"},
        {"body": None},
        {"override_reason": " \u200b\n"},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_what_a_person_edits_is_judged_as_well(
    edit: dict[str, Any], alice: User, enemy: Outside, mailbox: Mailbox
) -> None:
    enemy.writes(f"{TRUE}We refunded 99.00 EUR.{CLOSE}")
    passed = through(mailbox, a_raw_mail(ASKS), alice)
    assert passed.sending is None
    with pytest.raises(Invalid):
        approve(passed.message, alice, **edit)
    assert not Sending.objects.exists() and Draft.objects.get().state == "waiting"


@pytest.mark.parametrize(
    "answer",
    [
        (200, b'{"choices": [{"message": {"content": "{\\"body\\": \\"Hello'),
        (200, b'{"choices": [{"message": {"content": null, "refusal": "no"}}]}'),
        (200, b'{"choices": [{"message": {"content": [{"type": "text", "text": "{}"}]}}]}'),
        (200, b'{"choices": [{"message": {"content": null, "tool_calls": [{"function": {"name": "send"}}]}}]}'),
        (200, b'{"choices": [{"message": {"content": "' + b"x" * 6_000_000 + b'"}}]}'),
        (200, b"[" * 200_000),
        (200, b'{"choices": [{"message": {"content": "\xed\xa0\x80"}}]}'),
        (302, b""),
        (418, b"\x00" * 1000),
    ],
    ids=["cut", "refused", "parts", "calls_tools", "huge", "deep", "bad_bytes", "elsewhere", "teapot"],
)
def test_a_broken_answer_loses_no_draft(
    answer: tuple[int, bytes], alice: User, enemy: Outside, mailbox: Mailbox
) -> None:
    enemy.answers[COMPLETIONS] = lambda _: answer
    passed = through(mailbox, a_raw_mail(ASKS), alice)
    only_goes_to(passed, to=["anna@example.com"])
    assert not says_nothing_unknown(passed, ())
    nothing_is_stuck(1)
