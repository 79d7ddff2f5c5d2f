"""Lists in pages that stay true while rows come and go: by cursor, newest first."""

from rest_framework.pagination import CursorPagination


class Cursor(CursorPagination):
    """`limit` 1 to 200 (50 unless told); `next` and `previous` are whole addresses."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
