"""The embedder behind each row of EmbeddingModel, and how many tokens a text is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from apps.core.errors import GatehouseError
from apps.knowledge.chunking import estimate
from apps.knowledge.models import EmbeddingModel
from apps.llm.embedders import TIMEOUT, NoSuchModel, embedder_of
from apps.llm.embedders import EmbeddingFailed as ProviderFailed
from apps.llm.embedding import Embedder, LocalEmbedder, get_embedder
from apps.llm.responses import Why

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from apps.llm.embedding import Array

LOCAL = LocalEmbedder.name


class EmbeddingFailed(GatehouseError):
    """No vectors came. again: whether the same call may do better later, without anybody changing anything."""

    status = 503
    slug = "embedding-failed"
    title = "The embedding model did not answer as it should"

    def __init__(self, detail: str = "", *, again: bool = True) -> None:
        super().__init__(detail)
        self.again = again


def embedder_for(key: str, business_id: UUID | None = None, timeout: float | None = None) -> Embedder:
    """The embedder of this key, for a business. timeout: seconds for one call of one at a provider. Raises
    EmbeddingFailed where nothing here computes it."""
    if key == LOCAL:
        return get_embedder()
    try:
        return embedder_of(key, business_id, purpose="embed", timeout=timeout or TIMEOUT)
    except NoSuchModel:
        words = f"No embedding provider that is switched on has a model called {key}."
        raise EmbeddingFailed(words, again=False) from None


def embed(
    model: EmbeddingModel,
    texts: Sequence[str],
    embedder: Embedder | None = None,
    *,
    business_id: UUID | None = None,
    timeout: float | None = None,
) -> Array:
    """float32 of shape (len(texts), model.dim), rows of length 1 (or all zeros).

    Raises EmbeddingFailed for whatever goes wrong, another dimension included.
    """
    import numpy as np

    if not texts:
        return np.empty((0, model.dim), dtype=np.float32)
    try:
        rows = np.asarray((embedder or embedder_for(model.key, business_id, timeout)).embed(texts), dtype=np.float32)
    except GatehouseError:
        raise
    except ProviderFailed as error:
        raise _failed(model.key, error) from error
    except Exception as error:  # whatever a provider's client raises
        raise EmbeddingFailed(f"{model.key}: {type(error).__name__}") from error
    if rows.shape != (len(texts), model.dim):
        raise EmbeddingFailed(_drifted(model, rows.shape[-1] if rows.ndim == 2 else 0), again=False)
    if not np.isfinite(rows).all():
        raise EmbeddingFailed(f"{model.key} gave something that is no number.")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Array = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return unit


def _failed(key: str, error: ProviderFailed) -> EmbeddingFailed:
    # Nonsense may come from a gateway that is restarted; a refused key stays refused.
    return EmbeddingFailed(f"{key}: {error}", again=error.again or error.why is Why.BAD_ANSWER)


def _drifted(model: EmbeddingModel, given: int) -> str:
    return (
        f"{model.key} gives {given} numbers for a text now, but {model.dim} are stored for it:"
        " it is another model by the same name."
    )


def check_answers(model: EmbeddingModel, business_id: UUID, *, timeout: float) -> None:
    """Have it embed one word, so that a model that is away or has drifted is found before anything rests on it.
    Raises EmbeddingFailed."""
    embed(model, ["dimension"], business_id=business_id, timeout=timeout)


def installed_model() -> EmbeddingModel:
    """The model that new businesses begin with (settings.EMBEDDING_MODEL; the local one unless set)."""
    key = getattr(settings, "EMBEDDING_MODEL", "") or LOCAL
    found = EmbeddingModel.objects.filter(key=key).first()
    return found or model_of(key)


def model_of(key: str, business_id: UUID | None = None) -> EmbeddingModel:
    """The row of a model, made when it is new, with the dimension its embedder gives. Raises EmbeddingFailed."""
    known = EmbeddingModel.objects.filter(key=key).first()
    embedder = embedder_for(key, business_id)
    if known:
        return known
    try:
        dim = embedder.dim
    except ProviderFailed as error:
        raise _failed(key, error) from error
    provider = "local" if key == LOCAL else "provider"
    return EmbeddingModel.objects.get_or_create(key=key, defaults={"dim": dim, "provider": provider})[0]


def count_tokens(texts: Sequence[str]) -> list[int]:
    """As the local model counts; an estimate where its files are missing."""
    tokenizer = _tokenizer()
    if tokenizer is None:
        return estimate(texts)
    return [len(one.ids) for one in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


@lru_cache(maxsize=1)
def _tokenizer() -> Tokenizer | None:
    from tokenizers import Tokenizer

    from apps.llm.minilm import model_folder

    try:
        tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    except FileNotFoundError:
        return None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
