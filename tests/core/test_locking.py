"""One at a time, across transactions and processes, and a lock goes with who had it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from apps.core.locking import holding, try_lock

pytestmark = pytest.mark.django_db(transaction=True)


def from_elsewhere(what: str, *, within: bool = False) -> bool:
    """Whether another connection gets the lock now."""

    def ask() -> bool:
        try:
            if within:
                with transaction.atomic():
                    return try_lock(what)
            with holding(what) as mine:
                return mine
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


def test_it_is_held_for_the_block_whatever_is_committed_or_rolled_back() -> None:
    with holding("a") as mine:
        assert mine
        assert not from_elsewhere("a")
        assert from_elsewhere("b")
        with transaction.atomic():
            pass
        with transaction.atomic():
            transaction.set_rollback(True)
        assert not from_elsewhere("a")
        assert not from_elsewhere("a", within=True)
    assert from_elsewhere("a")


def test_it_goes_with_an_error_too() -> None:
    with pytest.raises(ZeroDivisionError), holding("a"):
        raise ZeroDivisionError
    assert from_elsewhere("a")


def test_it_goes_with_the_connection() -> None:
    with holding("a") as mine:
        assert mine
        connection.close()
        assert from_elsewhere("a")


def test_entered_twice_it_is_held_until_the_outer_block_ends() -> None:
    with holding("a") as outer:
        with holding("a") as inner:
            assert outer and inner
        assert not from_elsewhere("a")


def test_the_lock_of_a_transaction_goes_with_it() -> None:
    with transaction.atomic():
        assert try_lock("a")
        assert not from_elsewhere("a", within=True)
    assert from_elsewhere("a", within=True)
