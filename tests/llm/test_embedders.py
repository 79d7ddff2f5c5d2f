"""Vectors of a provider's model: in order, normalised, of one length; what goes wrong is raised, and all is noted."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from apps.accounts.models import Business
from apps.llm.embedders import (
    MOST_TEXTS,
    EmbeddingFailed,
    NoSuchModel,
    batches,
    embedder_of,
    embedding_models,
)
from apps.llm.embedding import get_embedder
from apps.llm.models import Provider, Usage
from apps.llm.responses import Kind, Why
from tests.llm.providers import Provider as Server
from tests.llm.providers import vector_of

pytestmark = pytest.mark.django_db

Make = Callable[..., Provider]


@pytest.fixture
def provider(server: Server, make_provider: Make) -> Provider:
    return make_provider(server, kind="embedding", model="small-embedding", dim=8, price_in=Decimal("0.02"))


def test_the_local_model_is_the_one_without_a_provider(shop: Business) -> None:
    assert embedder_of() is get_embedder()
    assert embedder_of("all-MiniLM-L6-v2", shop.pk) is get_embedder()
    with pytest.raises(NoSuchModel):
        embedder_of("small-embedding", shop.pk)


def test_rows_are_in_order_normalised_and_zero_for_nothing(shop: Business, server: Server, provider: Provider) -> None:
    server.mode = "vectors_shuffled"
    embedder = embedder_of("small-embedding", shop.pk)
    texts = ["where is my order", " ", "refund"]
    rows = embedder.embed(texts)
    assert (rows.shape, rows.dtype.name) == ((3, 8), "float32")
    assert (embedder.name, embedder.dim) == ("small-embedding", 8)
    expected = np.array(vector_of("refund", 8))
    assert rows[2] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert not rows[1].any()
    assert server.asked[0]["input"] == ["where is my order", "refund"]
    assert server.asked[0]["encoding_format"] == "float"


def test_many_texts_go_in_several_requests(shop: Business, server: Server, provider: Provider) -> None:
    texts = [f"text {number}" for number in range(MOST_TEXTS + 10)]
    assert embedder_of("small-embedding", shop.pk).embed(texts).shape == (MOST_TEXTS + 10, 8)
    rows = list(Usage.objects.order_by("id"))
    assert [row.texts for row in rows] == [MOST_TEXTS, 10]
    assert {row.kind for row in rows} == {Kind.EMBEDDING}
    assert rows[0].cost == Decimal(3 * MOST_TEXTS) * Decimal("0.02") / 1_000_000
    assert [len(batch) for batch in batches(["x" * 150_000, "y" * 100_000, "z"])] == [1, 2]


def test_no_texts_are_no_request(shop: Business, server: Server, provider: Provider) -> None:
    embedder = embedder_of("small-embedding", shop.pk)
    assert embedder.embed([]).shape[0] == 0
    assert embedder.embed(["", "  "]).shape == (2, 8)
    assert server.received == []


def test_its_length_is_found_out_where_it_is_not_set(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server, kind="embedding", model="unknown")
    server.dim = 12
    embedder = embedder_of("unknown", shop.pk)
    assert embedder.dim == 12
    assert embedder.embed(["a", ""]).shape == (2, 12)
    server.dim = 16
    with pytest.raises(EmbeddingFailed, match="16 numbers where 12"):
        embedder.embed(["b"])


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("vectors_few", Why.BAD_ANSWER),
        ("vectors_twice", Why.BAD_ANSWER),
        ("vectors_wrong", Why.BAD_ANSWER),
        ("vectors_uneven", Why.BAD_ANSWER),
        ("vectors_zero", Why.BAD_ANSWER),
        ("not_json", Why.BAD_ANSWER),
        ("half", Why.BAD_ANSWER),
        ("500", Why.STATUS),
        ("401", Why.STATUS),
        ("reset", Why.UNREACHABLE),
        ("endless", Why.TOO_LARGE),
        ("hang", Why.TIMEOUT),
    ],
)
def test_what_goes_wrong_is_raised_and_noted(
    shop: Business, server: Server, provider: Provider, mode: str, why: Why
) -> None:
    server.mode = mode
    embedder = embedder_of("small-embedding", shop.pk, timeout=0.8 if mode == "hang" else 20)
    with pytest.raises(EmbeddingFailed) as failed:
        embedder.embed(["one", "two"])
    assert failed.value.why is why
    assert Usage.objects.get().why == why


def test_another_provider_of_the_same_model_steps_in(
    shop: Business, server: Server, spare: Server, provider: Provider, make_provider: Make
) -> None:
    make_provider(spare, kind="embedding", model="other", serves=["small-embedding"])
    server.mode = "500"
    assert embedder_of("small-embedding", shop.pk).embed(["a"]).shape == (1, 8)
    assert spare.asked[0]["model"] == "small-embedding"


def test_chat_providers_are_not_asked_for_vectors(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server, model="small-embedding")
    with pytest.raises(NoSuchModel):
        embedder_of("small-embedding", shop.pk)


def test_what_may_be_chosen_is_listed(
    shop: Business, other_shop: Business, server: Server, provider: Provider, make_provider: Make
) -> None:
    make_provider(server, kind="embedding", model="large-embedding", serves=["tiny"], business=None)
    listed: dict[str, Any] = {one.key: (one.provider, one.dim) for one in embedding_models(shop.pk)}
    assert listed["all-MiniLM-L6-v2"] == ("", 384)
    assert listed["small-embedding"] == (provider.name, 8)
    assert set(listed) == {"all-MiniLM-L6-v2", "small-embedding", "large-embedding", "tiny"}
    assert "small-embedding" not in {one.key for one in embedding_models(other_shop.pk)}
