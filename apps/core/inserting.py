"""Write several new rows, of whatever models, in one round trip to the database."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, TypeAlias

import msgspec
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import JSONField, Model
from django.db.models.fields import Field
from psycopg.types.json import Jsonb

Fields: TypeAlias = "tuple[Field[Any, Any], ...]"


def insert(*rows: Model) -> None:
    """Insert rows that are new, in the order given. Call inside a transaction.

    Of what `save` does this leaves out parents, signals and values made by the database; ids are made beforehand
    (`apps.core.ids`). Raises IntegrityError: the transaction is then lost.
    """
    statements, values = [], []
    for row in rows:
        statement, fields = _statement(type(row))
        statements.append(statement)
        values += [_value(field, row) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(";".join(statements), values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@cache
def _statement(model: type[Model]) -> tuple[str, Fields]:
    fields = tuple(field for field in model._meta.concrete_fields if not field.generated)
    if model._meta.parents or any(field.db_returning or field.has_db_default() for field in fields):
        raise TypeError(f"{model.__name__} has columns that the database fills in")
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    # A text of our own stays below the length up to which psycopg keeps a parsed query; only arrays need their type.
    places = ", ".join(f"%s::{field.db_type(connection)}" if isinstance(field, ArrayField) else "%s" for field in fields)
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({places})", fields


def _value(field: Field[Any, Any], row: Model) -> Any:
    value = field.pre_save(row, add=True)
    if isinstance(field, JSONField) and value is not None and field.encoder is None:
        return Jsonb(value, dumps=_dumps)
    return field.get_db_prep_save(value, connection)


def _dumps(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError):
        # What msgspec knows nothing of (lazy texts) and what it refuses, Django's own way decides about.
        return json.dumps(value).encode()
