import threading
import time
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.keys import issue_key
from apps.accounts.models import Business, User
from apps.accounts.roles import Scope
from apps.accounts.row_access import acting_for
from apps.approvals import waiting
from apps.approvals.claiming import claim
from apps.approvals.models import ApprovalRequest, Policy
from tests.approvals.conftest import ask_in
from tests.conftest import client_for

BODY = {"title": "Refund order 1182", "payload": {"tool": "refund", "amount": 42.5}}


def create(api: APIClient, **changes: Any) -> dict[str, Any]:
    answer = api.post("/v1/approvals", BODY | changes)
    assert answer.status_code == 201, answer.content
    return answer.json()


@pytest.fixture
def reviewer_api(shop: Business) -> APIClient:
    """Another program than the one that asks."""
    return client_for(issue_key(business=shop, name="relay", scopes=[s.value for s in Scope], by=None)[1])


def decide(api: APIClient, asked: dict[str, Any], verdict: str = "approve", **more: Any) -> Any:
    body = {"verdict": verdict, "payload_hash": asked["payload_hash"]} | more
    return api.post(f"/v1/approvals/{asked['id']}/decide", body)


def test_a_program_asks_and_another_decides(api: APIClient, reviewer_api: APIClient) -> None:
    asked = create(api, why="Above the limit", risk=0.9)

    assert (asked["state"], asked["kind"], asked["subject_id"]) == ("awaiting_approval", "action", asked["id"])
    assert asked["url"].endswith(f"/admin/queue/{asked['id']}/")
    assert decide(api, asked).status_code == 403
    decided = decide(reviewer_api, asked, comment="fine")
    assert decided.status_code == 200
    assert decided.json()["state"] == "approved"
    assert decided.json()["decisions"][0]["comment"] == "fine"
    again = decide(reviewer_api, asked)
    assert again.status_code == 409
    assert again.json()["decided_by"] == decided.json()["decided_by"]
    assert again.json()["type"].endswith("#stale-state")


def test_an_edit_is_approved_in_place_of_the_original(api: APIClient, reviewer_api: APIClient) -> None:
    schema = {"type": "object", "properties": {"amount": {"type": "number", "maximum": 100}}}
    asked = create(api, payload_schema=schema)

    refused = decide(reviewer_api, asked, payload={"tool": "refund", "amount": "many"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "payload.amount"
    decided = decide(reviewer_api, asked, payload={"tool": "refund", "amount": 40}).json()

    assert decided["payload"]["amount"] == 40
    assert decided["original_payload"]["amount"] == 42.5
    assert decided["payload_hash"] != asked["payload_hash"]
    assert decided["version"] == 2


def test_a_repeated_create_makes_one_request(api: APIClient) -> None:
    first = api.post("/v1/approvals", BODY, headers={"Idempotency-Key": "a1"})
    second = api.post("/v1/approvals", BODY, headers={"Idempotency-Key": "a1"})
    other = api.post("/v1/approvals", BODY | {"title": "x"}, headers={"Idempotency-Key": "a1"})

    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payload": [1]}, "payload"),
        ({"payload": {"a": "\u0000"}}, "payload"),
        ({"payload": {"a": "x" * (600 * 1024)}}, "payload"),
        ({"title": ""}, "title"),
        ({"title": "a\u0000b"}, "title[0]"),
        ({"risk": 1.5}, "risk"),
        ({"kind": "goal"}, "kind"),
        ({"kind": "Not a word"}, "kind"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "deadline"),
        ({"deadline": "2020-01-01T00:00:00"}, "deadline"),
        ({"payload_schema": {"type": 7}}, "payload_schema"),
        ({"payload_schema": {"required": ["colour"]}}, "payload"),
        ({"payload_schema": {"$ref": "http://127.0.0.1:1/x"}}, "payload_schema"),
        ({"payload_schema": {"$ref": "#"}}, "payload_schema"),
        ({"questions": [{"field": "a", "question": "A?"}] * 2}, "questions"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_it_names_the_field_that_is_wrong(api: APIClient, changes: dict[str, Any], field: str) -> None:
    answer = api.post("/v1/approvals", BODY | changes)

    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"][0]["field"] == field
    assert answer["Content-Type"] == "application/problem+json"


def test_a_deep_payload_is_refused_not_a_crash(api: APIClient) -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"a": deep}

    assert api.post("/v1/approvals", BODY | {"payload": deep}).status_code == 422
    nested = '{"title": "x", "payload": ' + '{"a":' * 5000 + "1" + "}" * 5001
    answer = api.post("/v1/approvals", nested, content_type="application/json")
    assert answer.status_code in (400, 422)


def test_a_pattern_that_takes_for_ever_is_not_run(api: APIClient) -> None:
    schema = {"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}, "additionalProperties": False}
    began = time.monotonic()

    create(api, payload={"a": "a" * 40 + "!"}, payload_schema=schema)

    assert time.monotonic() - began < 2


def test_it_lists_without_payloads_by_state_and_kind(api: APIClient, reviewer_api: APIClient) -> None:
    asked = [create(api, kind=kind) for kind in ("action", "action", "deploy")]
    decide(reviewer_api, asked[0])

    page = api.get("/v1/approvals?state=awaiting_approval&kind=action&limit=1").json()

    assert [row["id"] for row in page["results"]] == [asked[1]["id"]]
    assert "payload" not in page["results"][0]
    assert page["next"] is None
    first = api.get("/v1/approvals?limit=2").json()
    assert [row["id"] for row in first["results"]] == [asked[2]["id"], asked[1]["id"]]
    assert [row["id"] for row in api.get(first["next"]).json()["results"]] == [asked[0]["id"]]
    assert api.get("/v1/approvals?state=perhaps").status_code == 422
    assert api.get("/v1/approvals?kind=%00").status_code == 422


def test_it_says_who_looks_at_a_request_only_while_they_do(api: APIClient, shop: Business, alice: User) -> None:
    asked = create(api)
    with acting_for(shop.pk):
        claim(request_id=UUID(asked["id"]), user=alice)

    assert api.get(f"/v1/approvals/{asked['id']}").json()["claimed_by"] == "Alice"
    ApprovalRequest.objects.update(claimed_until=timezone.now())
    assert api.get(f"/v1/approvals/{asked['id']}").json()["claimed_by"] is None


def test_it_decides_several_with_a_result_for_each(api: APIClient, reviewer_api: APIClient) -> None:
    asked = [create(api) for _ in range(3)]
    decide(reviewer_api, asked[1])
    items = [{"id": row["id"], "payload_hash": row["payload_hash"]} for row in asked]

    answer = reviewer_api.post("/v1/approvals/decide", {"items": items, "verdict": "reject", "comment": "no"})

    assert [row["ok"] for row in answer.json()["results"]] == [True, False, True]
    assert answer.json()["results"][1]["state"] == "approved"
    assert "ended this as approved" in answer.json()["results"][1]["detail"]


def test_a_program_withdraws_what_it_asked(api: APIClient, shop: Business) -> None:
    asked = create(api)

    assert api.post(f"/v1/approvals/{asked['id']}/cancel", {"reason": "done by hand"}).json()["state"] == "cancelled"
    assert api.post(f"/v1/approvals/{asked['id']}/cancel", {}).status_code == 409
    with acting_for(shop.pk):
        of_goal = ask_in(shop, kind="goal")
    assert api.post(f"/v1/approvals/{of_goal.pk}/cancel", {}).status_code == 403


def test_reading_never_decides(api: APIClient, shop: Business) -> None:
    asked = create(api)

    for path in ("decide", "cancel"):
        assert api.get(f"/v1/approvals/{asked['id']}/{path}?verdict=approve").status_code == 405
    assert api.get("/v1/approvals/decide").status_code == 405
    assert api.head(f"/v1/approvals/{asked['id']}").status_code in (200, 403)
    with acting_for(shop.pk):
        assert ApprovalRequest.objects.get().state == "awaiting_approval"


def test_another_business_finds_nothing(api: APIClient, other_api: APIClient) -> None:
    asked = create(api)

    assert other_api.get(f"/v1/approvals/{asked['id']}").status_code == 404
    assert other_api.get(f"/v1/approvals/{asked['id']}?wait=5").status_code == 404
    assert decide(other_api, asked).status_code == 404
    assert other_api.post(f"/v1/approvals/{asked['id']}/cancel", {}).status_code == 404
    assert other_api.get("/v1/approvals").json()["results"] == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_key_without_the_scope_may_not(shop: Business, method: str) -> None:
    goals_only = client_for(issue_key(business=shop, name="goals", scopes=["goals:read"], by=None)[1])

    assert getattr(goals_only, method)("/v1/approvals").status_code == 403


def test_a_person_decides_over_rest_by_their_session(api: APIClient, shop: Business, alice: User, victor: User) -> None:
    asked = create(api)
    browser = APIClient()
    browser.force_login(victor, backend="django.contrib.auth.backends.ModelBackend")
    assert decide(browser, asked).status_code == 403
    browser.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

    assert decide(browser, asked).json()["decided_by"] == "user:alice@example.com"


def test_policies_hold_over_rest(api: APIClient, reviewer_api: APIClient, shop: Business) -> None:
    Policy.objects.create(business=shop, kind="action", approvers=2)

    assert decide(reviewer_api, create(api)).status_code == 403


@pytest.mark.parametrize("wait", ["-1", "31", "1.5", "x", "9" * 5000, "%D9%A3"])
def test_a_wait_is_whole_seconds(api: APIClient, wait: str) -> None:
    assert api.get(f"/v1/approvals/{create(api)['id']}?wait={wait}").status_code == 422


def test_waiting_ends_at_once_for_what_has_ended(api: APIClient, reviewer_api: APIClient) -> None:
    asked = create(api)
    decide(reviewer_api, asked)
    began = time.monotonic()

    assert api.get(f"/v1/approvals/{asked['id']}?wait=30").json()["state"] == "approved"
    assert time.monotonic() - began < 1


def test_a_full_house_is_told_to_come_again(api: APIClient) -> None:
    asked = create(api)
    for _ in range(waiting.PLACES):
        assert waiting._places.acquire(blocking=False)
    try:
        began = time.monotonic()
        answer = api.get(f"/v1/approvals/{asked['id']}?wait=30")
    finally:
        for _ in range(waiting.PLACES):
            waiting._places.release()

    assert (answer.status_code, answer["Retry-After"]) == (200, "2")
    assert time.monotonic() - began < 1


@pytest.mark.django_db(transaction=True)
def test_a_decision_wakes_the_one_who_waits(api: APIClient, reviewer_api: APIClient) -> None:
    asked = create(api)

    def later() -> None:
        time.sleep(0.5)
        decide(reviewer_api, asked)
        connection.close()

    thread = threading.Thread(target=later)
    thread.start()
    began = time.monotonic()
    answer = api.get(f"/v1/approvals/{asked['id']}?wait=20")
    thread.join()

    assert answer.json()["state"] == "approved"
    assert 0.4 < time.monotonic() - began < 3
    assert api.get(f"/v1/approvals/{create(api)['id']}?wait=1").json()["state"] == "awaiting_approval"
