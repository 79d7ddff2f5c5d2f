"""ACT: let one at a time change a business's curves or thresholds; the lock goes with the transaction."""

from uuid import UUID

from apps.core import locking


def try_lock(business_id: UUID, what: str) -> bool:
    """Whether this transaction has the lock now. Never waits."""
    return locking.try_lock(_named(business_id, what))


def wait_lock(business_id: UUID, what: str) -> None:
    """Wait for whoever has it, then have it until this transaction ends."""
    locking.wait_lock(_named(business_id, what))


def _named(business_id: UUID, what: str) -> str:
    return f"tuning:{what}:{business_id}"
