"""The demo shop's own order and tracking service."""

from typing import Any

import pytest
from django.test import RequestFactory

from apps.ops.demo import shop

ASK = RequestFactory()


def test_an_order_is_the_same_every_time() -> None:
    assert shop.order_of("HP-2041") == shop.order_of("HP-2041")
    assert shop.order_of("HP-2041") != shop.order_of("HP-2042")


@pytest.mark.parametrize("number", ["", "HP-", "HP-1899", "HP-2200", "HP-²041", "2041x", "HP-" + "9" * 400])
def test_there_is_no_order_of_another_number(number: str) -> None:
    assert shop.order_of(number) is None
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
    order = shop.order_of(number)
    assert order is not None
    return order
