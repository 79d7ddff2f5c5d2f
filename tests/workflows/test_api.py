"""Workflows over REST: the library, definitions in versions, runs; what is wrong is named, what is not yours is not."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts.keys import issue_key
from apps.accounts.models import Business
from apps.accounts.roles import Scope
from apps.agents.models import Agent
from apps.core.models import Event
from apps.workflows.models import Run, Step, Workflow, WorkflowVersion
from apps.workflows.patterns import PATTERNS
from tests.conftest import client_for
from tests.workflows.simulated import LIBRARY

pytestmark = pytest.mark.django_db
AT = "/v1/workflows"
NOBODY = "01970000-0000-7000-8000-000000000000"
TYPES = ["research", "analysis", "reproduction", "localisation"]
BODY = {"key": "shop-moves", "pattern": "move_creation", "config": {"channels": ["mail"], "research": {"agents": 2}}}
RUN = {"input": {"goal": "Sell the garden chairs", "context": {"stock": 240}}}


@pytest.fixture
def moves(api: APIClient) -> dict[str, Any]:
    answer = api.post(AT, BODY, format="json")
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def agents(shop: Business) -> list[Agent]:
    return [
        Agent.objects.create(
            business=shop,
            key=key,
            name=key.title(),
            url="https://agent.example/",
            types=TYPES,
        )
        for key in ("ann", "ben")
    ]


def reasons(answer: Any) -> dict[str, str]:
    assert answer["content-type"].startswith("application/problem+json")
    return {one["field"]: one["reason"] for one in answer.json()["errors"]}


def test_the_library_tells_all_that_is_needed_to_set_up_a_workflow(api: APIClient) -> None:
    found = api.get(f"{AT}/patterns").json()["results"]
    assert [one["name"] for one in found] == list(PATTERNS)
    for one in found:
        if one["name"] not in LIBRARY:
            continue
        assert one["title"] and one["description"] and one["stages"] and one["config_schema"]["properties"]
        assert one["config_schema"]["additionalProperties"] is False
        made = api.post(AT, {"key": one["name"], "pattern": one["name"], "config": one["defaults"]}, format="json")
        assert made.status_code == 201, made.content
        assert made.json()["config"] == one["defaults"]


def test_it_sets_up_a_workflow_with_what_differs_from_the_defaults(moves: dict[str, Any], api: APIClient) -> None:
    assert (moves["version"], moves["enabled"], moves["name"]) == (1, True, "Move creation")
    assert moves["config"]["research"]["agents"] == 2
    assert moves["config"]["research"]["types"] == ["research", "analysis"]
    assert [stage["key"] for stage in moves["stages"]] == [
        "research", "strategy", "review", "revision-1", "review-2", "approval", "finalisation",
    ]  # fmt: skip
    assert moves["versions"][0]["made_by"].startswith("key:")
    assert api.get(f"{AT}/shop-moves").json() == moves
    assert Event.objects.filter(kind="workflow.created").count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pattern": "nope"}, "pattern"),
        ({"key": "runs"}, "key"),
        ({"key": "patterns"}, "key"),
        ({"key": "Upper"}, "key"),
        ({"key": ""}, "key"),
        ({"key": "x" * 61}, "key"),
        ({"key": "a/b"}, "key"),
        ({"key": 5}, "key"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"nope": 1}, "nope"),
        ({"config": []}, "config"),
        ({"config": {"nope": 1}}, "config.nope"),
        ({"config": {"research": {"agents": "many"}}}, "config.research.agents"),
        ({"config": {"research": {"agents": 51}}}, "config.research.agents"),
        ({"config": {"research": {"need": 9}}}, "config.research.need"),
        ({"config": {"research": {"barrier": "some"}}}, "config.research.barrier"),
        ({"config": {"research": {"types": []}}}, "config.research.types"),
        ({"config": {"research": {"types": ["Ä"]}}}, "config.research.types[0]"),
        ({"config": {"research": {"stage_seconds": 5}}}, "config.research.stage_seconds"),
        ({"config": {"person": {"when": "sometimes"}}}, "config.person.when"),
        ({"config": {"min_quality": 101}}, "config.min_quality"),
        ({"config": {"rules": "x" * 2001}}, "config.rules"),
        ({"config": {"rules": "a\x00b"}}, "config"),
        ({"config": {"channels": ["x" * 200] * 400}}, "config"),
    ],
)
def test_it_names_the_field_that_is_wrong(api: APIClient, change: dict[str, Any], field: str) -> None:
    answer = api.post(AT, BODY | change, format="json")
    assert answer.status_code == 422, answer.content
    assert list(reasons(answer)) == [field]
    assert not Workflow.objects.exists()


def test_it_takes_neither_a_body_that_is_no_object_nor_one_that_is_huge(api: APIClient) -> None:
    assert api.post(AT, "[1]", content_type="application/json").status_code == 422
    assert api.post(AT, "{", content_type="application/json").status_code == 400
    assert api.post(AT, {}, format="json").status_code == 422
    huge = BODY | {"config": {"rules": "x" * 3_000_000}}
    assert api.post(AT, huge, format="json").status_code in (413, 422)


def test_a_key_is_taken_once(api: APIClient, moves: dict[str, Any]) -> None:
    assert "key" in reasons(api.post(AT, BODY, format="json"))
    assert Workflow.objects.count() == 1


def test_the_same_create_with_its_key_is_answered_once(api: APIClient) -> None:
    first = api.post(AT, BODY, format="json", HTTP_IDEMPOTENCY_KEY="one")
    again = api.post(AT, BODY, format="json", HTTP_IDEMPOTENCY_KEY="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() and again["Idempotent-Replayed"] == "true"


def test_a_change_of_the_configuration_makes_a_version_and_says_what_changed(
    api: APIClient, moves: dict[str, Any]
) -> None:
    change = {"config": {"research": {"agents": 5}, "channels": []}, "version": 1, "note": "More of them"}
    found = api.patch(f"{AT}/shop-moves", change, format="json").json()
    assert (found["version"], found["config"]["research"]["agents"], found["config"]["channels"]) == (2, 5, [])
    assert found["config"]["research"]["types"] == ["research", "analysis"]
    version = api.get(f"{AT}/shop-moves/versions/2").json()
    assert (version["against"], version["note"]) == (1, "More of them")
    assert {one["field"]: (one["before"], one["after"]) for one in version["changes"]} == {
        "channels": ("mail", "[]"), "research.agents": ("2", "5"),
    }  # fmt: skip
    first = api.get(f"{AT}/shop-moves/versions/1").json()
    assert (first["against"], first["changes"], first["config"]) == (None, [], moves["config"])
    same = api.patch(f"{AT}/shop-moves", {"config": {"research": {"agents": 5}}}, format="json").json()
    assert same["version"] == 2 and WorkflowVersion.objects.count() == 2


def test_of_two_changes_from_the_same_version_the_second_is_told_to_look_again(
    api: APIClient, moves: dict[str, Any]
) -> None:
    one = {"config": {"horizon_days": 7}, "version": 1}
    assert api.patch(f"{AT}/shop-moves", one, format="json").status_code == 200
    late = api.patch(f"{AT}/shop-moves", {"config": {"horizon_days": 9}, "version": 1}, format="json")
    assert (late.status_code, late.json()["version"]) == (409, 2)
    assert api.get(f"{AT}/shop-moves").json()["config"]["horizon_days"] == 7


def test_an_earlier_version_comes_back_as_a_new_one(api: APIClient, moves: dict[str, Any]) -> None:
    api.patch(f"{AT}/shop-moves", {"config": {"horizon_days": 7}}, format="json")
    found = api.post(f"{AT}/shop-moves/versions/1/restore", {"version": 2}, format="json").json()
    assert (found["version"], found["config"]) == (3, moves["config"])
    assert [one["version"] for one in found["versions"]] == [3, 2, 1]
    assert api.post(f"{AT}/shop-moves/versions/9/restore").status_code == 404
    assert api.post(f"{AT}/shop-moves/versions/1/restore", {"version": 2}, format="json").status_code == 409
    assert api.get(f"{AT}/shop-moves/versions/99999999999").status_code == 404
    assert api.get(f"{AT}/shop-moves/versions/2?against=x").status_code == 422
    assert api.get(f"{AT}/shop-moves/versions/3?against=1").json()["changes"] == []


def test_a_name_and_a_switch_change_without_a_version(api: APIClient, moves: dict[str, Any]) -> None:
    found = api.patch(f"{AT}/shop-moves", {"name": "Moves", "enabled": False}, format="json").json()
    assert (found["name"], found["enabled"], found["version"]) == ("Moves", False, 1)
    assert api.post(f"{AT}/shop-moves/runs", RUN, format="json").status_code == 409
    assert "name" in reasons(api.patch(f"{AT}/shop-moves", {"name": " "}, format="json"))
    assert reasons(api.patch(f"{AT}/shop-moves", {"pattern": "bug_fix"}, format="json")) == {
        "pattern": "There is no such field"
    }


def test_the_ready_workflows_come_once(api: APIClient) -> None:
    assert len(api.post(f"{AT}/ready").json()["added"]) == len(PATTERNS)
    assert api.post(f"{AT}/ready").json()["added"] == []
    assert len(api.get(AT).json()["results"]) == len(PATTERNS)
    assert len(api.get(f"{AT}?limit=2").json()["results"]) == 2


def test_it_starts_a_run_and_tells_of_it(api: APIClient, moves: dict[str, Any], agents: list[Agent]) -> None:
    answer = api.post(f"{AT}/shop-moves/runs", RUN | {"correlation_id": "summer", "priority": "low"}, format="json")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["workflow"], made["version"], made["state"], made["priority"]) == ("shop-moves", 1, "running", "low")
    found = api.get(f"{AT}/runs/{made['id']}").json()
    assert found["input"] == RUN["input"] and found["result"] is None
    assert [stage["key"] for stage in found["stages"]] == ["research"]
    assert [step["key"] for step in found["stages"][0]["steps"]] == [
        "research/research.ann", "research/research.ben", "research/analysis.ann", "research/analysis.ben",
    ]  # fmt: skip
    assert [stage["key"] for stage in found["to_come"]][:2] == ["strategy", "review"]
    step = api.get(f"{AT}/steps/{found['stages'][0]['steps'][0]['id']}").json()
    assert (step["agent"]["key"], step["type"], step["state"]) == ("ann", "research", "ready")


def test_a_run_of_the_same_key_is_there_already(api: APIClient, moves: dict[str, Any], agents: list[Agent]) -> None:
    first = api.post(f"{AT}/shop-moves/runs", RUN | {"key": "sale"}, format="json")
    again = api.post(f"{AT}/shop-moves/runs", RUN | {"key": "sale"}, format="json")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"] and Run.objects.count() == 1
    header: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "once"}
    by_header = [api.post(f"{AT}/shop-moves/runs", RUN, format="json", **header).json()["id"] for _ in range(2)]
    assert len(set(by_header)) == 1 and Run.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": {}}, "input.goal"),
        ({"input": {"goal": "  "}}, "input.goal"),
        ({"input": {"goal": 5}}, "input.goal"),
        ({"input": {"goal": "x" * 20_001}}, "input.goal"),
        ({"input": {"goal": "x", "context": []}}, "input.context"),
        ({"input": {"goal": "x", "more": 1}}, "input.more"),
        ({"input": {"goal": "x", "context": {"a": "b\x00"}}}, "input"),
        ({"input": {"goal": "x", "context": {"a": ["y" * 1000] * 300}}}, "input"),
        (RUN | {"priority": "urgent"}, "priority"),
        (RUN | {"deadline": "2020-01-01T00:00:00Z"}, "deadline"),
        (RUN | {"deadline": "2090-01-01T00:00:00"}, "deadline"),
        (RUN | {"key": "x" * 91}, "key"),
        (RUN | {"title": "x\x00"}, "title"),
        (RUN | {"correlation_id": "x" * 81}, "correlation_id"),
    ],
)
def test_it_names_what_is_wrong_with_a_run(
    api: APIClient, moves: dict[str, Any], agents: list[Agent], body: dict[str, Any], field: str
) -> None:
    answer = api.post(f"{AT}/shop-moves/runs", body, format="json")
    assert answer.status_code == 422, answer.content
    assert list(reasons(answer)) == [field]
    assert not Run.objects.exists()


def test_a_run_that_nobody_can_work_on_is_there_as_failed(api: APIClient, moves: dict[str, Any]) -> None:
    made = api.post(f"{AT}/shop-moves/runs", RUN, format="json").json()
    assert made["state"] == "failed"
    assert "No agent that may be asked gives recommendations of the type research" in made["error"]


def test_it_lists_runs_by_what_is_asked(api: APIClient, moves: dict[str, Any], agents: list[Agent]) -> None:
    api.post(AT, {"key": "bugs", "pattern": "bug_fix"}, format="json")
    ids = [
        api.post(f"{AT}/{key}/runs", RUN | {"correlation_id": word}, format="json").json()["id"]
        for key, word in (("shop-moves", "a"), ("shop-moves", "b"), ("bugs", "a"))
    ]

    def listed(query: str) -> list[str]:
        return [one["id"] for one in api.get(f"{AT}/runs?{query}").json()["results"]]

    assert listed("") == ids[::-1]
    assert listed("workflow=shop-moves") == [ids[1], ids[0]]
    assert listed("pattern=bug_fix") == [ids[2]]
    assert listed("correlation_id=a&workflow=shop-moves") == [ids[0]]
    assert listed("state=running") == ids[::-1] and listed("state=done") == []
    assert listed("workflow=nothing") == []
    page = api.get(f"{AT}/runs?limit=2").json()
    assert [one["id"] for one in api.get(page["next"]).json()["results"]] == [ids[0]]
    assert "state" in reasons(api.get(f"{AT}/runs?state=nope"))
    assert "workflow" in reasons(api.get(f"{AT}/runs?workflow={'x' * 61}"))
    assert api.get(f"{AT}/runs?cursor=xx").status_code == 404


def test_a_run_is_cancelled_and_goes_on_again(api: APIClient, moves: dict[str, Any], agents: list[Agent]) -> None:
    made = api.post(f"{AT}/shop-moves/runs", RUN, format="json").json()
    at = f"{AT}/runs/{made['id']}"
    found = api.post(f"{at}/cancel", {"reason": "Not now"}, format="json").json()
    assert found["state"] == "cancelled" and "Not now" in found["error"]
    assert api.post(f"{at}/cancel", {}, format="json").status_code == 409
    assert reasons(api.post(f"{at}/cancel", {"reason": 5}, format="json"))
    assert api.post(f"{at}/resume").json()["state"] == "running"
    assert api.post(f"{at}/resume").status_code == 409


def test_one_failed_step_is_tried_again(api: APIClient, moves: dict[str, Any], agents: list[Agent]) -> None:
    made = api.post(f"{AT}/shop-moves/runs", RUN, format="json").json()
    step = Step.objects.filter(run_id=made["id"]).order_by("id").first()
    assert step is not None
    assert api.post(f"{AT}/steps/{step.pk}/retry").status_code == 409
    Step.objects.filter(pk=step.pk).update(state="failed", error="It broke", why="error")
    assert api.post(f"{AT}/steps/{step.pk}/retry").json()["state"] == "ready"


def test_another_business_sees_nothing_of_it(
    api: APIClient, other_api: APIClient, moves: dict[str, Any], agents: list[Agent]
) -> None:
    made = api.post(f"{AT}/shop-moves/runs", RUN, format="json").json()
    step = Step.objects.filter(run_id=made["id"]).first()
    assert step is not None
    assert other_api.get(AT).json()["results"] == [] and other_api.get(f"{AT}/runs").json()["results"] == []
    for method, at in [
        ("get", f"{AT}/shop-moves"),
        ("patch", f"{AT}/shop-moves"),
        ("get", f"{AT}/shop-moves/versions/1"),
        ("post", f"{AT}/shop-moves/versions/1/restore"),
        ("post", f"{AT}/shop-moves/runs"),
        ("get", f"{AT}/runs/{made['id']}"),
        ("post", f"{AT}/runs/{made['id']}/cancel"),
        ("post", f"{AT}/runs/{made['id']}/resume"),
        ("get", f"{AT}/steps/{step.pk}"),
        ("post", f"{AT}/steps/{step.pk}/retry"),
    ]:
        body = RUN if at.endswith("moves/runs") else {}
        assert getattr(other_api, method)(at, body if method != "get" else None, format="json").status_code == 404, at
    assert other_api.get(f"{AT}/runs?workflow=shop-moves").json()["results"] == []
    taken = other_api.post(AT, BODY, format="json")
    assert taken.status_code == 201


@pytest.mark.parametrize("at", ["/nothing", f"/runs/{NOBODY}", f"/steps/{NOBODY}", "/runs/x", "/nothing/versions/1"])
def test_what_is_not_there_is_not_found(api: APIClient, at: str) -> None:
    assert api.get(f"{AT}{at}").status_code == 404


def test_reading_and_writing_each_need_their_scope(shop: Business, moves: dict[str, Any]) -> None:
    def client(*scopes: Scope) -> APIClient:
        return client_for(issue_key(business=shop, name="few", scopes=[one.value for one in scopes], by=None)[1])

    reader, writer = client(Scope.WORKFLOWS_READ), client(Scope.WORKFLOWS_WRITE)
    assert reader.get(AT).status_code == 200 and writer.get(AT).status_code == 403
    assert reader.get(f"{AT}/patterns").status_code == 200 and writer.get(f"{AT}/runs").status_code == 403
    for at in (AT, f"{AT}/ready", f"{AT}/shop-moves/runs", f"{AT}/runs/{NOBODY}/cancel", f"{AT}/steps/{NOBODY}/retry"):
        assert reader.post(at, {}, format="json").status_code == 403, at
    assert reader.patch(f"{AT}/shop-moves", {}, format="json").status_code == 403
    assert client(Scope.GOALS_READ).get(f"{AT}/patterns").status_code == 403


def test_how_many_queries_a_read_takes_does_not_grow_with_what_is_read(
    api: APIClient, moves: dict[str, Any], agents: list[Agent]
) -> None:
    def count(act: Callable[[], Any]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert act().status_code == 200
        return len(queries)

    first = api.post(f"{AT}/shop-moves/runs", RUN, format="json").json()
    one = count(lambda: api.get(f"{AT}/runs"))
    whole = count(lambda: api.get(f"{AT}/runs/{first['id']}"))
    workflow = count(lambda: api.get(f"{AT}/shop-moves"))
    for _ in range(4):
        api.post(f"{AT}/shop-moves/runs", RUN, format="json")
    api.patch(f"{AT}/shop-moves", {"config": {"horizon_days": 3}}, format="json")
    assert count(lambda: api.get(f"{AT}/runs")) == one
    assert count(lambda: api.get(f"{AT}/shop-moves")) == workflow
    run = Run.objects.get(pk=first["id"])
    for n in range(20):
        step = run.steps.first()
        assert step is not None
        step.pk, step.key = None, f"research/more-{n}"
        step._state.adding = True
        step.id = Step._meta.get_field("id").get_default()
        step.save()
    assert count(lambda: api.get(f"{AT}/runs/{first['id']}")) == whole
    assert (one, whole, workflow) <= (9, 9, 9)
