"""Hand work to the workers, but only once the transaction that wants it has been committed."""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from celery import Task, current_app
from django.core.cache import cache
from django.db import connection, transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

NUDGE_KEY = "outbox:nudged"
NUDGE_SECONDS = 2
# Events of one burst share a nudge: waking a worker costs more than the draining.
BURST_SECONDS = 0.1
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
    _nudger.want_after_commit()


class Nudger:
    """One thread a process that wakes a task, so that no request waits for Redis or for Celery's send.

    send: what wakes it. burst: seconds within which all who want it share one waking. What a process that dies has not
    sent must be found by the task's own schedule.
    """

    def __init__(self, name: str, send: Callable[[], None], burst: float) -> None:
        self._name, self._send, self._burst = name, send, burst
        # Known by its identity, which a bound method has anew each time it is named.
        self._hook = self._nudge
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._pid = 0

    def want_after_commit(self) -> None:
        """Wake the task after commit, once however often the transaction wants it."""
        if not any(function is self._hook for _, function, *_ in connection.run_on_commit):
            transaction.on_commit(self._hook)

    def _nudge(self) -> None:
        # A forked child inherits the mark but not the thread.
        if self._pid != os.getpid():
            self._start()
        self._wanted.set()

    def _start(self) -> None:
        with self._lock:
            if self._pid != os.getpid():
                self._wanted = threading.Event()
                self._pid = os.getpid()
                threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            # Cleared before it is sent: an event committed meanwhile sends anew.
            self._wanted.clear()
            self._send()
            time.sleep(self._burst)


def send_nudge() -> None:
    """Wake the drain now, unless it has been woken and has not begun."""
    # The drain takes the mark away before it reads, so an event committed after its read finds no mark and sends anew.
    try:
        fresh = cache.add(NUDGE_KEY, 1, NUDGE_SECONDS)
    except RedisError as error:
        log.warning("could not wake the outbox: %s", error)
        return
    if fresh:
        _send(DRAIN, (), {})


def send_soon(task: str) -> None:
    """Enqueue the task of this dotted name now; a broker that is down is logged."""
    _send(task, (), {})


def _send(task: str, args: tuple[str | int, ...], options: dict[str, Any]) -> None:
    try:
        current_app.send_task(task, args=args, retry=False, **options)
    except (OperationalError, OSError) as error:
        log.warning("could not enqueue %s: %s", task, error)


_nudger = Nudger("nudges", send_nudge, BURST_SECONDS)
