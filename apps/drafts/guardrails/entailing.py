"""RULE: which statuses of a tool say that something happened, and which that it did not."""

from __future__ import annotations

# What happened, when a tool says one of these.
_YES: dict[str, str] = {
    "shipped": "shipped out_for_delivery delivered returned undelivered collected",
    "out_for_delivery": "out_for_delivery",
    "delivered": "delivered collected",
    "confirmed": "confirmed processing shipped out_for_delivery delivered paid rescheduled completed approved",
    "processing": "processing pending confirmed paid",
    "pending": "pending processing refund_pending unpaid initiated",
    "paid": "paid charged",
    "charged": "charged paid",
    "refunded": "refunded partly_refunded",
    "received": "received returned paid refunded refund_pending",
    "returned": "returned",
    "cancelled": "cancelled",
    "completed": "completed delivered refunded",
    "approved": "approved refunded refund_pending refund_approved",
    "failed": "failed unpaid",
    "out_of_stock": "out_of_stock",
    "sent": "sent shipped out_for_delivery delivered issued",
    "replaced": "replaced",
    "issued": "issued refunded sent",
    "initiated": "initiated refund_pending refunded pending processing approved",
    "rescheduled": "rescheduled",
    "updated": "updated rescheduled",
    "held": "held",
    "delayed": "delayed",
    "ready": "ready",
    "collected": "collected delivered",
    "rejected": "rejected refund_denied",
}
# What did not happen, when a tool says one of these.
_NO: dict[str, str] = {
    "shipped": "processing pending confirmed held out_of_stock cancelled paid unpaid authorised ready",
    "out_for_delivery": "processing pending confirmed held out_of_stock cancelled paid shipped delayed lost",
    "delivered": "shipped out_for_delivery processing pending confirmed delayed held lost cancelled returned "
    "undelivered out_of_stock partly_shipped paid",
    "refunded": "refund_pending refund_denied refund_approved pending rejected",
    "paid": "unpaid failed pending authorised cancelled",
    "charged": "unpaid failed cancelled authorised",
    "cancelled": "processing shipped delivered confirmed out_for_delivery pending paid held completed",
    "in_stock": "out_of_stock",
    "out_of_stock": "in_stock",
    "confirmed": "pending cancelled unpaid",
    "processing": "pending held cancelled",
    "received": "pending shipped out_for_delivery unpaid failed",
    "approved": "rejected refund_denied pending refund_pending",
    "completed": "pending processing held",
    "lost": "shipped delivered out_for_delivery",
    "delayed": "delivered",
    "ready": "processing pending",
    "collected": "ready",
    "failed": "paid",
    "issued": "refund_pending pending processing refund_approved",
    "sent": "processing pending refund_pending confirmed",
    "initiated": "pending",
    "replaced": "pending processing",
    "returned": "shipped delivered out_for_delivery",
}
YES = {family: frozenset(words.split()) for family, words in _YES.items()}
NO = {family: frozenset(words.split()) for family, words in _NO.items()}

# Families of one matter: a status of one of them that does not support a claim contradicts it.
_MATTERS = (
    "shipped out_for_delivery delivered processing pending confirmed held cancelled returned lost delayed "
    "undelivered ready",
    "paid unpaid failed charged authorised",
    "refunded refund_pending refund_denied refund_approved partly_refunded",
    "in_stock out_of_stock",
)
MATTERS = tuple(frozenset(words.split()) for words in _MATTERS)


def entails(said: str, said_so: bool, claimed: str, claimed_so: bool) -> bool:
    """Whether a tool that says `said` (or that it is not so) supports the claim."""
    if said_so and claimed_so:
        return said == claimed or said in YES.get(claimed, ())
    if said_so:
        return said in NO.get(claimed, ())
    # "Not delivered" says nothing of whether it was shipped; "not shipped" says that it was not delivered.
    if claimed_so:
        return False
    return said == claimed or (said in ("shipped", "out_for_delivery") and claimed in ("delivered", "out_for_delivery"))


def contradicts(said: str, said_so: bool, claimed: str, claimed_so: bool) -> bool:
    """Whether a tool that says `said` speaks of the same matter and does not support the claim."""
    if said == claimed and said_so != claimed_so:
        return True
    return any(said in matter and claimed in matter for matter in MATTERS) and not entails(
        said, said_so, claimed, claimed_so
    )
