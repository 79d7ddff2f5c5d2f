"""Statements of a search, as they are sent: prepared by the server, their values beside them, within their time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import OperationalError, connection
from psycopg import RawCursor
from psycopg.errors import QueryCanceled

from apps.knowledge.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator


# A statement that is asked so often on one connection is prepared; None where that may not be.
PREPARE_AT = None if settings.DATABASES["default"].get("DISABLE_SERVER_SIDE_CURSORS") else 1


class OutOfTime(Exception):
    """The database was stopped in the middle of it."""


class _Prepared(RawCursor[Any]):
    """Planned once a connection instead of once a search; inside Django's wrapper it is as any cursor."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> _Prepared:
        # Django turns preparing off for poolers that hand a connection to others between transactions.
        before, self.connection.prepare_threshold = self.connection.prepare_threshold, PREPARE_AT
        try:
            return super().execute(query, params)
        finally:
            self.connection.prepare_threshold = before


def ask(statement: Statement, values: Mapping[str, Any]) -> list[Any]:
    """The rows."""
    connection.ensure_connection()
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrapped(_Prepared(connection.connection)) as cursor:  # type: ignore[arg-type]
        cursor.execute(statement.sql, [values[name] for name in statement.values])
        return cursor.fetchall()


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Each statement of the block has so many seconds, else OutOfTime is raised; a transaction around it survives."""
    if seconds is None:
        yield
        return
    inside = connection.in_atomic_block
    limit = f"{max(1, int(seconds * 1000))}ms"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SAVEPOINT knowledge_search; SET LOCAL statement_timeout = '{limit}'"
            if inside
            else f"SET statement_timeout = '{limit}'"
        )
        try:
            yield
        except OperationalError as error:
            if isinstance(error.__cause__, QueryCanceled):
                raise OutOfTime from error
            raise
        finally:
            # Going back to the savepoint undoes the setting too; nothing was written.
            cursor.execute(
                "ROLLBACK TO knowledge_search; RELEASE knowledge_search" if inside else "RESET statement_timeout"
            )
