"""A change of the embedding model as people and programs meet it: a page, REST, what it costs, what went wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.core.errors import StaleState
from apps.core.models import Event
from apps.knowledge import reembedding
from apps.knowledge.changing import cancel, change_model, resume
from apps.knowledge.embedders import EmbeddingFailed
from apps.knowledge.indexing import NewDocument, ensure_collection, index_many
from apps.knowledge.models import EmbeddingModel, Library, Reembedding
from apps.knowledge.reembedding import go_on
from apps.knowledge.searching import search
from apps.llm.models import Provider
from apps.llm.providing import providers_changed
from tests.llm.providers import Provider as Server
from tests.llm.providers import provider_server

pytestmark = pytest.mark.django_db

NEW, OLD = "small-embedding", "all-MiniLM-L6-v2"
PAGE, URL = "/admin/knowledge/-/model/", "/v1/embeddings/model"
ACTOR = "user:bob@example.com"


@pytest.fixture
def server() -> Iterator[Server]:
    with provider_server() as running:
        yield running


@pytest.fixture
def filled(shop: Business, server: Server) -> Business:
    return fill(shop, server)


def fill(shop: Business, server: Server) -> Business:
    Provider.objects.create(
        business=shop, name="house", base_url=server.base_url, model=NEW, kind="embedding", dim=8, timeout_seconds=5,
        retries=0, price_in="2.50",
    )  # fmt: skip
    ensure_collection(business_id=shop.pk, key="faq")
    documents = [NewDocument(str(n), "", f"Question {n} about an order.") for n in range(10)]
    index_many(business_id=shop.pk, collection="faq", documents=documents)
    return shop


def kinds() -> list[str]:
    rows = Event.objects.filter(kind__startswith="knowledge.model").order_by("id")
    return [kind.removeprefix("knowledge.model_") for kind in rows.values_list("kind", flat=True)]


def test_the_page_is_for_those_who_may_change_it(
    alice: User, victor: User, bob: User, mallory: User, filled: Business, signed_in: Any
) -> None:
    for person in (alice, victor):
        assert signed_in(person).get(PAGE).status_code == 403
        assert signed_in(person).post(f"{PAGE}change/", {"model": NEW}).status_code == 403
        assert b"Change the model" not in signed_in(person).get("/admin/knowledge/").content
    assert b"Change the model" in signed_in(bob).get("/admin/knowledge/").content
    other = signed_in(mallory).get(PAGE).content.decode()
    assert NEW not in other and "There is no other model" in other
    assert signed_in(bob).get(f"{PAGE}change/").status_code == 405
    assert signed_in(bob).post(f"{PAGE}melt/").status_code == 404


def test_the_page_says_what_a_change_costs_and_how_far_it_is(
    bob: User, filled: Business, signed_in: Any, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(bob)
    page = browser.get(PAGE).content.decode()
    assert "10 passages, about" in page and "USD" in page and "by house" in page and "None yet." in page
    page = browser.post(f"{PAGE}change/", {"model": NEW}, follow=True).content.decode()
    assert "Begun" in page and "0 of 10 passages" in page and "Cancel" in page
    assert "already" in browser.post(f"{PAGE}change/", {"model": NEW}, follow=True).content.decode()

    monkeypatch.setattr(reembedding, "CHUNKS_AT_ONCE", 4)
    change = Reembedding.objects.select_related("model").get()
    assert change.tokens > 0 and reembedding._step(change, timezone.now())
    for url in (PAGE, "/admin/knowledge/"):
        page = browser.get(url).content.decode()
        assert "4 of 10 passages" in page and 'value="0.4000"' in page and "the old model is searched by" in page
    go_on(business_id=filled.pk)
    page = browser.get(PAGE).content.decode()
    assert "Searched by now" in page and "10 of 10 passages" in page
    with django_assert_max_num_queries(20):
        browser.get(PAGE)
    assert list(dict.fromkeys(kinds())) == ["change_begun", "change_progressed", "changed"]
    assert Event.objects.get(kind="knowledge.model_change_begun").actor == ACTOR


def test_a_model_that_is_away_or_has_drifted_is_found_before_anything_is_begun(
    bob: User, filled: Business, server: Server, signed_in: Any
) -> None:
    browser = signed_in(bob)
    server.mode = "500"
    page = browser.post(f"{PAGE}change/", {"model": NEW}, follow=True).content.decode()
    assert NEW in page and not Reembedding.objects.exists()
    server.mode = "good"
    EmbeddingModel.objects.filter(key=NEW).delete()
    EmbeddingModel.objects.create(key=NEW, dim=16, provider="provider")
    page = browser.get(PAGE).content.decode()
    assert "gives 8 numbers, but 16 are stored" in page and "Change to it" not in page
    Provider.objects.update(dim=None)
    providers_changed()
    with pytest.raises(EmbeddingFailed, match="gives 8 numbers for a text now, but 16 are stored"):
        change_model(business_id=filled.pk, model_key=NEW, actor=ACTOR)
    assert "stored" in browser.post(f"{PAGE}change/", {"model": NEW}, follow=True).content.decode()
    assert not Reembedding.objects.exists()


def test_one_that_fails_stops_with_its_reason_and_goes_on_when_told_to(
    bob: User, filled: Business, server: Server, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_model(business_id=filled.pk, model_key=NEW, actor=ACTOR)
    monkeypatch.setattr(reembedding, "CHUNKS_AT_ONCE", 4)
    monkeypatch.setattr(reembedding, "MOST_FAILURES", 2)
    step()
    server.mode = "500"
    assert not step()
    browser = signed_in(bob)
    page = browser.get(PAGE).content.decode()
    assert "It is tried again by itself" in page and "Go on" in page
    assert not step()
    row = Reembedding.objects.get()
    assert (row.state, row.done, row.failures) == ("failed", 4, 2) and NEW in row.error
    assert reembedding.unfinished() == [] and not go_on(business_id=filled.pk)
    page = browser.get(PAGE).content.decode()
    assert "stopped" in page and "Nothing is lost" in page and "4 of 10 passages" in page
    assert search(business_id=filled.pk, query="question").model == OLD

    server.mode = "good"
    assert "It goes on" in browser.post(f"{PAGE}resume/", follow=True).content.decode()
    go_on(business_id=filled.pk)
    assert Library.objects.get().model.key == NEW
    told = [kind for kind in kinds() if kind != "change_progressed"]
    assert told == ["change_begun", "change_held_up", "change_failed", "change_resumed", "changed"]
    with pytest.raises(StaleState, match="waits"):
        resume(business_id=filled.pk, actor=ACTOR)


def step() -> bool:
    return reembedding._step(Reembedding.objects.select_related("model").get(), timezone.now())


def test_what_no_try_can_help_stops_at_once_and_can_be_called_off(filled: Business) -> None:
    change_model(business_id=filled.pk, model_key=NEW, actor=ACTOR)
    Provider.objects.all().delete()
    providers_changed()
    assert not step()
    row = Reembedding.objects.get()
    assert row.state == "failed" and "No embedding provider that is switched on has a model called" in row.error
    assert cancel(business_id=filled.pk, actor=ACTOR).state == "cancelled"
    with pytest.raises(StaleState, match="cleared away"):
        change_model(business_id=filled.pk, model_key=NEW, actor=ACTOR)
    go_on(business_id=filled.pk)
    assert Reembedding.objects.get().ended_at and kinds()[-1] == "change_ended"


def test_a_change_over_rest(api: Any, other_api: Any, filled: Business) -> None:
    told = api.get(URL).json()
    assert (told["model"], told["dimensions"], told["texts"], told["change"]) == (OLD, 384, 10, None)
    assert [(one["model"], one["provider"], one["dimensions"]) for one in told["models"]] == [
        (OLD, "", 384), (NEW, "house", 8),
    ]  # fmt: skip
    assert told["models"][1]["usd"] == pytest.approx(told["tokens"] * 2.5 / 1e6, abs=1e-6)
    answer = api.post(URL, {"model": NEW}, format="json")
    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["total"], answer.json()["before"]) == ("running", 10, OLD)
    assert api.post(URL, {"model": NEW}, format="json").status_code == 409
    assert api.post(f"{URL}/resume").status_code == 409
    assert api.post(f"{URL}/cancel").json()["state"] == "cancelled"
    assert api.post(f"{URL}/cancel").status_code == 409
    go_on(business_id=filled.pk)
    assert api.post(URL, {"model": OLD}, format="json").status_code == 422
    assert api.post(URL, {"model": ""}, format="json").status_code == 422
    assert api.post(URL, {"model": NEW}, format="json").status_code == 202
    go_on(business_id=filled.pk)
    told = api.get(URL).json()
    assert (told["model"], told["change"]["progress"], told["change"]["state"]) == (NEW, 1.0, "clearing")

    assert other_api.get(URL).json()["models"] == [{"model": OLD, "provider": "", "dimensions": 384, "usd": None}]
    answer = other_api.post(URL, {"model": NEW}, format="json")
    assert answer.status_code == 404 and NEW not in answer.json()["detail"].partition("There are:")[2]


@pytest.mark.django_db(transaction=True)
def test_whoever_searches_meanwhile_always_finds_everything(
    shop: Business, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shop, server)
    monkeypatch.setattr(reembedding, "CHUNKS_AT_ONCE", 1)
    over = threading.Event()
    seen: list[tuple[str, int, str]] = []

    def look() -> None:
        while not over.is_set():
            found = search(business_id=shop.pk, query="Question about an order", mode="vector")
            seen.append((found.model, len(found.passages), found.problem))
        connection.close()

    searchers = [threading.Thread(target=look) for _ in range(2)]
    for one in searchers:
        one.start()
    try:
        change_model(business_id=shop.pk, model_key=NEW, actor=ACTOR)
        go_on(business_id=shop.pk)
        # What the searching threads remember of the model is looked up anew within a second.
        until = time.monotonic() + 20
        while time.monotonic() < until and not (seen and seen[-1][0] == NEW):
            time.sleep(0.05)
        after = len(seen)
        while time.monotonic() < until and len(seen) < after + 5:
            time.sleep(0.05)
    finally:
        over.set()
        for one in searchers:
            one.join()
    assert {model for model, _, _ in seen} == {OLD, NEW}
    assert {(count, problem) for _, count, problem in seen} == {(10, "")}
