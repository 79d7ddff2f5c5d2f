"""RULE: what a date, an amount or an id is of: order, delivery, refund. By its field, or by the words near it."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.drafts.guardrails.tables import table

_SPLIT = re.compile(r"[^a-z0-9]+|(?<=[a-z])(?=[A-Z])")
_ROLES = {
    "ordered": "ordered placed purchase purchased bought created order_date orderdate bestellt",
    "shipped": "shipped dispatched despatched sent posted versandt verschickt",
    "delivered": "delivered arrived zugestellt geliefert",
    "expected": "eta expected estimated due arrive arrives arriving delivery promised estimate receive expect",
    "appointment": "appointment slot booking booked scheduled visit starts start session meeting reservation checkin",
    "refund": "refund refunded refunds reimbursed reimbursement credited",
    "cancelled": "cancelled canceled cancellation",
    "paid": "paid charged payment charge invoiced",
    "deadline": "deadline expires expiry expire until return_by valid ends end",
    "total": "total sum grand overall altogether",
    "subtotal": "subtotal",
    "shipping": "shipping postage freight delivery_fee shipping_cost",
    "tax": "tax vat gst",
    "discount": "discount rebate reduction",
    "deposit": "deposit prepayment",
    "balance": "balance outstanding remaining",
    "fee": "fee surcharge penalty",
    "tracking": "tracking waybill consignment awb",
    "price": "price unit_price costs cost priced",
}
ROLE_OF = {word: role for role, words in _ROLES.items() for word in words.split()}
DATE_ROLES = table("ordered shipped delivered expected appointment refund cancelled paid deadline")
AMOUNT_ROLES = table("total subtotal shipping tax discount deposit balance fee refund price")
ID_ROLES = frozenset({"tracking"})
ROLES_BY_KIND = {"date": DATE_ROLES, "amount": AMOUNT_ROLES, "id": ID_ROLES, "time": frozenset({"appointment"})}
# A field that says when something was expected may be said of its delivery, and so on.
NEAR = {
    "delivered": {"delivered"},
    "expected": {"expected", "appointment", "deadline"},
    "appointment": {"appointment", "expected"},
    "price": {"price", "total", "subtotal", "fee"},
    "paid": {"paid", "ordered", "total"},
}

CURRENCY_KEYS = table("currency currency_code currencycode ccy")
UNIT_KEYS: dict[str, tuple[float, str]] = {
    "days": (24, ""),
    "day": (24, ""),
    "hours": (1, ""),
    "hour": (1, ""),
    "weeks": (168, ""),
    "minutes": (1 / 60, ""),
    "months": (720, "month"),
    "years": (8760, "year"),
    "business": (24, "bd"),
    "nights": (24, "night"),
    "min": (1 / 60, ""),
    "mins": (1 / 60, ""),
    "minuten": (1 / 60, ""),
    "hrs": (1, ""),
    "stunden": (1, ""),
    "tage": (24, ""),
    "jours": (24, ""),
    "jahre": (8760, "year"),
    "monate": (720, "month"),
}
_MONEY = table(
    """
    amount price total subtotal cost fee refund refunded tax vat discount balance deposit charge paid value credit
    shipping cents minor pence sum due gross net fare rate
    """
)
_COUNT = table(
    """
    quantity qty count items units pieces stock days hours weeks minutes months years weight number no id percent
    percentage pct guests nights seats size rating points year version attempts position
    """
)

_TOPICS = {
    "refund": "refund refunds refunded money reimburse reimbursed reimbursement erstattung erstattet remboursement "
    "reembolso",
    "return": "return returns returned returning send back rücksendung retour devolución",
    "delivery": "delivery deliver delivered deliveries shipping ship shipped shipment dispatch dispatched arrive "
    "arrives parcel parcels courier lieferung versand livraison envío",
    "warranty": "warranty guarantee repair repairs garantie garantía",
    "cancellation": "cancel cancelled cancellation cancellations stornierung annulation",
    "exchange": "exchange exchanges swap replacement",
    "hours": "open hours opening closed monday saturday sunday weekdays",
    "appointment": "appointment appointments reschedule booking bookings visit",
    "subscription": "subscription membership renewal trial plan",
}
TOPIC_OF = {word: topic for topic, words in _TOPICS.items() for word in words.split()}
_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=2048)
def key_words(key: str) -> tuple[str, ...]:
    """The words of a field's name: deliveredAt, delivered_at: delivered, at."""
    return tuple(part.lower() for part in _SPLIT.split(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key[:100])) if part)


@lru_cache(maxsize=2048)
def roles_of_key(path: str) -> frozenset[str]:
    """The roles that a path names; the last part that names any counts."""
    for part in reversed(path[-200:].split(".")):
        words = key_words(part)
        roles = {ROLE_OF[word] for word in words if word in ROLE_OF}
        if "expected" in roles and len(roles) > 1:
            roles = {"expected"} if not roles & {"shipping", "fee"} else roles - {"expected"}
        if roles:
            return frozenset(roles)
    return frozenset()


def is_money(words: tuple[str, ...]) -> bool | None:
    """Whether a figure under such a name is an amount of money; None when the name does not tell."""
    if any(word in _COUNT for word in words):
        return False
    return True if any(word in _MONEY for word in words) else None


_CLAUSE = re.compile(r"[,;:()]|\b(?:and|which|plus|but|und|et|y)\b")


def role_near(lower: str, start: int, end: int, kind: str) -> str:
    """The role of a value at these offsets of a sentence: the nearest word for one before it, else right behind it."""
    roles = ROLES_BY_KIND.get(kind)
    if not roles:
        return ""
    begin = max(0, start - 60)
    for bound in _CLAUSE.finditer(lower, begin, start):
        begin = bound.end()
    for word in reversed(_WORD.findall(lower, begin, start)[-7:]):
        if ROLE_OF.get(word) in roles:
            return ROLE_OF[word]
    behind = _CLAUSE.search(lower, end, end + 24)
    for word in _WORD.findall(lower, end, behind.start() if behind else end + 24)[:2]:
        if ROLE_OF.get(word) in roles:
            return ROLE_OF[word]
    return ""
