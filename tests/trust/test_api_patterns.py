"""Patterns and what is told of trust as a whole, over REST."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.keys import issue_key
from apps.accounts.models import Business
from apps.trust.models import Pattern, PatternEvent
from tests.conftest import client_for
from tests.trust.made import Shop, agents_of, luck

pytestmark = pytest.mark.django_db
ALL = ["/v1/patterns", "/v1/trust/reviewers", "/v1/trust/head-to-head", "/v1/trust/what-if", "/v1/trust/health"]


def a_pattern(business: Business, name: str, **given: Any) -> Pattern:
    facts: dict[str, Any] = {
        "key": name, "category": "expert", "type": "research", "agent_keys": ["ada"], "trials": 80, "successes": 72,
        "rate": 0.9, "low": 0.8, "high": 0.95, "base_rate": 0.6, "q_value": 0.001, "strength": "strong",
        "found_at": timezone.now(),
    }  # fmt: skip
    return Pattern.objects.create(business=business, name=name, **facts | given)


def names(answer: Any) -> list[str]:
    return [one["name"] for one in answer.json()["results"]]


def test_an_empty_business_has_calm_answers(api: APIClient) -> None:
    for address in ALL:
        answer = api.get(address)
        assert answer.status_code == 200, address
    assert api.get("/v1/patterns").json() == {"next": None, "previous": None, "results": []}
    assert "more than one person" in api.get("/v1/trust/reviewers").json()["words"]
    assert "Nothing was recommended" in api.get("/v1/trust/what-if").json()["words"]


def test_patterns_by_category_state_type_and_agent(api: APIClient, shop: Business) -> None:
    a_pattern(shop, "expert")
    a_pattern(shop, "pair", category="consensus", agent_keys=["ada", "bea"], state="confirmed", place=2)
    a_pattern(shop, "size", category="consensus", agent_keys=[], type="strategy", state="retired", place=3)
    assert names(api.get("/v1/patterns")) == ["size", "pair", "expert"]
    assert names(api.get("/v1/patterns?category=consensus")) == ["size", "pair"]
    assert names(api.get("/v1/patterns?state=confirmed")) == ["pair"]
    assert names(api.get("/v1/patterns?type=strategy")) == ["size"]
    assert names(api.get("/v1/patterns?agent=bea")) == ["pair"]
    assert names(api.get("/v1/patterns?agent=b&category=expert")) == []
    size, pair, expert = api.get("/v1/patterns").json()["results"]
    assert [one["participating_agents"] for one in (size, pair, expert)] == [3, 2, 1]
    assert (expert["success_rate"], expert["base_rate"], expert["last_confirmed"]) == (0.9, 0.6, None)


def test_pages_follow_each_other(api: APIClient, shop: Business) -> None:
    for n in range(5):
        a_pattern(shop, str(n))
    first = api.get("/v1/patterns?limit=2&category=expert")
    assert names(first) == ["4", "3"]
    assert names(api.get(first.json()["next"])) == ["2", "1"]


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/v1/patterns?category=luck", "category"),
        ("/v1/patterns?state=gone", "state"),
        ("/v1/patterns?type=%00", "type"),
        ("/v1/trust/head-to-head?type=%00", "type"),
        ("/v1/trust/what-if?critical=much", "critical"),
        ("/v1/trust/what-if?critical=nan", "critical"),
        ("/v1/trust/what-if?critical=0.9", ""),
        ("/v1/trust/what-if?disable=-1", ""),
        ("/v1/trust/what-if?days=0", ""),
        ("/v1/trust/what-if?days=1.5", "days"),
        ("/v1/trust/what-if?days=1e300", ""),
    ],
)
def test_what_makes_no_sense_is_named(api: APIClient, address: str, field: str) -> None:
    answer = api.get(address)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_one_pattern_has_its_timeline(api: APIClient, shop: Business) -> None:
    row = a_pattern(shop, "expert")
    for what in ("found", "confirmed"):
        PatternEvent.objects.create(business=shop, pattern=row, what=what, rate=0.9, trials=80, at=timezone.now())
    found = api.get(f"/v1/patterns/{row.pk}").json()
    assert [one["what"] for one in found["timeline"]] == ["confirmed", "found"]
    assert api.get(f"/v1/patterns/{uuid4()}").status_code == 404


def test_another_business_sees_nothing(other_api: APIClient, shop: Business) -> None:
    row = a_pattern(shop, "expert")
    made = Shop(shop)
    for agent in agents_of(shop, ["Ada", "Bea"]):
        made.answer(agent, 1.0, group="g")
    made.keep()
    assert names(other_api.get("/v1/patterns")) == []
    assert other_api.get(f"/v1/patterns/{row.pk}").status_code == 404
    assert other_api.get("/v1/trust/head-to-head").json()["results"] == []
    assert other_api.get("/v1/trust/what-if").json()["recommendations"] == 0
    assert other_api.get("/v1/trust/health").json()["approvals"] == []


def test_a_key_without_the_scope_is_refused(shop: Business) -> None:
    client = client_for(issue_key(business=shop, name="narrow", scopes=["goals:read"], by=None)[1])
    assert {client.get(address).status_code for address in ALL} == {403}


def test_agents_at_work_are_compared_tried_and_looked_at(api: APIClient, shop: Business) -> None:
    made, draw = Shop(shop), luck(1)
    agents = agents_of(shop, ["Good", "Bad"])
    for n in range(120):
        for agent, rate in zip(agents, (0.95, 0.1), strict=True):
            made.answer(agent, float(draw.random() < rate), group=f"g{n}", days_ago=n / 2)
    made.keep()
    compared = api.get("/v1/trust/head-to-head?type=research").json()
    assert [one["agent"] for one in compared["results"]] == ["agent-0", "agent-1"]
    assert compared["pairs"][0]["better"] > 0.99
    tried = api.get("/v1/trust/what-if?disable=0.4&days=30").json()
    assert {one["agent"]: one["lane"] for one in tried["results"]} == {"agent-0": "critical", "agent-1": "off"}
    assert tried["then"]["thresholds"]["disable"] == 0.4
    health = api.get("/v1/trust/health").json()
    assert health["state"] == "bad" and health["approvals"][0]["agent"] == "agent-1"


def test_a_page_of_many_is_two_queries(api: APIClient, shop: Business, django_assert_max_num_queries: Any) -> None:
    for n in range(60):
        a_pattern(shop, str(n))
    api.get("/v1/patterns")
    with django_assert_max_num_queries(9):
        assert len(names(api.get("/v1/patterns?limit=50"))) == 50
