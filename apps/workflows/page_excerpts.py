"""SELECTOR: contents as pages show them: their beginning and size, read without carrying the whole."""

from typing import Any

from django.db.models import BooleanField, Case, F, Func, IntegerField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Left, Length

# A content is shown so far among others; the whole has a page of its own.
SHOWN = 1_200
# Bytes as stored: of a larger one not even the beginning is read among others.
READ = 32_768


class Read(Func):
    """A JSON value as a person reads it: a string without its quotes, all else indented."""

    template = (
        "CASE jsonb_typeof(%(expressions)s) WHEN 'string' THEN %(expressions)s #>> '{}'"
        " ELSE jsonb_pretty(%(expressions)s) END"
    )
    output_field = TextField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> tuple[str, Any]:
        sql, params = super().as_sql(compiler, connection, *args, **extra)
        return sql, (*params, *params, *params)


def excerpted(rows: QuerySet[Any], column: str, *, shown: int = SHOWN, read: int = READ) -> QuerySet[Any]:
    """The rows without `column`, which gives way to values of its own name that Excerpt reads.

    <column>_begins: at most `shown` characters and one more where it goes on; "" where it is null or, with more than
    `read` bytes as stored, not looked into. <column>_size: its characters, or those bytes. <column>_kind: its JSON
    type. <column>_unread: whether it was not looked into.
    """
    stored = Func(F(column), function="pg_column_size", output_field=IntegerField())
    kind = Func(F(column), function="jsonb_typeof", output_field=TextField())
    fits, large = Q(**{f"{column}_bytes__lte": read}), Q(**{f"{column}_bytes__gt": read})
    found = {
        "begins": Case(When(fits, then=Left(Read(F(column)), shown + 1)), default=Value("")),
        "size": Case(When(fits, then=Length(Read(F(column)))), default=F(f"{column}_bytes")),
        "kind": Case(When(fits, then=kind), default=Value(""), output_field=TextField()),
        "unread": Case(When(large, then=Value(True)), default=Value(False), output_field=BooleanField()),
    }
    named = {f"{column}_{name}": value for name, value in found.items()}
    return rows.defer(column).annotate(**{f"{column}_bytes": stored}).annotate(**named)


class Excerpt:
    """What `excerpted` found of one row's column, for templates."""

    def __init__(self, row: Any, column: str, *, shown: int = SHOWN) -> None:
        begins = getattr(row, f"{column}_begins") or ""
        self.text = begins[:shown]
        self.size = getattr(row, f"{column}_size") or 0
        self.unread = getattr(row, f"{column}_unread")
        self.cut = self.unread or len(begins) > shown
        self.is_text = getattr(row, f"{column}_kind") == "string"
        # A JSON null is an answer too; a column without a value is none.
        self.is_there = self.size > 0
