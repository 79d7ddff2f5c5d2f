"""A value every process keeps in memory and reads without a query, dropped in every process when it changes.

A change is pushed over Redis. Where the push cannot be heard (Redis away, connection lost), a value lives no longer
than POLL_SECONDS, so that a change is seen within a second either way.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import redis
from django.conf import settings
from django.db import transaction

from apps.core.recall import forget_all

log = logging.getLogger(__name__)

Value = TypeVar("Value")

CHANNEL = "gatehouse:snapshots"
POLL_SECONDS = 0.7
# Even a push that was heard may have been the last before one that was not: nothing is believed for longer than this.
LONGEST_SECONDS = 30.0


class Snapshot(Generic[Value]):
    """`load` reads the value from the database; `get` gives the one in memory while it is fresh.

    Whoever changes what `load` reads calls `changed()` in the transaction of the change.
    """

    def __init__(self, name: str, load: Callable[[], Value]) -> None:
        self.name = name
        self._load = load
        self._value: Value | None = None
        self._loaded_at = -LONGEST_SECONDS
        self._generation = 0
        self._loaded_generation = -1
        _listener.snapshots[name] = self

    def get(self) -> Value:
        """The value in memory, or a fresh one."""
        if self._loaded_generation == self._generation:
            age = time.monotonic() - self._loaded_at
            if age < POLL_SECONDS or (age < LONGEST_SECONDS and _listener.hears(time.monotonic())):
                return self._value  # type: ignore[return-value]
        return self._refresh()

    @property
    def age_seconds(self) -> float:
        """How long ago the value in memory was read from the database."""
        return time.monotonic() - self._loaded_at

    def changed(self) -> None:
        """Drop the value here at once and everywhere after commit."""
        self.forget()
        transaction.on_commit(self._tell_everybody)

    def forget(self) -> None:
        self._generation += 1

    def _refresh(self) -> Value:
        _listener.ensure_started()
        generation, now = self._generation, time.monotonic()
        self._value = value = self._load()
        self._loaded_at, self._loaded_generation = now, generation
        return value

    def _tell_everybody(self) -> None:
        self.forget()
        try:
            _redis().publish(CHANNEL, self.name)
        except redis.RedisError as error:
            log.warning("the change of %s could not be pushed, processes will poll: %s", self.name, error)


class _Listener:
    """One thread a process that hears pushes and drops the snapshots they name."""

    def __init__(self) -> None:
        self.snapshots: dict[str, Snapshot] = {}
        self._heard_at = -LONGEST_SECONDS
        self._pid = 0
        self._lock = threading.Lock()

    def hears(self, now: float) -> bool:
        """Whether the subscription was alive within the last poll interval, in this process."""
        return now - self._heard_at < POLL_SECONDS and self._pid == os.getpid()

    def ensure_started(self) -> None:
        # A forked child inherits the mark but not the thread.
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid != os.getpid():
                self._heard_at = -LONGEST_SECONDS
                self._pid = os.getpid()
                threading.Thread(target=self._run, name="snapshots", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                self._listen()
            except (redis.RedisError, OSError) as error:
                log.info("not hearing changes, polling instead: %s", error)
            self._forget_all()
            time.sleep(POLL_SECONDS)

    def _listen(self) -> None:
        with _redis().pubsub(ignore_subscribe_messages=True) as pubsub:
            pubsub.subscribe(CHANNEL)
            # What changed before the subscription stood was pushed to nobody.
            subscribed = False
            while True:
                message = pubsub.get_message(timeout=POLL_SECONDS / 3)
                if not subscribed:
                    self._forget_all()
                    subscribed = True
                if message and (snapshot := self.snapshots.get(message["data"].decode())):
                    snapshot.forget()
                self._heard_at = time.monotonic()

    def _forget_all(self) -> None:
        for snapshot in list(self.snapshots.values()):
            snapshot.forget()


_listener = _Listener()


def forget_everything() -> None:
    """Drop every value of this process, and what it recalls (for tests, whose transactions never commit)."""
    _listener._forget_all()
    forget_all()


def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, health_check_interval=0)
