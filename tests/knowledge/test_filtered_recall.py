"""A filter on a shelf with an index leaves out nothing that is near, however little it leaves."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.db import connection

from apps.accounts.models import Business
from apps.knowledge import searching
from apps.knowledge.indexes import index_vectors, make_shelf
from apps.knowledge.indexing import ensure_collection
from apps.knowledge.models import Library
from apps.knowledge.searching import search
from apps.knowledge.standing import forget_standings
from apps.knowledge.words import tag_of
from bench.search_data import Place, fill

pytestmark = pytest.mark.django_db

CHUNKS, QUESTIONS, LEAST = 4000, 30, 0.95


@pytest.fixture
def shelf(shop: Business) -> Iterator[tuple[int, Any]]:
    """Chunks on an own shelf; a hundredth and a tenth of them in collections and with a value of their own."""
    places = {key: ensure_collection(business_id=shop.pk, key=key) for key in ("most", "percent", "tenth")}
    library = Library.objects.get(pk=shop.pk)
    number = make_shelf()
    Library.objects.filter(pk=shop.pk).update(shelf=number, chunks=CHUNKS)
    filled = fill(Place(shop.pk, places["most"].pk, library.model_id, number), CHUNKS, QUESTIONS, seed=5)
    tag = tag_of(shop.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE knowledge_chunk_{number} c SET terms = terms || array_to_tsvector(ARRAY[CASE"
            f" WHEN row < {CHUNKS // 100} THEN '{tag}=part=percent' WHEN row < {CHUNKS // 10} THEN '{tag}=part=tenth'"
            f" ELSE '{tag}=part=most' END]) FROM (SELECT id, row_number() OVER (ORDER BY md5(id::text)) AS row"
            f" FROM knowledge_chunk_{number}) AS r WHERE r.id = c.id"
        )
        for key in ("percent", "tenth"):
            cursor.execute(
                f"WITH moved AS (UPDATE knowledge_chunk_{number} SET collection_id = %s WHERE terms @@ %s::tsquery"
                f" RETURNING id) UPDATE knowledge_vector_{number} SET collection_id = %s"
                " WHERE chunk_id IN (SELECT id FROM moved)",
                [places[key].pk, f"'{tag}=part={key}'", places[key].pk],
            )
    index_vectors(number)
    forget_standings()
    yield number, filled


def exact(shelf: int, vector: Any, collection: UUID) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT chunk_id FROM knowledge_vector_{shelf} WHERE collection_id = %s"
            " ORDER BY (embedding <#> %s::halfvec) + 0 LIMIT 10",
            [collection, str(vector.tolist())],
        )
        return {row[0] for row in cursor.fetchall()}


def prefer_the_index() -> None:
    """On so few rows the planner would rather sort them."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")


@pytest.mark.parametrize("by_index", [False, True])
def test_a_filter_keeps_its_recall(shop: Any, shelf: Any, monkeypatch: Any, by_index: Any) -> None:
    number, filled = shelf
    if by_index:  # what is done where a filter leaves more than FEW
        monkeypatch.setattr(searching, "FEW", 0)
        prefer_the_index()
    for key in ("percent", "tenth"):
        place = ensure_collection(business_id=shop.pk, key=key).pk
        for given in ({"collections": [key]}, {"filters": {"part": key}}):
            kept = []
            for vector in filled.vectors:
                ask: dict[str, Any] = {"business_id": shop.pk, "query": "", "vector": vector.tolist(), "mode": "vector"}
                found = {one.chunk_id for one in search(**ask, **given).passages}
                kept.append(len(found & exact(number, vector, place)) / 10)
            assert np.mean(kept) >= LEAST, (key, given, by_index)


def test_the_index_is_left_where_it_gives_up_too_soon(shop: Any, shelf: Any, monkeypatch: Any) -> None:
    number, filled = shelf
    monkeypatch.setattr(searching, "FEW", 0)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL hnsw.max_scan_tuples = 100")
    prefer_the_index()
    for key in ("percent", "tenth"):
        place = ensure_collection(business_id=shop.pk, key=key).pk
        ask: dict[str, Any] = {"business_id": shop.pk, "query": "", "mode": "vector", "collections": [key]}
        kept = [
            len({one.chunk_id for one in search(**ask, vector=vector.tolist()).passages} & exact(number, vector, place))
            for vector in filled.vectors
        ]
        assert np.mean(kept) / 10 >= LEAST, key
