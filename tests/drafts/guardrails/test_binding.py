"""What a value is said of, days of the week, times and figures in words, and what can be worked out."""

from datetime import date

import pytest

from apps.drafts.guardrails.checking import check_draft
from apps.drafts.guardrails.terms import Candidate, Context, PassageText, ThreadText, ToolFacts
from apps.drafts.states import Intent

TOOLS = {
    "order": "BK-100",
    "balance": "£0.00",
    "collection": "2026-01-24T10:00",
    "lines": [{"what": "tent", "count": 3, "price": "£40.00"}, {"what": "stove", "count": 1, "price": "£15.00"}],
    "warranty": {"tent_years": 2, "stove_years": 5},
    "duration_min": 45,
}
SNIPPETS = (
    "Pegs and ropes are free. Sleeping mats cost £6 per day.",
    "We open the shop as soon as the road is clear. Objections can be made within 14 days.",
    "Rinse the filter twice a week.",
)


def blocked(body: str) -> bool:
    context = Context(
        intent=Intent.ORDER,
        tools=(ToolFacts("rental", TOOLS),),
        thread=(ThreadText("m", "in", "Hello, I have a question about BK-100. Ann Reed"),),
        passages=tuple(PassageText(str(n), "snippet", "", text) for n, text in enumerate(SNIPPETS)),
        customer=frozenset({"ann@mail.example", "Ann Reed"}),
        now=date(2026, 1, 15),
    )
    return check_draft(Candidate("", f"Hi Ann, {body}"), context).blocked


@pytest.mark.parametrize(
    "body",
    [
        "you have three tents and one stove.",
        "the collection is on Saturday, 24 January at ten.",
        "there is nothing left to pay.",
        "two mats for two days cost £24 altogether.",
        "four items: three tents and one stove.",
        "the stove has a warranty of five years.",
        "it takes 45 minutes.",
        "please rinse the filter twice a week.",
    ],
)
def test_it_knows_what_is_said_in_other_words_or_worked_out(body: str) -> None:
    assert not blocked(body)


@pytest.mark.parametrize(
    "body",
    [
        "you have one tent and three stoves.",
        "the collection is on Sunday, 24 January at ten.",
        "pegs are £6 per day.",
        "the tent has a warranty of five years.",
        "the road is clear.",
        "please rinse the filter three times a week.",
        "that takes ½ of an hour.",
        "it takes XII days.",
    ],
)
def test_it_stops_what_is_said_of_something_else(body: str) -> None:
    assert blocked(body)
