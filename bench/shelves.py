"""How many businesses and shelves do the tables of knowledge bear, and when is a shelf of its own worth it?

Three questions, each with its own rows. Many: a search and an indexed document of one small business, first beside
few others on the shared shelf, then beside many. Shelves: the same, and making a shelf, while there are more and more
of them. Own: a business of some size on the shared shelf (every vector compared) and on its own (HNSW), and what
building the index costs.

    make bench ARGS="shelves --businesses 10000 --shelves 1000 --sizes 1000 2000 5000 10000 20000 50000"
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
from bench.search_data import DIM, VOCABULARY, WORDS, Place, copy_rows, fill, unit, word

if TYPE_CHECKING:
    import numpy as np

TIMES = 60
MOST_CHUNKS = 200  # of a small business; most have few
TARGET = 2.0  # a search beside many may take so many times what it takes beside few


def small_businesses(number: int, draw: "np.random.Generator") -> list[tuple[UUID, int]]:
    """(business, chunks) of so many new ones on the shared shelf, written by COPY."""
    from apps.accounts.models import Business
    from apps.core.ids import new_id
    from apps.knowledge.embedders import installed_model
    from apps.knowledge.models import Collection, Library

    model = installed_model()
    names = [word(one) for one in range(VOCABULARY)]
    sizes = draw.geometric(1 / 20, size=number).clip(0, MOST_CHUNKS).tolist()
    made = []
    for begin in range(0, number, 500):
        part = sizes[begin : begin + 500]
        rows = [Business(name="Small", slug=f"small-{new_id().hex[-16:]}") for _ in part]
        businesses = Business.objects.bulk_create(rows)
        Library.objects.bulk_create(
            [Library(business=one, model=model, chunks=size) for one, size in zip(businesses, part, strict=True)]
        )
        places = Collection.objects.bulk_create(
            [Collection(business=one, key="replies", name="Replies", kind="replies") for one in businesses]
        )
        for business, place, size in zip(businesses, places, part, strict=True):
            # By the square: words that many businesses use, and many that few do.
            drawn = (VOCABULARY * draw.random((size, WORDS)) ** 4).astype(int)
            vectors = unit(draw.standard_normal((size, DIM), dtype="float32"))
            copy_rows(Place(business.pk, place.pk, model.pk, 0), drawn, vectors, names)
            made.append((business.pk, size))
    return made


def timed(call: Callable[[], object], times: int = TIMES) -> tuple[float, float]:
    """(median, p95) in milliseconds; the first three do not count."""
    took = []
    for _ in range(times + 3):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return median(took[3:]), quantiles(took[3:], n=20)[-1]


def search_of(business_id: UUID, draw: "np.random.Generator") -> Callable[[], object]:
    """A hybrid search with other words and another vector each time."""
    from apps.knowledge.searching import search

    def ask() -> object:
        vector = unit(draw.standard_normal((1, DIM), dtype="float32"))[0].tolist()
        said = " ".join(word(int(n)) for n in VOCABULARY * draw.random(8) ** 4)
        return search(business_id=business_id, query=said, vector=vector)

    return ask


def index_of(business_id: UUID) -> Callable[[], object]:
    """A document that is new each time."""
    from apps.core.ids import new_id
    from apps.knowledge.indexing import NewDocument, index_many

    def index() -> object:
        key = new_id().hex
        return index_many(business_id=business_id, collection="replies", documents=[NewDocument(key, "", f"New {key}")])

    return index


def report(name: str, business_id: UUID, draw: "np.random.Generator") -> float:
    """Print what a search and a document cost now; the median of a search."""
    from django.db import connection

    # As a process that has just started, which has no plan and knows no table.
    connection.close()
    began = time.perf_counter()
    search_of(business_id, draw)()
    first = (time.perf_counter() - began) * 1000
    found, slow = timed(search_of(business_id, draw))
    kept, _ = timed(index_of(business_id), 20)
    print(
        f"{name:34} search {found:6.2f} (p95 {slow:6.2f}, first {first:6.1f})   a document {kept:6.1f} ms", flush=True
    )
    return found


def many(number: int) -> tuple[float, float]:
    """(beside few, beside many)."""
    import numpy as np
    from django.db import connection

    draw = np.random.default_rng(1)
    one = small_businesses(100, draw)
    mine = min(one, key=lambda pair: abs(pair[1] - 40))[0]
    analyze()
    few = report("100 businesses", mine, draw)
    began = time.monotonic()
    rest = small_businesses(number - 100, draw)
    analyze()
    print(f"{number:,} businesses, {sum(size for _, size in one + rest):,} chunks in {time.monotonic() - began:.0f} s")
    most = report(f"{number:,} businesses", mine, draw)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_size_pretty(pg_total_relation_size('knowledge_chunk_0')),"
            " pg_size_pretty(pg_total_relation_size('knowledge_vector_0'))"
        )
        print("  chunks {}, vectors {}".format(*cursor.fetchone()))
    return few, most


def analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE knowledge_chunk_0")
        cursor.execute("VACUUM ANALYZE knowledge_vector_0")


def shelves(number: int) -> tuple[float, float]:
    """Medians of a search on the first of the shelves, (alone, beside the others)."""
    import numpy as np
    from django.db import connection, transaction

    from apps.knowledge import indexes
    from apps.knowledge.models import Collection, Library

    draw = np.random.default_rng(2)
    names = [word(one) for one in range(VOCABULARY)]
    (mine, _), (other, _) = small_businesses(2, draw)
    alone = with_shelf = 0.0
    for one in range(1, number + 1):
        began = time.perf_counter()
        with transaction.atomic():
            shelf = indexes.make_shelf()
        took = (time.perf_counter() - began) * 1000
        if one == 1:
            library = Library.objects.get(pk=mine)
            place = Place(mine, Collection.objects.get(business_id=mine).pk, library.model_id, shelf)
            drawn = (VOCABULARY * draw.random((2000, WORDS)) ** 4).astype(int)
            copy_rows(place, drawn, unit(draw.standard_normal((2000, DIM), dtype="float32")), names)
            Library.objects.filter(pk=mine).update(shelf=shelf, chunks=2000)
            indexes.index_vectors(shelf)
        if one == 1 or one == number or one % 250 == 0:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*), pg_size_pretty(pg_database_size(current_database())) FROM pg_class")
                print("{:,} shelves: making the last {:.0f} ms; {:,} rows of pg_class, database {}".format(
                    one, took, *cursor.fetchone()))  # fmt: skip
            with_shelf = report("  on its own shelf", mine, draw)
            alone = alone or with_shelf
            report("  on the shared shelf", other, draw)
    return alone, with_shelf


def own(size: int) -> None:
    """One business of this size, on the shared shelf and on its own."""
    from django.db import connection, transaction

    from apps.knowledge import indexes
    from apps.knowledge.indexing import ensure_collection
    from apps.knowledge.models import Library
    from apps.knowledge.searching import search
    from apps.knowledge.standing import forget_standings
    from apps.knowledge.terms_counting import count

    business, _ = ground.new_business(f"Own {size}")
    place = ensure_collection(business_id=business.pk, key="replies", kind="replies")
    library = Library.objects.get(pk=business.pk)

    def asked(shelf: int) -> str:
        with transaction.atomic():
            filled = fill(Place(business.pk, place.pk, library.model_id, shelf), size, 60, seed=size)
        Library.objects.filter(pk=business.pk).update(shelf=shelf)
        began = time.monotonic()
        if shelf:
            indexes.index_vectors(shelf)
        built = time.monotonic() - began
        count(business.pk)
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM ANALYZE knowledge_chunk_{shelf}")
            cursor.execute(f"VACUUM ANALYZE knowledge_vector_{shelf}")
        forget_standings()
        questions = list(zip(filled.vectors.tolist(), filled.words, strict=True))
        words = ""
        for mode in ("vector", "hybrid"):
            ask: list[Any] = [
                partial(search, business_id=business.pk, query=said, vector=vector, mode=mode)
                for vector, said in questions
            ]
            turn = iter(ask * 4)
            took, slow = timed(lambda turn=turn: next(turn)(), 2 * len(ask))  # type: ignore[misc]
            words += f"{mode} {took:6.2f} (p95 {slow:6.2f})  "
        return words + (f"index built in {built:.1f} s" if shelf else "")

    print(f"{size:7,} chunks, shared: {asked(0)}", flush=True)
    with transaction.atomic():
        shelf = indexes.make_shelf()
    print(f"{'':7}         own   : {asked(shelf)}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.shelves", description=__doc__.split("\n")[0])
    parser.add_argument("--businesses", type=int, default=1000)
    parser.add_argument("--shelves", type=int, default=100)
    parser.add_argument("--sizes", type=int, nargs="*", default=[2000, 5000, 10_000])
    asked = parser.parse_args()
    ground.set_up()
    for size in asked.sizes:
        own(size)
    targets = []
    for name, number, measure in (("businesses", asked.businesses, many), ("shelves", asked.shelves, shelves)):
        if number > 100 or (number and name == "shelves"):
            before, after = measure(number)
            words = f"a search beside {number:,} {name} takes {after / before:.2f} x what it took (at most {TARGET:g})"
            targets.append((words, after <= TARGET * before))
    return ground.verdict(*targets)


if __name__ == "__main__":
    sys.exit(main())
