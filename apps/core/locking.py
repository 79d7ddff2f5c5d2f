"""ACT: let one at a time do something, by PostgreSQL's advisory locks; a lock goes with the transaction."""

from django.db import connection


def try_lock(what: str) -> bool:
    """Whether this transaction has the lock of this name now. Never waits."""
    return _lock("pg_try_advisory_xact_lock", what) is True


def wait_lock(what: str) -> None:
    """Wait for whoever has it, then have it until this transaction ends."""
    _lock("pg_advisory_xact_lock", what)


def _lock(function: str, what: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [what])
        return cursor.fetchone()[0]
