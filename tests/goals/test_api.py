"""Goals over REST, from request to verdict to end."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Business
from apps.approvals.models import ApprovalRequest
from apps.core.models import Event
from apps.goals.models import Goal
from tests.goals.conftest import CLEAR, HOPELESS, MISSING

pytestmark = pytest.mark.django_db

PHASE2_FIELDS = {
    "confidence",
    "approval_state",
    "execution_path",
    "soul_request_id",
    "timestamp",
    "clarification_questions",
    "pre_validation_result",
}


def submit(api: APIClient, body: Any, **headers: str) -> Any:
    return api.post("/v1/goals", body, format="json", headers=headers)


def test_it_runs_a_clear_goal_at_once(api: APIClient, thresholds: Callable[[float, float], None]) -> None:
    thresholds(0.5, 0.2)
    response = submit(api, CLEAR)
    assert response.status_code == 201, response.json()
    answer = response.json()
    assert answer["execution_path"] == "executed"
    assert answer["approval_state"] == "not_required"
    assert answer["soul_request_id"] is None
    assert answer["state"] == "done"
    assert answer["result"] == {"handed_to": "caller"}
    assert not ApprovalRequest.objects.exists()


def test_it_puts_an_unsure_goal_before_a_person(api: APIClient, thresholds: Callable[[float, float], None]) -> None:
    thresholds(1.0, 0.1)
    answer = submit(api, CLEAR).json()
    assert answer["execution_path"] == "approved"
    assert answer["approval_state"] == "awaiting_approval"
    request = ApprovalRequest.objects.get()
    assert str(request.pk) == answer["soul_request_id"]
    assert request.payload["goal"] == CLEAR["goal"]
    assert request.confidence == answer["confidence"]


def test_it_asks_when_a_needed_value_is_missing(api: APIClient) -> None:
    answer = submit(api, MISSING).json()
    assert answer["execution_path"] == "clarification"
    assert answer["approval_state"] == "not_required"
    assert {q["field"] for q in answer["clarification_questions"]} >= {"order_id"}
    assert answer["soul_request_id"]


def test_it_rejects_what_no_tool_can_do(api: APIClient) -> None:
    answer = submit(api, HOPELESS).json()
    assert answer["execution_path"] == "rejected"
    assert answer["state"] == "rejected"
    failed = [c for c in answer["pre_validation_result"]["checks"] if c["status"] == "fail"]
    assert failed
    assert all(c["reason"] for c in failed)


def test_it_answers_with_the_six_checks_and_factors_that_add_up(api: APIClient) -> None:
    answer = submit(api, CLEAR).json()
    assert answer.keys() >= PHASE2_FIELDS
    assert [c["check"] for c in answer["pre_validation_result"]["checks"]] == [
        "well_formed",
        "tools_available",
        "required_context",
        "no_contradiction",
        "in_scope",
        "complexity",
    ]
    assert sum(f["weight"] for f in answer["confidence_factors"]) == pytest.approx(1, abs=1e-3)


def test_it_is_the_same_act_under_reasoning_execute(api: APIClient) -> None:
    response = api.post("/reasoning/execute", CLEAR, format="json")
    assert response.status_code == 200
    assert response.json().keys() >= PHASE2_FIELDS


def test_it_reads_lists_and_filters_goals(api: APIClient, other_api: APIClient) -> None:
    first = submit(api, CLEAR).json()
    submit(api, HOPELESS)
    assert api.get(f"/v1/goals/{first['goal_id']}").json()["goal"] == CLEAR["goal"]
    assert len(api.get("/v1/goals").json()["results"]) == 2
    assert len(api.get("/v1/goals?state=rejected").json()["results"]) == 1
    assert api.get("/v1/goals?state=nonsense").json()["errors"][0]["field"] == "state"
    assert other_api.get(f"/v1/goals/{first['goal_id']}").status_code == 404
    assert other_api.get("/v1/goals").json()["results"] == []


def test_it_pages_by_cursor(api: APIClient) -> None:
    for _ in range(3):
        submit(api, HOPELESS)
    page = api.get("/v1/goals?limit=2").json()
    assert len(page["results"]) == 2
    rest = api.get(page["next"]).json()
    assert len(rest["results"]) == 1
    assert rest["results"][0]["goal_id"] not in {goal["goal_id"] for goal in page["results"]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "goal"),
        ({"goal": ""}, "goal"),
        ({"goal": "   "}, "goal"),
        ({"goal": 7}, "goal"),
        ({"goal": "x" * 20_001}, "goal"),
        ({"goal": "null \x00 inside"}, "goal"),
        ({"goal": "fine", "confidence": 7}, "confidence"),
        ({"goal": "fine", "deadline": "2001-01-01T00:00:00Z"}, "deadline"),
        ({"goal": "fine", "deadline": "2101-01-01T00:00:00"}, "deadline"),
        ({"goal": "fine", "agent_id": "nobody"}, "agent_id"),
        ({"goal": "fine", "tools": ["unheard_of"]}, "tools[0]"),
        ({"goal": "fine", "tools": [{"type": "retrieval", "function": {"name": "x"}}]}, "tools[0].type"),
        ({"goal": "fine", "tools": [{"function": {}}]}, "tools[0].function.name"),
        ({"goal": "fine", "context": [1]}, "context"),
        ({"goal": "fine", "context": {"a": "x" * 300_000}}, "context"),
        ({"goal": "fine", "context": {"a": {"b": "\x00"}}}, "context.a.b"),
        ({"goal": "fine", "callback_url": "http://169.254.169.254/latest"}, "callback_url"),
        ({"goal": "fine", "callback_url": "ftp://example.com/"}, "callback_url"),
    ],
)
def test_it_names_the_field_that_is_wrong(api: APIClient, body: Any, field: str) -> None:
    response = submit(api, body)
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errors"][0]["field"] == field
    assert not Goal.objects.exists()


def test_it_says_that_a_body_is_not_json(api: APIClient) -> None:
    response = api.post("/v1/goals", b"{not json", content_type="application/json")
    assert response.status_code == 400
    assert response.json()["type"].endswith("#malformed")


def test_it_refuses_a_huge_body(api: APIClient) -> None:
    response = api.post("/v1/goals", b'{"goal": "' + b"x" * 3_000_000 + b'"}', content_type="application/json")
    assert response.status_code == 413


def test_it_gives_a_repeated_request_the_first_answer(api: APIClient) -> None:
    first = submit(api, CLEAR, **{"Idempotency-Key": "order-1"})
    second = submit(api, CLEAR, **{"Idempotency-Key": "order-1"})
    assert second.json() == first.json()
    assert second["Idempotent-Replayed"] == "true"
    assert Goal.objects.count() == 1
    other_body = submit(api, HOPELESS, **{"Idempotency-Key": "order-1"})
    assert other_body.status_code == 422
    assert other_body.json()["type"].endswith("#idempotency-key-reused")


def test_it_tells_the_audit_who_submitted(api: APIClient, shop: Business) -> None:
    answer = submit(api, CLEAR).json()
    event = Event.objects.filter(kind="goal.submitted").get()
    assert event.business_id == shop.pk
    assert event.subject_id == answer["goal_id"]
    assert event.actor.startswith("key:")
    assert event.data["path"] == answer["execution_path"]


def test_it_cancels_a_waiting_goal_and_its_request(api: APIClient, thresholds: Callable[[float, float], None]) -> None:
    thresholds(1.0, 0.1)
    goal = submit(api, CLEAR).json()
    response = api.post(f"/v1/goals/{goal['goal_id']}/cancel", {"reason": "changed my mind"}, format="json")
    assert response.status_code == 200
    assert response.json()["state"] == "cancelled"
    assert response.json()["approval_state"] == "cancelled"
    assert ApprovalRequest.objects.get().state == "cancelled"
    again = api.post(f"/v1/goals/{goal['goal_id']}/cancel", {}, format="json")
    assert again.status_code == 409
    assert "cancelled" in again.json()["detail"]


def test_it_takes_few_queries(api: APIClient, django_assert_max_num_queries: Any) -> None:
    submit(api, CLEAR)
    # Savepoints of the test's own transaction are counted too.
    with django_assert_max_num_queries(14):
        submit(api, CLEAR)


def test_it_says_which_methods_there_are(api: APIClient) -> None:
    response = api.put("/v1/goals", {}, format="json")
    assert response.status_code == 405
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"
