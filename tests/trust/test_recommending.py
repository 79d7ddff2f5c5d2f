"""Recommendations are kept at the cost of one insert and reach their table once, whatever happens on the way."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.agents.models import Agent
from apps.core.ids import new_id
from apps.trust.models import Buffered, Delta, Recommendation, TrustSettings
from apps.trust.recommending import flush_buffer, flush_these, track
from tests.trust.conftest import Tracked, an_agent

pytestmark = pytest.mark.django_db


def test_it_takes_one_insert(tracked: Tracked) -> None:
    tracked()
    # What is in memory is read once more when the process begins to hear of changes.
    counts = []
    for _ in range(5):
        with CaptureQueriesContext(connection) as queries:
            tracked()
        counts.append(len(queries))
    assert sorted(counts)[2] == 1


def test_it_keeps_all_it_is_told_and_never_the_content(shop: Business, writer: Agent) -> None:
    run, step = new_id(), new_id()
    made = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    found = track(
        business_id=shop.pk, agent_id=writer.pk, type="draft", content={"secret": "bread"}, correlation_id="m",
        run_id=run, step_id=step, group="r/1", confidence=0.75, latency_ms=120, on_time=False, expected=0.6,
        created_at=made,
    )  # fmt: skip
    assert "bread" not in str(Buffered.objects.get().facts)
    assert flush_buffer() == 1
    row = Recommendation.objects.get()
    assert (row.pk, row.agent, row.type, row.correlation_id) == (found, writer, "draft", "m")
    assert (row.run_id, row.step_id, row.group) == (run, step, "r/1")
    assert (row.confidence, row.latency_ms, row.on_time, row.expected) == (0.75, 120, False, 0.6)
    assert (row.verdict, row.value, row.weight, row.created_at) == ("pending", None, 1, made)
    assert len(row.digest) == 64
    assert not Buffered.objects.exists()
    delta = Delta.objects.get()
    assert (delta.day, delta.asked, delta.answered, delta.on_time) == (made.date(), 1, 1, 0)
    assert (delta.claimed, delta.confidence, delta.judged) == (1, 0.75, 0)


def test_the_same_content_has_the_same_digest(tracked: Tracked) -> None:
    tracked(content={"a": 1, "b": [1.0, "x"]})
    tracked(content={"b": [1, "x"], "a": 1})
    tracked(content={"b": [1, "y"], "a": 1})
    flush_buffer()
    assert Recommendation.objects.values("digest").distinct().count() == 2


def test_reasons_are_kept_only_where_the_business_says_so(shop: Business, tracked: Tracked) -> None:
    tracked(reasoning="because")
    TrustSettings.objects.create(business=shop, keep_reasoning=True)
    from apps.core.snapshot import forget_everything

    forget_everything()
    tracked(reasoning="because")
    flush_buffer()
    assert list(Recommendation.objects.order_by("pk").values_list("reasoning", flat=True)) == ["", "because"]


@pytest.mark.parametrize(
    ("facts", "column", "kept"),
    [
        ({"confidence": 7}, "confidence", None),
        ({"confidence": math.nan}, "confidence", None),
        ({"confidence": -0.1}, "confidence", None),
        ({"confidence": "high"}, "confidence", None),
        ({"confidence": True}, "confidence", None),
        ({"expected": math.inf}, "expected", None),
        ({"latency_ms": -5}, "latency_ms", 0),
        ({"latency_ms": 1e30}, "latency_ms", 2**31 - 1),
        ({"latency_ms": math.nan}, "latency_ms", None),
        ({"type": "t" * 99}, "type", "t" * 40),
        ({"type": "a\0b\ud800"}, "type", "ab?"),
        ({"correlation_id": None}, "correlation_id", ""),
        ({"correlation_id": "c" * 999}, "correlation_id", "c" * 80),
        ({"group": "g" * 999}, "group", "g" * 160),
        ({"failure": "f" * 999}, "failure", "f" * 20),
    ],
)
def test_it_cuts_and_cleans_what_it_is_told(tracked: Tracked, facts: dict[str, Any], column: str, kept: Any) -> None:
    tracked(**facts)
    assert flush_buffer() == 1
    assert getattr(Recommendation.objects.get(), column) == kept


@pytest.mark.parametrize("content", [None, "\ud800", object(), {1: {2: math.nan}}, b"\xff", [[]] * 3])
def test_any_content_can_be_tracked(tracked: Tracked, content: Any) -> None:
    tracked(content=content)
    assert flush_buffer() == 1
    assert len(Recommendation.objects.get().digest) == 64


def test_content_nested_without_end_can_be_tracked(tracked: Tracked) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    tracked(content=deep)
    assert flush_buffer() == 1


def test_a_failure_counts_as_asked_alone(tracked: Tracked) -> None:
    tracked(failure="timeout", on_time=False, content=None)
    flush_buffer()
    delta = Delta.objects.get()
    assert (delta.asked, delta.answered, delta.on_time) == (1, 0, 0)
    assert Recommendation.objects.get().digest == ""


def test_what_is_dated_ahead_is_dated_now(tracked: Tracked) -> None:
    tracked(created_at=timezone.now() + timedelta(days=400))
    tracked(created_at=datetime(2026, 1, 1))
    flush_buffer()
    assert Recommendation.objects.filter(created_at__lte=timezone.now()).count() == 2


def test_told_twice_it_is_kept_once(tracked: Tracked) -> None:
    found = new_id()
    assert tracked(recommendation_id=found) == tracked(recommendation_id=found) == found
    assert flush_buffer() == 1
    assert tracked(recommendation_id=found) == found
    assert flush_buffer() == 1
    assert Recommendation.objects.count() == 1
    assert Delta.objects.count() == 1


def test_it_goes_with_the_transaction_of_its_caller(tracked: Tracked) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tracked()
        raise ZeroDivisionError
    assert flush_buffer() == 0


def test_one_for_another_business_is_left_out_and_the_transaction_goes_on(
    shop: Business, other_shop: Business, writer: Agent
) -> None:
    with acting_for(other_shop.pk):
        told = track(business_id=shop.pk, agent_id=writer.pk, type="draft", content="x", correlation_id="m")
        assert told is None
        Agent.objects.count()
    assert not Buffered.objects.exists()


def test_an_agent_of_another_business_is_dropped(shop: Business, other_shop: Business) -> None:
    foreign = an_agent(other_shop, "foreign")
    track(business_id=shop.pk, agent_id=foreign.pk, type="draft", content="x", correlation_id="m")
    assert flush_buffer() == 1
    assert not Recommendation.objects.exists()
    assert not Delta.objects.exists()


def test_an_agent_that_is_gone_keeps_no_other_from_being_moved(tracked: Tracked, reader: Agent) -> None:
    tracked(agent=reader)
    tracked()
    reader.delete()
    assert flush_buffer() == 2
    assert Recommendation.objects.count() == 1


def test_a_row_that_nobody_could_have_written_keeps_no_other(shop: Business, writer: Agent, tracked: Tracked) -> None:
    for facts in ({"agent": "no id"}, {"agent": str(writer.pk), "confidence": 7, "type": "x"}):
        Buffered.objects.create(business=shop, facts=facts)
    kept = [tracked() for _ in range(3)]
    assert flush_buffer(batch=5) == 5
    assert set(Recommendation.objects.values_list("pk", flat=True)) == set(kept)
    assert not Buffered.objects.exists()


def test_it_moves_all_in_batches(shop: Business, other_shop: Business, tracked: Tracked) -> None:
    for _ in range(7):
        tracked()
    tracked(agent=an_agent(other_shop, "theirs"))
    assert flush_buffer(business_id=shop.pk, batch=3) == 7
    assert Recommendation.objects.count() == 7
    assert Buffered.objects.get().business_id == other_shop.pk
    assert sum(Delta.objects.values_list("asked", flat=True)) == 7


def test_it_moves_those_that_are_asked_for(tracked: Tracked) -> None:
    first, second = tracked(), tracked()
    assert flush_these([second, new_id()]) == 1
    assert Recommendation.objects.get().pk == second
    assert Buffered.objects.get().pk == first


def test_a_business_moves_its_own_alone(shop: Business, other_shop: Business, tracked: Tracked) -> None:
    tracked()
    tracked(agent=an_agent(other_shop, "theirs"))
    with acting_for(shop.pk):
        assert flush_buffer() == 1
        assert Recommendation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_movers_side_by_side_take_each_row_once(shop: Business, writer: Agent, tracked: Tracked) -> None:
    from concurrent.futures import ThreadPoolExecutor

    ids = {tracked() for _ in range(200)}

    def move(_: int) -> int:
        try:
            return flush_buffer(batch=7)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(move, range(4))) == 200
    assert set(Recommendation.objects.values_list("pk", flat=True)) == ids
    assert sum(Delta.objects.values_list("asked", flat=True)) == 200


@pytest.mark.django_db(transaction=True)
def test_a_mover_that_is_cut_off_leaves_all_where_it_was(tracked: Tracked) -> None:
    found: UUID = tracked()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        flush_buffer()
        raise ZeroDivisionError
    assert Buffered.objects.get().pk == found
    assert not Recommendation.objects.exists()
    assert not Delta.objects.exists()
    assert flush_buffer() == 1
