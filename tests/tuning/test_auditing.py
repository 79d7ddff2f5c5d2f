"""A random share of the goals that ran alone is looked at afterwards, without holding anything up."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest, Policy
from apps.approvals.sweeping import sweep
from apps.core.errors import GatehouseError, Invalid
from apps.core.ids import new_id
from apps.core.models import Event
from apps.core.outbox import drain
from apps.goals.models import Goal
from apps.tuning.auditing import pick_for_audit, set_share, share_for
from apps.tuning.models import ReviewedGoal
from apps.tuning.sampling import DEFAULT_SHARE, is_picked, luck_of
from tests.approvals.conftest import as_person
from tests.goals.conftest import CLEAR, HOPELESS

pytestmark = pytest.mark.django_db


@pytest.fixture
def everything(settings: Any, shop: Business) -> None:
    """Every goal runs alone, and every one that did is looked at."""
    from apps.core.snapshot import forget_everything

    settings.HIGH_CONFIDENCE_THRESHOLD, settings.MEDIUM_CONFIDENCE_THRESHOLD = 0.02, 0.01
    forget_everything()
    with acting_for(shop.pk):
        set_share(business_id=shop.pk, share=1.0, actor="user:bob@example.com")


def audits() -> list[ApprovalRequest]:
    return list(ApprovalRequest.objects.filter(kind="audit"))


def test_the_share_is_what_it_says_and_the_same_each_time() -> None:
    ids = [new_id() for _ in range(20_000)]
    picked = [one for one in ids if is_picked(one, 0.05)]
    # Five standard deviations of a fair draw are 154.
    assert abs(len(picked) - 1000) < 155
    assert picked == [one for one in ids if is_picked(one, 0.05)]
    assert set(picked) <= {one for one in ids if is_picked(one, 0.2)}
    assert not any(is_picked(one, 0.0) for one in ids)
    assert all(is_picked(one, 1.0) for one in ids)
    # Neither early nor late ids are favoured.
    assert abs(sum(luck_of(one) for one in ids[:10_000]) - sum(luck_of(one) for one in ids[10_000:])) < 205


@pytest.mark.usefixtures("everything")
def test_a_goal_that_ran_alone_comes_into_the_queue_afterwards(api: APIClient, shop: Business) -> None:
    goal = api.post("/v1/goals", CLEAR, format="json").json()
    assert goal["state"] == "done"
    drain()
    [request] = audits()
    assert str(request.subject_id) == goal["goal_id"]
    assert request.payload["goal"] == CLEAR["goal"]
    assert request.payload["result"] == {"handed_to": "caller"}
    assert "Confidence" in request.payload["why_it_ran"]
    assert request.remind_at is None
    assert request.risk < 0.1


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(("verdict", "right"), [("approve", True), ("reject", False)])
def test_the_answer_is_a_label_that_stands_for_many(
    api: APIClient, shop: Business, alice: User, verdict: str, right: bool
) -> None:
    with acting_for(shop.pk):
        set_share(business_id=shop.pk, share=0.999999999, actor="user:bob@example.com")
    goal = api.post("/v1/goals", CLEAR, format="json").json()
    drain()
    [request] = audits()
    with acting_for(shop.pk):
        decide(
            request_id=request.pk,
            by=as_person(alice, shop),
            verdict=verdict,
            payload_hash=request.payload_hash,
            reason="" if right else "A person should have been asked",
        )
    found = ReviewedGoal.objects.get()
    assert (found.right, found.source) == (right, "audit")
    assert found.weight == pytest.approx(1 / 0.999999999)
    assert Goal.objects.get(pk=goal["goal_id"]).state == "done"


@pytest.mark.usefixtures("everything")
def test_it_is_asked_once_however_often_the_end_is_told(api: APIClient) -> None:
    api.post("/v1/goals", CLEAR, format="json")
    events = list(Event.objects.order_by("-id"))
    pick_for_audit(events)
    pick_for_audit(events)
    drain()
    assert len(audits()) == 1


@pytest.mark.usefixtures("everything")
def test_it_goes_by_itself_and_leaves_no_label(api: APIClient) -> None:
    api.post("/v1/goals", CLEAR, format="json")
    drain()
    sweep(now=timezone.now() + timedelta(days=8))
    [request] = audits()
    assert request.state == "expired"
    assert not ReviewedGoal.objects.exists()
    assert Goal.objects.get().state == "done"


@pytest.mark.usefixtures("everything")
def test_what_a_person_or_the_gate_decided_is_not_looked_at_again(api: APIClient, shop: Business) -> None:
    rejected = api.post("/v1/goals", HOPELESS, format="json").json()
    assert rejected["state"] != "done"
    drain()
    assert audits() == []


def test_at_no_share_nobody_is_bothered(api: APIClient, shop: Business, everything: None) -> None:
    with acting_for(shop.pk):
        set_share(business_id=shop.pk, share=0.0, actor="user:bob@example.com")
    api.post("/v1/goals", CLEAR, format="json")
    drain()
    assert audits() == []


@pytest.mark.usefixtures("everything")
def test_it_stays_quiet_whatever_the_policy_for_every_kind(api: APIClient, shop: Business) -> None:
    Policy.objects.create(business=shop, kind="*", decider_role="admin", approvers=2, on_timeout="escalate")
    api.post("/v1/goals", CLEAR, format="json")
    drain()
    [request] = audits()
    assert (request.decider_role, request.approvers_needed, request.on_timeout) == ("admin", 1, "reject")


@pytest.mark.usefixtures("everything")
def test_an_audit_cannot_be_edited(api: APIClient, shop: Business, alice: User) -> None:
    api.post("/v1/goals", CLEAR, format="json")
    drain()
    [request] = audits()
    with acting_for(shop.pk), pytest.raises(GatehouseError, match="nothing to change"):
        decide(
            request_id=request.pk,
            by=as_person(alice, shop),
            verdict="approve",
            payload_hash=request.payload_hash,
            payload=request.payload | {"share": 0.5},
        )


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(in_shop: Business, share: float) -> None:
    with pytest.raises(Invalid):
        set_share(business_id=in_shop.pk, share=share, actor="user:bob@example.com")
    assert share_for(in_shop.pk) == DEFAULT_SHARE


def test_each_business_has_its_own_share(shop: Business, other_shop: Business) -> None:
    with acting_for(shop.pk):
        set_share(business_id=shop.pk, share=0.5, actor="user:bob@example.com")
    assert share_for(shop.pk) == 0.5
    assert share_for(other_shop.pk) == DEFAULT_SHARE
    event = Event.objects.get(kind="audit_share.set")
    assert event.data == {"before": DEFAULT_SHARE, "share": 0.5}
