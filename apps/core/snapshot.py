"""A value every process keeps in memory and reads without a query, dropped in every process when it changes.

A change is pushed over Redis. Where the push cannot be heard (Redis away, connection lost), a value lives no longer
than POLL_SECONDS, so that a change is seen within a second either way.
"""

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

import redis
from django.db import connection, transaction

from apps.core.hearing import Announcement, Member, client, moment
from apps.core.recall import forget_all

log = logging.getLogger(__name__)

Value = TypeVar("Value")

CHANNEL = "gatehouse:snapshots"
POLL_SECONDS = 0.7
# Even a push that was heard may have been the last before one that was not: nothing is believed for longer than this.
LONGEST_SECONDS = 30.0
CHORE_SECONDS = 10.0
# A thread that waits for another one to load does so itself after this long.
PATIENCE_SECONDS = 2.0


class Snapshot(Generic[Value]):
    """`load` reads the value from the database; `get` gives the one in memory while it is fresh.

    Whoever changes what `load` reads calls `changed()` in the transaction of the change. chore: called every
    CHORE_SECONDS by the thread that hears pushes; it must be quick and use no connection that it does not close.
    """

    def __init__(self, name: str, load: Callable[[], Value], chore: Callable[[], None] | None = None) -> None:
        self.name = name
        self._load = load
        self.chore = chore
        self._good_until = 0.0
        self._value: Value | None = None
        self._loaded_at = -LONGEST_SECONDS
        self._generation = 0
        self._loaded_generation = -1
        self._loading = threading.Lock()
        # What tells of the last change, and, while the value is as only that change's transaction sees it, the same.
        self._telling: Callable[[], None] | None = None
        self._uncommitted: Callable[[], None] | None = None
        # Called, in whichever thread, whenever the value in memory is dropped. They must not block.
        self.watchers: set[Callable[[], object]] = set()
        _listener.snapshots[name] = self

    def get(self) -> Value:
        """The value in memory, or a fresh one."""
        now = time.monotonic()
        if now < self._good_until or self._is_fresh(now):
            return self._value  # type: ignore[return-value]
        return self._refresh()

    @property
    def age_seconds(self) -> float:
        """How long ago the value in memory was read from the database."""
        return time.monotonic() - self._loaded_at

    def changed(self) -> Announcement:
        """Drop the value here at once and everywhere after commit. The announcement knows who has heard by then."""
        self.forget()
        announcement = Announcement()
        self._telling = partial(self._tell_everybody, announcement)
        transaction.on_commit(self._telling)
        return announcement

    def forget(self) -> None:
        self._generation += 1
        self._good_until = 0.0
        for tell in tuple(self.watchers):
            tell()

    def _is_fresh(self, now: float) -> bool:
        generation = self._loaded_generation
        if generation != self._generation:
            return False
        age, heard_at = now - self._loaded_at, _listener.heard_at()
        if age >= POLL_SECONDS and not (age < LONGEST_SECONDS and now - heard_at < POLL_SECONDS):
            return False
        if self._uncommitted:
            return self._is_ours(self._uncommitted)
        self._good_until = min(max(self._loaded_at, heard_at) + POLL_SECONDS, self._loaded_at + LONGEST_SECONDS)
        # Another thread may have dropped the value since it was looked at.
        if generation != self._generation:
            self._good_until = 0.0
        return True

    def _is_ours(self, telling: Callable[[], None]) -> bool:
        if _is_pending(telling):
            return True
        # Rolled back, or another thread's: what that transaction saw holds for nobody here.
        self.forget()
        return False

    def _refresh(self) -> Value:
        _listener.ensure_started()
        # One thread loads for all: what another one began to load earlier could otherwise overwrite what is newer.
        locked = self._loading.acquire(timeout=PATIENCE_SECONDS)
        try:
            if self._is_fresh(time.monotonic()):
                return self._value  # type: ignore[return-value]
            generation, now = self._generation, time.monotonic()
            value = self._load()
            if generation >= self._loaded_generation:
                self._value, self._loaded_at = value, now
                self._uncommitted = self._telling if self._telling and _is_pending(self._telling) else None
                self._loaded_generation = generation
            return value
        finally:
            if locked:
                self._loading.release()

    def _tell_everybody(self, announcement: Announcement) -> None:
        self.forget()
        try:
            to = client()
            announcement.told_at = moment(to)
            to.publish(CHANNEL, f"{self.name} {announcement.token}")
        except redis.RedisError as error:
            log.warning("the change of %s could not be pushed, processes will poll: %s", self.name, error)


def _is_pending(telling: Callable[[], None]) -> bool:
    """Whether the change it tells of belongs to the transaction of this thread's connection."""
    return any(function is telling for _, function, *_ in connection.run_on_commit)


class _Listener:
    """One thread a process that hears pushes and drops the snapshots they name."""

    def __init__(self) -> None:
        self.snapshots: dict[str, Snapshot] = {}
        self._heard_at = -LONGEST_SECONDS
        self._chores_at = -LONGEST_SECONDS
        self._pid = 0
        self._lock = threading.Lock()

    def heard_at(self) -> float:
        """When the subscription was last seen alive in this process, by the monotonic clock."""
        return self._heard_at if self._pid == os.getpid() else -LONGEST_SECONDS

    def hears(self, now: float) -> bool:
        """Whether the subscription was alive within the last poll interval, in this process."""
        return now - self.heard_at() < POLL_SECONDS

    def ensure_started(self) -> None:
        # A forked child inherits the mark but not the thread.
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid != os.getpid():
                self._heard_at = -LONGEST_SECONDS
                self._pid = os.getpid()
                self._member = Member()
                atexit.register(self._member.leave)
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
        to, member = client(), self._member
        with to.pubsub(ignore_subscribe_messages=True) as pubsub:
            pubsub.subscribe(CHANNEL)
            # What changed before the subscription stood was pushed to nobody.
            subscribed = False
            while True:
                message = pubsub.get_message(timeout=POLL_SECONDS / 3)
                if not subscribed:
                    self._forget_all()
                    subscribed = True
                if message:
                    self._hear(message["data"].decode(), to, member)
                self._heard_at = time.monotonic()
                member.say(to)
                self._do_chores()

    def _hear(self, message: str, to: redis.Redis, member: Member) -> None:
        name, _, token = message.partition(" ")
        if snapshot := self.snapshots.get(name):
            snapshot.forget()
        if token:
            member.has_heard(to, token)

    def _do_chores(self) -> None:
        if time.monotonic() - self._chores_at < CHORE_SECONDS:
            return
        self._chores_at = time.monotonic()
        for snapshot in list(self.snapshots.values()):
            if snapshot.chore:
                try:
                    snapshot.chore()
                except Exception:
                    # Whoever hears must go on hearing.
                    log.exception("the chore of %s failed", snapshot.name)

    def _forget_all(self) -> None:
        for snapshot in list(self.snapshots.values()):
            snapshot.forget()


_listener = _Listener()


def forget_everything() -> None:
    """Drop every value of this process, and what it recalls (for tests, whose transactions never commit)."""
    _listener._forget_all()
    forget_all()
