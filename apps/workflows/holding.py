"""ACT: lock a run, write, and see how its open stage stands then, all in one round trip.

Everything that ends a step or moves a run does so under this lock, and what is read here was read after it was got: so
of two steps that end at the same moment the second sees the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, models

from apps.core.errors import NotFound
from apps.workflows.models import Run, Stage

Write = tuple[str, Sequence[Any]]
# New rows may refer to the run meanwhile: hence NO KEY.
_LOCK = "SELECT {columns} FROM workflows_run WHERE id = %s FOR NO KEY UPDATE"
_LOOK = (
    "SELECT {columns}, ARRAY(SELECT state FROM workflows_step t WHERE t.stage_id = s.id)"
    " FROM workflows_stage s JOIN workflows_run r ON r.id = s.run_id AND s.position = r.stage WHERE r.id = %s"
)


@dataclass(slots=True)
class Held:
    """A run under its lock. stage: at its position, if there is one. states: of that stage's steps, after the writes.

    changed: how many rows each of the writes has changed.
    """

    run: Run
    stage: Stage | None
    states: list[str]
    changed: list[int]


def hold(run_id: UUID, *writes: Write) -> Held:
    """Lock the run until the transaction ends; then do the writes (statement, parameters). Raises NotFound."""
    return hold_all([(run_id, writes)])[0]


def hold_all(wanted: Sequence[tuple[UUID, Sequence[Write]]]) -> list[Held]:
    """The same for several runs, in this order: that of their ids, so that two cannot wait for each other."""
    statements, parameters = [], []
    for run_id, writes in wanted:
        statements += [_lock(), *(statement for statement, _ in writes), _look()]
        parameters += [run_id, *(value for _, values in writes for value in values), run_id]
    with connection.cursor() as cursor:
        cursor.execute(";\n".join(statements), parameters)
        return [_read(cursor, len(writes), last=place == len(wanted)) for place, (_, writes) in enumerate(wanted, 1)]


def _read(cursor: Any, writes: int, *, last: bool) -> Held:
    row, changed = cursor.fetchone(), []
    for _ in range(writes):
        cursor.nextset()
        changed.append(cursor.rowcount)
    cursor.nextset()
    seen = cursor.fetchone()
    if not last:
        cursor.nextset()
    if row is None:
        raise NotFound
    stage = _row(Stage, seen[:-1]) if seen else None
    return Held(_row(Run, row), stage, list(seen[-1]) if seen else [], changed)


def lock_run(run_id: UUID) -> Run:
    """The run, locked until the transaction ends. Raises NotFound."""
    return hold(run_id).run


@cache
def _lock() -> str:
    return _LOCK.format(columns=_columns(Run, ""))


@cache
def _look() -> str:
    return _LOOK.format(columns=_columns(Stage, "s."))


def _columns(model: type[models.Model], alias: str) -> str:
    return ", ".join(f"{alias}{field.column}" for field in model._meta.concrete_fields)


def _row(model: type[Any], values: Sequence[Any]) -> Any:
    fields = model._meta.concrete_fields
    known = [
        msgspec.json.decode(value) if value is not None and isinstance(field, models.JSONField) else value
        for field, value in zip(fields, values, strict=True)
    ]
    return model.from_db(connection.alias, [field.attname for field in fields], known)
