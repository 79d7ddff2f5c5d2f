"""Lists in pages that stay true while rows come and go."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.events import record

pytestmark = pytest.mark.django_db


def add(shop: Business, count: int, start: int = 0) -> None:
    with acting_for(shop.pk):
        for number in range(start, start + count):
            record(kind="list.item", subject_type="x", subject_id=number, business_id=shop.pk, actor="user:a", n=number)  # type: ignore[arg-type]


def page(api: APIClient, address: str = "/v1/events", **query: Any) -> dict[str, Any]:
    response = api.get(address, {"kind": "list.item", **query} if query or "?" not in address else None)
    assert response.status_code == 200, response.content
    return response.json()


def numbers(found: dict[str, Any]) -> list[int]:
    return [event["data"]["n"] for event in found["results"]]


def test_a_row_that_comes_meanwhile_shifts_no_page(api: APIClient, shop: Business) -> None:
    add(shop, 5)
    first = page(api, limit=2)
    add(shop, 3, start=5)
    second = page(api, first["next"])
    third = page(api, second["next"])
    assert [numbers(first), numbers(second), numbers(third)] == [[4, 3], [2, 1], [0]]
    assert numbers(page(api, third["previous"])) == [2, 1]


@pytest.mark.parametrize(("limit", "shown"), [("0", 50), ("-1", 50), ("x", 50), ("201", 60), ("3", 3)])
def test_the_limit_is_kept_within_bounds(api: APIClient, shop: Business, limit: str, shown: int) -> None:
    add(shop, 60)
    assert len(numbers(page(api, limit=limit))) == shown


@pytest.mark.parametrize("cursor", ["x", "cD0yMDI2", "cD1ub3RhbmlkCg==", "cD0A"])
def test_a_cursor_that_is_not_ours_is_not_found(api: APIClient, shop: Business, cursor: str) -> None:
    add(shop, 1)
    response = api.get(f"/v1/events?cursor={cursor}")
    assert response.status_code == 404, response.content
    assert response["Content-Type"] == "application/problem+json"
