"""Thresholds change by proposal: one says why, another who may agrees, and nothing is agreed to that is out of date."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.keys import issue_key
from apps.accounts.models import Business, Membership, User
from apps.accounts.principals import Principal, of_key
from apps.accounts.roles import Scope
from apps.accounts.row_access import acting_for
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest, Policy
from apps.core.errors import GatehouseError, Invalid, NotAllowed, StaleState
from apps.core.models import Event
from apps.goals.configuration import configuration_of, set_thresholds
from apps.goals.models import GateSettings
from apps.tuning.proposing import installation, open_proposal, others_may_decide, propose, withdraw
from apps.tuning.standing import Standing
from tests.approvals.conftest import as_person
from tests.conftest import client_for
from tests.tuning.conftest import past_goals

pytestmark = pytest.mark.django_db

Propose = Callable[..., ApprovalRequest]


@pytest.fixture
def by_bob(bob: User, shop: Business) -> Principal:
    return as_person(bob, shop, "admin")


@pytest.fixture
def by_carol(carol: User, shop: Business) -> Principal:
    return as_person(carol, shop, "owner")


@pytest.fixture
def put(by_bob: Principal) -> Propose:
    """put(high=0.8) is bob's proposal."""

    def one(high: float = 0.8, medium: float = 0.5, rounds: int = 2, reason: str = "Fewer questions") -> Any:
        with acting_for(by_bob.business_id):
            return propose(by=by_bob, wanted=Standing(high, medium, rounds), reason=reason)

    return one


def say(request: ApprovalRequest, by: Principal, verdict: str = "approve", **more: Any) -> ApprovalRequest:
    with acting_for(request.business_id):
        reason = "Too risky" if verdict == "reject" else ""
        return decide(
            request_id=request.pk, by=by, verdict=verdict, payload_hash=request.payload_hash, reason=reason, **more
        )


def test_nothing_changes_until_another_agrees(put: Propose, by_carol: Principal, shop: Business) -> None:
    before = configuration_of(shop.pk).thresholds
    request = put()
    assert configuration_of(shop.pk).thresholds == before
    say(request, by_carol)
    found = configuration_of(shop.pk)
    assert (found.thresholds.high, found.thresholds.medium, found.rounds) == (0.8, 0.5, 2)


def test_who_proposed_who_agreed_and_why_is_in_the_audit(put: Propose, by_carol: Principal) -> None:
    request = put(reason="Of what was asked above 0.8, nothing was rejected")
    say(request, by_carol)
    event = Event.objects.get(kind="thresholds.set")
    assert event.actor == "user:carol@example.com"
    assert event.data["proposed_by"] == "user:bob@example.com"
    assert event.data["reason"] == "Of what was asked above 0.8, nothing was rejected"
    assert event.data["request"] == str(request.pk)


def test_whoever_decides_reads_the_figures(put: Propose, shop: Business) -> None:
    past_goals(shop, 40)
    request = put()
    assert request.payload["would_have"]["run_alone"] > request.payload["now_has"]["run_alone"]
    assert request.payload["would_have"]["wrong_of_runs"] == "not enough evidence"
    assert "would run alone" in request.why
    assert request.payload["old"]["own"] is False


def test_nobody_agrees_with_themselves_whatever_the_policy(put: Propose, by_bob: Principal, shop: Business) -> None:
    Policy.objects.create(business=shop, kind="*", requester_may_decide=True, decider_role="reviewer")
    request = put()
    with pytest.raises(NotAllowed, match="somebody else"):
        say(request, by_bob)
    assert not GateSettings.objects.exists()


def test_a_reviewer_or_a_key_cannot_agree(put: Propose, alice: User, shop: Business, whole_key: str) -> None:
    request = put()
    with pytest.raises(NotAllowed, match="role admin"):
        say(request, as_person(alice, shop))
    body = {"verdict": "approve", "payload_hash": request.payload_hash}
    assert client_for(whole_key).post(f"/v1/approvals/{request.pk}/decide", body, format="json").status_code == 403
    assert not GateSettings.objects.exists()


def test_whoever_made_the_key_that_proposed_cannot_agree(shop: Business, bob: User, by_bob: Principal) -> None:
    key, _ = issue_key(business=shop, name="bob's", scopes=[Scope.GATE_TUNE.value], by=bob)
    with acting_for(shop.pk):
        request = propose(by=of_key(key), wanted=Standing(0.8, 0.5, 3), reason="By a program")
    with pytest.raises(NotAllowed, match="somebody else"):
        say(request, by_bob)


def test_agreeing_to_what_is_out_of_date_is_refused(put: Propose, by_carol: Principal, shop: Business) -> None:
    request = put()
    with acting_for(shop.pk):
        set_thresholds(business_id=shop.pk, high=0.95, medium=0.6, rounds=3, actor="system:setup")
    with pytest.raises(StaleState, match=r"have changed since this was proposed: 0\.95 and 0\.6"):
        say(request, by_carol)
    request.refresh_from_db()
    assert request.state == "awaiting_approval"
    assert configuration_of(shop.pk).thresholds.high == 0.95
    say(request, by_carol, "reject")


def test_a_rejected_or_withdrawn_proposal_changes_nothing(put: Propose, by_carol: Principal, shop: Business) -> None:
    say(put(), by_carol, "reject")
    put()
    with acting_for(shop.pk):
        withdraw(business_id=shop.pk, actor="user:bob@example.com")
        assert open_proposal(shop.pk) is None
    assert not GateSettings.objects.exists()


def test_one_proposal_waits_at_a_time(put: Propose) -> None:
    put()
    with pytest.raises(StaleState, match="waits"):
        put(high=0.9)


def test_the_thresholds_of_a_proposal_cannot_be_edited_by_who_decides(put: Propose, by_carol: Principal) -> None:
    request = put()
    other = request.payload | {"new": request.payload["new"] | {"high": 0.6}}
    with pytest.raises(GatehouseError, match="propose other thresholds"):
        say(request, by_carol, payload=other)


def test_one_may_propose_to_follow_the_installation_again(by_bob: Principal, by_carol: Principal) -> None:
    with acting_for(by_bob.business_id):
        set_thresholds(business_id=by_bob.business_id, high=0.95, medium=0.6, rounds=3, actor="system:setup")
        request = propose(by=by_bob, wanted=installation(), reason="Ours are no better")
    say(request, by_carol)
    assert not GateSettings.objects.exists()
    assert Event.objects.get(kind="thresholds.cleared").data["reason"] == "Ours are no better"


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Standing(0.5, 0.6, 3), "medium"),
        (Standing(0.5, 0.5, 3), "medium"),
        (Standing(float("nan"), 0.5, 3), "high"),
        (Standing(0.8, float("inf"), 3), "medium"),
        (Standing(1.2, 0.5, 3), "high"),
        (Standing(0.8, 0.5, 11), "rounds"),
        (Standing(0.85, 0.55, 3, own=False), "high"),
    ],
)
def test_what_are_no_thresholds_is_refused_by_name(by_bob: Principal, wanted: Standing, field: str) -> None:
    with acting_for(by_bob.business_id), pytest.raises(Invalid) as refused:
        propose(by=by_bob, wanted=wanted, reason="Because")
    assert refused.value.errors[0]["field"] == field


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b"])
def test_it_needs_a_reason(by_bob: Principal, reason: str) -> None:
    with acting_for(by_bob.business_id), pytest.raises(Invalid) as refused:
        propose(by=by_bob, wanted=Standing(0.8, 0.5, 3), reason=reason)
    assert refused.value.errors[0]["field"] == "reason"


def test_it_knows_whether_anybody_else_could_decide(by_bob: Principal, shop: Business, alice: User) -> None:
    assert not others_may_decide(by_bob)
    Membership.objects.filter(user=alice).update(role="admin")
    assert others_may_decide(by_bob)


def test_a_program_cannot_make_up_such_a_request(api: APIClient) -> None:
    for kind in ("thresholds", "audit"):
        asked = api.post("/v1/approvals", {"kind": kind, "title": "x", "payload": {"a": 1}}, format="json")
        assert asked.status_code == 422


@pytest.mark.django_db(transaction=True)
def test_of_two_who_agree_at_once_one_does(put: Propose, by_carol: Principal, shop: Business) -> None:
    from tests.conftest import person

    dora = person("dora", shop, "admin")
    request, outcomes = put(), []
    begin = threading.Barrier(2)

    def agree(by: Principal) -> None:
        from django.db import connection

        begin.wait(10)
        try:
            say(request, by)
            outcomes.append("agreed")
        except StaleState:
            outcomes.append("late")
        finally:
            connection.close()

    threads = [threading.Thread(target=agree, args=[by]) for by in (by_carol, as_person(dora, shop, "admin"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["agreed", "late"]
    assert Event.objects.filter(kind="thresholds.set").count() == 1
