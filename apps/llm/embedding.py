"""Text to vectors, with a cache: the one place the product asks for embeddings.

Importing this module is cheap; the weights are read when the first text or word is asked for.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from apps.llm.minilm import MiniLM

    Array: TypeAlias = NDArray[np.float32]

CACHE_SIZE = 20_000  # texts; 1.5 kB each, so about 30 MB a process when full


class Embedder(Protocol):
    """Anything that turns texts into vectors.

    `embed` returns float32 of shape (len(texts), dim), rows L2-normalised (a text without words may be all zeros).
    `name` identifies the model: vectors of different names must not be compared.
    """

    @property
    def name(self) -> str: ...
    @property
    def dim(self) -> int: ...
    def embed(self, texts: Sequence[str]) -> Array: ...


class WordEmbedder(Protocol):
    """Anything that knows single words: L2-normalised float32 vectors of shape (len(words), dim), and how familiar each
    word is, in (0, 1]."""

    def vectors(self, words: Sequence[str]) -> Array: ...
    def familiarity(self, words: Sequence[str]) -> list[float]: ...
    def __hash__(self) -> int: ...


class ReadingEmbedder(WordEmbedder, Protocol):
    """What the gate reads with: words alone, whole texts, and the pieces of a text in their context.

    `in_context` returns (places, vectors): (start, end) in characters, int32 of shape (pieces, 2), and float32 of shape
    (pieces, dim); the mean over pieces, L2-normalised, can be compared with `embed` of another text.
    """

    def embed(self, texts: Sequence[str]) -> Array: ...
    def in_context(self, text: str) -> tuple[NDArray[np.int32], Array]: ...


class CachedEmbedder:
    """An embedder with a bounded, thread-safe cache by content hash; the least recently used text goes first."""

    def __init__(self, inner: Embedder, size: int = CACHE_SIZE) -> None:
        self._inner = inner
        self._size = size
        self._rows: OrderedDict[bytes, Array] = OrderedDict()
        self._lock = threading.Lock()
        self.hits = 0
        self.misses = 0

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def dim(self) -> int:
        return self._inner.dim

    def embed(self, texts: Sequence[str]) -> Array:
        """Rows for `texts`, in order; each distinct new text is embedded once. The rows are a copy."""
        import numpy as np

        keys = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        found = self._look_up(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            fresh = dict(zip(missing, self._inner.embed(list(missing.values())), strict=True))
            self._keep(fresh)
            found |= fresh
        if not keys:
            return np.empty((0, self.dim), dtype=np.float32)
        return np.stack([found[key] for key in keys])

    def _look_up(self, keys: Sequence[bytes]) -> dict[bytes, Array]:
        with self._lock:
            found = {key: self._rows[key] for key in keys if key in self._rows}
            for key in found:
                self._rows.move_to_end(key)
            self.hits += len(found)
            self.misses += len(set(keys)) - len(found)
        return found

    def _keep(self, fresh: dict[bytes, Array]) -> None:
        with self._lock:
            self._rows.update(fresh)
            while len(self._rows) > self._size:
                self._rows.popitem(last=False)


class LocalEmbedder:
    """The offline default: MiniLM for whole texts, its word table for words. Weights are read on first use of each."""

    name = "all-MiniLM-L6-v2"
    dim = 384

    def embed(self, texts: Sequence[str]) -> Array:
        """Whole texts, 5 to 10 ms each when short and not cached."""
        return _texts().embed(texts)

    def in_context(self, text: str) -> tuple[NDArray[np.int32], Array]:
        """The pieces of a text in their context; not cached, as callers keep what they make of it."""
        return _model().in_context(text)

    def vectors(self, words: Sequence[str]) -> Array:
        """Single words, out of context, a few microseconds each."""
        return _words().vectors(words)

    def familiarity(self, words: Sequence[str]) -> list[float]:
        """How whole each word is known, in (0, 1]."""
        return _words().familiarity(words)


@lru_cache(maxsize=1)
def _model() -> MiniLM:
    from apps.llm.minilm import MiniLM

    return MiniLM()


@lru_cache(maxsize=1)
def _texts() -> Embedder:
    return CachedEmbedder(_model())


@lru_cache(maxsize=1)
def _words() -> WordEmbedder:
    from apps.llm.minilm import WordVectors

    return WordVectors()


@lru_cache(maxsize=1)
def get_embedder() -> LocalEmbedder:
    """The process's embedder (a singleton): `.embed(texts)` and `.vectors(words)`."""
    return LocalEmbedder()
