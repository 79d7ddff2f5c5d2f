"""Agents and tools over REST."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.keys import issue_key
from apps.accounts.models import Business
from apps.accounts.roles import Scope
from apps.agents.models import Agent, Tool
from apps.core import breaking
from apps.core.models import Event, KeptAnswer
from apps.core.sealing import unseal
from tests.agents.unruly import Unruly
from tests.conftest import client_for

pytestmark = pytest.mark.django_db
AGENT = {"key": "researcher", "name": "Researcher", "url": "https://agents.example.com/r", "types": ["research"]}
TOOL = {"name": "find_order", "description": "Find it", "kind": "http", "url": "https://e.com/t", "returned": ["id"]}


def problem(answer: Any, status: int = 422) -> dict[str, str]:
    """The wrong fields and the reasons."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return {error["field"]: error["reason"] for error in answer.json().get("errors", [])}


def test_an_agent_is_taken_on_and_read(api: APIClient, shop: Business) -> None:
    answer = api.post("/v1/agents", {**AGENT, "headers": {"X-Key": "s3cret"}}, format="json")
    assert answer.status_code == 201, answer.content
    told, agent = answer.json(), Agent.objects.get(business=shop)
    assert unseal(agent.secret) == told["secret"]
    assert told["header_names"] == ["x-key"]
    assert "s3cret" not in answer.content.decode() + str(Event.objects.values_list("data", flat=True)) + agent.headers
    assert told["breaker"] == {
        "state": "closed",
        "failures": 0,
        "tries_again_in_seconds": None,
        "last_failure": None,
        "answered_at": None,
    }
    read = api.get("/v1/agents/researcher").json()
    assert "secret" not in read
    assert read == {name: value for name, value in told.items() if name != "secret"}


def test_a_repeated_request_makes_one_agent_and_keeps_no_secret(api: APIClient) -> None:
    first = api.post("/v1/agents", AGENT, format="json", HTTP_IDEMPOTENCY_KEY="k")
    again = api.post("/v1/agents", AGENT, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() | {"secret": ""} == again.json()
    assert "whsec_" not in str(KeptAnswer.objects.get().body)
    assert Agent.objects.count() == 1
    assert problem(api.post("/v1/agents", AGENT, format="json")) == {"key": "There is an agent researcher already"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"kind": "http", "url": None}, {"url"}),
        ({"kind": "http"}, set()),
        ({"kind": "python"}, {"entry", "url"}),
        ({"kind": "model", "prompt": "x"}, {"url"}),
        ({"prompt": "x"}, {"prompt"}),
        ({"url": "http://169.254.169.254/"}, {"url"}),
        ({"url": "ftp://e.com/"}, {"url"}),
        ({"types": ["Research", "research"]}, {"types"}),
        ({"types": ["a", "a"]}, {"types"}),
        ({"types": ["a\x00"]}, {"types[0]"}),
        ({"concurrency": 0}, {"concurrency"}),
        ({"concurrency": 101}, {"concurrency"}),
        ({"timeout_seconds": 281}, {"timeout_seconds"}),
        ({"price_per_call": -1}, {"price_per_call"}),
        ({"headers": {"webhook-signature": "x"}}, {"headers"}),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, {"headers"}),
        ({"headers": {"Host": "x"}}, {"headers"}),
        ({"key": "with space"}, {"key"}),
        ({"kind": "ship"}, {"kind"}),
        ({"name": ""}, {"name"}),
        ({"unknown": 1}, {"unknown"}),
    ],
)
def test_it_names_every_field_that_is_wrong(api: APIClient, body: dict[str, Any], fields: set[str]) -> None:
    wanted = {name: value for name, value in {**AGENT, **body}.items() if value is not None}
    answer = api.post("/v1/agents", wanted, format="json")
    if not fields:
        assert answer.status_code == 201
        return
    assert set(problem(answer)) == fields
    assert not Agent.objects.exists()


def test_it_is_changed_by_what_is_sent(api: APIClient) -> None:
    api.post("/v1/agents", {**AGENT, "headers": {"X-Key": "s3cret"}}, format="json")
    answer = api.patch("/v1/agents/researcher", {"types": [], "price_per_call": 0.25}, format="json")
    assert answer.status_code == 200, answer.content
    assert (answer.json()["types"], answer.json()["price_per_call"]) == ([], 0.25)
    assert answer.json()["header_names"] == ["x-key"]
    assert api.patch("/v1/agents/researcher", {"headers": {}}, format="json").json()["header_names"] == []
    assert set(problem(api.patch("/v1/agents/researcher", {"prompt": "x"}, format="json"))) == {"prompt"}
    assert set(problem(api.patch("/v1/agents/researcher", {"url": ""}, format="json"))) == {"url"}
    assert set(problem(api.patch("/v1/agents/researcher", {"kind": "model"}, format="json"))) == {"kind"}
    changed = Event.objects.filter(kind="agent.changed").order_by("id")
    assert [list(event.data["changes"]) for event in changed] == [["types", "price_per_call"], ["headers"]]


def test_it_is_disabled_with_a_reason_and_enabled(api: APIClient, agent: Agent) -> None:
    assert set(problem(api.post("/v1/agents/clerk/disable", {}, format="json"))) == {"reason"}
    for reason in ("It shouts", "Another reason"):
        told = api.post("/v1/agents/clerk/disable", {"reason": reason}, format="json").json()
        assert (told["enabled"], told["disabled_reason"]) == (False, "It shouts")
    assert told["disabled_by"].startswith("key:")
    assert told["disabled_at"]
    for _ in range(2):
        told = api.post("/v1/agents/clerk/enable").json()
        assert (told["enabled"], told["disabled_reason"], told["disabled_at"]) == (True, "", None)
    kinds = list(Event.objects.filter(subject_type="agent").order_by("id").values_list("kind", flat=True))
    assert kinds == ["agent.disabled", "agent.enabled"]


def test_its_breaker_is_shown_and_closed(api: APIClient, agent: Agent, django_capture_on_commit_callbacks: Any) -> None:
    for _ in range(5):
        breaking.note(agent.pk, ok=False, why="status", told="The agent answered 500")
    told = api.get("/v1/agents/clerk").json()["breaker"]
    assert (told["state"], told["failures"]) == ("open", 5)
    assert told["last_failure"]["words"] == "The agent answered 500"
    with django_capture_on_commit_callbacks(execute=True):
        assert api.post("/v1/agents/clerk/breaker/close").status_code == 200
    assert api.get("/v1/agents/clerk").json()["breaker"]["state"] == "closed"


def test_a_new_secret_is_shown_once(api: APIClient, agent: Agent) -> None:
    before = unseal(agent.secret)
    secret = api.post("/v1/agents/clerk/secret").json()["secret"]
    agent.refresh_from_db()
    assert unseal(agent.secret) == secret != before
    Agent.objects.update(kind="model")
    assert set(problem(api.post("/v1/agents/clerk/secret"))) == {"kind"}


def test_lists_come_in_pages_with_few_queries(
    api: APIClient, shop: Business, django_assert_max_num_queries: Any
) -> None:
    for number in range(7):
        Agent.objects.create(business=shop, key=f"a{number}", name="A", url="https://e.com", secret="x")
        Tool.objects.create(business=shop, name=f"t{number}", description="T")
    for path, field in (("/v1/agents", "key"), ("/v1/tools", "name")):
        api.get(path)
        with django_assert_max_num_queries(6):
            first = api.get(f"{path}?limit=5").json()
        rest = api.get(first["next"]).json()
        names = [row[field] for row in first["results"] + rest["results"]]
        assert [name[1] for name in names] == list("6543210")


def test_another_business_sees_and_changes_nothing(api: APIClient, other_api: APIClient, agent: Agent) -> None:
    api.post("/v1/tools", TOOL, format="json")
    assert other_api.get("/v1/agents").json()["results"] == []
    assert other_api.get("/v1/tools").json()["results"] == []
    for method, path in [
        ("get", "/v1/agents/clerk"),
        ("patch", "/v1/agents/clerk"),
        ("post", "/v1/agents/clerk/enable"),
        ("post", "/v1/agents/clerk/secret"),
        ("post", "/v1/agents/clerk/breaker/close"),
        ("get", "/v1/tools/find_order"),
        ("patch", "/v1/tools/find_order"),
        ("post", "/v1/tools/find_order/use"),
        ("post", "/v1/tools/find_order/breaker/close"),
    ]:
        problem(getattr(other_api, method)(path, {} if method != "get" else None, format="json"), 404)
    problem(other_api.post("/v1/agents/clerk/disable", {"reason": "Mine"}, format="json"), 404)


def test_reading_and_managing_are_scopes_of_their_own(shop: Business, agent: Agent) -> None:
    reader = client_for(issue_key(business=shop, name="r", scopes=[Scope.AGENTS_READ], by=None)[1])
    nobody = client_for(issue_key(business=shop, name="n", scopes=[Scope.GOALS_READ], by=None)[1])
    for path in ("/v1/agents", "/v1/agents/clerk", "/v1/tools"):
        assert reader.get(path).status_code == 200
        problem(nobody.get(path), 403)
    for path in ("/v1/agents", "/v1/agents/clerk/disable", "/v1/agents/clerk/secret", "/v1/tools", "/v1/tools/x/use"):
        problem(reader.post(path, {}, format="json"), 403)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"returned": []}, {"returned"}),
        ({"returned": ["*", "a"]}, {"returned"}),
        ({"returned": ["a..b"]}, {"returned"}),
        ({"parameters": {"type": "nonsense"}}, {"parameters"}),
        ({"parameters": {"properties": {"a": {"$ref": "https://e.com/s"}}}}, {"parameters"}),
        ({"kind": "described"}, {"returned", "url"}),
        ({"remote_name": "x"}, {"remote_name"}),
        ({"name": "with space"}, {"name"}),
        ({"url": "http://10.0.0.1/"}, {"url"}),
        ({"risk": 2}, {"risk"}),
    ],
)
def test_a_tool_names_every_field_that_is_wrong(api: APIClient, body: dict[str, Any], fields: set[str]) -> None:
    assert set(problem(api.post("/v1/tools", {**TOOL, **body}, format="json"))) == fields


def test_a_tool_is_registered_changed_and_used(api: APIClient, server: Unruly, make_tool: Callable[..., Tool]) -> None:
    body = {**TOOL, "url": f"{server.url}/t", "parameters": {"required": ["id"]}, "headers": {"X-Key": "s3cret"}}
    made = api.post("/v1/tools", body, format="json")
    assert made.status_code == 201, made.content
    assert "s3cret" not in made.content.decode()
    server.mode, server.body = "body", b'{"id": 7, "secret": "kept back"}'
    used = api.post("/v1/tools/find_order/use", {"arguments": {"id": 7}}, format="json", HTTP_IDEMPOTENCY_KEY="w-1")
    assert used.json() | {"took_ms": 0} == {"answered": True, "data": {"id": 7}, "took_ms": 0, "failure": None}
    assert server.received[0].headers["idempotency-key"] == "w-1"
    assert set(problem(api.post("/v1/tools/find_order/use", {"arguments": {}}, format="json"))) == {"arguments"}
    server.mode = "500"
    failed = api.post("/v1/tools/find_order/use", {"arguments": {"id": 7}}, format="json").json()
    assert (failed["answered"], failed["failure"]["why"]) == (False, "status")
    assert api.patch("/v1/tools/find_order", {"enabled": False}, format="json").json()["enabled"] is False
    off = api.post("/v1/tools/find_order/use", {"arguments": {"id": 7}}, format="json").json()
    assert off["failure"]["why"] == "off"
    events = list(Event.objects.filter(subject_type="tool").order_by("id").values_list("kind", flat=True))
    assert events == ["tool.registered", "tool.used", "tool.used", "tool.changed", "tool.used"]
    assert "kept back" not in str(Event.objects.values_list("data", flat=True))
