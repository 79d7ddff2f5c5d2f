"""Hand work to the workers, but only once the transaction that wants it has been committed."""

import logging
from typing import Any

from celery import Task, current_app
from django.core.cache import cache
from django.db import connection, transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

NUDGE_KEY = "outbox:nudged"
NUDGE_SECONDS = 2
DRAIN = "apps.core.tasks.drain_outbox"


def later(task: str | Task, *args: str | int, **options: Any) -> None:
    """Enqueue a task, or the one of this dotted name, with plain ids, after commit.

    By name where the caller stands below its tasks and so cannot import them.

    A broker that is down is logged, not raised: what the task would have done stands in the database, and the sweeps
    find it there.
    """
    name = task if isinstance(task, str) else task.name
    transaction.on_commit(lambda: _send(name, args, options))


def nudge_outbox() -> None:
    """Wake the outbox drain after commit, once however many events the transaction wrote."""
    if not any(function is _send_nudge for _, function, *_ in connection.run_on_commit):
        transaction.on_commit(_send_nudge)


def _send_nudge() -> None:
    # The drain takes the mark away before it reads, so an event committed after its read finds no mark and sends anew.
    try:
        fresh = cache.add(NUDGE_KEY, 1, NUDGE_SECONDS)
    except RedisError as error:
        log.warning("could not wake the outbox: %s", error)
        return
    if fresh:
        _send(DRAIN, (), {})


def _send(task: str, args: tuple[str | int, ...], options: dict[str, Any]) -> None:
    try:
        current_app.send_task(task, args=args, retry=False, **options)
    except (OperationalError, OSError) as error:
        log.warning("could not enqueue %s: %s", task, error)
