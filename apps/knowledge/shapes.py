"""RULE: vectors as they go over the wire: in the shape of OpenAI's API, cut to fewer dimensions, as base64."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float32]


def cut(rows: Array, dimensions: int | None) -> Array:
    """The first `dimensions` numbers of each row, again of length 1; a row without any length stays so."""
    import numpy as np

    if dimensions is None or dimensions >= rows.shape[1]:
        return rows
    short = rows[:, :dimensions]
    lengths = np.linalg.norm(short, axis=1, keepdims=True)
    return np.divide(short, lengths, out=np.zeros_like(short), where=lengths > 0)


def written(row: Array, encoding: str) -> list[float] | str:
    """A vector as a list of numbers, or as base64 of float32, little-endian."""
    return b64encode(row.astype("<f4").tobytes()).decode() if encoding == "base64" else row.tolist()


def openai_list(rows: Array, *, model: str, encoding: str, tokens: int) -> dict[str, Any]:
    """The answer of POST /v1/embeddings. tokens: of all the texts, kept or new."""
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": place, "embedding": written(row, encoding)}
            for place, row in enumerate(rows)
        ],
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def openai_error(status: int, words: str, *, field: str, slug: str) -> dict[str, Any]:
    """What OpenAI's clients read of an error, to stand inside of a problem document."""
    kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"message": words, "type": kind, "param": field or None, "code": slug.replace("-", "_")}


def similarities(left: Array, right: Array) -> list[list[float]]:
    """Cosines, from -1 to 1: a row for each of `left`."""
    import numpy as np

    found: Sequence[Any] = np.clip(left @ right.T, -1.0, 1.0).tolist()
    return [[round(float(value), 6) for value in row] for row in found]
