"""Businesses full of chunks for bench.search: clustered vectors and words by Zipf's law, written by COPY."""

import uuid
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIM = 384
CLUSTERS, SPREAD = 400, 0.9  # themes in a business; how far its chunks stray from theirs
VOCABULARY, WORDS = 40_000, 50  # different words; words in a chunk
DOCUMENT = 5  # chunks
STEP = 20_000  # rows at once
# Words that stemming leaves as they are, and that are no stop words.
_SYLLABLES = ["ba", "do", "fu", "ka", "lo", "mu", "pa", "ro", "tu", "va", "zo", "gu", "ka", "du", "po"]


class Place(NamedTuple):
    """Where the rows of one business go."""

    business: UUID
    collection: UUID
    model: int
    shelf: int


class Filled(NamedTuple):
    """What questions are made of: vectors near chunks, and words of them."""

    vectors: "NDArray[np.float32]"
    words: list[str]


def word(number: int) -> str:
    """Different for each number; written so that it is its own stem."""
    name = ""
    while True:
        number, rest = divmod(number, len(_SYLLABLES) - 3)
        name += _SYLLABLES[rest]
        if not number:
            return "x" + name + "x"


def fill(place: Place, chunks: int, questions: int, seed: int) -> Filled:
    """Documents, chunks and vectors of a business, straight into the tables of its shelf."""
    import numpy as np

    draw = np.random.default_rng(seed)
    centres = unit(draw.standard_normal((CLUSTERS, DIM), dtype=np.float32))
    weights = 1 / np.arange(1, VOCABULARY + 1)
    weights /= weights.sum()
    names = [word(number) for number in range(VOCABULARY)]
    asked: list[NDArray[np.float32]] = []
    said: list[str] = []
    for begin in range(0, chunks, STEP):
        number = min(STEP, chunks - begin)
        ids = [_id(begin + n) for n in range(number)]
        documents = [ids[n - n % DOCUMENT] for n in range(number)]
        drawn = draw.choice(VOCABULARY, size=(number, WORDS), p=weights)
        vectors = unit(centres[draw.integers(CLUSTERS, size=number)] + _noise(draw, number))
        _copy_documents(place, documents[::DOCUMENT])
        _copy_chunks(place, ids, documents, drawn, names)
        _copy_vectors(place, ids, vectors)
        share = questions * number // chunks
        picked = draw.choice(number, size=share, replace=False)
        asked.append(unit(vectors[picked] + 0.5 * _noise(draw, share)))
        said += [" ".join(names[n] for n in draw.choice(drawn[row], size=8, replace=False)) for row in picked]
    return Filled(np.concatenate(asked), said)


def copy_rows(place: Place, drawn: Any, vectors: "NDArray[np.float32]", names: list[str]) -> None:
    """A chunk with its document for each row. drawn: numbers of words."""
    ids = [_id(number) for number in range(len(drawn))]
    if ids:
        documents = [ids[n - n % DOCUMENT] for n in range(len(ids))]
        _copy_documents(place, documents[::DOCUMENT])
        _copy_chunks(place, ids, documents, drawn, names)
        _copy_vectors(place, ids, vectors)


def _noise(draw: "np.random.Generator", number: int) -> "NDArray[np.float32]":
    import numpy as np

    noise: NDArray[np.float32] = draw.standard_normal((number, DIM), dtype=np.float32) * np.float32(SPREAD / DIM**0.5)
    return noise


def unit(rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
    import numpy as np

    lengths: NDArray[np.float32] = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / lengths


def _id(number: int) -> UUID:
    """In order, as ids of ours are, and new each time."""
    return uuid.UUID(int=(0x0190_0000_0000 + number) << 80 | 0x7 << 76 | 2 << 62 | uuid.uuid4().int & (2**62 - 1))


def _copy_documents(place: Place, ids: list[UUID]) -> None:
    with _copy(
        "knowledge_document (id, business_id, collection_id, key, title, text, searchable, whole, meta, source,"
        " language, content_hash, chunks_count, created_at, indexed_at)"
    ) as copy:
        for one in ids:
            copy.write_row(
                (one, place.business, place.collection, str(one), "A document", "text", "", False, "{}", "", "en",
                 one.hex, DOCUMENT, "2026-01-01", "2026-01-01")
            )  # fmt: skip


def _copy_chunks(place: Place, ids: list[UUID], documents: list[UUID], drawn: Any, names: list[str]) -> None:
    from apps.knowledge.words import tag_of

    tag = tag_of(place.business)
    with _copy(
        f"knowledge_chunk_{place.shelf} (id, shelf, business_id, document_id, collection_id, position, heading, start,"
        ' "end", tokens, text, searchable, digest, terms, created_at)'
    ) as copy:
        for one, document, row in zip(ids, documents, drawn.tolist(), strict=True):
            terms = " ".join(f"'{tag}.{names[n]}'" for n in set(row))
            text = " ".join(names[n] for n in row)
            copy.write_row(
                (one, place.shelf, place.business, document, place.collection, 0, "", 0, len(text), WORDS, text, "", "",
                 terms, "2026-01-01")
            )  # fmt: skip


def _copy_vectors(place: Place, ids: list[UUID], vectors: "NDArray[np.float32]") -> None:
    """Binary: a row is the number of its fields, then each field with its length; a halfvec is its dimension, a zero,
    and its numbers."""
    import numpy as np

    row = np.dtype(
        [("fields", ">i2"), ("l1", ">i4"), ("shelf", ">i4"), ("l2", ">i4"), ("business", "S16"), ("l3", ">i4"),
         ("chunk", "S16"), ("l4", ">i4"), ("model", ">i8"), ("l5", ">i4"), ("collection", "S16"), ("l6", ">i4"),
         ("dim", ">i2"), ("unused", ">i2"), ("embedding", ">f2", (DIM,))]
    )  # fmt: skip
    rows = np.zeros(len(ids), dtype=row)
    given = {
        "fields": 6, "l1": 4, "shelf": place.shelf, "l2": 16, "business": place.business.bytes, "l3": 16, "l4": 8,
        "model": place.model, "l5": 16, "collection": place.collection.bytes, "l6": 4 + 2 * DIM, "dim": DIM,
    }  # fmt: skip
    for name, value in given.items():
        rows[name] = value
    rows["chunk"] = np.array([one.bytes for one in ids], dtype="S16")
    rows["embedding"] = vectors
    with _copy(
        f"knowledge_vector_{place.shelf} (shelf, business_id, chunk_id, model_id, collection_id, embedding)",
        " WITH (FORMAT binary)",
    ) as copy:
        copy.write(b"PGCOPY\n\xff\r\n\x00" + bytes(8) + rows.tobytes() + b"\xff\xff")


def _copy(into: str, how: str = "") -> Any:
    from django.db import connection

    connection.ensure_connection()
    assert connection.connection is not None
    return connection.connection.cursor().copy(f"COPY {into} FROM STDIN{how}")
