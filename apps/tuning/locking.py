"""ACT: let one at a time change a business's curves or thresholds; the lock goes with the transaction."""

from uuid import UUID

from django.db import connection


def try_lock(business_id: UUID, what: str) -> bool:
    """Whether this transaction has the lock now. Never waits."""
    return _lock("pg_try_advisory_xact_lock", business_id, what) is True


def wait_lock(business_id: UUID, what: str) -> None:
    """Wait for whoever has it, then have it until this transaction ends."""
    _lock("pg_advisory_xact_lock", business_id, what)


def _lock(function: str, business_id: UUID, what: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"tuning:{what}:{business_id}"])
        return cursor.fetchone()[0]
