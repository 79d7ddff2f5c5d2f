"""Recommendations, outcomes, trust and learning over REST: what a program may tell and read."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts.keys import issue_key
from apps.accounts.models import Business, User
from apps.agents.models import Agent
from apps.agents.switching import disable_agent
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest
from apps.core.errors import Invalid
from apps.core.ids import new_id
from apps.trust.learning import resume
from apps.trust.models import Buffered, LearningCycle, Outcome, Recommendation, TrustSettings
from apps.trust.recommending import flush_buffer
from tests.approvals.conftest import as_person
from tests.conftest import client_for
from tests.trust.conftest import Tracked, an_agent
from tests.trust.test_routing import scored
from tests.trust.test_switch import learning_off

pytestmark = pytest.mark.django_db

TOLD = {"agent": "writer", "type": "draft", "correlation_id": "ticket-1", "content": {"text": "Dear all"}}


def told(api: APIClient, **more: Any) -> Any:
    wanted = {name: value for name, value in {**TOLD, **more}.items() if value is not ...}
    return api.post("/v1/recommendations", wanted, format="json")


def field_of(answer: Any) -> str:
    assert answer.status_code == 422, answer.json()
    return answer.json()["errors"][0]["field"]


def test_it_keeps_a_recommendation_and_gives_it_back(api: APIClient, writer: Agent) -> None:
    answer = told(api, confidence=0.8, group="g", latency_ms=12, reasoning="because")
    assert answer.status_code == 201
    found = answer.json()
    assert (found["agent"], found["type"], found["correlation_id"], found["confidence"]) == (
        "writer", "draft", "ticket-1", 0.8,
    )  # fmt: skip
    assert (found["verdict"], found["value"], found["approval"], found["reasoning"]) == ("pending", None, None, "")
    assert len(found["digest"]) == 64
    one = api.get(f"/v1/recommendations/{found['id']}").json()
    assert one == {name: value for name, value in found.items() if name != "approval"} | {"outcomes": []}
    assert api.get("/v1/recommendations").json()["results"] == []
    flush_buffer()
    assert api.get(f"/v1/recommendations/{found['id']}").json() == one
    assert [row["id"] for row in api.get("/v1/recommendations").json()["results"]] == [found["id"]]


def test_repeated_it_is_kept_once(api: APIClient, writer: Agent) -> None:
    answers = [api.post("/v1/recommendations", TOLD, format="json", HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Buffered.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"agent": ...}, "agent"),
        ({"type": "Draft!"}, "type"),
        ({"type": "draft\n"}, "type"),
        ({"type": "d" * 41}, "type"),
        ({"correlation_id": ""}, "correlation_id"),
        ({"correlation_id": "c" * 81}, "correlation_id"),
        ({"correlation_id": "a\0b"}, "correlation_id"),
        ({"confidence": 7}, "confidence"),
        ({"confidence": "high"}, "confidence"),
        ({"latency_ms": -1}, "latency_ms"),
        ({"latency_ms": 2**31}, "latency_ms"),
        ({"content": ...}, "content"),
        ({"digest": "0" * 64}, "content"),
        ({"content": ..., "digest": "beef"}, "digest"),
        ({"content": ..., "digest": "0" * 64, "ask": True}, "ask"),
        ({"failure": "timeout"}, "failure"),
        ({"failure": "Time out", "content": ...}, "failure"),
        ({"weight": 3}, "weight"),
    ],
)
def test_it_names_the_field_that_is_wrong(api: APIClient, writer: Agent, more: dict[str, Any], field: str) -> None:
    assert field_of(told(api, **more)) == field
    assert not Buffered.objects.exists()


def test_a_digest_or_a_failure_will_do(api: APIClient, writer: Agent) -> None:
    assert told(api, content=..., digest="a" * 64).json()["digest"] == "a" * 64
    failed = told(api, content=..., failure="timeout", on_time=False).json()
    assert (failed["failure"], failed["on_time"], failed["digest"]) == ("timeout", False, "")
    assert told(api, content=None).status_code == 201


def test_it_refuses_agents_that_are_unknown_off_or_give_another_type(
    api: APIClient, other_shop: Business, writer: Agent
) -> None:
    an_agent(other_shop, "theirs")
    assert told(api, agent="theirs").status_code == 404
    Agent.objects.filter(pk=writer.pk).update(types=["review"])
    assert field_of(told(api)) == "type"
    disable_agent(agent_id=writer.pk, reason="Too often wrong", by="trust", actor="system:trust")
    refused = told(api, type="review")
    assert refused.status_code == 409
    assert refused.json()["detail"] == "This agent is switched off: Too often wrong"


def test_where_learning_is_off_it_says_so(api: APIClient, shop: Business, writer: Agent) -> None:
    learning_off(shop)
    for answer in (
        told(api),
        api.post("/v1/outcomes", {"recommendation": str(new_id()), "value": 1}, format="json"),
        api.post("/v1/learning/cycles", {}, format="json"),
    ):
        assert answer.status_code == 409
        assert answer.json()["detail"] == "Learning is switched off for this business"
    assert api.get("/v1/trust").json() == {"results": []}


def test_asked_about_people_decide_and_their_edit_is_the_outcome(
    api: APIClient, shop: Business, alice: User, writer: Agent
) -> None:
    found = told(api, ask=True, title="A letter", reasoning="They asked", confidence=0.8).json()
    request = ApprovalRequest.objects.get(pk=found["approval"])
    assert (request.kind, str(request.subject_id), request.title) == ("recommendation", found["id"], "A letter")
    assert request.payload == {"recommendation": {"text": "Dear all"}}
    by = as_person(alice, shop)
    for payload in ({}, {"recommendation": None}, {"recommendation": {}, "other": 1}):
        with pytest.raises(Invalid):
            decide(request_id=request.pk, by=by, verdict="approve", payload_hash=request.payload_hash, payload=payload)
    decide(
        request_id=request.pk, by=by, verdict="approve", payload_hash=request.payload_hash, comment="Softer",
        payload={"recommendation": {"text": "Dear pal"}},
    )  # fmt: skip
    outcome = api.get(f"/v1/recommendations/{found['id']}").json()["outcomes"][0]
    assert (outcome["source"], outcome["verdict"], outcome["feedback"]) == ("approval", "partial", "Softer")
    assert outcome["judged_by"] == "user:alice@example.com"
    assert outcome["edited"] == pytest.approx(2 / 19)
    assert outcome["value"] == pytest.approx(1 - outcome["edited"])


@pytest.mark.parametrize(("verdict", "value"), [("approve", 1.0), ("reject", 0.0)])
def test_approved_as_it_is_or_rejected(
    api: APIClient, shop: Business, alice: User, writer: Agent, verdict: str, value: float
) -> None:
    found = told(api, ask=True).json()
    request = ApprovalRequest.objects.get()
    decide(
        request_id=request.pk,
        by=as_person(alice, shop),
        verdict=verdict,
        payload_hash=request.payload_hash,
        reason="so",
    )
    assert Outcome.objects.get().value == value
    assert Recommendation.objects.get(pk=found["id"]).value == value


def test_people_decide_although_the_agent_is_gone(api: APIClient, shop: Business, alice: User, writer: Agent) -> None:
    told(api, ask=True)
    flush_buffer()
    writer.delete()
    request = ApprovalRequest.objects.get()
    decide(request_id=request.pk, by=as_person(alice, shop), verdict="approve", payload_hash=request.payload_hash)
    assert not Outcome.objects.exists()


def said(api: APIClient, **body: Any) -> Any:
    return api.post("/v1/outcomes", body, format="json")


def test_an_outcome_of_one_recommendation(api: APIClient, tracked: Tracked) -> None:
    found = tracked()
    answer = said(api, recommendation=str(found), verdict="approved", quality=88, feedback="Sold")
    assert answer.status_code == 201
    (kept,) = answer.json()["results"]
    assert (kept["recommendation"], kept["agent"], kept["source"]) == (str(found), "writer", "feedback")
    assert (kept["verdict"], kept["value"], kept["quality"], kept["feedback"]) == ("approved", 1, 88, "Sold")
    assert api.get("/v1/outcomes").json()["results"] == [kept]
    assert said(api, recommendation=str(found), value=0.25).json()["results"][0]["verdict"] == "partial"
    assert Outcome.objects.count() == 1


def test_an_outcome_of_all_an_agent_recommended_in_a_matter(api: APIClient, reader: Agent, tracked: Tracked) -> None:
    mine = {str(tracked(correlation_id="m")), str(tracked(correlation_id="m", type="review"))}
    tracked(correlation_id="m", failure="timeout")
    tracked(correlation_id="m", agent=reader)
    tracked(correlation_id="other")
    answer = said(api, agent="writer", correlation_id="m", verdict="rejected")
    assert {row["recommendation"] for row in answer.json()["results"]} == mine
    assert said(api, agent="writer", correlation_id="nothing", value=1).status_code == 404
    assert said(api, agent="nobody", correlation_id="m", value=1).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"verdict": "approved"}, "recommendation"),
        ({"agent": "writer", "verdict": "approved"}, "recommendation"),
        ({"correlation_id": "m", "verdict": "approved"}, "recommendation"),
        ({"recommendation": str(new_id()), "agent": "writer", "correlation_id": "m", "value": 1}, "recommendation"),
        ({"recommendation": str(new_id()), "agent": "writer", "value": 1}, "recommendation"),
        ({"recommendation": "7", "value": 1}, "recommendation"),
        ({"recommendation": str(new_id())}, "verdict"),
        ({"recommendation": str(new_id()), "verdict": "partial"}, "value"),
        ({"recommendation": str(new_id()), "verdict": "pending"}, "verdict"),
        ({"recommendation": str(new_id()), "value": 2}, "value"),
        ({"recommendation": str(new_id()), "value": 1, "quality": 101}, "quality"),
        ({"recommendation": str(new_id()), "value": 1, "feedback": "f" * 1001}, "feedback"),
        ({"recommendation": str(new_id()), "value": 1, "weight": 9}, "weight"),
    ],
)
def test_an_outcome_that_makes_no_sense(api: APIClient, writer: Agent, body: dict[str, Any], field: str) -> None:
    assert field_of(said(api, **body)) == field


def test_a_verdict_and_a_value_that_contradict_each_other(api: APIClient, tracked: Tracked) -> None:
    assert field_of(said(api, recommendation=str(tracked()), verdict="rejected", value=1)) == "value"


def test_another_business_knows_nothing_of_it(api: APIClient, other_api: APIClient, tracked: Tracked) -> None:
    found = tracked()
    for _ in range(2):
        assert other_api.get(f"/v1/recommendations/{found}").status_code == 404
        assert said(other_api, recommendation=str(found), value=1).status_code == 404
        flush_buffer()
    assert other_api.get("/v1/recommendations").json()["results"] == []
    cycle = api.post("/v1/learning/cycles", {}, format="json").json()
    assert other_api.get(f"/v1/learning/cycles/{cycle['id']}").status_code == 404


def test_it_filters_lists(api: APIClient, reader: Agent, tracked: Tracked) -> None:
    first = str(tracked(correlation_id="a"))
    second = str(tracked(agent=reader, type="review", correlation_id="b"))
    said(api, recommendation=first, value=1)

    def ids(query: str) -> list[str]:
        return [row["id"] for row in api.get(f"/v1/recommendations?{query}").json()["results"]]

    flush_buffer()
    assert ids("") == [second, first]
    assert ids("agent=reader") == ids("type=review") == ids("correlation_id=b") == ids("verdict=pending") == [second]
    assert ids("verdict=approved") == [first]
    assert ids("limit=1") == [second]
    assert ids("agent=writer&type=review") == []
    assert len(api.get("/v1/outcomes?source=feedback&agent=writer").json()["results"]) == 1
    assert api.get("/v1/outcomes?source=audit").json()["results"] == []
    assert api.get("/v1/recommendations?agent=nobody").status_code == 404
    assert field_of(api.get("/v1/recommendations?verdict=fine")) == "verdict"
    assert field_of(api.get("/v1/recommendations?type=%00")) == "type"
    assert field_of(api.get("/v1/outcomes?source=gossip")) == "source"


def test_lists_take_as_many_queries_for_many_as_for_few(api: APIClient, tracked: Tracked) -> None:
    def queries(path: str) -> int:
        # What is recalled for a second is looked up again now and then.
        counts = []
        for _ in range(3):
            with CaptureQueriesContext(connection) as found:
                assert api.get(path).status_code == 200
            counts.append(len(found))
        return min(counts)

    for path in ("/v1/recommendations", "/v1/outcomes", "/v1/trust", "/v1/learning/cycles"):
        api.get(path)
    said(api, recommendation=str(tracked()), value=1)
    few = [queries(path) for path in ("/v1/recommendations", "/v1/outcomes", "/v1/trust")]
    for number in range(6):
        agent = an_agent(Business.objects.get(), f"agent-{number}")
        scored(agent)
        said(api, recommendation=str(tracked(agent=agent)), value=1)
    assert [queries(path) for path in ("/v1/recommendations", "/v1/outcomes", "/v1/trust")] == few
    assert max(few) <= 8


def test_it_tells_how_far_agents_are_trusted(api: APIClient, shop: Business, writer: Agent, reader: Agent) -> None:
    scored(writer, low=0.75)
    scored(writer, "draft", low=0.8)
    scored(reader, low=0.25)
    scored(an_agent(shop, "new"), low=0.1, enough=False)
    rows = api.get("/v1/trust").json()["results"]
    assert [(row["agent"], row["type"]) for row in rows] == [
        ("writer", ""), ("reader", ""), ("new", ""), ("writer", "draft"),
    ]  # fmt: skip
    best = rows[0]
    assert best["interval"] == {"level": 0.9, "low": 0.75, "high": pytest.approx(0.85)}
    assert (best["overall"], best["boost"], best["priority"]) == (pytest.approx(0.8), 0.25, "critical")
    assert best["business_average"] == pytest.approx((0.8 + 0.3) / 2)
    assert (rows[1]["priority"], rows[2]["priority"]) == ("low", "normal")
    assert {"accuracy", "consistency", "timeliness", "reliability", "trend", "effective_n", "enough"} <= set(best)
    assert len(api.get("/v1/trust?agent=writer").json()["results"]) == 2
    assert len(api.get("/v1/trust?agent=writer&type=draft").json()["results"]) == 1
    assert api.get("/v1/trust?agent=nobody").status_code == 404


def test_learning_is_told_what_it_may_do(api: APIClient, shop: Business) -> None:
    before = api.get("/v1/trust/settings").json()
    assert before == {
        "keep_reasoning": False, "may_disable": True, "min_evidence": 10, "updated_at": None, "updated_by": "",
    }  # fmt: skip
    after = api.patch("/v1/trust/settings", {"keep_reasoning": True}, format="json").json()
    assert (after["keep_reasoning"], after["may_disable"], after["min_evidence"]) == (True, True, 10)
    assert after["updated_by"].startswith("key:")
    assert field_of(api.patch("/v1/trust/settings", {"min_evidence": 9}, format="json")) == "min_evidence"
    assert TrustSettings.objects.get().keep_reasoning


def test_a_cycle_is_begun_once_and_can_be_followed(api: APIClient, shop: Business, writer: Agent) -> None:
    answer = api.post("/v1/learning/cycles", {"kind": "full"}, format="json")
    assert answer.status_code == 201
    cycle = answer.json()
    assert (cycle["kind"], cycle["state"], cycle["progress"], cycle["finished_at"]) == ("full", "running", 0, None)
    again = api.post("/v1/learning/cycles", {}, format="json")
    assert again.status_code == 409
    assert "runs already" in again.json()["detail"]
    assert again.json()["cycle"] == cycle["id"]
    resume(cycle_id=UUID(cycle["id"]))
    done = api.get(f"/v1/learning/cycles/{cycle['id']}").json()
    assert (done["state"], done["progress"]) == ("done", 1)
    assert api.get("/v1/learning/cycles?state=done").json()["results"] == [done]
    assert api.get("/v1/learning/cycles?state=running").json()["results"] == []
    assert field_of(api.post("/v1/learning/cycles", {"kind": "quick"}, format="json")) == "kind"
    assert api.post("/v1/learning/cycles").status_code == 201
    assert LearningCycle.objects.filter(kind="incremental").count() == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/v1/recommendations"),
        ("post", "/v1/outcomes"),
        ("post", "/v1/learning/cycles"),
        ("patch", "/v1/trust/settings"),
    ],
)
def test_who_may_only_read_changes_nothing(shop: Business, method: str, path: str) -> None:
    _, whole = issue_key(business=shop, name="reader", scopes=["trust:read"], by=None)
    client = client_for(whole)
    assert getattr(client, method)(path, {}, format="json").status_code == 403
    assert client.get("/v1/trust").status_code == 200
    _, other = issue_key(business=shop, name="other", scopes=["goals:read"], by=None)
    assert client_for(other).get("/v1/trust").status_code == 403
