"""A goal that may run reaches its agent, its end and its callback, whatever the agent does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient
from standardwebhooks import Webhook

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.models import Event
from apps.goals import running
from apps.goals.callbacks import callback_secret, send_callback
from apps.goals.models import Goal
from apps.goals.tasks import sweep_goals
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


def run_again(goal: Goal) -> Goal:
    Goal.objects.filter(pk=goal.pk).update(run_after=timezone.now())
    running.run(goal_id=goal.pk)
    goal.refresh_from_db()
    return goal


def test_it_hands_the_goal_to_its_agent_signed_and_keeps_the_result(
    ready: Goal, outside: Outsider, agent: tuple[Agent, str]
) -> None:
    outside.answer = (200, b'{"refunded": true}', {})
    goal = run_again(ready)
    assert goal.state == "done"
    assert goal.result == {"refunded": True}
    call = outside.received[0]
    assert call.headers["idempotency-key"] == str(goal.pk)
    assert Webhook(agent[1]).verify(call.body, call.headers)
    assert call.json()["goal"] == CLEAR["goal"]
    assert call.json()["context"] == CLEAR["context"]


def test_it_runs_a_goal_once_however_often_it_is_told(ready: Goal, outside: Outsider) -> None:
    for _ in range(3):
        running.run(goal_id=ready.pk)
    assert len(outside.received) == 1


def test_it_tries_again_after_a_passing_fault(ready: Goal, outside: Outsider) -> None:
    outside.answers = [(503, b"", {}), (429, b"", {})]
    assert run_again(ready).state == "ready"
    assert "503" in ready.error
    assert ready.run_after is not None
    assert ready.run_after > timezone.now()
    assert run_again(ready).state == "ready"
    assert run_again(ready).state == "done"
    assert ready.error == ""
    assert {c.headers["idempotency-key"] for c in outside.received} == {str(ready.pk)}


def test_it_gives_up_in_the_end(ready: Goal, outside: Outsider) -> None:
    outside.answer = (500, b"", {})
    for _ in range(running.MOST_ATTEMPTS):
        run_again(ready)
    assert ready.state == "failed"
    assert "500" in ready.error
    assert len(outside.received) == running.MOST_ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, b"", {}), "answered 400"),
        ((200, b"not json", {}), "not JSON"),
        ((200, b'"' + b"x" * 300_000 + b'"', {}), "larger than"),
        ((302, b"", {"Location": "http://169.254.169.254/"}), "answered 302"),
    ],
)
def test_it_fails_at_once_on_an_answer_that_no_retry_mends(
    ready: Goal, outside: Outsider, answer: Any, words: str
) -> None:
    outside.answer = answer
    assert run_again(ready).state == "failed"
    assert words in ready.error
    assert len(outside.received) == 1


def test_it_does_not_wait_for_a_slow_agent_for_ever(ready: Goal, outside: Outsider) -> None:
    Agent.objects.update(timeout_seconds=1)
    outside.slow = 1.5
    assert run_again(ready).state == "ready"
    assert "No answer within 1 s" in ready.error


def test_it_refuses_an_agent_at_a_private_address(ready: Goal, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    assert run_again(ready).state == "failed"
    assert "may not be called" in ready.error


def test_it_fails_a_goal_whose_deadline_passed_or_whose_agent_went(ready: Goal) -> None:
    Agent.objects.update(enabled=False)
    assert run_again(ready).state == "failed"
    assert "switched off" in ready.error


def test_it_takes_up_a_goal_whose_worker_was_killed(ready: Goal) -> None:
    Goal.objects.update(state="running", attempts=1, run_after=timezone.now() - timedelta(seconds=1))
    assert sweep_goals() == 1
    ready.refresh_from_db()
    assert ready.state == "ready"


@pytest.mark.django_db(transaction=True)
def test_it_ignores_the_late_answer_of_an_attempt_that_lost_its_lease(ready: Goal, outside: Outsider) -> None:
    Goal.objects.update(run_after=timezone.now())

    def overtake() -> None:
        Goal.objects.update(attempts=2)
        connection.close()

    outside.when_called = overtake
    running.run(goal_id=ready.pk)
    ready.refresh_from_db()
    assert ready.state == "running"
    assert ready.result is None


def test_it_calls_back_once_signed(ready: Goal, outside: Outsider, shop: Business) -> None:
    run_again(ready)
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
    run_again(ready)
    outside.answers = [(500, b"", {})]
    send_callback(goal_id=ready.pk)
    ready.refresh_from_db()
    assert (ready.callback_state, ready.callback_attempts) == ("pending", 1)
    Goal.objects.update(callback_after=timezone.now())
    send_callback(goal_id=ready.pk)
    ready.refresh_from_db()
    assert ready.callback_state == "delivered"


def test_it_tells_the_audit_of_every_step(ready: Goal, outside: Outsider) -> None:
    outside.answers = [(503, b"", {})]
    run_again(ready)
    run_again(ready)
    kinds = list(Event.objects.filter(subject_id=str(ready.pk)).order_by("id").values_list("kind", flat=True))
    assert kinds == ["goal.submitted", "goal.attempt_failed", "goal.done"]
