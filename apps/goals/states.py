"""RULE: the states of a goal and of its approval."""

from enum import StrEnum


class State(StrEnum):
    """Where a goal stands."""

    WAITING = "waiting"  # a person must approve
    ASKING = "asking"  # a question is open
    READY = "ready"  # may run; a worker will take it
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class ApprovalState(StrEnum):
    """The approval_state of the response."""

    NOT_REQUIRED = "not_required"
    AWAITING = "awaiting_approval"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class CallbackState(StrEnum):
    """Whether the caller's callback URL has heard of the end."""

    NONE = "none"
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


ENDS = frozenset({State.DONE, State.FAILED, State.REJECTED, State.EXPIRED, State.CANCELLED})
CANCELLABLE = frozenset({State.WAITING, State.ASKING, State.READY})
