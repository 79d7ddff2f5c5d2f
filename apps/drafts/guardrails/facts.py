"""RULE: what one source says: a value, a status or a sentence, with where it stands and how far it can be trusted."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import msgspec

from apps.drafts.guardrails.sentences import Sentence
from apps.drafts.guardrails.terms import Pointer

Entity = tuple[str, str]  # kind of name (a field), the value that names a record


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One value of one source. trust: fact | said (by the customer) | style (a reply to somebody else).

    entities: the records it belongs to, with the names they go by. money: None when nothing tells.
    """

    pointer: Pointer
    trust: str
    kind: str = ""
    unit: str = ""
    money: bool | None = None
    entities: frozenset[Entity] = frozenset()
    roles: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    low: bool = False
    line: Sentence | None = None
    day: date | None = None

    def of(self, kind: str, money: bool | None = None) -> Fact:
        """The same, of a tool, as a fact of that kind."""
        return Fact(self.pointer, self.trust, kind, self.unit, money, self.entities, self.roles)


class ToolStatus(NamedTuple):
    """words: one of them stands in a sentence of which it is said; none when it is said of the whole record."""

    family: str
    positive: bool
    fact: Fact
    words: frozenset[str] = frozenset()


class Field(NamedTuple):
    """One field of a tool's answer: the words of its name, and its value."""

    words: tuple[str, ...]
    value: Any
    fact: Fact

    @property
    def says_no(self) -> bool:
        """Whether it says that it is not so, or nothing."""
        return self.value in (None, False, 0, "", "0", "0.0", "0.00", "no", "none")


class Line(NamedTuple):
    """One sentence of a text source."""

    pointer: Pointer
    trust: str
    sentence: Sentence


def in_matter(family: str, path: str) -> str:
    """The family as its field means it: "completed" of a refund is refunded, of a payment paid."""
    lower = path.lower()
    if "refund" in lower:
        return _REFUND.get(family, family)
    if "return" in lower and "warehouse" not in lower:
        return {"received": "returned", "delivered": "returned", "completed": "returned"}.get(family, family)
    if "payment" in lower or "invoice" in lower or "transaction" in lower:
        return {
            "completed": "paid",
            "confirmed": "paid",
            "received": "paid",
            "approved": "paid",
            "processing": "unpaid",
            "pending": "unpaid",
        }.get(family, family)
    return family


_REFUND = {
    "completed": "refunded",
    "issued": "refunded",
    "paid": "refunded",
    "sent": "refunded",
    "processing": "refund_pending",
    "pending": "refund_pending",
    "approved": "refund_approved",
    "rejected": "refund_denied",
    "failed": "refund_denied",
    "initiated": "refund_pending",
    "received": "refund_pending",
    "confirmed": "refund_approved",
}
