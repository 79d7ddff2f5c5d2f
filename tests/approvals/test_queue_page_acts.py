"""Deciding on the queue page by plain forms: what a browser without JavaScript sends."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.claiming import claim
from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State
from tests.approvals.conftest import as_person, ask_in

Sign = Callable[[User], Client]
Put = Callable[..., ApprovalRequest]

SCHEMA = {
    "type": "object",
    "required": ["tool", "amount"],
    "properties": {
        "tool": {"enum": ["refund", "voucher"]},
        "amount": {"type": "number", "maximum": 100},
        "items": {"type": "array", "items": {"type": "string"}},
        "tell": {"type": "boolean"},
    },
}
PAYLOAD = {"tool": "refund", "amount": 42.5, "items": ["rope", "cleat"], "tell": True}
SAME = {"editor": "1", "p/tool": "refund", "p/amount": "42.5", "p/items": "rope\r\ncleat", "p/tell": "true"}


@pytest.fixture
def put(shop: Business) -> Put:
    def put_one(**changes: Any) -> ApprovalRequest:
        with acting_for(shop.pk):
            return ask_in(shop, **({"payload": PAYLOAD, "payload_schema": SCHEMA} | changes))

    return put_one


@pytest.fixture
def now_of(shop: Business) -> Callable[[ApprovalRequest], ApprovalRequest]:
    def read(row: ApprovalRequest) -> ApprovalRequest:
        with acting_for(shop.pk):
            return ApprovalRequest.objects.prefetch_related("decisions").get(pk=row.pk)

    return read


def send(client: Client, row: ApprovalRequest, verdict: str, **values: str) -> Any:
    form = {"verdict": verdict, "hash": row.payload_hash, **values}
    return client.post(f"/admin/queue/{row.pk}/decide/", form)


def test_approving_opens_the_next_and_holds_it(signed_in: Sign, alice: User, put: Put, now_of: Any) -> None:
    first, second = put(risk=0.9), put(title="The next", risk=0.5)
    answer = send(signed_in(alice), first, "approve", **SAME)
    assert answer.headers["location"] == f"/admin/queue/{second.pk}/"
    done = now_of(first)
    assert (done.state, done.payload, done.version) == (State.APPROVED, PAYLOAD, 1)
    assert not done.decisions.get().edited
    assert now_of(second).claimed_by_id == alice.pk


def test_after_the_last_one_comes_the_empty_queue(signed_in: Sign, alice: User, put: Put) -> None:
    client = signed_in(alice)
    answer = send(client, put(), "approve")
    assert answer.headers["location"] == "/admin/queue/"
    assert "Approved: Refund order 1182" in client.get("/admin/queue/").content.decode()


def test_the_filters_stay_on_the_way(signed_in: Sign, alice: User, put: Put) -> None:
    row, _, other = put(risk=0.9), put(title="Goal", kind="goal", risk=0.8), put(title="Other", risk=0.1)
    form = {"verdict": "approve", "hash": row.payload_hash}
    answer = signed_in(alice).post(f"/admin/queue/{row.pk}/decide/?kind=action", form)
    assert answer.headers["location"] == f"/admin/queue/{other.pk}/?kind=action"


def test_an_edit_is_approved_with_the_edit(signed_in: Sign, alice: User, put: Put, now_of: Any) -> None:
    row = put()
    changed = SAME | {"p/amount": "30", "p/items": "rope\r\n\r\nshackle\r\n"}
    del changed["p/tell"]
    send(signed_in(alice), row, "approve", **changed)
    done = now_of(row)
    assert (done.state, done.version) == (State.APPROVED, 2)
    assert done.payload == {"tool": "refund", "amount": 30, "items": ["rope", "shackle"], "tell": False}
    assert done.payload_hash != row.payload_hash
    assert done.decisions.get().edited


def test_an_edit_against_the_schema_comes_back_as_typed(signed_in: Sign, alice: User, put: Put, now_of: Any) -> None:
    row = put()
    answer = send(signed_in(alice), row, "approve", **(SAME | {"p/amount": "500", "p/items": "rope\r\nmy own words"}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "500 is greater than the maximum of 100" in page
    assert 'value="500"' in page
    assert "my own words" in page
    assert now_of(row).state == State.WAITING


def test_a_value_of_the_wrong_type_comes_back_too(signed_in: Sign, alice: User, put: Put, now_of: Any) -> None:
    row = put()
    answer = send(signed_in(alice), row, "approve", **(SAME | {"p/amount": "a lot"}))
    assert answer.status_code == 422
    assert "A number" in answer.content.decode()
    assert now_of(row).state == State.WAITING


def refuse_edit(request: ApprovalRequest, payload: Any) -> Any:
    from apps.approvals.verdicts import EditVerdict

    return EditVerdict(allowed=False, reason="The gate lets no voucher pass")


def test_an_edit_the_gate_refuses_keeps_the_edit(
    signed_in: Sign, alice: User, put: Put, now_of: Any, settings: Any
) -> None:
    settings.EDIT_CHECKS = {"action": f"{__name__}.refuse_edit"}
    row = put()
    answer = send(signed_in(alice), row, "approve", **(SAME | {"p/tool": "voucher"}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The gate lets no voucher pass" in page
    assert '<option value="voucher" selected>' in page
    assert now_of(row).state == State.WAITING


def test_rejecting_wants_a_reason(signed_in: Sign, alice: User, put: Put, now_of: Any) -> None:
    row, client = put(), signed_in(alice)
    answer = send(client, row, "reject")
    assert answer.status_code == 422
    assert "Say why" in answer.content.decode()
    send(client, row, "reject", reason="Too risky", comment="Not on a Friday")
    done = now_of(row)
    assert done.state == State.REJECTED
    assert (done.decisions.get().reason, done.decisions.get().comment) == ("Too risky", "Not on a Friday")


QUESTIONS = [
    {"field": "order", "question": "Which order?", "type": "text", "why": "It is needed"},
    {"field": "count", "question": "How many?", "type": "number", "why": ""},
    {"field": "express", "question": "Express?", "type": "boolean", "why": "", "required": False},
]


def test_answers_have_types(signed_in: Sign, alice: User, put: Put, now_of: Any) -> None:
    row, client = put(questions=QUESTIONS), signed_in(alice)
    assert "Which order?" in client.get(f"/admin/queue/{row.pk}/").content.decode()
    send(client, row, "answer", **{"a/order": "1182", "a/count": "3", "a/express": "true"})
    done = now_of(row)
    assert done.state == State.ANSWERED
    assert done.decisions.get().answers == {"order": "1182", "count": 3, "express": True}


def test_a_missing_answer_keeps_the_others(signed_in: Sign, alice: User, put: Put, now_of: Any) -> None:
    row = put(questions=QUESTIONS)
    answer = send(signed_in(alice), row, "answer", **{"a/order": "1182", "a/count": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Please answer this" in page
    assert "1182</textarea>" in page
    assert now_of(row).state == State.WAITING


def test_the_second_decision_hears_who_was_first(
    signed_in: Sign, alice: User, by_anna: Any, put: Put, shop: Business
) -> None:
    from apps.approvals.deciding import decide

    row = put()
    with acting_for(shop.pk):
        decide(request_id=row.pk, by=by_anna, verdict="approve", payload_hash=row.payload_hash)
    answer = send(signed_in(alice), row, "reject", reason="Too risky")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "anna" in page
    assert "Open the next" in page


def test_what_another_holds_cannot_be_decided(
    signed_in: Sign, alice: User, anna: User, put: Put, shop: Business, now_of: Any
) -> None:
    row = put()
    with acting_for(shop.pk):
        claim(request_id=row.pk, user=anna)
    answer = send(signed_in(alice), row, "approve")
    assert answer.status_code == 409
    assert now_of(row).state == State.WAITING


def test_a_payload_changed_meanwhile_must_be_seen_first(signed_in: Sign, alice: User, put: Put, now_of: Any) -> None:
    row = put()
    answer = signed_in(alice).post(f"/admin/queue/{row.pk}/decide/", {"verdict": "approve", "hash": "0" * 64})
    assert answer.status_code == 409
    assert "changed" in answer.content.decode()
    assert now_of(row).state == State.WAITING


def test_skipping_lets_go_and_opens_the_next(signed_in: Sign, alice: User, put: Put, now_of: Any) -> None:
    first, second = put(risk=0.9), put(title="The next", risk=0.5)
    client = signed_in(alice)
    client.post(f"/admin/queue/{first.pk}/claim/")
    assert now_of(first).claimed_by_id == alice.pk
    answer = client.post(f"/admin/queue/{first.pk}/skip/")
    assert answer.headers["location"] == f"/admin/queue/{second.pk}/"
    assert now_of(first).claimed_by_id is None
    # From the last one it goes round to the first.
    assert client.post(f"/admin/queue/{second.pk}/skip/").headers["location"] == f"/admin/queue/{first.pk}/"


def test_next_is_never_what_another_holds(signed_in: Sign, alice: User, anna: User, put: Put, shop: Business) -> None:
    first, held, free = put(risk=0.9), put(title="Held", risk=0.8), put(title="Free", risk=0.7)
    with acting_for(shop.pk):
        claim(request_id=held.pk, user=anna)
    answer = signed_in(alice).post(f"/admin/queue/{first.pk}/skip/")
    assert answer.headers["location"] == f"/admin/queue/{free.pk}/"


def test_several_at_once_each_for_itself(
    signed_in: Sign, alice: User, anna: User, put: Put, shop: Business, now_of: Any
) -> None:
    fine, held = put(title="Fine"), put(title="Held by Anna")
    with acting_for(shop.pk):
        claim(request_id=held.pk, user=anna)
    picks = [f"{row.pk}:{row.payload_hash}" for row in (fine, held)]
    answer = signed_in(alice).post("/admin/queue/bulk/", {"pick": [*picks, "nonsense"], "verdict": "approve"})
    page = answer.content.decode()
    assert "1 of 2 decided" in page
    assert "Not done" in page
    assert (now_of(fine).state, now_of(held).state) == (State.APPROVED, State.WAITING)


def test_nothing_ticked_is_said_so(signed_in: Sign, alice: User) -> None:
    assert "Tick the items" in signed_in(alice).post("/admin/queue/bulk/", {"verdict": "approve"}).content.decode()


def test_a_form_from_elsewhere_is_refused(alice: User, put: Put, now_of: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    row = put()
    assert send(client, row, "approve").status_code == 403
    assert now_of(row).state == State.WAITING


def test_single_keys_can_be_turned_off(signed_in: Sign, alice: User) -> None:
    client = signed_in(alice)
    client.post("/admin/queue/keys/", {})
    assert 'data-keys="off"' in client.get("/admin/queue/").content.decode()
    client.post("/admin/queue/keys/", {"on": "1"})
    assert 'data-keys="on"' in client.get("/admin/queue/").content.decode()


def test_my_own_approval_of_two_is_not_offered_again(signed_in: Sign, alice: User, put: Put, shop: Business) -> None:
    row = put()
    with acting_for(shop.pk):
        ApprovalRequest.objects.filter(pk=row.pk).update(approvers_needed=2)
    client = signed_in(alice)
    answer = send(client, row, "approve")
    assert answer.headers["location"] == "/admin/queue/"
    page = client.get(f"/admin/queue/{row.pk}/").content.decode()
    assert "another person must approve it too" in page
    assert "1 of 2" in page


def test_who_asked_may_not_approve(signed_in: Sign, alice: User, put: Put, shop: Business) -> None:
    row = put(requester=alice, requested_by=as_person(alice, shop).actor)
    page = signed_in(alice).get(f"/admin/queue/{row.pk}/").content.decode()
    assert "somebody else must decide" in page
    assert 'id="do-approve"' not in page
