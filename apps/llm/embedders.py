"""ACT: vectors by the model of a name: the one on this machine, or one of an OpenAI-compatible provider."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.core.ids import new_id
from apps.llm.asking import Course, along
from apps.llm.embedding import Embedder, get_embedder
from apps.llm.endpoints import Endpoint
from apps.llm.estimating import estimate
from apps.llm.minilm import NAME as LOCAL
from apps.llm.noting import Call
from apps.llm.providing import embedding_providers
from apps.llm.reading import read_vectors
from apps.llm.requesting import Outcome, fail, failing_into, sending
from apps.llm.responses import Kind, Why

if TYPE_CHECKING:
    from apps.llm.embedding import Array

TIMEOUT = 30.0  # seconds for one call of `embed`, whatever its size
MOST_TEXTS = 96  # of one request
MOST_CHARACTERS = 200_000
MOST_BYTES = 32 * 1024 * 1024  # of an answer
LONGEST_TEXT = 32_000  # characters; what is beyond is not sent


class NoSuchModel(LookupError):
    """Neither the local model nor one that an embedding provider of the business or the installation has."""


class EmbeddingFailed(Exception):
    """No vectors came. The words name no secret and no content. again: whether trying may help."""

    def __init__(self, words: str, *, why: Why, again: bool) -> None:
        super().__init__(words)
        self.why = why
        self.again = again


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """A model that may be chosen. dim: None until it is known. provider: "" for the local one."""

    key: str
    provider: str
    dim: int | None


def embedding_models(business_id: UUID | None) -> list[EmbeddingModel]:
    """What a business may embed with, the local model first; each name once."""
    found = {LOCAL: EmbeddingModel(LOCAL, "", get_embedder().dim)}
    for one in embedding_providers(business_id):
        for name in (one.model, *one.serves):
            found.setdefault(name, EmbeddingModel(name, one.name, one.dim if name == one.model else None))
    return list(found.values())


def embedder_of(
    model_key: str = LOCAL, business_id: UUID | None = None, *, purpose: str = "embed", timeout: float = TIMEOUT
) -> Embedder:
    """The embedder of a model. `embed` of one at a provider raises EmbeddingFailed and notes its use.

    timeout: seconds for one call of `embed`. Raises NoSuchModel.
    """
    if model_key in ("", "local", LOCAL):
        return get_embedder()
    order = [one for one in embedding_providers(business_id) if model_key == one.model or model_key in one.serves]
    if not order:
        raise NoSuchModel(f"No embedding provider has a model called {model_key}")
    return RemoteEmbedder(model_key, order, business_id, purpose, timeout)


class RemoteEmbedder:
    """Vectors of the providers that have one model; the first of them that answers is believed."""

    def __init__(
        self, name: str, order: Sequence[Endpoint], business_id: UUID | None, purpose: str, timeout: float = TIMEOUT
    ) -> None:
        self.name = name
        self._order = list(order)
        self._for = (business_id, purpose)
        self._timeout = timeout
        self._dim = next((one.dim for one in order if one.dim and one.model == name), None)

    @property
    def dim(self) -> int:
        """As set on the provider; else found out by one request."""
        if self._dim is None:
            self.embed(["dimension"])
        return self._dim or 0

    def embed(self, texts: Sequence[str]) -> Array:
        """float32 of shape (len(texts), dim), rows L2-normalised, zeros for a blank text. Raises EmbeddingFailed."""
        import numpy as np

        kept = [place for place, text in enumerate(texts) if text.strip()]
        sent = [_sendable(texts[place]) for place in kept]
        deadline = time.monotonic() + self._timeout
        got = [row for batch in batches(sent) for row in self._batch(batch, deadline - time.monotonic())]
        rows = np.zeros((len(texts), self._dim or self.dim if texts else 0), dtype=np.float32)
        if got:
            made = np.asarray(got, dtype=np.float32)
            sizes = np.linalg.norm(made, axis=1, keepdims=True)
            rows[kept] = np.divide(made, sizes, out=np.zeros_like(made), where=sizes > 0)
        return rows

    def _batch(self, texts: list[str], seconds: float) -> list[list[float]]:
        call = Call(new_id(), *self._for, kind=Kind.EMBEDDING)
        tokens = sum(estimate(text) for text in texts)
        send = partial(request_vectors, texts=texts, dim=self._dim)
        course = Course(call, self.name, seconds, estimated=tokens, texts=len(texts))
        outcome = along(course, self._order, send)
        if outcome is None or outcome.why or not outcome.vectors:
            ended = course.ended()
            raise EmbeddingFailed(ended.error, why=ended.why, again=ended.again)
        self._dim = len(outcome.vectors[0])
        return outcome.vectors


def batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Texts in order, as many to a request as it may hold."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == MOST_TEXTS or size + len(text) > MOST_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _sendable(text: str) -> str:
    return text[:LONGEST_TEXT].replace("\x00", " ").encode("utf-8", "replace").decode()


def request_vectors(endpoint: Endpoint, *, texts: list[str], dim: int | None, model: str, deadline: float) -> Outcome:
    """One request for vectors; whatever happens is an Outcome."""
    started = time.monotonic()
    outcome = Outcome()
    with failing_into(outcome, endpoint, deadline - started):
        body: dict[str, Any] = {"model": model, "input": texts, "encoding_format": "float"}
        answer = _answer(endpoint, body, outcome, deadline)
        vectors, outcome.model, outcome.tokens, outcome.cost = read_vectors(answer, len(texts))
        if dim is not None and len(vectors[0]) != dim:
            words = f"The model's vectors have {len(vectors[0])} numbers where {dim} are expected"
            fail(outcome, Why.BAD_ANSWER, words, again=False)
        else:
            outcome.vectors = vectors
    outcome.took_ms = round((time.monotonic() - started) * 1000)
    return outcome


def _answer(endpoint: Endpoint, body: dict[str, Any], outcome: Outcome, deadline: float) -> bytes:
    from apps.llm.clients import client_of

    create = client_of(endpoint).embeddings.with_streaming_response.create
    with sending(endpoint, body, outcome, deadline, MOST_BYTES), create(**body) as response:
        outcome.status = response.status_code
        return b"".join(response.iter_bytes())
