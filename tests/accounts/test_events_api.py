"""The audit trail over REST."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.events import record

pytestmark = pytest.mark.django_db

EVENTS = "/v1/events"


@pytest.fixture(autouse=True)
def trail(shop: Business, other_shop: Business) -> None:
    for number in range(4):
        with acting_for(shop.pk):
            record(
                kind="goal.submitted" if number % 2 else "approval.approved",
                subject_type="goal",
                subject_id=f"s{number}",
                business_id=shop.pk,
                actor="user:alice@example.com",
                number=number,
            )
    with acting_for(other_shop.pk):
        record(kind="goal.secret", subject_type="goal", subject_id="1", business_id=other_shop.pk, actor="key:x")


def numbers(client: APIClient, **query: Any) -> list[int]:
    answer = client.get(EVENTS, query)
    assert answer.status_code == 200, answer.content
    return [event["data"]["number"] for event in answer.json()["results"] if "number" in event["data"]]


def test_it_lists_the_business_s_own_events_newest_first(api: APIClient) -> None:
    assert numbers(api) == [3, 2, 1, 0]
    event = api.get(EVENTS, {"subject_id": "s0"}).json()["results"][0]
    assert set(event) == {"id", "at", "kind", "subject_type", "subject_id", "actor", "data"}


def test_it_filters(api: APIClient) -> None:
    assert numbers(api, kind="goal.submitted") == [3, 1]
    assert numbers(api, kind="goal.") == [3, 1]
    assert numbers(api, subject_type="goal", subject_id="s2") == [2]
    assert numbers(api, actor="user:alice@example.com") == [3, 2, 1, 0]
    assert numbers(api, actor="nobody") == []
    now = datetime.now(UTC)
    assert numbers(api, since=(now - timedelta(hours=1)).isoformat()) == [3, 2, 1, 0]
    assert numbers(api, since=(now + timedelta(hours=1)).isoformat()) == []
    assert numbers(api, until=(now - timedelta(hours=1)).isoformat()) == []


def test_it_goes_on_by_cursor(api: APIClient) -> None:
    first = api.get(EVENTS, {"limit": 2, "actor": "user:alice@example.com"}).json()
    second = api.get(first["next"]).json()
    assert [event["data"]["number"] for event in first["results"] + second["results"]] == [3, 2, 1, 0]
    assert first["previous"] is None
    assert second["next"] is None


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01T00:00:00Z", "12"])
def test_it_names_the_parameter_that_is_wrong(api: APIClient, value: str) -> None:
    answer = api.get(EVENTS, {"since": value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "since"
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["kind", "subject_id", "actor"])
def test_it_refuses_what_no_column_can_hold(api: APIClient, name: str) -> None:
    answer = api.get(f"{EVENTS}?{name}=a%00b")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == name


def test_another_business_sees_its_own_only(other_api: APIClient) -> None:
    kinds = {event["kind"] for event in other_api.get(EVENTS).json()["results"]}
    assert kinds == {"goal.secret", "api_key.issued"}


def test_reviewers_do_not_read_the_trail(signed_in: Any, alice: Any, bob: Any) -> None:
    assert signed_in(alice).get(EVENTS).status_code == 403
    assert signed_in(bob).get(EVENTS).status_code == 200
