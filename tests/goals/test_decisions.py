"""What a person's decision, an answer or an edit does to a goal."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Business, User
from apps.accounts.principals import Principal
from apps.accounts.roles import scopes_of
from apps.accounts.row_access import acting_for
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest
from apps.core.errors import Invalid, StaleState
from apps.goals.models import Goal
from tests.goals.conftest import CLEAR, MISSING

pytestmark = pytest.mark.django_db


def as_reviewer(user: User, business: Business) -> Principal:
    return Principal(
        business_id=business.pk,
        scopes=scopes_of("reviewer"),
        actor=f"user:{user.email}",
        user=user,
        role="reviewer",
    )


def say(request: ApprovalRequest, by: Principal, verdict: str, **more: Any) -> ApprovalRequest:
    with acting_for(by.business_id):
        return decide(request_id=request.pk, by=by, verdict=verdict, payload_hash=request.payload_hash, **more)


@pytest.fixture
def waiting(api: APIClient, thresholds: Callable[[float, float], None]) -> Goal:
    thresholds(1.0, 0.1)
    return Goal.objects.get(pk=api.post("/v1/goals", CLEAR, format="json").json()["goal_id"])


def test_it_releases_an_approved_goal(waiting: Goal, alice: User, shop: Business) -> None:
    say(ApprovalRequest.objects.get(), as_reviewer(alice, shop), "approve")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.approval_state, waiting.execution_path) == ("done", "approved", "approved")


def test_it_ends_a_rejected_goal(waiting: Goal, alice: User, shop: Business, api: APIClient) -> None:
    say(ApprovalRequest.objects.get(), as_reviewer(alice, shop), "reject", reason="no", comment="not today")
    answer = api.get(f"/v1/goals/{waiting.pk}").json()
    assert (answer["state"], answer["approval_state"]) == ("rejected", "rejected")


def test_it_carries_an_edit_into_the_goal(waiting: Goal, alice: User, shop: Business) -> None:
    request = ApprovalRequest.objects.get()
    edited = {**request.payload, "context": {"order_id": "A-1042", "amount": 12.5}}
    say(request, as_reviewer(alice, shop), "approve", payload=edited)
    waiting.refresh_from_db()
    request.refresh_from_db()
    assert waiting.context["amount"] == 12.5
    assert waiting.state == "done"
    assert request.version == 2


def test_it_runs_the_gate_again_over_an_edit(waiting: Goal, alice: User, shop: Business) -> None:
    request = ApprovalRequest.objects.get()
    edited = {**request.payload, "goal": "Compose a string quartet in the manner of Haydn and perform it"}
    with pytest.raises(Invalid) as refused:
        say(request, as_reviewer(alice, shop), "approve", payload=edited)
    assert refused.value.errors[0]["field"].startswith("payload")
    waiting.refresh_from_db()
    assert waiting.state == "waiting"
    assert waiting.text == CLEAR["goal"]


@pytest.mark.parametrize(
    "change", [{"tools": ["rm_rf"]}, {"agent_id": "another"}, {"goal": ""}, {"context": []}, {"more": 1}]
)
def test_it_refuses_an_edit_beyond_the_payload(waiting: Goal, alice: User, shop: Business, change: Any) -> None:
    request = ApprovalRequest.objects.get()
    with pytest.raises(Invalid):
        say(request, as_reviewer(alice, shop), "approve", payload={**request.payload, **change})


def test_it_takes_the_callers_answer_and_judges_again(api: APIClient) -> None:
    asked = api.post("/v1/goals", MISSING, format="json").json()
    response = api.post(
        f"/v1/goals/{asked['goal_id']}/clarifications",
        {"answers": {"order_id": "A-1042", "amount": 39.9}},
        format="json",
    )
    assert response.status_code == 200, response.json()
    answer = response.json()
    assert answer["execution_path"] in ("executed", "approved")
    assert answer["confidence"] > asked["confidence"]
    first = ApprovalRequest.objects.order_by("id")[0]
    assert first.state == "answered"
    assert first.decided_by.startswith("key:")
    assert Goal.objects.get().context == {"order_id": "A-1042", "amount": 39.9}
    again = api.post(f"/v1/goals/{asked['goal_id']}/clarifications", {"answers": {"order_id": "A-1"}}, format="json")
    assert again.status_code == 409


def test_it_takes_a_reviewers_answer_from_the_queue(api: APIClient, alice: User, shop: Business) -> None:
    api.post("/v1/goals", MISSING, format="json")
    request = ApprovalRequest.objects.get()
    say(request, as_reviewer(alice, shop), "answer", answers={"order_id": "A-1042", "amount": 39.9})
    goal = Goal.objects.get()
    assert goal.context["order_id"] == "A-1042"
    assert goal.state != "asking"


@pytest.mark.parametrize(
    ("answers", "field"),
    [({}, "answers"), ({"shoe_size": 43}, "answers.shoe_size"), ({"amount": "a lot"}, "answers.amount")],
)
def test_it_keeps_the_question_open_when_an_answer_does_not_fit(api: APIClient, answers: Any, field: str) -> None:
    asked = api.post("/v1/goals", MISSING, format="json").json()
    response = api.post(f"/v1/goals/{asked['goal_id']}/clarifications", {"answers": answers}, format="json")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == field
    assert Goal.objects.get().state == "asking"
    assert ApprovalRequest.objects.get().state == "awaiting_approval"


def test_it_asks_a_bounded_number_of_rounds(api: APIClient, settings: Any) -> None:
    asked = api.post("/v1/goals", MISSING, format="json").json()
    rounds = 0
    while asked["execution_path"] == "clarification":
        rounds += 1
        assert rounds <= settings.CLARIFICATION_ROUNDS
        field = asked["clarification_questions"][-1]["field"]
        reply = api.post(
            f"/v1/goals/{asked['goal_id']}/clarifications",
            {"answers": {field: 1 if field == "amount" else "it"}},
            format="json",
        )
        assert reply.status_code == 200, reply.json()
        asked = reply.json()


def test_it_lets_only_one_of_two_answers_count(api: APIClient, alice: User, shop: Business) -> None:
    api.post("/v1/goals", MISSING, format="json")
    request = ApprovalRequest.objects.get()
    answers = {"order_id": "A-1042", "amount": 39.9}
    say(request, as_reviewer(alice, shop), "answer", answers=answers)
    with pytest.raises(StaleState):
        say(request, as_reviewer(alice, shop), "answer", answers=answers)


def test_another_business_cannot_answer_or_cancel(api: APIClient, other_api: APIClient) -> None:
    asked = api.post("/v1/goals", MISSING, format="json").json()
    path = f"/v1/goals/{asked['goal_id']}"
    assert other_api.post(f"{path}/clarifications", {"answers": {"order_id": "1"}}, format="json").status_code == 404
    assert other_api.post(f"{path}/cancel", {}, format="json").status_code == 404
