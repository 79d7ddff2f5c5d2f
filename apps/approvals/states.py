"""RULE: the states of a request, which may follow which, and the words of a policy."""

from enum import StrEnum


class State(StrEnum):
    """Where a request stands. Only WAITING can be decided; the others are ends."""

    WAITING = "awaiting_approval"
    APPROVED = "approved"
    REJECTED = "rejected"
    ANSWERED = "answered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Verdict(StrEnum):
    """What one person said."""

    APPROVE = "approve"
    REJECT = "reject"
    ANSWER = "answer"


class OnTimeout(StrEnum):
    """What a passed deadline does. Approving is not among them."""

    REJECT = "reject"
    ESCALATE = "escalate"
    KEEP = "keep"


ENDS = frozenset({State.APPROVED, State.REJECTED, State.ANSWERED, State.EXPIRED, State.CANCELLED})
STATE_AFTER = {Verdict.APPROVE: State.APPROVED, Verdict.REJECT: State.REJECTED, Verdict.ANSWER: State.ANSWERED}
