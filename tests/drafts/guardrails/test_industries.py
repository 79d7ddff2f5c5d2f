"""What a shop's replies taught holds for other businesses."""

from datetime import date

import pytest

from apps.drafts.guardrails.checking import check_draft
from apps.drafts.guardrails.terms import Address, Candidate, Context, PassageText, Recipients, ThreadText, ToolFacts
from apps.drafts.states import Intent
from tests.drafts.guardrails.industries import CUSTOMERS, GOOD, INVENTED, SITUATIONS

# Said in words that name no fact which the rules know, or of another thing with the same status: the limits.
BEYOND = 2


def judged(business: str, body: str):  # type: ignore[no-untyped-def]
    data, snippets, intent, mail = SITUATIONS[business]
    context = Context(
        intent=Intent(intent),
        tools=(ToolFacts("look_up", data),),
        thread=(ThreadText("m", "in", mail),),
        passages=tuple(PassageText(f"s{n}", "snippet", "", text) for n, text in enumerate(snippets)),
        recipients=Recipients(to=(Address("", "c@mail.example"),)),
        customer=frozenset(CUSTOMERS[business]),
        own=frozenset({"help@us.example"}),
        now=date(2026, 11, 21),
    )
    return check_draft(Candidate("Re: Your message", body), context)


@pytest.mark.parametrize("business", SITUATIONS)
def test_good_replies_pass_unmasked(business):
    for body in GOOD[business]:
        verdicts = judged(business, body)
        assert not verdicts.blocked, (body, [c for c in verdicts.claims if not c.supported])
        assert verdicts.redactions == (), body


def test_invented_facts_are_stopped():
    missed = [body for business in SITUATIONS for body in INVENTED[business] if not judged(business, body).blocked]
    assert len(missed) <= BEYOND, missed
