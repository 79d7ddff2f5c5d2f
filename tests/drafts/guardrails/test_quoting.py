"""What a snippet says word by word, and promises of a time that nothing says."""

from datetime import date

import pytest

from apps.drafts.guardrails.checking import check_draft
from apps.drafts.guardrails.terms import Candidate, Context, PassageText, ThreadText, ToolFacts, Verdicts
from apps.drafts.states import Intent

ORDER = {
    "reference": "KL-318",
    "status": "shipped",
    "placed_on": "2026-11-12",
    "items": [{"article": "Rain coat", "quantity": 1}],
    "total": "84.00 EUR",
    "parcel": {"status": "in transit", "carrier": "Postline", "expected_on": "2026-11-25"},
}
TERMS = (
    "Small parcels are delivered within three working days, bicycles within fifteen working days.",
    "If a coat is faulty, we replace it free of charge.\nRefunds are paid within 10 days.",
    "Monday to Friday we answer from 8 to 17, on Saturdays from 9 to 12.",
)


def judged(body: str, *, snippets: tuple[str, ...] = TERMS, replies: tuple[str, ...] = ()) -> Verdicts:
    passages = [PassageText(f"s{n}", "snippet", "Terms", text) for n, text in enumerate(snippets)]
    passages += [PassageText(f"r{n}", "reply", "", text) for n, text in enumerate(replies)]
    context = Context(
        intent=Intent.ORDER,
        tools=(ToolFacts("look_up_order", ORDER),),
        thread=(ThreadText("m", "in", "Where is my coat?"),),
        passages=tuple(passages),
        customer=frozenset({"Nora"}),
        now=date(2026, 11, 21),
    )
    return check_draft(Candidate("Re: Coat", body), context)


FIELDS = (
    "Hello Nora,\n\nThis is what we have on record:\n- Reference: KL-318\n- Parcel status: in transit\n- "
    "Total: 84.00 EUR\n\n"
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Small parcels are delivered within three working days, bicycles within fifteen working days.",
        "small parcels  are delivered within three working days, bicycles\nwithin fifteen working days",
        "- Refunds are paid within 10 days.",
        "If a coat is faulty, we replace it free of charge.",
    ],
)
def test_a_whole_sentence_of_a_snippet_is_known_beside_the_fields_of_an_order(sentence):
    verdicts = judged(FIELDS + sentence)
    assert not verdicts.blocked, [claim for claim in verdicts.claims if not claim.supported]


@pytest.mark.parametrize(
    "sentence",
    [
        "We replace it free of charge.",
        "Small parcels are delivered within two working days, bicycles within fifteen working days.",
        "Small parcels are delivered within three working days, bicycles within five working days.",
        "Your coat is delivered.",
    ],
)
def test_a_part_of_a_sentence_or_a_changed_one_is_not_known_by_it(sentence):
    assert judged(FIELDS + sentence).blocked


def test_what_became_of_one_order_is_known_from_no_snippet():
    said = "Your order has been delivered today."
    assert judged(said, snippets=(said,)).blocked


def test_a_sentence_of_a_reply_to_somebody_else_is_not_known():
    said = "Bicycles are delivered within nineteen working days."
    assert judged(said, snippets=(), replies=(said,)).blocked


@pytest.mark.parametrize(
    "promise",
    [
        "You'll have it by the end of next week.",
        "It will be with you by the end of the month.",
        "You will have it before the weekend.",
        "Expect it first thing in the morning.",
        "It will reach you within the hour.",
        "We will deliver it the day after tomorrow.",
        "It will arrive in a couple of days.",
    ],
)
def test_a_time_that_nothing_says_is_no_promise_to_be_made(promise):
    assert judged(f"Hello Nora,\n\n{promise}").blocked


@pytest.mark.parametrize(
    "words",
    [
        "It is expected on Wednesday.",
        "It should arrive on 25 November.",
        "It is expected in four days.",
        "It should arrive next week.",
    ],
)
def test_the_day_that_the_carrier_names_may_be_said(words):
    verdicts = judged(f"Hello Nora,\n\n{words}")
    assert not verdicts.blocked, [claim for claim in verdicts.claims if not claim.supported]
