"""Goals and tools of a small shop, as many different ones as wanted: what the gate's benchmarks judge."""

import random
from typing import Any

_PEOPLE = ["Anna Berg", "Lea Maier", "Tom Fuchs", "Ines Roth", "Paul Winter", "Nora Klein", "Omar Haddad", "Ruth Lang"]
_THINGS = ["vase", "blue mug", "oak table", "wool blanket", "desk lamp", "bread knife", "linen shirt", "tea pot"]
_REASONS = [
    "because it arrived broken",
    "since she changed her mind",
    "as the colour is wrong",
    "because it came twice",
    "please",
]
_FORMS = (
    "Refund order {number} of {person} in full, {amount} euros, {reason}.",
    "Cancel order {number} {reason}",
    "Where is the {thing} from order {number}? {person} is asking.",
    "Set the stock of the {thing} to {count} pieces",
    "Send {person} an email that the {thing} will be late and offer {count} percent off the next order",
    "Change the delivery address of order {number} to Lindenstr. {count}, 10115 Berlin",
    "Cancel order {number}, refund {amount} euros and then tell {person} about it",
    "Book a flight to Lisbon for {person} on 2026-06-{day:02d}",
    "Do something about the {thing}",
)


def goals(count: int, seed: int = 7) -> list[str]:
    """`count` texts, the same for the same seed."""
    chance = random.Random(seed)
    return [
        chance.choice(_FORMS).format(
            number=chance.randrange(1000, 9999),
            person=chance.choice(_PEOPLE),
            thing=chance.choice(_THINGS),
            reason=chance.choice(_REASONS),
            amount=chance.randrange(5, 400),
            count=chance.randrange(2, 60),
            day=chance.randrange(1, 29),
        )
        for _ in range(count)
    ]


def _tool(name: str, description: str, **parameters: dict[str, str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": parameters, "required": list(parameters)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


_ORDER = {"type": "string", "description": "Order number"}
TOOLS = [
    _tool("refund_order", "Refund an order to the customer.", order_id=_ORDER, amount={"type": "number"}),
    _tool("cancel_order", "Cancel an order that has not been shipped yet.", order_id=_ORDER),
    _tool("track_shipment", "Look up where a parcel is and when it will arrive.", order_id=_ORDER),
    _tool("send_email", "Send an email to a customer.", to={"type": "string"}, body={"type": "string"}),
    _tool(
        "update_stock", "Set the number of items in stock.", product={"type": "string"}, quantity={"type": "integer"}
    ),
]
