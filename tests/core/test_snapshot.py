"""A value in memory: no query while it is fresh, dropped everywhere when it changes."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from apps.core import snapshot
from apps.core.snapshot import Snapshot


class Source:
    """Something that is loaded, and counts how often."""

    def __init__(self) -> None:
        self.value, self.loads = "first", 0

    def load(self) -> str:
        self.loads += 1
        return self.value


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def kept(source: Source) -> Snapshot[str]:
    kept = Snapshot("test", source.load)
    kept.get()
    return kept


def until(condition: Any, within: float = 3.0) -> float:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < within
        time.sleep(0.01)
    return time.monotonic() - started


def settled(kept: Snapshot[str]) -> None:
    """Wait until this process hears pushes: before that a value is polled."""
    until(lambda: snapshot._listener.hears(time.monotonic()))
    time.sleep(0.05)
    kept.get()


def test_it_is_loaded_once_and_then_read_from_memory(kept: Snapshot[str], source: Source) -> None:
    settled(kept)
    before = source.loads
    for _ in range(1000):
        assert kept.get() == "first"
    assert source.loads == before
    assert kept.age_seconds < 5


@pytest.mark.django_db(transaction=True)
def test_a_change_is_seen_here_at_once_and_a_rollback_changes_nothing_for_good(
    kept: Snapshot[str], source: Source
) -> None:
    with transaction.atomic():
        source.value = "second"
        kept.changed()
    assert kept.get() == "second"


def test_a_push_from_another_process_drops_the_value_within_a_second(
    kept: Snapshot[str], source: Source, settings: Any
) -> None:
    settled(kept)
    source.value = "second"
    push = f"import redis; redis.Redis.from_url({settings.REDIS_URL!r}).publish({snapshot.CHANNEL!r}, 'test')"
    subprocess.run([sys.executable, "-c", push], check=True)
    assert until(lambda: kept.get() == "second", within=1.0) < 1.0


def test_without_pushes_it_is_polled_within_a_second(kept: Snapshot[str], source: Source) -> None:
    listener = snapshot._listener
    heard, listener._heard_at = listener._heard_at, -1e9
    try:
        kept.get()
        source.value = "second"
        # The listener goes on hearing; what is tried here is a process that does not.
        until(lambda: setattr(listener, "_heard_at", -1e9) or kept.get() == "second", within=1.5)
    finally:
        listener._heard_at = heard


def test_a_change_during_the_load_is_not_lost(source: Source) -> None:
    def load() -> str:
        value = source.load()
        if source.loads == 1:
            source.value = "second"
            kept.forget()
        return value

    kept: Snapshot[str] = Snapshot("test", load)
    assert kept.get() == "first"
    assert kept.get() == "second"


def test_threads_that_find_it_dropped_load_it_once(source: Source) -> None:
    def load() -> str:
        time.sleep(0.05)
        return source.load()

    kept: Snapshot[str] = Snapshot("test", load)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: kept.get(), range(8))) == {"first"}
    assert source.loads == 1


def test_who_watches_is_told_until_they_look_away(kept: Snapshot[str]) -> None:
    told: list[str] = []
    watcher = lambda: told.append("dropped")  # noqa: E731
    kept.watchers.add(watcher)
    kept.forget()
    kept.watchers.discard(watcher)
    kept.forget()
    assert told == ["dropped"]


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_does_not_stay_in_memory(kept: Snapshot[str], source: Source) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        source.value = "second"
        kept.changed()
        assert kept.get() == "second"
        source.value = "first"
        raise RuntimeError
    assert kept.get() == "first"


@pytest.mark.django_db(transaction=True)
def test_what_is_not_committed_is_seen_by_its_own_thread_only(kept: Snapshot[str], source: Source) -> None:
    seen = []
    with transaction.atomic():
        source.value = "second"
        kept.changed()
        assert kept.get() == "second"
        source.value = "first"  # as the database shows it to the others
        thread = threading.Thread(target=lambda: seen.append(kept.get()))
        thread.start()
        thread.join()
    assert seen == ["first"]
