from typing import Any

import pytest

from apps.accounts.models import Business, User
from apps.accounts.principals import Principal
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest, Decision, Policy
from apps.approvals.payloads import payload_hash
from apps.approvals.states import State
from apps.core.errors import Invalid, StaleState
from apps.core.models import Event
from tests.approvals.conftest import Ask

EDITED = {"tool": "refund", "order": "1182", "amount": 40}


@pytest.fixture(autouse=True)
def checks(settings: Any) -> None:
    settings.EDIT_CHECKS = {"action": "tests.approvals.outcomes.check_amount"}


def edit(request: ApprovalRequest, by: Principal, payload: Any, **more: Any) -> ApprovalRequest:
    said = {"payload_hash": request.payload_hash, "verdict": "approve"} | more
    return decide(request_id=request.pk, by=by, payload=payload, **said)


def test_an_edit_changes_the_hash_and_is_told(ask: Ask, by_alice: Principal) -> None:
    request = ask()
    before = request.payload_hash

    edit(request, by_alice, EDITED)

    request.refresh_from_db()
    assert request.state == State.APPROVED
    assert request.payload == EDITED
    assert request.original["amount"] == 42.5
    assert request.payload_hash == payload_hash(EDITED) != before
    assert Decision.objects.get().payload_hash == request.payload_hash
    assert Decision.objects.get().edited
    event = Event.objects.get(kind="approval.edited")
    assert event.data["changes"] == [{"path": "amount", "before": 42.5, "after": 40}]
    assert event.data["payload_hash_before"] == before


def test_the_checks_run_again_and_may_refuse(ask: Ask, by_alice: Principal) -> None:
    request = ask(confidence=0.6)

    with pytest.raises(Invalid, match="payload: Above the limit of 100"):
        edit(request, by_alice, EDITED | {"amount": 101})
    request.refresh_from_db()
    assert (request.state, request.confidence, request.version) == (State.WAITING, 0.6, 1)
    edit(request, by_alice, EDITED)

    request.refresh_from_db()
    assert request.confidence == 0.9
    assert request.checks == {"status": "pass"}
    assert request.factors[0]["name"] == "amount"


def test_an_edit_voids_earlier_approvals(
    ask: Ask, in_shop: Business, by_alice: Principal, by_anna: Principal, by_bob: Principal
) -> None:
    Policy.objects.create(business=in_shop, kind="action", approvers=2)
    request = ask()
    edit(request, by_alice, None)

    assert edit(request, by_anna, EDITED).state == State.WAITING
    request.refresh_from_db()
    with pytest.raises(StaleState, match="changed since you saw it"):
        edit(request, by_bob, None, payload_hash=payload_hash({"amount": 42.5}))
    assert edit(request, by_bob, None).state == State.APPROVED


def test_one_whose_approval_was_voided_may_approve_again(
    ask: Ask, in_shop: Business, by_alice: Principal, by_anna: Principal
) -> None:
    Policy.objects.create(business=in_shop, kind="action", approvers=2)
    request = ask()
    edit(request, by_alice, None)
    edit(request, by_anna, EDITED)
    request.refresh_from_db()

    assert edit(request, by_alice, None).state == State.APPROVED


def test_going_back_to_an_old_payload_does_not_revive_its_approvals(
    ask: Ask, in_shop: Business, by_alice: Principal, by_anna: Principal, by_bob: Principal
) -> None:
    Policy.objects.create(business=in_shop, kind="action", approvers=2)
    request = ask()
    original = dict(request.payload)
    edit(request, by_alice, None)
    edit(request, by_anna, EDITED)
    request.refresh_from_db()

    assert edit(request, by_bob, original).state == State.WAITING
    request.refresh_from_db()
    assert request.version == 3


def test_the_same_payload_is_no_edit(ask: Ask, by_alice: Principal) -> None:
    request = ask()

    edit(request, by_alice, {"amount": 42.50, "order": "1182", "tool": "refund"})

    request.refresh_from_db()
    assert (request.version, request.original) == (1, None)
    assert not Decision.objects.get().edited


def test_the_original_stays_the_first_one(ask: Ask, in_shop: Business, by_alice: Principal, by_anna: Principal) -> None:
    Policy.objects.create(business=in_shop, kind="action", approvers=3)
    request = ask()
    edit(request, by_alice, EDITED)
    request.refresh_from_db()
    edit(request, by_anna, EDITED | {"amount": 39})

    request.refresh_from_db()
    assert request.original["amount"] == 42.5


def test_an_edit_that_comes_too_late_changes_nothing(
    ask: Ask, by_alice: Principal, by_anna: Principal, alice: User
) -> None:
    request = ask()
    edit(request, by_alice, None)

    with pytest.raises(StaleState):
        edit(request, by_anna, EDITED)
    request.refresh_from_db()
    assert request.payload["amount"] == 42.5


@pytest.mark.parametrize(
    "payload", [[], "text", 7, {"a": float("nan")}, {"a": "\x00"}, {"a": "\ud800"}, {"a": object()}]
)
def test_what_is_no_payload_is_refused(ask: Ask, by_alice: Principal, payload: Any) -> None:
    with pytest.raises(Invalid, match="payload:"):
        edit(ask(), by_alice, payload)
