"""Several searches in one transaction, each within what is left of its time."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Business
from apps.accounts.row_access import current_business_id
from apps.knowledge.asking import OutOfTime, together, within

pytestmark = pytest.mark.django_db(transaction=True)


def limit() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return cursor.fetchone()[0]


def test_searches_share_a_limit_that_ends_with_their_transaction(shop: Business) -> None:
    with CaptureQueriesContext(connection) as seen, together(shop.pk, 2.0):
        assert current_business_id() == shop.pk
        with within(1.99):
            assert limit() == "2s"
        with within(0.5):
            assert limit() == "500ms"
        with within(0.49):
            assert limit() == "500ms"
    assert sum("statement_timeout =" in one["sql"] for one in seen) == 2
    assert limit() == "0" and current_business_id() is None


def test_one_that_takes_too_long_ends_the_others_and_leaves_nothing_behind(shop: Business) -> None:
    with pytest.raises(OutOfTime), together(shop.pk, 5.0), within(0.02), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    assert limit() == "0" and current_business_id() is None
    assert Business.objects.filter(pk=shop.pk).exists()


def test_a_search_by_itself_leaves_no_limit(shop: Business) -> None:
    with pytest.raises(OutOfTime), within(0.02), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    assert limit() == "0"
