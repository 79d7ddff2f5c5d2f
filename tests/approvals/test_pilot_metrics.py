"""What people made of agents' work, measured of any number of businesses in one statement."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.principals import Principal
from apps.accounts.row_access import across_businesses, acting_for
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest
from apps.approvals.pilot_metrics import TRIAL, approval_rate, edit_rate
from apps.approvals.requesting import cancel_request
from apps.core.ids import new_id
from apps.core.measures import NO_DATA, Sample
from apps.goals.marks import TRIAL as TRIAL_MARK
from apps.pilots.widening import KIND
from tests.approvals.conftest import ask_in

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = timedelta(days=1)
Put = Callable[..., None]


@pytest.fixture
def put() -> Put:
    """put(shop, 3, state="approved"): so many requests that ended so, an hour ago."""

    def write(business: Business, count: int = 1, **changes: Any) -> None:
        plain: dict[str, Any] = {
            "kind": "goal", "title": "x", "payload": {"goal": "x", "context": {}}, "payload_hash": "0" * 64,
            "on_timeout": "escalate", "escalate_to": "admin", "deadline": NOW, "state": "approved",
            "decided_at": NOW - timedelta(hours=1), "decided_by": "user:alice@example.com",
        }  # fmt: skip
        rows = [ApprovalRequest(business=business, subject_id=new_id(), **(plain | changes)) for _ in range(count)]
        ApprovalRequest.objects.bulk_create(rows)

    return write


def taken(metric: Any, *businesses: Business, since: datetime = NOW - DAY, until: datetime = NOW) -> Sample:
    with across_businesses():
        return metric.measure([business.pk for business in businesses], since, until)


def test_approved_of_what_people_decided(shop: Business, other_shop: Business, put: Put) -> None:
    put(shop, 3)
    put(shop, 1, state="rejected")
    put(other_shop, 4, state="rejected")
    assert taken(approval_rate, shop) == Sample(4, 3, 0.75)
    assert taken(approval_rate, shop, other_shop) == Sample(8, 3, 0.375)


def test_neither_deadlines_nor_keys_nor_ends_without_a_decision(shop: Business, put: Put) -> None:
    put(shop, state="expired", decided_by="system:sweep")
    put(shop, state="cancelled")
    put(shop, state="answered")
    put(shop, decided_by="key:agent")
    put(shop, state="awaiting_approval", decided_at=None, decided_by="")
    assert taken(approval_rate, shop) == NO_DATA


@pytest.mark.parametrize("kind", ["audit", "thresholds", KIND])
def test_what_gatehouse_asks_about_itself_is_no_work_of_agents(shop: Business, put: Put, kind: str) -> None:
    put(shop, kind=kind)
    assert taken(approval_rate, shop) == NO_DATA


def test_trials_are_not_counted(shop: Business, put: Put) -> None:
    assert f'"{TRIAL_MARK}": true' in TRIAL
    put(shop, payload={"goal": "x", "context": {TRIAL_MARK: True, "more": 1}})
    put(shop, payload={"goal": "x", "context": {TRIAL_MARK: False}})
    put(shop, payload=["no object"])
    assert taken(approval_rate, shop).n == 2


def test_edits_of_approvals(shop: Business, put: Put) -> None:
    put(shop, 3)
    put(shop, original={"amount": 1})
    put(shop, 2, state="rejected", original={"amount": 1})
    assert taken(edit_rate, shop) == Sample(4, 1, 0.25)


def test_the_stretch_begins_with_since_and_ends_before_until(shop: Business, put: Put) -> None:
    for moment in (NOW - DAY - timedelta(microseconds=1), NOW - DAY, NOW):
        put(shop, decided_at=moment)
    assert taken(approval_rate, shop).n == 1


def test_each_business_by_itself_those_without_data_left_out(shop: Business, other_shop: Business, put: Put) -> None:
    put(shop, 2)
    put(shop, state="rejected")
    with across_businesses():
        each = approval_rate.by_business([shop.pk, other_shop.pk], NOW - DAY, NOW)
    assert dict(each) == {shop.pk: Sample(3, 2, 2 / 3)}


def test_no_business_is_no_data(db: None) -> None:
    assert taken(approval_rate) == NO_DATA


def test_it_takes_one_statement_for_ten_thousand(shop: Business, put: Put) -> None:
    put(shop, 2)
    ids = [shop.pk, *(new_id() for _ in range(9_999))]
    with across_businesses(), CaptureQueriesContext(connection) as queries:
        assert approval_rate.measure(ids, NOW - DAY, NOW).n == 2
        assert len(approval_rate.by_business(ids, NOW - DAY, NOW)) == 1
    assert len(queries) == 2


def test_others_are_not_seen_from_within_a_business(shop: Business, other_shop: Business, put: Put) -> None:
    put(other_shop)
    with acting_for(shop.pk):
        assert approval_rate.measure([other_shop.pk], NOW - DAY, NOW) == NO_DATA


def test_the_acts_leave_what_is_counted(shop: Business, by_alice: Principal) -> None:
    """So that the conditions are those of the real states: approve as it is, approve edited, reject, cancel."""
    with acting_for(shop.pk):
        plain, edited, rejected, cancelled = (ask_in(shop) for _ in range(4))
        less: dict[str, Any] = {"payload": {"tool": "refund", "order": "1182", "amount": 40}}
        as_they_are: dict[str, Any] = {}
        for request, more in ((plain, as_they_are), (edited, less)):
            decide(request_id=request.pk, by=by_alice, verdict="approve", payload_hash=request.payload_hash, **more)
        decide(
            request_id=rejected.pk, by=by_alice, verdict="reject", payload_hash=rejected.payload_hash, reason="Wrong"
        )
        cancel_request(request_id=cancelled.pk, actor="user:alice@example.com", why="No need")
    later = timezone.now() + DAY
    assert taken(approval_rate, shop, until=later) == Sample(3, 2, 2 / 3)
    assert taken(edit_rate, shop, until=later) == Sample(2, 1, 0.5)
