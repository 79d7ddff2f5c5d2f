"""ACT: texts to vectors through what is kept: the memory of the process, then the database, then the model.

Kept by business, model and content: a text is embedded once a business, however often and wherever it comes again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.knowledge.cache_counting import count
from apps.knowledge.embedders import count_tokens, embed
from apps.knowledge.models import CachedVector, EmbeddingModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float32]

MOST_IN_MEMORY = 8_192  # vectors; of 384 numbers about 12 MB a process when full
# Of one statement, so that a batch of thousands needs no parameter list beyond reason.
_PIECE = 1_000
# Embedded with one call, and kept before the next: a large document gets in though a slow model fails in its midst.
AT_ONCE = 384
# What is kept is noted as used, and what is found too much goes, in places that nobody else writes to just then.
_TOUCH = """
UPDATE knowledge_cachedvector SET used_on = %s WHERE (business_id, model, digest) IN (
    SELECT business_id, model, digest FROM knowledge_cachedvector
    WHERE business_id = %s AND model = %s AND digest = ANY (%s::text[]) AND used_on < %s
    FOR NO KEY UPDATE SKIP LOCKED
)
"""


@dataclass(frozen=True, slots=True)
class Vectors:
    """rows: float32 of shape (texts, dim), of length 1. tokens: of what was embedded anew. hits: texts that were kept
    already, misses: texts embedded anew; a text given twice counts once."""

    rows: Array
    tokens: int
    hits: int
    misses: int


class _Memory:
    """The vectors used last, for all businesses of the process; safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows: OrderedDict[tuple[UUID, str, str], Array] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, business_id: UUID, model: str, digests: Iterable[str]) -> dict[str, Array]:
        found = {}
        with self._lock:
            for digest in digests:
                row = self._rows.get((business_id, model, digest))
                if row is not None:
                    self._rows.move_to_end((business_id, model, digest))
                    found[digest] = row
        return found

    def keep(self, business_id: UUID, model: str, rows: Mapping[str, Array]) -> None:
        with self._lock:
            self._rows.update(((business_id, model, digest), row) for digest, row in rows.items())
            while len(self._rows) > self._most:
                self._rows.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._rows.clear()


_memory = _Memory(MOST_IN_MEMORY)
forget_memory = _memory.forget


def digest_of(text: str) -> str:
    """What a text is known by: BLAKE2, 16 bytes, hex."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def vectors_of(*, business_id: UUID, model: EmbeddingModel, texts: Sequence[str], remember: bool = True) -> Vectors:
    """Vectors of `texts`, in order.

    remember: keep new ones in the database too, besides the memory of the process. Opens short transactions of its
    own and embeds outside of them: call outside of a transaction where the model may be far away. Raises
    EmbeddingFailed when the model does not answer; what it had answered by then is kept for the next try.
    """
    import numpy as np

    digests = [digest_of(text) for text in texts]
    wanted = dict(zip(digests, texts, strict=True))
    found = _memory.find(business_id, model.key, wanted)
    in_memory = len(found)
    stored = _stored(business_id, model.key, [digest for digest in wanted if digest not in found])
    _memory.keep(business_id, model.key, stored)
    found |= stored
    missing = {digest: text for digest, text in wanted.items() if digest not in found}
    left = list(missing.items())
    for start in range(0, len(left), AT_ONCE):
        some = left[start : start + AT_ONCE]
        rows = embed(model, [text for _, text in some], business_id=business_id)
        fresh = dict(zip((digest for digest, _ in some), rows, strict=True))
        if remember:
            _store(business_id, model.key, fresh)
        _memory.keep(business_id, model.key, fresh)
        found |= fresh
    count(business_id=business_id, memory=in_memory, stored=len(stored), misses=len(missing))
    made = np.stack([found[digest] for digest in digests]) if digests else np.empty((0, model.dim), dtype=np.float32)
    return Vectors(made, sum(count_tokens(list(missing.values()))), in_memory + len(stored), len(missing))


def _stored(business_id: UUID, model: str, digests: Sequence[str]) -> dict[str, Array]:
    found: dict[str, Array] = {}
    today = timezone.now().date()
    for start in range(0, len(digests), _PIECE):
        with acting_for(business_id):
            rows = CachedVector.objects.filter(
                business_id=business_id, model=model, digest__in=digests[start : start + _PIECE]
            )
            listed = list(rows.values_list("digest", "vector", "used_on"))
            if old := [digest for digest, _, used_on in listed if used_on < today]:
                with connection.cursor() as cursor:
                    cursor.execute(_TOUCH, [today, business_id, model, old, today])
        found |= {digest: unpacked(vector) for digest, vector, _ in listed}
    return found


def _store(business_id: UUID, model: str, rows: Mapping[str, Array]) -> None:
    today = timezone.now().date()
    kept = [
        CachedVector(business_id=business_id, model=model, digest=digest, vector=packed(row), used_on=today)
        # In order, so that two who keep the same ones do not wait for each other in a ring.
        for digest, row in sorted(rows.items())
    ]
    with acting_for(business_id):
        CachedVector.objects.bulk_create(kept, batch_size=_PIECE, ignore_conflicts=True)


def packed(row: Array) -> bytes:
    """A vector as it is stored: float32, little-endian."""
    return row.astype("<f4").tobytes()


def unpacked(raw: bytes | memoryview) -> Array:
    """A stored vector; not writable."""
    import numpy as np

    return np.frombuffer(bytes(raw), dtype="<f4")
