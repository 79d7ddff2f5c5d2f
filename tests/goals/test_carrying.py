"""A goal that may run reaches its agent, its end and its callback, whatever the agent does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from standardwebhooks import Webhook

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.approvals.models import ApprovalRequest
from apps.core.errors import Invalid
from apps.core.models import Event
from apps.core.snapshot import forget_everything
from apps.goals.callbacks import callback_secret, send_callback
from apps.goals.carrying import MOST_ATTEMPTS, carry
from apps.goals.models import Goal
from apps.goals.payload import merged_request
from apps.goals.tasks import sweep_goals
from apps.pilots.kinds import ON_OFF
from apps.pilots.models import Feature
from apps.pilots.switching import switch_off
from apps.trust.models import TrustScore
from apps.workflows.defining import create_workflow
from apps.workflows.ending import resume_run
from apps.workflows.models import Run, Step, Workflow
from apps.workflows.working import work_steps
from tests.fakes import Outsider
from tests.goals.conftest import CLEAR

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(
    api: APIClient, agent: tuple[Agent, str], outside: Outsider, thresholds: Callable[[float, float], None]
) -> Goal:
    """A goal that may run, whose agent is `outside`."""
    thresholds(0.3, 0.1)
    Agent.objects.update(url=f"{outside.url}/agent")
    body = {**CLEAR, "agent_id": "helper", "callback_url": f"{outside.url}/callback"}
    answer = api.post("/v1/goals", body, format="json").json()
    assert answer["state"] == "ready"
    return Goal.objects.get(pk=answer["goal_id"])


def carried(goal: Goal) -> Goal:
    """What the workers do: begin the run, then whatever is ready, at once and without waiting between attempts."""
    carry(goal_id=goal.pk)
    for _ in range(3 * MOST_ATTEMPTS):
        Step.objects.filter(state="ready").update(run_after=timezone.now())
        if not work_steps():
            break
    goal.refresh_from_db()
    return goal


def test_it_hands_the_goal_to_its_agent_signed_and_keeps_the_result(
    ready: Goal, outside: Outsider, agent: tuple[Agent, str]
) -> None:
    outside.answer = (200, b'{"refunded": true}', {})
    goal = carried(ready)
    assert goal.state == "done"
    assert goal.result == {"refunded": True}
    call = outside.received[0]
    assert call.headers["idempotency-key"] == str(goal.pk)
    assert Webhook(agent[1]).verify(call.body, call.headers)
    assert call.json() == {
        "goal_id": str(goal.pk), "goal": CLEAR["goal"], "context": CLEAR["context"], "history": [], "tools": goal.tools,
        "attempt": 1,
    }  # fmt: skip


def test_a_goal_that_runs_has_one_run_however_often_it_is_told(ready: Goal, outside: Outsider) -> None:
    for _ in range(3):
        carry(goal_id=ready.pk)
    ready.refresh_from_db()
    assert ready.state == "running"
    run = Run.objects.get()
    assert (run.subject_type, run.subject_id, run.correlation_id) == ("goal", ready.pk, str(ready.pk))
    carried(ready)
    assert len(outside.received) == 1


def test_it_tries_again_after_a_passing_fault_under_the_same_key(ready: Goal, outside: Outsider) -> None:
    outside.answers = [(503, b"", {}), (429, b"", {})]
    assert carried(ready).state == "done"
    assert ready.error == ""
    assert {c.headers["idempotency-key"] for c in outside.received} == {str(ready.pk)}
    assert [c.json()["attempt"] for c in outside.received] == [1, 2, 3]


def test_it_gives_up_in_the_end(ready: Goal, outside: Outsider) -> None:
    outside.answer = (500, b"", {})
    assert carried(ready).state == "failed"
    assert "500" in ready.error
    assert len(outside.received) == MOST_ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, b"", {}), "answered 400"),
        ((200, b"not json", {}), "not JSON"),
        ((200, b'"' + b"x" * 300_000 + b'"', {}), "larger than"),
        ((302, b"", {"Location": "http://169.254.169.254/"}), "302"),
    ],
)
def test_it_fails_at_once_on_an_answer_that_no_retry_mends(
    ready: Goal, outside: Outsider, answer: Any, words: str
) -> None:
    outside.answer = answer
    assert carried(ready).state == "failed"
    assert words in ready.error
    assert len(outside.received) == 1


def test_it_does_not_wait_for_a_slow_agent_for_ever(ready: Goal, outside: Outsider) -> None:
    Agent.objects.update(timeout_seconds=1)
    outside.slow = 1.3
    carry(goal_id=ready.pk)
    work_steps()
    step = Step.objects.get()
    assert (step.state, step.attempt, step.why) == ("ready", 1, "timeout")
    ready.refresh_from_db()
    assert ready.state == "running"


def test_it_refuses_an_agent_at_a_private_address(ready: Goal, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    assert carried(ready).state == "failed"
    assert "may not be" in ready.error


def test_it_fails_a_goal_whose_agent_was_switched_off(ready: Goal) -> None:
    Agent.objects.update(enabled=False, disabled_reason="It errs too often")
    assert carried(ready).state == "failed"
    assert "switched off" in ready.error


def test_it_fails_a_goal_whose_deadline_passed(ready: Goal) -> None:
    Goal.objects.update(deadline=timezone.now() - timedelta(seconds=1))
    assert carried(ready).state == "failed"
    assert "deadline" in ready.error
    assert not Run.objects.exists()


def test_it_sends_again_what_a_lost_message_left_behind(ready: Goal) -> None:
    assert sweep_goals() == 0
    Goal.objects.update(run_after=timezone.now() - timedelta(minutes=1))
    assert sweep_goals() == 1


def test_a_goal_that_runs_is_cancelled_with_its_run(ready: Goal, api: APIClient, outside: Outsider) -> None:
    carry(goal_id=ready.pk)
    answer = api.post(f"/v1/goals/{ready.pk}/cancel", {"reason": "Not needed"}, format="json")
    assert answer.status_code == 200, answer.json()
    assert answer.json()["state"] == "cancelled"
    assert "Not needed" in answer.json()["error"]
    assert Run.objects.get().state == "cancelled"
    assert carried(ready).state == "cancelled"
    assert outside.received == []
    assert api.post(f"/v1/goals/{ready.pk}/cancel", {}, format="json").status_code == 409


def test_a_run_that_is_resumed_brings_its_goal_to_its_end_after_all(
    ready: Goal, outside: Outsider, settings: Any
) -> None:
    settings.AGENT_BREAKER_FAILURES = 100
    outside.answer = (500, b"", {})
    assert carried(ready).state == "failed"
    outside.answer = (200, b'{"refunded": true}', {})
    resume_run(run_id=Run.objects.get().pk, actor="user:bob@example.com")
    assert carried(ready).state == "done"
    assert ready.result == {"refunded": True}
    assert (ready.error, ready.callback_state) == ("", "pending")


def test_it_calls_back_once_signed(ready: Goal, outside: Outsider, shop: Business) -> None:
    carried(ready)
    send_callback(goal_id=ready.pk)
    send_callback(goal_id=ready.pk)
    calls = [call for call in outside.received if call.path == "/callback"]
    assert len(calls) == 1
    body = Webhook(callback_secret(shop.pk)).verify(calls[0].body, calls[0].headers)
    assert body["type"] == "goal.done"
    assert body["data"]["goal_id"] == str(ready.pk)
    ready.refresh_from_db()
    assert ready.callback_state == "delivered"


def test_it_repeats_a_callback_that_failed(ready: Goal, outside: Outsider) -> None:
    carried(ready)
    outside.answers = [(500, b"", {})]
    send_callback(goal_id=ready.pk)
    ready.refresh_from_db()
    assert (ready.callback_state, ready.callback_attempts) == ("pending", 1)
    Goal.objects.update(callback_after=timezone.now())
    send_callback(goal_id=ready.pk)
    ready.refresh_from_db()
    assert ready.callback_state == "delivered"


def test_it_tells_the_audit_of_the_goal_and_of_its_run(ready: Goal, outside: Outsider) -> None:
    outside.answers = [(503, b"", {})]
    carried(ready)
    run = Run.objects.get()
    told = Event.objects.filter(subject_id__in=[str(ready.pk), str(run.pk)]).order_by("id")
    kinds = list(told.values_list("kind", flat=True))
    assert [kind for kind in kinds if kind.startswith("goal.")] == ["goal.submitted", "goal.done"]
    assert kinds[1] == "run.started"
    assert told.get(kind="goal.done").actor == "agent:helper"


@pytest.fixture
def workflow(shop: Business) -> Workflow:
    return create_workflow(
        business_id=shop.pk, key="quick", name="Quick", pattern="single", config={"agent": "helper"},
        actor="user:bob@example.com",
    )  # fmt: skip


def test_a_goal_runs_the_workflow_it_names(
    api: APIClient, agent: tuple[Agent, str], workflow: Workflow, outside: Outsider, thresholds: Any
) -> None:
    thresholds(0.3, 0.1)
    Agent.objects.update(url=f"{outside.url}/agent")
    answer = api.post("/v1/goals", {**CLEAR, "workflow": "quick"}, format="json").json()
    assert (answer["state"], answer["workflow"], answer["agent_id"]) == ("ready", "quick", "")
    goal = carried(Goal.objects.get())
    assert (goal.state, goal.result) == ("done", {"ok": True})
    run = Run.objects.get()
    assert (run.workflow_id, run.version) == (workflow.pk, 1)
    assert outside.received[0].json()["goal"] == CLEAR["goal"]
    assert outside.received[0].json()["context"]["order_id"] == "A-1042"
    assert api.get("/v1/goals?workflow=quick").json()["results"][0]["goal_id"] == str(goal.pk)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"workflow": "nowhere"}, "There is no workflow nowhere"),
        ({"workflow": "quick", "agent_id": "helper"}, "not both"),
        ({"workflow": "off"}, "switched off"),
        ({"workflow": "x" * 61}, "Expected `str` of length <= 60"),
        ({"workflow": "a\u0000b"}, ""),
    ],
)
def test_a_workflow_that_cannot_be_run_is_refused_by_name(
    api: APIClient, agent: Any, workflow: Workflow, named: dict[str, str], words: str
) -> None:
    Workflow.objects.create(business=workflow.business, key="off", name="Off", pattern="single", enabled=False)
    answer = api.post("/v1/goals", {**CLEAR, **named}, format="json")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "workflow"
    assert words in answer.json()["errors"][0]["reason"]
    assert not Goal.objects.exists()


def test_a_person_sees_and_cannot_change_which_workflow_will_run(
    api: APIClient, agent: Any, workflow: Workflow, thresholds: Any
) -> None:
    thresholds(0.999, 0.1)
    api.post("/v1/goals", {**CLEAR, "workflow": "quick"}, format="json")
    request = ApprovalRequest.objects.get()
    assert request.payload["workflow"] == "quick"
    assert "agent_id" not in request.payload
    assert "agent_id" not in request.payload_schema["properties"]
    with pytest.raises(Invalid, match="cannot be changed"):
        merged_request(Goal.objects.get(), {**request.payload, "workflow": "other"})


def test_what_is_known_of_the_agent_counts_for_the_goals_confidence(
    api: APIClient, agent: tuple[Agent, str], shop: Business
) -> None:
    before = api.post("/v1/goals", {**CLEAR, "agent_id": "helper"}, format="json").json()
    assert "agent_trust" not in {factor["name"] for factor in before["confidence_factors"]}
    TrustScore.objects.create(
        business=shop, agent=agent[0], type="", overall=0.2, low=0.1, high=0.3, accuracy=0.2, consistency=1,
        timeliness=1, reliability=1, effective_n=50, enough=True, boost=-0.4, computed_at=timezone.now(),
    )  # fmt: skip
    forget_everything()
    after = api.post("/v1/goals", {**CLEAR, "agent_id": "helper"}, format="json").json()
    factor = next(one for one in after["confidence_factors"] if one["name"] == "agent_trust")
    assert factor["contribution"] == pytest.approx(-0.08)
    assert after["confidence"] == pytest.approx(before["confidence"] - 0.08, abs=1e-3)
    learning, _ = Feature.objects.get_or_create(key="LEARNING_ENABLED", defaults={"variants": ON_OFF})
    switch_off(feature_id=learning.pk, business_id=shop.pk, actor="user:bob@example.com", hold=True)
    off = api.post("/v1/goals", {**CLEAR, "agent_id": "helper"}, format="json").json()
    assert off["confidence"] == before["confidence"]
