"""How goals fare, measured of any number of businesses in one statement, each by an index."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.core.ids import first_id_at, new_id
from apps.core.measures import NO_DATA, Metric, Sample
from apps.goals import pilot_metrics
from apps.goals.models import GateError, Goal
from apps.goals.pilot_metrics import error_rate, gate_error_rate, gate_latency, goal_latency

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
Put = Callable[..., None]


@pytest.fixture
def put() -> Put:
    """put(shop, state="done", seconds=2, gate=0.1): a goal submitted an hour ago that ran so long."""

    def write(
        business: Business,
        *,
        state: str = "done",
        seconds: float = 1.0,
        gate: float | None = 0.1,
        at: datetime = NOW - HOUR,
        **more: Any,
    ) -> None:
        ran = state in ("done", "failed")
        end = at + timedelta(seconds=seconds)
        plain: dict[str, Any] = {
            "id": UUID(int=first_id_at(at).int | new_id().int & (1 << 62) - 1),
            "text": "x", "approval_state": "not_required", "submitted_by": "key:x", "state": state,
            "started_at": at if ran else None, "finished_at": end if ran else None,
            "timings": [10, 20, None, 30, round(gate * 1e6)] if gate is not None else None,
        }  # fmt: skip
        Goal.objects.create(business=business, **(plain | more))

    return write


def taken(metric: Metric, *businesses: Business, since: datetime = NOW - DAY, limit: float | None = None) -> Sample:
    with across_businesses():
        return metric.measure([business.pk for business in businesses], since, NOW, limit=limit)


def test_failed_of_those_that_ran(shop: Business, other_shop: Business, put: Put) -> None:
    for state in ("done", "done", "done", "failed", "rejected", "waiting", "ready", "cancelled"):
        put(shop, state=state)
    put(other_shop, state="failed")
    put(shop, state="failed", is_trial=True)
    assert taken(error_rate, shop) == Sample(4, 1, 0.25)
    assert taken(error_rate, shop, other_shop) == Sample(5, 2, 0.4)


def test_what_ran_counts_where_it_ended(shop: Business, put: Put) -> None:
    put(shop, at=NOW - 2 * DAY, seconds=DAY.total_seconds() + 60)
    put(shop, at=NOW - 2 * DAY, seconds=60)
    put(shop, at=NOW - HOUR, seconds=2 * HOUR.total_seconds())
    assert taken(error_rate, shop).n == 1


def test_errors_of_the_gate_of_all_submissions(shop: Business, put: Put) -> None:
    for state in ("done", "waiting", "rejected"):
        put(shop, state=state)
    GateError.objects.create(business=shop, at=NOW - HOUR, stage="judge", error="ZeroDivisionError")
    GateError.objects.create(business=shop, at=NOW - 2 * DAY, stage="judge", error="ZeroDivisionError")
    GateError.objects.create(business=None, at=NOW - HOUR, stage="receive", error="ZeroDivisionError")
    put(shop, is_trial=True)
    assert taken(gate_error_rate, shop) == Sample(4, 1, 0.25)


def test_the_time_of_runs_and_how_many_were_above_a_limit(shop: Business, put: Put) -> None:
    for seconds in range(1, 101):
        put(shop, seconds=float(seconds), state="failed" if seconds % 10 == 0 else "done")
    found = taken(goal_latency, shop)
    assert (found.n, found.hits) == (100, None)
    assert found.value == pytest.approx(95.05)
    assert taken(goal_latency, shop, limit=90.0).hits == 10


def test_the_time_of_the_gate(shop: Business, put: Put) -> None:
    for n in range(1, 21):
        put(shop, gate=n / 100)
    put(shop, gate=None)
    put(shop, gate=9.0, is_trial=True)
    found = taken(gate_latency, shop, limit=0.15)
    assert (found.n, found.hits) == (20, 5)
    assert found.value == pytest.approx(0.1905)


@pytest.mark.parametrize("metric", [error_rate, gate_error_rate, goal_latency, gate_latency])
def test_without_goals_there_is_no_data(metric: Metric, shop: Business) -> None:
    assert taken(metric, shop, limit=1.0) == NO_DATA
    assert taken(metric) == NO_DATA


@pytest.mark.parametrize("metric", [error_rate, gate_error_rate, goal_latency, gate_latency])
def test_each_business_by_itself(metric: Metric, shop: Business, other_shop: Business, put: Put) -> None:
    put(shop)
    put(shop, state="failed")
    with across_businesses():
        each = metric.by_business([shop.pk, other_shop.pk], NOW - DAY, NOW, limit=0.5)
    assert list(each) == [shop.pk]
    assert each[shop.pk] == taken(metric, shop, limit=0.5)


@pytest.mark.parametrize("metric", [error_rate, gate_error_rate, goal_latency, gate_latency])
def test_it_takes_one_statement_for_ten_thousand(metric: Metric, shop: Business, put: Put) -> None:
    put(shop)
    ids = [shop.pk, *(new_id() for _ in range(9_999))]
    with across_businesses(), CaptureQueriesContext(connection) as queries:
        assert metric.measure(ids, NOW - DAY, NOW, limit=1.0).n == 1
        assert len(metric.by_business(ids, NOW - DAY, NOW)) == 1
    assert len(queries) == 2


@pytest.mark.parametrize("statement", ["_failed", "_run"])
def test_what_ended_is_read_from_its_index_alone(shop: Business, put: Put, statement: str) -> None:
    """On few rows a scan is cheaper, so scans are forbidden here: what is asked is whether the index can serve."""
    put(shop)
    with across_businesses(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        # For a row or two another index would do as well; it comes back with the transaction's end.
        cursor.execute("DROP INDEX goal_newest")
        plan = getattr(pilot_metrics, statement).explain([shop.pk], NOW - DAY, NOW)
    assert "Index Only Scan using goal_ended" in plan
