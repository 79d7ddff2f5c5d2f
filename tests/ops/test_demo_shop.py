"""The demo shop's own order and tracking service."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from apps.ops.demo import shop

ASK = RequestFactory()
TODAY = date(2026, 3, 3)


def test_an_order_is_the_same_every_time() -> None:
    assert found("HP-2041") == found("HP-2041") != found("HP-2042")


def test_its_orders_are_always_of_these_days() -> None:
    for today in (TODAY, TODAY + timedelta(days=400)):
        newest, shipped, old = (shop.order_of(f"HP-{number}", today) for number in (2199, 2164, 1900))
        assert newest and newest["placed_on"] == today.isoformat() and newest["status"] == "paid"
        assert shipped and shipped["parcel"]["expected_on"] > today.isoformat() and shipped["status"] == "shipped"
        assert old and old["placed_on"] < old["parcel"]["delivered_on"] < today.isoformat()


@pytest.mark.parametrize("number", ["", "HP-", "HP-1899", "HP-2200", "HP-²041", "2041x", "HP-" + "9" * 400])
def test_there_is_no_order_of_another_number(number: str) -> None:
    assert shop.order_of(number, TODAY) is None
    assert shop.order(ASK.get("/", {"order_id": number})).status_code == 404


def test_a_parcel_belongs_to_an_order_that_was_sent() -> None:
    sent = [order for n in range(shop.FIRST, shop.LAST + 1) if "parcel" in (order := found(f"HP-{n}"))]
    assert 50 < len(sent) < 300
    for order in sent:
        answer = shop.parcel(ASK.get("/", {"tracking_number": order["parcel"]["tracking_number"]}))
        assert answer.status_code == 200
        assert order["order_id"] in answer.content.decode()


@pytest.mark.parametrize("number", ["", "PN4820", "PN48201", "XX48202041", "PN4820204", "PN482020411"])
def test_there_is_no_parcel_of_another_number(number: str) -> None:
    assert shop.parcel(ASK.get("/", {"tracking_number": number})).status_code == 404


def found(number: str) -> dict[str, Any]:
    order = shop.order_of(number, TODAY)
    assert order is not None
    return order
