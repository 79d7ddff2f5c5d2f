"""ACT: let one at a time do something, by PostgreSQL's advisory locks, which go with a transaction or a block."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection


def try_lock(what: str) -> bool:
    """Whether this transaction has the lock of this name now. Never waits."""
    return _lock("pg_try_advisory_xact_lock", what) is True


def wait_lock(what: str) -> None:
    """Wait for whoever has it, then have it until this transaction ends."""
    _lock("pg_advisory_xact_lock", what)


@contextmanager
def holding(what: str) -> Iterator[bool]:
    """Whether this process has the lock of this name for the block, across transactions. Never waits.

    The lock goes with the connection, and so with a process that is killed. Entering twice on one connection works.
    """
    held = _lock("pg_try_advisory_lock", what) is True
    try:
        yield held
    finally:
        # A connection that broke has taken its locks along.
        with suppress(DatabaseError):
            if held:
                _lock("pg_advisory_unlock", what)


def _lock(function: str, what: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [what])
        return cursor.fetchone()[0]
