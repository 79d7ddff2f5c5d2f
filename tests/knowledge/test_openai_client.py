"""The real OpenAI client against a live server: vectors, dimensions, errors as it knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from apps.accounts.keys import issue_key
from apps.accounts.models import Business

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(live_server: Any) -> Iterator[openai.OpenAI]:
    from apps.knowledge.models import EmbeddingModel

    EmbeddingModel.objects.get_or_create(key="all-MiniLM-L6-v2", defaults={"provider": "local", "dim": 384})
    shop = Business.objects.create(name="Corner Shop", slug="corner-shop")
    _, whole = issue_key(business=shop, name="client", scopes=["embeddings:create"], by=None)
    # Closed, for a connection that is kept alive keeps the server's thread, and that its connection to the database.
    with openai.OpenAI(base_url=f"{live_server.url}/v1", api_key=whole, max_retries=0) as opened:
        yield opened


def test_the_openai_client_embeds(client: openai.OpenAI) -> None:
    texts = ["Where is my parcel?", "Opening hours"]
    # Without a format the client asks for base64 and unpacks it itself.
    coded = client.embeddings.create(model="default", input=texts)
    plain = client.embeddings.create(model="all-MiniLM-L6-v2", input=texts, encoding_format="float", user="u")
    assert coded.model == "all-MiniLM-L6-v2" and coded.object == "list"
    assert [one.index for one in coded.data] == [0, 1]
    for left, right in zip(coded.data, plain.data, strict=True):
        assert len(left.embedding) == 384
        assert left.embedding == pytest.approx(right.embedding, abs=1e-6)
    assert coded.usage.total_tokens == plain.usage.prompt_tokens > 0
    assert len(client.embeddings.create(model="default", input="short", dimensions=16).data[0].embedding) == 16


def test_the_openai_client_reads_our_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.embeddings.create(model="text-embedding-3-small", input="x")
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.UnprocessableEntityError) as tokens:
        client.embeddings.create(model="default", input=[1, 2, 3])
    assert tokens.value.param == "input" and "send the text" in str(tokens.value)
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="gh_wrong_key").embeddings.create(model="default", input="x")
