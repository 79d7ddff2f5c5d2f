"""What is told without a figure, worked out, or written so that nobody reads it."""

from datetime import date

import pytest

from apps.drafts.guardrails.checking import check_draft
from apps.drafts.guardrails.statuses import status_of
from apps.drafts.guardrails.terms import Candidate, Context, PassageText, ThreadText, ToolFacts, Verdicts
from apps.drafts.states import Intent, Stage

DATA = {
    "nights": 3,
    "room": "Single room, street side",
    "rate_per_night": "80.00 EUR",
    "total": "240.00 EUR",
    "sauna_included": False,
}
TERMS = (
    "Cats are not allowed in the restaurant.",
    "The library is open from 8:00 to 12:00 on Mondays.",
    "Guests may borrow bicycles at the desk.",
)


def judged(line: str, customer: str = "Hello, I have a question. Ida") -> Verdicts:
    context = Context(
        intent=Intent.GENERAL,
        tools=(ToolFacts("stay", DATA),),
        thread=(ThreadText("m", "in", customer),),
        passages=tuple(PassageText(f"s{n}", "snippet", "", text) for n, text in enumerate(TERMS)),
        customer=frozenset({"Ida"}),
        now=date(2026, 11, 21),
    )
    return check_draft(Candidate("Re: Hello", f"Dear Ida,\n\n{line}\n\nKind regards"), context)


@pytest.mark.parametrize(
    "line",
    [
        "Cats are allowed in the restaurant.",
        "The sauna is included.",
        "You may smoke on the balcony.",
        "We have repaired the lift.",
        "You may not borrow bicycles at the desk.",
        "The delay was caused by the police.",
        "It was d e l i v e r e d.",
        "It was d\u0435livered.",
        "Three nights at 80.00 EUR come to 260.00 EUR.",
        "The rate is 240.00 EUR per night.",
        "Please send us your password.",
        "Did you know that your parcel was delivered to a neighbour?",
        "Your visit: it is open at a quarter to nine.",
    ],
)
def test_what_no_source_says_is_stopped(line):
    assert judged(line).blocked, line


@pytest.mark.parametrize(
    "line",
    [
        "Cats are not allowed in the restaurant.",
        "Cats aren't allowed in our restaurant.",
        "You may borrow bicycles at the desk.",
        "Three nights at 80.00 EUR come to 240.00 EUR.",
        "On Mondays the library is open between 8 and noon.",
        "We will look into it and let you know.",
        "We never ask for your password.",
        "Could you tell us whether cats are allowed in your flat?",
    ],
)
def test_what_a_source_says_in_like_words_passes(line):
    verdicts = judged(line)
    assert not verdicts.blocked, [claim for claim in verdicts.claims if not claim.supported]


def test_a_contradiction_names_its_source():
    claim = next(c for c in judged("Cats are allowed in the restaurant.").claims if not c.supported)
    assert claim.source is not None and "not allowed" in claim.source.quote


def test_a_language_that_no_table_covers_is_not_called_grounded():
    line = "Dzień dobry, bardzo dziękujemy za wiadomość, prosimy o cierpliwość, ponieważ sprawdzamy teraz wszystko."
    stage = judged(line).stage(Stage.GROUNDING)
    assert stage.status == "warn" and "unknown language" in stage.words


def test_what_carriers_do_on_the_way_is_no_delivery():
    assert status_of("Collected by carrier") == ("shipped", True)
    assert status_of("Arrived at sorting centre") == ("shipped", True)
    assert status_of("Delivered") == ("delivered", True)
