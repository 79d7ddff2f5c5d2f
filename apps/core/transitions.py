"""Change a row's state by one conditional UPDATE, so that of two who try at once exactly one succeeds."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from apps.core.errors import StaleState


def move(rows: QuerySet[Any], *, allowed: Iterable[str], to: str, says: str = "", **changes: Any) -> None:
    """Set `state` to `to` on the one row of `rows`, if its state is one of `allowed` now.

    changes: other columns to set in the same UPDATE. Raises StaleState (with the words `says`) when no row changed.
    """
    if rows.filter(state__in=list(allowed)).update(state=to, **changes) != 1:
        raise StaleState(says)
