"""Lists in pages that stay true while rows come and go: by cursor, newest first."""

from typing import Any
from uuid import UUID

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class Cursor(CursorPagination):
    """`limit` 1 to 200 (50 unless told); `next` and `previous` are whole addresses."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Any:
        """The cursor of the request. Raises NotFound for one that is not ours."""
        cursor = super().decode_cursor(request)
        if cursor and cursor.position is not None:
            try:
                UUID(str(cursor.position))
            except ValueError:
                raise NotFound(self.invalid_cursor_message) from None
        return cursor
