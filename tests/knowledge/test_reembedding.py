"""Another embedding model, of another length, behind a real server: no gap, resumable, and the old vectors go."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.errors import Invalid, StaleState
from apps.core.models import Event
from apps.knowledge import reembedding
from apps.knowledge.changing import cancel, change_model
from apps.knowledge.embedders import EmbeddingFailed
from apps.knowledge.indexing import NewDocument, ensure_collection, index_document, index_many
from apps.knowledge.models import EmbeddingModel, Library, Reembedding, Vector
from apps.knowledge.reembedding import go_on
from apps.knowledge.searching import search
from apps.knowledge.shelving import GRACE, give_shelf
from apps.knowledge.standing import forget_standings
from apps.llm.models import Provider
from tests.llm.providers import Provider as Server
from tests.llm.providers import provider_server

pytestmark = pytest.mark.django_db

NEW = "small-embedding"
ACTOR = "user:test"


@pytest.fixture
def server() -> Iterator[Server]:
    with provider_server() as running:
        yield running


@pytest.fixture
def filled(shop: Business, server: Server) -> Business:
    Provider.objects.create(
        business=shop, name="house", base_url=server.base_url, model=NEW, kind="embedding", dim=8, timeout_seconds=5,
        retries=0,
    )  # fmt: skip
    ensure_collection(business_id=shop.pk, key="faq")
    documents = [NewDocument(str(n), "", f"Question {n} about an order.") for n in range(10)]
    index_many(business_id=shop.pk, collection="faq", documents=documents)
    return shop


def later() -> Any:
    return timezone.now() + GRACE + timedelta(seconds=1)


def models(business: Any) -> Any:
    keys = dict(EmbeddingModel.objects.values_list("pk", "key"))
    return sorted(keys[pk] for pk in Vector.objects.filter(business_id=business.pk).values_list("model_id", flat=True))


def test_all_change_at_once_and_the_old_vectors_go(filled: Any) -> None:
    change = change_model(business_id=filled.pk, model_key=NEW, actor=ACTOR)
    assert change.total == 10
    assert not go_on(business_id=filled.pk), "the old vectors wait for searches that began before"
    assert Library.objects.get().model.key == NEW
    assert models(filled) == ["all-MiniLM-L6-v2"] * 10 + [NEW] * 10
    found = search(business_id=filled.pk, query="Question 3 about an order.")
    assert found.model == NEW and found.problem == "" and len(found.passages) == 10
    go_on(business_id=filled.pk, now=later())
    change.refresh_from_db()
    assert (change.state, change.done) == ("done", 10) and change.ended_at
    assert models(filled) == [NEW] * 10
    assert Event.objects.filter(kind="knowledge.model_changed").count() == 1


def test_until_then_the_old_model_answers(filled: Any, monkeypatch: Any) -> None:
    change_model(business_id=filled.pk, model_key=NEW, actor=ACTOR)
    monkeypatch.setattr(reembedding, "CHUNKS_AT_ONCE", 4)
    change = Reembedding.objects.select_related("model").get()
    assert reembedding._step(change, timezone.now())
    assert Reembedding.objects.get().done == 4
    found = search(business_id=filled.pk, query="question")
    assert found.model == "all-MiniLM-L6-v2" and len(found.passages) == 10
    index_document(business_id=filled.pk, collection="faq", key="late", title="", text="A late question.")
    index_document(business_id=filled.pk, collection="faq", key="1", title="", text="Question 1 has changed.")
    go_on(business_id=filled.pk)
    go_on(business_id=filled.pk, now=later())
    assert models(filled) == [NEW] * 11
    assert len(search(business_id=filled.pk, query="question", limit=20).passages) == 11


def test_what_is_written_after_the_last_look_is_not_left_behind(filled: Any) -> None:
    change_model(business_id=filled.pk, model_key=NEW, actor=ACTOR)
    while Reembedding.objects.get().state == "running":
        reembedding._step(Reembedding.objects.select_related("model").get(), timezone.now())
    index_document(business_id=filled.pk, collection="faq", key="late", title="", text="A late question.")
    reembedding._step(Reembedding.objects.select_related("model").get(), timezone.now())
    assert Reembedding.objects.get().state == "running", "one is missing, so nothing is switched"
    go_on(business_id=filled.pk)
    assert Library.objects.get().model.key == NEW
    assert models(filled).count(NEW) == 11


def test_on_a_shelf_of_its_own_the_new_vectors_are_indexed_first(filled: Any) -> None:
    give_shelf(business_id=filled.pk)
    give_shelf(business_id=filled.pk, now=later())
    change_model(business_id=filled.pk, model_key=NEW, actor=ACTOR)
    go_on(business_id=filled.pk)
    go_on(business_id=filled.pk, now=later())
    assert models(filled) == [NEW] * 10
    forget_standings()
    assert len(search(business_id=filled.pk, query="question", mode="vector").passages) == 10


def test_a_provider_that_fails_is_tried_again_later_and_nothing_is_lost(filled: Any, server: Any) -> None:
    change_model(business_id=filled.pk, model_key=NEW, actor=ACTOR)
    Provider.objects.update(base_url="http://127.0.0.1:9/v1")
    from apps.llm.providing import embedding_providers  # noqa: F401

    change = Reembedding.objects.select_related("model").get()

    class Away:
        name, dim = NEW, 8

        def embed(self, texts: Any) -> Any:
            raise ConnectionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("apps.knowledge.embedders.embedder_of", lambda *a, **k: Away())
        assert not reembedding._step(change, timezone.now())
    change.refresh_from_db()
    assert change.failures == 1 and NEW in change.error and change.next_try_at and change.next_try_at > timezone.now()
    assert reembedding.unfinished() == []
    assert reembedding.unfinished(timezone.now() + timedelta(hours=1)) == [filled.pk]
    assert search(business_id=filled.pk, query="question").model == "all-MiniLM-L6-v2"


def test_a_change_can_be_called_off(filled: Any) -> None:
    change_model(business_id=filled.pk, model_key=NEW, actor=ACTOR)
    reembedding._step(Reembedding.objects.select_related("model").get(), timezone.now())
    with pytest.raises(StaleState):
        change_model(business_id=filled.pk, model_key=NEW, actor=ACTOR)
    cancel(business_id=filled.pk, actor=ACTOR)
    go_on(business_id=filled.pk)
    assert models(filled) == ["all-MiniLM-L6-v2"] * 10
    assert Reembedding.objects.get().ended_at
    with pytest.raises(StaleState):
        cancel(business_id=filled.pk, actor=ACTOR)


def test_what_cannot_be_changed_to_is_refused(filled: Any) -> None:
    with pytest.raises(Invalid):
        change_model(business_id=filled.pk, model_key="all-MiniLM-L6-v2", actor=ACTOR)
    with pytest.raises(EmbeddingFailed):
        change_model(business_id=filled.pk, model_key="nobody-has-it", actor=ACTOR)
