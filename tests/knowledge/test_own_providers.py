"""Whatever embeds for a business asks the provider of that business and is noted as its use, and never another's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.approvals.models import ApprovalRequest, Decision
from apps.knowledge import precedents
from apps.knowledge.batching import create_batch, work_on_batch
from apps.knowledge.changing import change_model
from apps.knowledge.embedders import model_of
from apps.knowledge.importing import import_file, work_on_import
from apps.knowledge.indexing import ensure_collection, index_document
from apps.knowledge.models import EmbeddingBatch, EmbeddingModel, Library
from apps.knowledge.reembedding import go_on
from apps.knowledge.searching import search
from apps.knowledge.standing import forget_standings
from apps.llm.models import Provider, Usage
from tests.llm.providers import Provider as Server
from tests.llm.providers import provider_server

pytestmark = pytest.mark.django_db
MODEL, THEIRS = "house-embedding", "their-embedding"


@pytest.fixture
def mine() -> Iterator[Server]:
    with provider_server() as running:
        yield running


@pytest.fixture
def theirs() -> Iterator[Server]:
    with provider_server() as running:
        yield running


@pytest.fixture
def served(shop: Business, other_shop: Business, mine: Server, theirs: Server) -> Business:
    """Both have a provider of a model by the same name; the other has one more."""
    for business, server, model in ((shop, mine, MODEL), (other_shop, theirs, MODEL), (other_shop, theirs, THEIRS)):
        Provider.objects.create(
            business=business, name=f"h-{model[:5]}", base_url=server.base_url, model=model, kind="embedding", dim=8,
            timeout_seconds=5, retries=0,
        )  # fmt: skip
    Library.objects.create(business=shop, model=model_of(MODEL, shop.pk))
    ensure_collection(business_id=shop.pk, key="help", kind="snippets")
    return shop


def noted(before: int = 0) -> set[tuple[Any, str, str]]:
    """(business, kind, model) of each use beyond the first `before`."""
    rows = Usage.objects.order_by("at", "id").values_list("business_id", "kind", "model")
    return set(rows[before:])


def test_each_way_to_embed_asks_the_provider_of_the_business(
    served: Business, mine: Server, theirs: Server, api: Any, alice: User
) -> None:
    index_document(business_id=served.pk, collection="help", key="k", title="Hours", text="We open at nine.")
    forget_standings()
    ways: dict[str, Any] = {
        "search": lambda: search(business_id=served.pk, query="when do you open"),
        "rerank": lambda: search(business_id=served.pk, query="when do you close", rerank=True),
        "openai": lambda: api.post("/v1/embeddings", {"input": "openai", "model": MODEL}, format="json"),
        "default": lambda: api.post("/v1/embeddings", {"input": "default"}, format="json"),
        "create": lambda: api.post("/v1/embeddings/create", {"text": "create"}, format="json"),
        "similarity": lambda: api.post(
            "/v1/embeddings/similarity", {"texts": ["left"], "against": ["right"]}, format="json"
        ),
        "document": lambda: api.post("/v1/collections/help/documents", {"title": "T", "text": "new"}, format="json"),
        "search over REST": lambda: api.post("/v1/embeddings/search", {"query": "opening"}, format="json"),
        "batch": lambda: work_on_batch(
            create_batch(business_id=served.pk, texts=[("", "batch")], model=MODEL, actor="user:a").pk
        ),
        "import": lambda: work_on_import(
            import_file(business_id=served.pk, collection="help", name="a.md", raw=b"# A\n\nimport", actor="user:a").pk
        ),
        "precedents": lambda: decided(served, alice),
    }
    for name, way in ways.items():
        asked, used = len(mine.received), Usage.objects.count()
        way()
        assert len(mine.received) > asked, name
        assert noted(used) == {(served.pk, "embedding", MODEL)}, name
    assert theirs.received == []


def decided(business: Business, user: User) -> None:
    request = ApprovalRequest.objects.create(
        business=business, kind="goal", subject_id=user.pk, title="Refund", payload={}, payload_hash="0" * 64,
        on_timeout="keep", escalate_to="admin", deadline=timezone.now() + timedelta(days=1), state="approved",
        decided_at=timezone.now(),
    )  # fmt: skip
    Decision.objects.create(business=business, request=request, user=user, actor="user:a", verdict="approve")
    assert precedents.learn(business_id=business.pk, request_ids=[request.pk]) == 1
    precedents.precedents_of(request)


def test_a_change_of_the_model_asks_the_provider_of_the_business(
    shop: Business, other_shop: Business, mine: Server, theirs: Server
) -> None:
    for business, server in ((shop, mine), (other_shop, theirs)):
        Provider.objects.create(
            business=business, name="house", base_url=server.base_url, model=MODEL, kind="embedding", dim=8,
            timeout_seconds=5, retries=0,
        )  # fmt: skip
    ensure_collection(business_id=shop.pk, key="help")
    index_document(business_id=shop.pk, collection="help", key="k", title="Hours", text="We open at nine.")
    change_model(business_id=shop.pk, model_key=MODEL, actor="user:a")
    go_on(business_id=shop.pk)
    assert Library.objects.get(business=shop).model.key == MODEL
    assert [one["input"] for one in mine.asked] == [["dimension"], ["Hours\nWe open at nine."]]
    assert theirs.received == [] and noted() == {(shop.pk, "embedding", MODEL)}


def test_what_others_embed_with_is_neither_taken_nor_named(served: Business, api: Any, other_shop: Business) -> None:
    EmbeddingModel.objects.create(key=THEIRS, dim=8, provider="provider")
    for url, body in (
        ("/v1/embeddings", {"input": "x"}),
        ("/v1/embeddings/batch", {"texts": ["x"]}),
        ("/v1/embeddings/similarity", {"texts": ["x"], "against": ["y"]}),
    ):
        answer = api.post(url, body | {"model": THEIRS}, format="json")
        assert answer.status_code == 404, url
        assert answer.json()["detail"].endswith(f"There are: default, all-MiniLM-L6-v2, {MODEL}"), url
    assert not EmbeddingBatch.objects.exists()


def test_a_provider_that_is_away_is_told_as_that(served: Business, mine: Server, api: Any) -> None:
    mine.mode = "500"
    answer = api.post("/v1/embeddings", {"input": "x", "model": MODEL}, format="json")
    assert answer.status_code == 503 and answer.json()["error"]["type"] == "server_error"
