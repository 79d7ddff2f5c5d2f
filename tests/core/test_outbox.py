"""The outbox: each committed event reaches every consumer at least once, in order per subject."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Business
from apps.core import outbox
from apps.core.events import record
from apps.core.models import Event, Outbox

told: list[str] = []
broken: set[str] = set()
slow: list[float] = []


def remember(events: Sequence[Event]) -> None:
    """A consumer that writes down what it is told, in the order of telling."""
    if slow:
        time.sleep(slow[0])
    names = [event.data["name"] for event in events]
    if broken.intersection(names):
        raise ConnectionError("the other side is away")
    told.extend(names)


@pytest.fixture(autouse=True)
def one_consumer(settings: Any) -> Iterator[None]:
    settings.EVENT_CONSUMERS = [f"{__name__}.remember"]
    outbox.consumers.cache_clear()
    told.clear(), broken.clear(), slow.clear()
    yield
    outbox.consumers.cache_clear()


@pytest.fixture
def tell(shop: Business) -> Callable[..., Event]:
    def tell(name: str, subject: str = "1") -> Event:
        with transaction.atomic():
            return record(
                kind="goal.told",
                subject_type="goal",
                subject_id=subject,
                business_id=shop.pk,
                actor="user:a",
                name=name,
            )

    return tell


def make_due() -> None:
    Outbox.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_it_delivers_each_event_and_forgets_it(tell: Callable[..., Event]) -> None:
    tell("one"), tell("two", "2")
    assert outbox.drain() == 2
    assert told == ["one", "two"]
    assert not Outbox.objects.exists()
    assert outbox.drain() == 0
    assert Event.objects.count() == 2


@pytest.mark.django_db
def test_it_keeps_the_order_of_a_subject(tell: Callable[..., Event]) -> None:
    for number in range(5):
        tell(f"a{number}", "a"), tell(f"b{number}", "b")
    outbox.drain(batch=3)
    for letter in "ab":
        assert [name for name in told if name[0] == letter] == [f"{letter}{number}" for number in range(5)]


@pytest.mark.django_db
def test_an_event_that_cannot_be_told_holds_back_its_subject_and_nothing_else(tell: Callable[..., Event]) -> None:
    tell("first", "a"), tell("second", "a"), tell("other", "b")
    broken.add("first")
    assert outbox.drain() == 1
    assert told == ["other"]
    row = Outbox.objects.order_by("event_id").first()
    assert row is not None
    assert (row.attempts, "away" in row.last_error) == (1, True)
    broken.clear(), make_due()
    assert outbox.drain() == 2
    assert told == ["other", "first", "second"]


@pytest.mark.django_db
def test_it_waits_longer_after_each_failure_and_never_gives_up(tell: Callable[..., Event]) -> None:
    tell("first")
    broken.add("first")
    waits = []
    for _ in range(12):
        make_due()
        before = timezone.now()
        outbox.drain()
        waits.append(round((Outbox.objects.get().next_attempt_at - before).total_seconds()))
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == outbox.LONGEST_RETRY_SECONDS
    Outbox.objects.update(attempts=30)
    make_due()
    outbox.drain()
    assert Outbox.objects.get().attempts == 30


@pytest.mark.django_db
def test_it_does_not_try_again_before_its_time(tell: Callable[..., Event]) -> None:
    tell("first")
    broken.add("first")
    outbox.drain()
    broken.clear()
    assert outbox.drain() == 0
    assert told == []


@pytest.mark.django_db
def test_what_a_failing_consumer_wrote_is_taken_back(tell: Callable[..., Event], settings: Any) -> None:
    settings.EVENT_CONSUMERS = [f"{__name__}.write_and_fail", f"{__name__}.remember"]
    outbox.consumers.cache_clear()
    tell("first")
    assert outbox.drain() == 0
    assert not Business.objects.filter(slug="half-done").exists()
    assert Outbox.objects.get().attempts == 1


def write_and_fail(events: Sequence[Event]) -> None:
    Business.objects.create(name="Half done", slug="half-done")
    raise ValueError("after writing")


def in_thread(act: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_two_drains_at_once_share_the_work_and_keep_the_order(tell: Callable[..., Event]) -> None:
    for number in range(4):
        for subject in "abcdef":
            tell(f"{subject}{number}", subject)
    slow.append(0.005)
    drains = [in_thread(lambda: outbox.drain(batch=2)) for _ in range(2)]
    for drain in drains:
        drain.join(30)
    # A drain that met only locked rows may have ended early: the next one finds what is left.
    outbox.drain()
    assert sorted(told) == sorted(f"{subject}{number}" for subject in "abcdef" for number in range(4))
    for subject in "abcdef":
        assert [name for name in told if name[0] == subject] == [f"{subject}{number}" for number in range(4)]


@pytest.mark.django_db(transaction=True)
def test_a_drain_does_not_wait_for_one_that_is_busy(tell: Callable[..., Event]) -> None:
    tell("busy", "a"), tell("next", "a"), tell("free", "b")
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Outbox.objects.select_for_update().get(
                subject="goal:a",
                event_id=min(Outbox.objects.filter(subject="goal:a").values_list("event_id", flat=True)),
            )
            locked.set()
            release.wait(10)

    holder = in_thread(hold)
    locked.wait(10)
    started = time.monotonic()
    assert outbox.drain() == 1
    assert time.monotonic() - started < 5
    assert told == ["free"]
    release.set()
    holder.join(10)
    outbox.drain()
    assert told == ["free", "busy", "next"]


@pytest.mark.django_db(transaction=True)
def test_a_drain_that_dies_half_way_leaves_the_event_to_the_next(tell: Callable[..., Event]) -> None:
    tell("first")
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        outbox._drain_batch(10)
        raise KeyboardInterrupt
    assert Outbox.objects.count() == 1
    outbox.drain()
    assert told == ["first", "first"]


@pytest.mark.django_db(transaction=True)
def test_an_event_of_a_change_that_is_rolled_back_is_never_told(tell: Callable[..., Event]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell("never")
        raise ZeroDivisionError
    assert outbox.drain() == 0
    assert told == []
