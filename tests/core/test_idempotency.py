"""A repeated request gets the first answer; it is never carried out twice."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.errors import InFlight, Invalid, KeyReused
from apps.core.idempotency import fingerprint, once
from apps.core.models import KeptAnswer

PRINT = fingerprint("POST", "/v1/goals", b"{}")


class Act:
    """Counts how often it is carried out."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> tuple[int, dict[str, Any]]:
        self.times += 1
        return 201, {"number": self.times}


@pytest.fixture
def act() -> Act:
    return Act()


def ask(shop: Business, act: Act, key: str = "k1", print_: str = PRINT) -> tuple[tuple[int, dict[str, Any]], bool]:
    with acting_for(shop.pk):
        return once(business_id=shop.pk, key=key, print_=print_, act=act)


@pytest.mark.django_db
def test_it_answers_a_repetition_with_the_first_answer(shop: Business, act: Act) -> None:
    assert ask(shop, act) == ((201, {"number": 1}), False)
    assert ask(shop, act) == ((201, {"number": 1}), True)
    assert ask(shop, act, key="k2") == ((201, {"number": 2}), False)
    assert act.times == 2


@pytest.mark.django_db
def test_it_refuses_the_key_for_another_request(shop: Business, act: Act) -> None:
    ask(shop, act)
    for other in (
        fingerprint("POST", "/v1/goals", b"{ }"),
        fingerprint("PUT", "/v1/goals", b"{}"),
        fingerprint("POST", "/v1/other", b"{}"),
    ):
        with pytest.raises(KeyReused):
            ask(shop, act, print_=other)
    assert act.times == 1


@pytest.mark.django_db
def test_businesses_do_not_share_keys(shop: Business, other_shop: Business, act: Act) -> None:
    ask(shop, act)
    assert ask(other_shop, act) == ((201, {"number": 2}), False)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 201])
def test_it_refuses_a_key_of_the_wrong_length(shop: Business, act: Act, key: str) -> None:
    with pytest.raises(Invalid, match="200 characters"):
        ask(shop, act, key=key)


@pytest.mark.django_db
def test_an_act_that_fails_keeps_no_answer(shop: Business, act: Act) -> None:
    def fail() -> tuple[int, dict[str, Any]]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), acting_for(shop.pk):
        once(business_id=shop.pk, key="k1", print_=PRINT, act=fail)
    assert not KeptAnswer.objects.exists()
    assert ask(shop, act)[1] is False


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_time_one_is_told_to_wait(shop: Business, act: Act) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> tuple[int, dict[str, Any]]:
        begun.set()
        go_on.wait(10)
        return act()

    def first() -> None:
        try:
            with transaction.atomic(), acting_for(shop.pk):
                once(business_id=shop.pk, key="k1", print_=PRINT, act=slowly)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait(10)
    with pytest.raises(InFlight):
        ask(shop, act)
    assert ask(shop, act, key="another") == ((201, {"number": 1}), False)
    go_on.set()
    thread.join(10)
    assert ask(shop, act) == ((201, {"number": 2}), True)
    assert act.times == 2
