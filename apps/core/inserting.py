"""Write several new rows, of whatever models, in one round trip to the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, Self
from uuid import UUID

import msgspec
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import DateField, DateTimeField, JSONField, Model
from django.db.models.fields import Field
from psycopg import RawCursor
from psycopg.types.json import Jsonb

# Values of exactly these types the driver takes as they are, except in fields that make something else of them.
_PLAIN = frozenset({str, int, float, bool, UUID, datetime, type(None)})
_NULL = frozenset({type(None)})
_PARTICULAR = (JSONField, ArrayField, DateField)


class ServerBinding(RawCursor[Any]):
    """Sends the values beside the statement, which spares quoting them; inside Django's wrapper it is as any cursor."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        return super().execute(_numbered(query), params, **options)


@cache
def _numbered(statement: str) -> str:
    """`%s, %s` as `$1, $2`: psycopg reads a long statement with `%s` anew at each use."""
    first, *rest = statement.split("%s")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))


class _Plan(NamedTuple):
    """How rows of one model are written: its fields, each with the types taken as they are, and how to read a row's.

    `timed` are the fields that set themselves, such as created_at.
    """

    statement: str
    fields: tuple[tuple[Field[Any, Any], frozenset[type]], ...]
    timed: tuple[Field[Any, Any], ...]
    values_of: Callable[[Model], tuple[Any, ...]]


def insert(*rows: Model) -> None:
    """Insert rows that are new, all in one statement. Call inside a transaction.

    Of what `save` does this leaves out parents, signals and values made by the database; ids are made beforehand
    (`apps.core.ids`). Raises IntegrityError: the transaction is then lost.
    """
    values = [value for row in rows for value in _values(row)]
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrapped(ServerBinding(connection.connection)) as cursor:  # type: ignore[arg-type]
        cursor.execute(_statement(tuple(type(row) for row in rows)), values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@cache
def _statement(models: tuple[type[Model], ...]) -> str:
    *others, last = [_plan(model).statement for model in models]
    named = ", ".join(f"row{number} AS ({statement})" for number, statement in enumerate(others))
    return f"WITH {named} {last}" if named else last


@cache
def _plan(model: type[Model]) -> _Plan:
    fields = tuple(field for field in model._meta.concrete_fields if not field.generated)
    if model._meta.parents or any(field.db_returning or field.has_db_default() for field in fields):
        raise TypeError(f"{model.__name__} has columns that the database fills in")
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column or field.name) for field in fields)
    places = ", ".join(
        f"%s::{field.db_type(connection)}" if isinstance(field, ArrayField) else "%s" for field in fields
    )
    return _Plan(
        statement=f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({places})",
        fields=tuple((field, _plain_types(field)) for field in fields),
        timed=tuple(field for field in fields if type(field).pre_save is not Field.pre_save),
        values_of=attrgetter(*(field.attname for field in fields)),
    )


def _plain_types(field: Field[Any, Any]) -> frozenset[type]:
    particular = isinstance(field, _PARTICULAR) and not isinstance(field, DateTimeField)
    return _NULL if particular else _PLAIN


def _values(row: Model) -> list[Any]:
    plan = _plan(type(row))
    for field in plan.timed:
        field.pre_save(row, add=True)
    pairs = zip(plan.fields, plan.values_of(row), strict=True)
    return [value if type(value) in plain else _prepared(field, value) for (field, plain), value in pairs]


def _prepared(field: Field[Any, Any], value: Any) -> Any:
    if isinstance(field, JSONField) and field.encoder is None:
        return Jsonb(value, dumps=_dumps)
    return field.get_db_prep_save(value, connection)


def _dumps(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError):
        # What msgspec knows nothing of (lazy texts) and what it refuses, Django's own way decides about.
        return json.dumps(value).encode()
