"""The shelf of a business that is gone goes too."""

from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from apps.accounts.models import Business
from apps.knowledge import tasks
from apps.knowledge.indexes import drop_shelf, make_shelf, shelves
from apps.knowledge.indexing import ensure_collection, index_document
from apps.knowledge.models import Library
from apps.knowledge.searching import search
from apps.knowledge.shelving import drop_unused, give_shelf
from apps.knowledge.standing import forget_standings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_shelves_stay(db: Any) -> Any:
    yield
    if not connection.in_atomic_block:
        for shelf in shelves()[1:]:
            drop_shelf(shelf)


def fill(business: Business) -> None:
    ensure_collection(business_id=business.pk, key="faq")
    index_document(business_id=business.pk, collection="faq", key="1", title="", text="A question about an order.")


def test_the_shelf_of_a_deleted_business_is_dropped_and_no_other(shop: Any, other_shop: Any) -> None:
    for business in (shop, other_shop):
        fill(business)
        give_shelf(business_id=business.pk)
    mine, theirs = (Library.objects.get(pk=one.pk).shelf for one in (shop, other_shop))
    assert drop_unused() == 0, "shelves that are named stay"
    Library.objects.get(pk=shop.pk).delete()
    tasks.keep_shelves()
    assert mine not in shelves() and theirs in shelves()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE %s", [f"knowledge%_{mine}"])
        assert cursor.fetchone() == (0,)
    assert drop_unused() == 0
    forget_standings()
    assert len(search(business_id=other_shop.pk, query="order").passages) == 1


@pytest.mark.django_db(transaction=True)
def test_a_shelf_somebody_works_on_is_dropped_later(db: Any) -> None:
    with transaction.atomic():
        shelf = make_shelf()
    parameters = {
        k: v for k, v in connection.get_connection_params().items() if k in ("dbname", "user", "host", "port")
    }
    with psycopg.connect(**parameters) as raw:
        raw.execute(f"SELECT count(*) FROM knowledge_chunk_{shelf}")
        assert drop_unused() == 0 and shelf in shelves()
        raw.rollback()
    assert drop_unused() == 1 and shelf not in shelves()
