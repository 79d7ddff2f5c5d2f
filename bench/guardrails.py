"""Speed of the guardrails on one core: a 200-word draft with three tools and three passages, against a floor.

    python -m bench.guardrails      prints figures and ratios; exits 1 when an aim is missed

The floor is what no reader of these texts can avoid: splitting all of them into words once with one expression, in the
same run. Aim: under 2 ms where the passages were read before, as they are with every draft after the first of a day.
"""

import argparse
import itertools
import re
import sys
import time
from collections.abc import Callable
from datetime import date

import msgspec

from apps.drafts.guardrails.checking import check_draft
from apps.drafts.guardrails.instructions import _in_passage
from apps.drafts.guardrails.sources import _read_passage
from apps.drafts.guardrails.terms import (
    Address,
    Candidate,
    Context,
    PassageText,
    Recipients,
    ThreadText,
    ToolFacts,
    Verdicts,
)
from apps.drafts.states import Intent

AIM_MS = 2.0
BODY = """Dear Anna,

Thank you for your message about order ORD-1001. I am sorry for the delay and any inconvenience this may "
    "have caused you,
and I understand how frustrating it is to wait for something that you were looking forward to.

Your order was shipped on 19 November with Royal Mail (tracking number RM123456789GB). It is expected to arrive on
Tuesday, 24 November. It has not been delivered yet. Your order contains two blue mugs and a desk lamp; the total was
£59.99.

If it has not arrived by then,
please let us know and we will look into it together with the carrier. You can return items
within 30 days of delivery; refunds take 5-7 business days after we receive the return.

If you would like to change anything about your order, or if you have any other questions,
please reply to this message and
we will be happy to help. We are sorry again for the trouble, and thank you very much for your patience while the parcel
makes its way to you. We hope that you enjoy the mugs and the lamp when they are there,
and that everything is just as you
imagined it when you chose them for your kitchen and your desk at home. Please write to us whenever you "
    "need something else.

Kind regards,
Tom"""
TOOLS = (
    ToolFacts(
        "order",
        {
            "order_id": "ORD-1001",
            "status": "shipped",
            "items": [
                {"name": "Blue mug", "quantity": 2, "price": 12.50},
                {"name": "Desk lamp", "quantity": 1, "price": 34.99},
            ],
            "total": 59.99,
            "currency": "GBP",
            "ordered_at": "2026-11-17T09:00:00Z",
            "shipped_at": "2026-11-19T10:00:00Z",
            "estimated_delivery": "2026-11-24",
            "delivered_at": None,
        },
    ),
    ToolFacts(
        "parcel",
        {
            "tracking_number": "RM123456789GB",
            "carrier": "Royal Mail",
            "events": [
                {"at": "2026-11-19T10:00:00Z", "what": "Collected by carrier", "place": "London"},
                {"at": "2026-11-20T08:00:00Z", "what": "In transit", "place": "Leeds"},
            ],
            "eta": "2026-11-24",
        },
    ),
    ToolFacts("customer", {"name": "Anna Smith", "email": "anna@mail.example", "since": 2021, "orders": 4}),
)
PASSAGES = (
    PassageText(
        "1",
        "snippet",
        "Returns",
        "You can return items within 30 days of delivery. Refunds take 5-7 business days after we receive the "
        "return. Standard delivery takes 3-5 business days.",
    ),
    PassageText(
        "2",
        "snippet",
        "Delivery",
        "Orders are dispatched within 24 hours on business days. We ship with Royal Mail and DPD. If a parcel "
        "has not arrived after ten business days, we open an investigation with the carrier, which takes up to "
        "two weeks. Customers can change the address until the parcel has left our warehouse.",
    ),
    PassageText(
        "3",
        "reply",
        "",
        "Hi Sarah,\nyour order ORD-9999 was delivered on 3 November by DHL. Please write to us if anything is "
        "missing.\nKind regards, Tom",
    ),
)
CONTEXT = Context(
    intent=Intent.ORDER,
    tools=TOOLS,
    thread=(
        ThreadText("m", "in", "Hello, where is my order ORD-1001? It should have arrived by Monday. Anna", "My order"),
    ),
    passages=PASSAGES,
    recipients=Recipients((Address("Anna Smith", "anna@mail.example"),)),
    own=frozenset({"help@shop.example", "Acme Shop"}),
    customer=frozenset({"anna@mail.example", "Anna Smith"}),
    now=date(2026, 11, 21),
)
_WORDS = re.compile(r"\w+")


def judge() -> Verdicts:
    """All layers over the draft."""
    return check_draft(Candidate("Re: My order", BODY), CONTEXT)


_NUMBERS = itertools.count(10001)


def judge_next() -> Verdicts:
    """The same of another order, as it comes: no text of the draft, the mail or the tools was read before."""
    order = f"ORD-{next(_NUMBERS)}"
    tools = (ToolFacts("order", {**TOOLS[0].data, "order_id": order}), *TOOLS[1:])
    mail = ThreadText("m", "in", CONTEXT.thread[0].text.replace("ORD-1001", order), "My order")
    context = msgspec.structs.replace(CONTEXT, tools=tools, thread=(mail,))
    return check_draft(Candidate("Re: My order", BODY.replace("ORD-1001", order)), context)


def judge_cold() -> Verdicts:
    """The same where no passage was read before."""
    _in_passage.cache_clear()
    _read_passage.cache_clear()
    return judge()


def floor() -> int:
    """All texts split into words, once."""
    texts = (BODY, *(p.text for p in PASSAGES), *(t.text for t in CONTEXT.thread), *(str(t.data) for t in TOOLS))
    return sum(len(_WORDS.findall(text)) for text in texts)


def best_ms(work: Callable[[], object], rounds: int) -> float:
    """The shortest of so many rounds, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    rounds = parser.parse_args().rounds
    verdicts = judge_next()
    if verdicts.blocked:
        print("the draft is blocked, which is not what is to be measured")
        return 1
    words, least = len(BODY.split()), best_ms(floor, rounds)
    warm, cold = best_ms(judge_next, rounds), best_ms(judge_cold, rounds // 2)
    again = best_ms(judge, rounds)
    print(f"all layers, {words} words, {len(verdicts.claims)} facts: {warm:.2f} ms ({warm / least:.0f} x the floor)")
    print(f"the same draft again:               {again:.2f} ms ({again / least:.0f} x the floor)")
    print(f"with passages never read before:    {cold:.2f} ms ({cold / least:.0f} x the floor)")
    print(f"floor, all texts into words once:   {least:.3f} ms")
    met = warm < AIM_MS
    print(f"aim: under {AIM_MS:.0f} ms: {'met' if met else 'missed'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
