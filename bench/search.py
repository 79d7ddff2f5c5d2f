"""How fast is a hybrid search of one business among ten, against the bare SQL of its vector part alone?

Ten businesses, each with a shelf of its own, of 100,000 chunks with clustered vectors and words by Zipf's law, written
by COPY. Each question is asked in turn as bare SQL (the nearest 50 only, which is what `search` fuses: no words, no
texts, no documents; and words alone) and by `search` in its three modes, each with the passages' texts and documents;
recall is against comparing every vector of the business. The others' vectors are there but not indexed unless
--index-all: an index of another partition is never opened.

    make bench ARGS="search --businesses 2 --chunks 20000"
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench import ground
from bench.search_data import Filled, Place, fill

if TYPE_CHECKING:
    from apps.knowledge.standing import Standing

TARGET_RATIO, TARGET_RECALL, TARGET_MS = 1.5, 0.97, 15.0
QUESTIONS, ROUNDS = 300, 3


def a_business(number: int, chunks: int, indexed: bool) -> tuple[UUID, Filled]:
    """One with its own shelf, filled; its id, and what to ask it."""
    from django.db import connection, transaction

    from apps.knowledge import indexes
    from apps.knowledge.indexing import ensure_collection
    from apps.knowledge.models import Library
    from apps.knowledge.terms_counting import count

    business, _ = ground.new_business(f"Bench {number}")
    place = ensure_collection(business_id=business.pk, key="replies", kind="replies")
    shelf = indexes.shelves()[-1] + 1
    library = Library.objects.get(pk=business.pk)
    indexes.make_tables(shelf)
    with transaction.atomic():
        filled = fill(Place(business.pk, place.pk, library.model_id, shelf), chunks, QUESTIONS, seed=number)
    indexes.attach(shelf)
    Library.objects.filter(pk=business.pk).update(shelf=shelf)
    if indexed:
        indexes.index_vectors(shelf)
    count(business.pk)
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE knowledge_chunk_{shelf}")
    return business.pk, filled


def bare(standing: "Standing", vector: str, most: int) -> list[UUID]:
    """The vector part alone."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT chunk_id FROM knowledge_vector_{standing.shelf} WHERE business_id = %s"
            f" AND model_id = {standing.model_id}"
            f" ORDER BY embedding::halfvec({standing.dim}) <#> %s::halfvec({standing.dim}) LIMIT {most}",
            [standing.business_id, vector],
        )
        return [row[0] for row in cursor.fetchall()]


def bare_words(standing: "Standing", said: str) -> list[Any]:
    """The words' part alone: the shelf's function, as the fused statement calls it."""
    from django.db import connection

    from apps.knowledge.languages import stemmers_for_query
    from apps.knowledge.statements import BESIDE_BUDGET, DEPTH
    from apps.knowledge.words import tag_of, words_of

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM knowledge_text_hits_{standing.shelf}(%s, %s, %s::text[], %s::text[], %s, %s, NULL, NULL,"
            f" NULL, NULL, {BESIDE_BUDGET}, {DEPTH}, false)",
            [
                standing.business_id, tag_of(standing.business_id), words_of(said),
                stemmers_for_query(said, list(standing.languages)), standing.chunks, standing.mean_tokens,
            ],
        )  # fmt: skip
        return cursor.fetchall()


def exact(standing: "Standing", vector: str, most: int) -> set[UUID]:
    """Every vector compared."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT chunk_id FROM knowledge_vector_{standing.shelf} WHERE business_id = %s"
            f" ORDER BY (embedding <#> %s::halfvec) + 0 LIMIT {most}",
            [standing.business_id, vector],
        )
        return {row[0] for row in cursor.fetchall()}


def measure(business_id: UUID, filled: Filled) -> tuple[dict[str, list[float]], float]:
    """Milliseconds of each way, in turn; recall of ten."""
    from apps.knowledge.searching import search
    from apps.knowledge.shelves import literal
    from apps.knowledge.standing import standing_of

    standing = standing_of(business_id)
    assert standing is not None
    questions = [
        (literal(vector), vector.tolist(), said) for vector, said in zip(filled.vectors, filled.words, strict=True)
    ]
    took: dict[str, list[float]] = {}
    kept = 0.0
    for number in range(ROUNDS):
        for text, vector, said in questions:
            given: dict[str, Any] = {"business_id": business_id, "query": said, "vector": vector}
            ways: dict[str, Callable[[], object]] = {
                "bare SQL, nearest 10": partial(bare, standing, text, 10),
                "bare SQL, nearest 50": partial(bare, standing, text, 50),
                "bare SQL, words": partial(bare_words, standing, said),
                "search, vector": partial(search, **given, mode="vector"),
                "search, text": partial(search, **given, mode="text"),
                "search, hybrid": partial(search, **given),
            }
            for name, call in ways.items():
                took.setdefault(name, []).append(timed(call))
            if number == 0:
                found = {passage.chunk_id for passage in search(**given, mode="vector").passages}
                kept += len(found & exact(standing, text, 10)) / 10
    return took, kept / len(questions)


def timed(call: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__.split("\n")[0])
    parser.add_argument("--businesses", type=int, default=10)
    parser.add_argument("--chunks", type=int, default=100_000, help="of each business")
    parser.add_argument("--index-all", action="store_true", help="build the index of every business")
    asked = parser.parse_args()
    ground.set_up()
    made = []
    for number in range(asked.businesses):
        began = time.monotonic()
        made.append(a_business(number, asked.chunks, number == 0 or asked.index_all))
        print(f"business {number}: {asked.chunks:,} chunks in {time.monotonic() - began:.0f} s", flush=True)
    took, recall = measure(*made[0])
    p95 = {name: quantiles(values, n=20)[-1] for name, values in took.items()}
    for name, values in took.items():
        print(f"{name:22} p50 {median(values):6.2f} ms   p95 {p95[name]:6.2f} ms")
    ratio = p95["search, hybrid"] / p95["bare SQL, nearest 50"]
    near, words, all_in = (median(took[one]) for one in ("bare SQL, nearest 50", "bare SQL, words", "search, hybrid"))
    print(
        f"medians: {all_in / near:.2f} x the bare vector part, {all_in / (near + words):.2f} x both bare parts in turn"
    )
    print(f"recall@10 against exact: {recall:.4f}")
    return ground.verdict(
        (f"hybrid p95 {ratio:.2f} x the bare vector part (at most {TARGET_RATIO})", ratio <= TARGET_RATIO),
        (f"hybrid p95 {p95['search, hybrid']:.1f} ms (at most {TARGET_MS:g})", p95["search, hybrid"] <= TARGET_MS),
        (f"recall@10 {recall:.3f} (at least {TARGET_RECALL})", recall >= TARGET_RECALL),
    )


if __name__ == "__main__":
    sys.exit(main())
