"""Statements of a search, as they are sent: prepared by the server, their values beside them, within their time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from apps.accounts.row_access import acting_for
from apps.core.preparing import Prepared
from apps.knowledge.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator


# The limit of the searches that share a transaction, in seconds, is remembered on the connection itself.
_LIMIT = "gatehouse_search_limit"
# A limit is not set anew for less than this, in seconds.
SLACK = 0.05


class OutOfTime(Exception):
    """The database was stopped in the middle of it."""


def ask(statement: Statement, values: Mapping[str, Any]) -> list[Any]:
    """The rows."""
    connection.ensure_connection()
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrapped(Prepared(connection.connection)) as cursor:  # type: ignore[arg-type]
        cursor.execute(statement.sql, [values[name] for name in statement.values])
        return cursor.fetchall()


@contextmanager
def together(business_id: UUID, seconds: float) -> Iterator[None]:
    """A transaction of the business for several searches, which set their limits without a savepoint for each.

    seconds: for each statement, unless its search has less left. After one was stopped, nothing else may be asked.
    """
    with acting_for(business_id), connection.cursor() as cursor:
        before = getattr(connection, _LIMIT, None)
        _limit(cursor, seconds)
        try:
            yield
        finally:
            setattr(connection, _LIMIT, before)
        if len(connection.savepoint_ids) and not connection.needs_rollback:
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Each statement of the block has so many seconds, else OutOfTime is raised; a transaction around it survives."""
    if seconds is None:
        yield
        return
    shared = getattr(connection, _LIMIT, None)
    with connection.cursor() as cursor:
        if shared is None:
            cursor.execute(_begin(seconds))
        elif seconds < shared - SLACK:
            _limit(cursor, seconds)
        try:
            yield
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
            if shared is not None:
                transaction.set_rollback(True)
            raise OutOfTime from error
        finally:
            if shared is None:
                cursor.execute(_end())


def _limit(cursor: Any, seconds: float) -> None:
    cursor.execute(f"SET LOCAL statement_timeout = {_milliseconds(seconds)}")
    setattr(connection, _LIMIT, seconds)


def _begin(seconds: float) -> str:
    local = "SAVEPOINT knowledge_search; SET LOCAL" if connection.in_atomic_block else "SET"
    return f"{local} statement_timeout = {_milliseconds(seconds)}"


def _end() -> str:
    """Going back to the savepoint undoes the setting too; nothing was written."""
    if connection.in_atomic_block:
        return "ROLLBACK TO knowledge_search; RELEASE knowledge_search"
    return "RESET statement_timeout"


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
