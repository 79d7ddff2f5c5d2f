"""The demo shop: made once, kept on a second load, believable."""

import pytest
from django.test import Client

from apps.accounts.keys import find_key, revoke_key
from apps.accounts.models import Business, User
from apps.agents.models import Agent
from apps.approvals.models import ApprovalRequest
from apps.goals.models import Goal
from apps.ops.demo.goals import GOALS
from apps.ops.demo.loading import load

pytestmark = pytest.mark.django_db


def load_again(**known: str | None) -> dict[str, str]:
    return load(base_url="http://127.0.0.1:8000", **({"password": None, "api_key": None} | known))


def test_a_new_user_meets_every_path_and_a_queue_with_a_past() -> None:
    found = load_again()
    assert User.objects.get(username=found["username"]).check_password(found["password"])
    assert find_key(found["api_key"]) is not None
    assert Goal.objects.count() == len(GOALS) >= 40
    assert set(Goal.objects.values_list("execution_path", flat=True)) == {
        "executed",
        "approved",
        "clarification",
        "rejected",
    }
    assert ApprovalRequest.objects.filter(state="awaiting_approval").count() >= 8
    assert {"approved", "rejected"} <= set(ApprovalRequest.objects.values_list("state", flat=True))


def test_a_second_load_keeps_everything_and_the_credentials_that_work() -> None:
    first = load_again()
    second = load_again(password=first["password"], api_key=first["api_key"])
    assert second == first
    assert Business.objects.count() == 1
    assert Goal.objects.count() == len(GOALS)


def test_credentials_that_work_no_more_are_made_anew() -> None:
    first = load_again()
    key = find_key(first["api_key"])
    assert key is not None
    revoke_key(key=key, by=None)
    second = load_again(password="forgotten", api_key=first["api_key"])
    assert second["api_key"] != first["api_key"]
    assert User.objects.get(username="demo").check_password(second["password"])


def test_agents_follow_the_installations_port() -> None:
    load_again()
    load(base_url="http://127.0.0.1:9999", password=None, api_key=None)
    assert all(agent.url.startswith("http://127.0.0.1:9999/") for agent in Agent.objects.all())


def test_the_built_in_agents_are_not_served_outside_of_a_local_installation(client: Client) -> None:
    assert client.post("/demo/agents/concierge", {}, content_type="application/json").status_code == 404
