"""Set the business whose rows the database shows: inside `acting_for`, row-level security applies."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from apps.core.migration_ops import APP_ROLE

# What the blocks have set is remembered on the connection itself: a thread has its own connection, and so its own.
_MARK = "gatehouse_rows"
_NOBODY = "none"


def current_business_id() -> UUID | None:
    """The business of the innermost `acting_for` block on this connection, or None outside of any."""
    role, business_id = _now()
    return UUID(business_id) if role == APP_ROLE and business_id else None


@contextmanager
def acting_for(business_id: UUID) -> Iterator[None]:
    """A transaction that sees and writes rows of one business only, raw SQL included. Blocks may be nested."""
    with _seeing(APP_ROLE, str(business_id)):
        yield


@contextmanager
def across_businesses() -> Iterator[None]:
    """A transaction that sees and writes rows of every business and of none: for superusers' pages and sweeps only.

    Where the process does not sign in to the database as the owner of the tables, it still sees the current business
    only (docs/operator/accounts.md).
    """
    with _seeing(_NOBODY, _now()[1]):
        yield


@contextmanager
def _seeing(role: str, business_id: str) -> Iterator[None]:
    mark, before = getattr(connection, _MARK, None), _now()
    with transaction.atomic():
        nested = bool(connection.savepoint_ids)
        _set(role, business_id)
        setattr(connection, _MARK, (role, business_id))
        try:
            yield
        finally:
            setattr(connection, _MARK, mark)
        # The end of the transaction, or the way back to the savepoint after an error, undoes the setting. Only a
        # nested block that ends well must put back by hand what it found.
        if nested and not connection.needs_rollback:
            _set(*before)


def _now() -> tuple[str, str]:
    return getattr(connection, _MARK, None) or (settings.DATABASE_ROLE or _NOBODY, "")


def _set(role: str, business_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config('gatehouse.business_id', %s, true)", [role, business_id]
        )
