"""Read rows of several models by one statement that is put together once, not anew at each use as a queryset is."""

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model

from apps.core.inserting import ServerBinding
from apps.core.preparing import Prepared


class _Part(NamedTuple):
    """One model's share of a row. convert: (place, what makes a Python value of it) where the driver does not."""

    model: type[Model]
    names: tuple[str, ...]
    start: int
    key: int
    convert: tuple[tuple[int, Callable[[Any], Any]], ...]


class Joined:
    """`tail` is the statement from FROM on, with a `%s` for each value; models: by the alias they have in it.

    without: columns that are not read, by alias; they are read when they are asked for, as after `defer`.
    """

    def __init__(
        self, tail: str, models: Mapping[str, type[Model]], without: Mapping[str, Collection[str]] | None = None
    ) -> None:
        self._tail, self._models, self._without = tail, models, without or {}

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """An instance of each model a row, in their order; None where an outer join found none."""
        statement, parts = self._plan
        return [tuple(_instance(part, row) for part in parts) for row in run(statement, values)]

    @cached_property
    def _plan(self) -> tuple[str, tuple[_Part, ...]]:
        columns: list[str] = []
        parts = []
        for alias, model in self._models.items():
            fields = [one for one in model._meta.concrete_fields if one.name not in self._without.get(alias, ())]
            convert = tuple((place, _converter(one)) for place, one in enumerate(fields) if _converts(one))
            key = next(place for place, one in enumerate(fields) if one.primary_key)
            parts.append(_Part(model, tuple(one.attname for one in fields), len(columns), key, convert))
            columns += [f'{alias}."{one.column}"' for one in fields]
        return f"SELECT {', '.join(columns)} {self._tail}", tuple(parts)


class _Statement(ServerBinding, Prepared):
    """A join of seven tables is planned longer than it runs."""


def run(statement: str, values: Collection[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement with a `%s` for each value; the values go beside it, which spares quoting them.

    For statements of which there are few: each connection keeps their plans.
    """
    connection.ensure_connection()
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrapped(_Statement(connection.connection)) as cursor:  # type: ignore[arg-type]
        cursor.execute(statement, list(values))
        return cursor.fetchall()


def _instance(part: _Part, row: tuple[Any, ...]) -> Model | None:
    values = list(row[part.start : part.start + len(part.names)])
    if values[part.key] is None:
        return None
    for place, convert in part.convert:
        values[place] = convert(values[place])
    return part.model.from_db(connection.alias, part.names, values)


def _converts(field: Any) -> bool:
    return hasattr(field, "from_db_value")


def _converter(field: Any) -> Callable[[Any], Any]:
    return lambda value: field.from_db_value(value, None, connection)
