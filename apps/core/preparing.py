"""Statements that the server plans once a connection instead of at each use."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from psycopg import RawCursor

# At its second use on a connection; never behind a pooler that hands connections to others between transactions.
PREPARE_AT = None if settings.DATABASES["default"].get("DISABLE_SERVER_SIDE_CURSORS") else 1


class Prepared(RawCursor[Any]):
    """For statements of which there are few, since a connection keeps their plans. Django's wrapper may be around it.

    Django turns preparing off for all statements; here it is on while one is sent.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        before, self.connection.prepare_threshold = self.connection.prepare_threshold, PREPARE_AT
        try:
            return super().execute(query, params, **options)
        finally:
            self.connection.prepare_threshold = before
