"""The demo shop's registered tools: (name, what it does, risk, parameters), and its agents."""

from typing import Any


def _tool(name: str, description: str, risk: float, required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": description,
        "risk": risk,
        "parameters": {"type": "object", "properties": required | optional, "required": list(required)},
    }


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


def _number(description: str) -> dict[str, Any]:
    return {"type": "number", "description": description}


ORDER = _text("Number of the order, such as HP-2041")

TOOLS = [
    _tool("find_order", "Look up an order: its items, amounts, dates and state", 0.05, {"order_id": ORDER}),
    _tool(
        "track_parcel",
        "Tell where a parcel is and when it will be delivered",
        0.05,
        {"tracking_number": _text("The carrier's tracking number, such as PN48201177")},
    ),
    _tool(
        "refund_order",
        "Refund money for an order to the card it was paid with",
        0.7,
        {"order_id": ORDER, "amount": _number("Amount to refund in euros")},
        reason=_text("Why it is refunded"),
    ),
    _tool("cancel_order", "Cancel an order that has not been shipped yet", 0.6, {"order_id": ORDER}),
    _tool(
        "change_delivery_address",
        "Change the address an order will be delivered to",
        0.4,
        {"order_id": ORDER, "address": _text("The new street, house number, postal code and town")},
    ),
    _tool(
        "book_delivery_slot",
        "Book a date and time at which the carrier delivers an order",
        0.3,
        {"order_id": ORDER, "date": _text("Day of delivery", format="date")},
        window=_text("Part of the day", enum=["morning", "afternoon", "evening"]),
    ),
    _tool(
        "reorder_stock",
        "Order more pieces of an article from its supplier",
        0.5,
        {"article": _text("Name or number of the article"), "quantity": {"type": "integer", "description": "Pieces"}},
    ),
    _tool(
        "change_price",
        "Change the price of an article in the web shop",
        0.6,
        {"article": _text("Name or number of the article"), "price": _number("New price in euros")},
    ),
    _tool(
        "create_discount_code",
        "Create a discount code for customers",
        0.5,
        {"code": _text("The code customers type"), "percent": _number("Discount in percent")},
        valid_until=_text("Last day it is valid", format="date"),
    ),
    _tool(
        "send_email",
        "Send an e-mail to a customer",
        0.6,
        {
            "to": _text("E-mail address of the customer", format="email"),
            "subject": _text("Subject"),
            "body": _text("Text"),
        },
    ),
    _tool(
        "summarise_reviews",
        "Summarise what customers say about an article in their reviews",
        0.05,
        {"article": _text("Name or number of the article")},
    ),
    _tool(
        "schedule_shift",
        "Put a member of the staff on a shift in the shop",
        0.3,
        {"person": _text("Name of the member of staff"), "date": _text("Day", format="date")},
    ),
]

AGENTS = [
    {
        "key": "concierge",
        "name": "Concierge",
        "description": "Helps customers of a home goods shop with orders, deliveries, refunds and questions",
    },
    {
        "key": "stockkeeper",
        "name": "Stockkeeper",
        "description": "Keeps the shop's stock, prices, discounts and suppliers in order",
    },
    {
        "key": "backoffice",
        "name": "Back office",
        "description": "Does the shop's office work: staff shifts, e-mails, reviews, reports. Fails now and then.",
    },
]
