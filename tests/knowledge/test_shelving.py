"""A business that has grown gets a shelf of its own, online; killed anywhere, it goes on."""

import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, connections
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.migration_ops import APP_ROLE
from apps.knowledge import shelving
from apps.knowledge.indexes import drop_shelf, index_name, make_shelf, shelves
from apps.knowledge.indexing import NewDocument, ensure_collection, index_document, index_many
from apps.knowledge.models import Chunk, Document, Library, Vector
from apps.knowledge.removing import remove_document
from apps.knowledge.searching import search
from apps.knowledge.shelving import GRACE, give_shelf, keep_shelves
from apps.knowledge.standing import forget_standings
from apps.knowledge.terms_counting import count

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_shelves_stay(db: Any) -> Any:
    yield
    if not connection.in_atomic_block:
        for shelf in shelves()[1:]:
            drop_shelf(shelf)


def fill(business: Business, number: int = 12) -> None:
    ensure_collection(business_id=business.pk, key="faq")
    documents = [
        NewDocument(str(n), "", f"Question {n} about order {1000 + n}.", meta={"n": n % 3}) for n in range(number)
    ]
    index_many(business_id=business.pk, collection="faq", documents=documents)


def keys(business: Any, query: Any = "question about an order", **more: Any) -> Any:
    forget_standings()
    return {p.key for p in search(business_id=business.pk, query=query, limit=50, **more).passages}


def later() -> Any:
    return timezone.now() + GRACE + timedelta(seconds=1)


def where(business: Any) -> Any:
    """{shelf: chunks}, {shelf: vectors}."""

    def by_shelf(model: Any) -> Any:
        found: dict[int, int] = {}
        for shelf in model.objects.filter(business_id=business.pk).values_list("shelf", flat=True):
            found[shelf] = found.get(shelf, 0) + 1
        return found

    return by_shelf(Chunk), by_shelf(Vector)


def test_it_moves_everything_and_searches_find_the_same(shop: Any, other_shop: Any) -> None:
    fill(shop)
    fill(other_shop)
    before = keys(shop)
    assert not give_shelf(business_id=shop.pk), "the old rows wait for searches that began before"
    library = Library.objects.get(pk=shop.pk)
    assert (library.stage, library.next_shelf) == ("clearing", None) and library.shelf > 0
    assert keys(shop) == before
    assert give_shelf(business_id=shop.pk, now=later())
    assert where(shop) == ({library.shelf: 12}, {library.shelf: 12})
    assert where(other_shop) == ({0: 12}, {0: 12})
    assert keys(shop) == before == keys(other_shop)
    for mode in ("vector", "text", "hybrid"):
        assert len(keys(shop, mode=mode)) == 12
    assert keys(shop, query="order 1007", mode="text") >= {"7"}
    assert keys(shop, filters={"n": 1}) == {"1", "4", "7", "10"}
    assert give_shelf(business_id=shop.pk, now=later()), "twice does no harm"


def test_the_index_of_the_shelf_is_used(shop: Any) -> None:
    fill(shop)
    give_shelf(business_id=shop.pk)
    library = Library.objects.get(pk=shop.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relname = %s",
            [index_name(library.shelf, library.model_id)],
        )
        assert cursor.fetchone() == (True,)
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(
            f"EXPLAIN SELECT chunk_id FROM knowledge_vector_{library.shelf}"
            f" WHERE business_id = %s AND model_id = {library.model_id}"
            f" ORDER BY embedding::halfvec(384) <#>"
            f" (SELECT embedding::halfvec(384) FROM knowledge_vector_{library.shelf} LIMIT 1) LIMIT 10",
            [shop.pk],
        )
        assert index_name(library.shelf, library.model_id) in "".join(row[0] for row in cursor.fetchall())


@pytest.mark.parametrize("stage", ["copying", "indexing", "clearing"])
def test_writers_are_not_lost_at_any_stage(shop: Any, stage: Any) -> None:
    fill(shop)
    shelving._begin(shop.pk)
    if stage in ("indexing", "clearing"):
        shelving._copy(shop.pk)
    if stage == "clearing":
        shelving._index(shop.pk)
    forget_standings()
    index_document(business_id=shop.pk, collection="faq", key="new", title="", text="Question of a late order.")
    index_document(business_id=shop.pk, collection="faq", key="3", title="", text="Question 3 has another order.")
    remove_document(business_id=shop.pk, collection="faq", key="5")
    wanted = {str(n) for n in range(12) if n != 5} | {"new"}
    assert keys(shop) == wanted
    give_shelf(business_id=shop.pk)
    give_shelf(business_id=shop.pk, now=later())
    assert keys(shop) == wanted
    assert where(shop)[0] == where(shop)[1] == {Library.objects.get().shelf: 12}
    assert keys(shop, query="another", mode="text") == {"3"}


def test_a_copy_that_was_killed_between_batches_goes_on(shop: Any, monkeypatch: Any) -> None:
    fill(shop)
    monkeypatch.setattr(shelving, "DOCUMENTS_AT_ONCE", 5)
    moves = 0
    real = shelving.Library.objects.filter

    class Killed(BaseException):
        pass

    def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal moves
        moves += kwargs.get("stage") == "copying"
        if moves == 2:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(shelving.Library.objects, "filter", dying)
    with pytest.raises(Killed):
        give_shelf(business_id=shop.pk)
    monkeypatch.undo()
    assert Library.objects.get().stage == "copying"
    assert len(keys(shop)) == 12
    give_shelf(business_id=shop.pk)
    assert give_shelf(business_id=shop.pk, now=later())
    assert where(shop)[0] == {Library.objects.get().shelf: 12}


def test_only_those_that_have_grown_get_a_shelf(shop: Any, other_shop: Any, settings: Any) -> None:
    settings.KNOWLEDGE_OWN_SHELF = 10
    fill(shop)
    fill(other_shop, 5)
    count(shop.pk)
    count(other_shop.pk)
    keep_shelves()
    assert Library.objects.get(pk=shop.pk).shelf > 0
    assert Library.objects.get(pk=other_shop.pk).shelf == 0


def test_a_bound_role_sees_nothing_of_others_on_any_shelf(shop: Any, other_shop: Any) -> None:
    fill(shop)
    give_shelf(business_id=shop.pk)
    shelf = Library.objects.get(pk=shop.pk).shelf
    for table in ("knowledge_chunk", "knowledge_vector"):
        for name in (table, f"{table}_{shelf}", f"{table}_0"):
            with acting_for(other_shop.pk), connection.cursor() as cursor:
                cursor.execute(f"SELECT count(*) FROM {name}")
                assert cursor.fetchone() == (0,), name
                cursor.execute(f"DELETE FROM {name}")
                assert cursor.rowcount == 0, name
    with acting_for(shop.pk), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM knowledge_chunk_{shelf}")
        assert cursor.fetchone() == (12,)
    with pytest.raises(ProgrammingError), acting_for(other_shop.pk), connection.cursor() as cursor:
        cursor.execute(f"UPDATE knowledge_chunk_{shelf} SET business_id = %s", [other_shop.pk])
        cursor.execute(f"DROP TABLE knowledge_chunk_{shelf}")


def test_functions_of_a_shelf_answer_the_current_business_only(shop: Any, other_shop: Any) -> None:
    fill(shop)
    call = (
        "SELECT count(*) FROM knowledge_text_hits_0(%s, %s, '{order}', '{english_stem}', 12, 9, NULL, NULL, NULL, NULL,"
        " 600, 50, false)"
    )
    with connection.cursor() as cursor:
        cursor.execute(call, [shop.pk, shop.pk.hex[-6:]])
        assert cursor.fetchone() == (12,)
        with acting_for(other_shop.pk):
            cursor.execute(call, [shop.pk, shop.pk.hex[-6:]])
            assert cursor.fetchone() == (0,)
            cursor.execute("SELECT count(*) FROM knowledge_kept_0(%s, NULL, NULL, NULL, NULL, 50)", [shop.pk])
            assert cursor.fetchone() == (0,)
        cursor.execute(f"SET LOCAL ROLE {APP_ROLE}")
        cursor.execute(call, [shop.pk, shop.pk.hex[-6:]])
        assert cursor.fetchone() == (0,)
        cursor.execute("RESET ROLE")


@pytest.mark.django_db(transaction=True)
def test_writers_and_searches_go_on_while_it_moves(shop: Any) -> None:  # noqa: C901
    fill(shop, 40)
    stop = threading.Event()
    problems: list[Any] = []
    written: list[int] = []

    def write() -> None:
        try:
            n = 0
            while not stop.is_set():
                index_document(
                    business_id=shop.pk, collection="faq", key=f"w{n % 7}", title="", text=f"Question {n} of a writer."
                )
                written.append(n)
                n += 1
        except Exception as error:
            problems.append(error)
        finally:
            connections.close_all()

    def look() -> None:
        try:
            while not stop.is_set():
                found = {
                    p.key
                    for p in search(
                        business_id=shop.pk, query="question about an order", limit=100, mode="vector"
                    ).passages
                }
                if not {str(n) for n in range(40)} <= found:
                    problems.append(found)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write), threading.Thread(target=look)]
    for thread in threads:
        thread.start()
    try:
        give_shelf(business_id=shop.pk)
        give_shelf(business_id=shop.pk, now=later())
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert problems == [] and written
    library = Library.objects.get()
    assert library.shelf > 0
    documents = Document.objects.count()
    assert where(shop)[0] == where(shop)[1] == {library.shelf: documents}


@pytest.mark.django_db(transaction=True)
def test_half_an_index_of_a_killed_process_is_built_anew(shop: Any) -> None:
    fill(shop)
    shelving._begin(shop.pk)
    shelving._copy(shop.pk)
    library = Library.objects.get()
    assert library.next_shelf is not None
    name = index_name(library.next_shelf, library.model_id)
    parameters = {
        k: v for k, v in connection.get_connection_params().items() if k in ("dbname", "user", "host", "port")
    }
    with psycopg.connect(**parameters, autocommit=True) as raw:
        # One whose predicate fails half-way leaves what a killed one leaves: an index that is not valid.
        with pytest.raises(psycopg.Error):
            raw.execute(
                f"CREATE INDEX CONCURRENTLY {name} ON knowledge_vector_{library.next_shelf}"
                " ((1 / (model_id - model_id)))"
            )
        assert raw.execute(
            "SELECT indisvalid FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relname = %s", [name]
        ).fetchone() == (False,)
    give_shelf(business_id=shop.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relname = %s", [name]
        )
        assert cursor.fetchone() == (True,)
    assert Library.objects.get().stage == "clearing"


def test_many_shelves_are_numbered_apart(db: Any) -> None:
    assert make_shelf() + 1 == make_shelf()
