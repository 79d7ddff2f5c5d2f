"""Batches: made once, worked on by whoever is there, followed, cancelled, resumed, never done twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.models import Event
from apps.knowledge import batching, working
from apps.knowledge.embedders import EmbeddingFailed
from apps.knowledge.models import BatchText, CachedVector, EmbeddingBatch
from apps.knowledge.tasks import sweep_work

pytestmark = pytest.mark.django_db
URL = "/v1/embeddings/batch"


@pytest.fixture
def made(shop: Business) -> EmbeddingBatch:
    texts = [(f"r{number}", f"text number {number}") for number in range(70)]
    return batching.create_batch(business_id=shop.pk, texts=texts, model="all-MiniLM-L6-v2", actor="user:a")


def kinds(pk: object) -> list[str]:
    return list(Event.objects.filter(subject_id=str(pk)).order_by("id").values_list("kind", flat=True))


def test_a_batch_is_made_worked_on_and_read(api: Any, shop: Business) -> None:
    body = {"name": "Catalogue", "texts": ["Red mug", {"id": "sku-2", "text": "Blue plate"}], "dimensions": 32}
    answer = api.post(URL, body, format="json")
    assert answer.status_code == 202
    told = answer.json()
    assert (told["state"], told["total"], told["progress"], told["name"]) == ("queued", 2, 0.0, "Catalogue")
    assert [one["status"] for one in api.get(f"{URL}/{told['id']}/results").json()["results"]] == ["waiting"] * 2

    assert batching.work_on_batch(UUID(told["id"])) is False

    after = api.get(f"{URL}/{told['id']}").json()
    assert (after["state"], after["done"], after["progress"], after["cached"]) == ("done", 2, 1.0, 0)
    assert after["tokens"] > 0 and after["ended_at"]
    first, second = api.get(f"{URL}/{told['id']}/results").json()["results"]
    assert (first["index"], first["id"], second["id"]) == (0, "", "sku-2")
    assert len(second["embedding"]) == 32
    assert api.get(URL).json()["results"][0]["id"] == told["id"]
    assert api.get(f"/embeddings/batch/{told['id']}").json() == after


def test_the_text_is_dropped_once_its_vector_is_there(made: EmbeddingBatch) -> None:
    batching.work_on_batch(made.pk)
    assert set(BatchText.objects.filter(batch=made).values_list("text", flat=True)) == {""}


def test_the_same_key_makes_one_batch(api: Any) -> None:
    first, second = (
        api.post(URL, {"texts": ["a"]}, format="json", HTTP_IDEMPOTENCY_KEY="once").json()["id"] for _ in range(2)
    )
    assert first == second
    assert EmbeddingBatch.objects.count() == 1


def test_results_come_in_pages(api: Any, made: EmbeddingBatch, django_assert_max_num_queries: Any) -> None:
    batching.work_on_batch(made.pk)
    seen: list[int] = []
    after: int | None = -1
    while after is not None:
        with django_assert_max_num_queries(12):
            page = api.get(f"{URL}/{made.pk}/results?limit=30&after={after}").json()
        seen += [one["index"] for one in page["results"]]
        after = page["next_after"]
    assert seen == list(range(70))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "texts"),
        ({"texts": []}, "texts"),
        ({"texts": ["a", ""]}, "texts[1]"),
        ({"texts": [{"id": "x"}]}, "texts[0].text"),
        ({"texts": [{"text": "a", "id": "\0"}]}, "texts[0].id"),
        ({"texts": ["a"] * 20_001}, "texts"),
        ({"texts": [1]}, "texts[0]"),
        ({"texts": ["a"], "dimensions": 400}, "dimensions"),
    ],
    ids=["missing", "none", "empty", "no_text", "null", "many", "number", "wide"],
)
def test_what_is_refused_is_named(api: Any, body: dict[str, Any], field: str) -> None:
    answer = api.post(URL, body, format="json")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert not EmbeddingBatch.objects.exists()


def test_half_a_character_is_refused(api: Any) -> None:
    for url, body in ((URL, b'{"texts": ["a\\ud800"]}'), ("/v1/embeddings", b'{"input": "a\\ud800"}')):
        answer = api.generic("POST", url, body, content_type="application/json")
        assert answer.status_code in (400, 422) and answer.json()["detail"]


def test_another_business_never_sees_a_batch(other_api: Any, made: EmbeddingBatch) -> None:
    for path in ("", "/results"):
        assert other_api.get(f"{URL}/{made.pk}{path}").status_code == 404
    for path in ("/cancel", "/resume"):
        assert other_api.post(f"{URL}/{made.pk}{path}").status_code == 404
    assert other_api.get(URL).json()["results"] == []


def test_cancel_stops_and_resume_goes_on_without_doing_anything_twice(
    api: Any, made: EmbeddingBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded = counted(monkeypatch)
    held = working.claim(EmbeddingBatch, made.pk, batching.NOUN)
    assert held and batching._piece(held)
    assert api.post(f"{URL}/{made.pk}/cancel").json()["state"] == "cancelled"
    with pytest.raises(working.Lost):
        batching._piece(held)
    assert api.post(f"{URL}/{made.pk}/cancel").status_code == 409
    assert batching.work_on_batch(made.pk) is False
    assert EmbeddingBatch.objects.get(pk=made.pk).done == batching.PIECE

    assert api.post(f"{URL}/{made.pk}/resume").json()["state"] == "queued"
    batching.work_on_batch(made.pk)
    made.refresh_from_db()
    assert (made.state, made.done) == ("done", 70)
    assert sorted(embedded) == sorted(set(embedded)) and len(embedded) == 70
    assert api.post(f"{URL}/{made.pk}/resume").status_code == 409
    steps = [kind for kind in kinds(made.pk) if kind != "embedding_batch.progressed"]
    assert steps[-2:] == ["embedding_batch.resumed", "embedding_batch.done"]


def test_one_worker_at_a_time_has_it(made: EmbeddingBatch) -> None:
    held = working.claim(EmbeddingBatch, made.pk, batching.NOUN)
    assert held
    assert working.claim(EmbeddingBatch, made.pk, batching.NOUN) is None
    EmbeddingBatch.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert working.claim(EmbeddingBatch, made.pk, batching.NOUN)
    with pytest.raises(working.Lost):
        batching._piece(held)
    assert BatchText.objects.filter(batch=made, vector=None).count() == 70


def test_a_killed_workers_vectors_are_not_embedded_again(made: EmbeddingBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = counted(monkeypatch)
    held = working.claim(EmbeddingBatch, made.pk, batching.NOUN)
    with monkeypatch.context() as dies:
        dies.setattr(working, "advance", lambda *args, **options: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            batching._piece(held)  # type: ignore[arg-type]
    assert CachedVector.objects.count() == batching.PIECE
    EmbeddingBatch.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    batching.work_on_batch(made.pk)
    made.refresh_from_db()
    assert (made.state, made.done, len(embedded)) == ("done", 70, 70)
    assert made.hits == batching.PIECE


def test_a_model_that_fails_is_tried_again_later_and_gives_up_at_last(
    api: Any, made: EmbeddingBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**given: Any) -> Any:
        raise EmbeddingFailed("The provider is away")

    monkeypatch.setattr(batching, "vectors_of", fail)
    batching.work_on_batch(made.pk)
    made.refresh_from_db()
    assert (made.state, made.tries, made.error) == ("queued", 1, "The provider is away")
    assert batching.work_on_batch(made.pk) is False
    made.refresh_from_db()
    assert made.tries == 1, "not before it is due"
    for _ in range(7):
        EmbeddingBatch.objects.update(next_try_at=None)
        batching.work_on_batch(made.pk)
    made.refresh_from_db()
    assert made.state == "failed" and kinds(made.pk)[-1] == "embedding_batch.failed"
    monkeypatch.undo()
    api.post(f"{URL}/{made.pk}/resume")
    batching.work_on_batch(made.pk)
    assert EmbeddingBatch.objects.get(pk=made.pk).state == "done"


def test_what_no_try_can_help_fails_at_once(made: EmbeddingBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**given: Any) -> Any:
        raise EmbeddingFailed("The key is refused", again=False)

    monkeypatch.setattr(batching, "vectors_of", fail)
    batching.work_on_batch(made.pk)
    made.refresh_from_db()
    assert (made.state, made.error) == ("failed", "The key is refused")


def test_what_nobody_thought_of_is_tried_again_and_told(made: EmbeddingBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**given: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(batching, "vectors_of", fail)
    assert batching.work_on_batch(made.pk) is False
    made.refresh_from_db()
    assert (made.state, made.tries, made.error) == ("queued", 1, "It could not go on: ZeroDivisionError")


def test_what_kills_every_worker_fails_at_last(made: EmbeddingBatch) -> None:
    for tries in range(8):
        held = working.claim(EmbeddingBatch, made.pk, batching.NOUN)
        assert held and held.work.tries == tries
        EmbeddingBatch.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert working.claim(EmbeddingBatch, made.pk, batching.NOUN) is None
    made.refresh_from_db()
    assert (made.state, made.error) == ("failed", "Its worker was lost each time it was tried")
    batching.resume_batch(business_id=made.business_id, batch_id=made.pk, actor="user:a")
    batching.work_on_batch(made.pk)
    assert EmbeddingBatch.objects.get(pk=made.pk).state == "done"


def test_a_turn_ends_and_the_rest_waits(made: EmbeddingBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "TURN_SECONDS", -1)
    assert batching.work_on_batch(made.pk) is True
    made.refresh_from_db()
    assert (made.state, made.done, made.held_by) == ("queued", batching.PIECE, None)


def test_progress_is_told_at_most_once_a_second_and_a_hundred_times(
    shop: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "TELL_EVERY", timedelta(0))
    monkeypatch.setattr(batching, "PIECE", 1)
    texts = [("", f"told {number % 3}") for number in range(250)]
    batch = batching.create_batch(business_id=shop.pk, texts=texts, model="all-MiniLM-L6-v2", actor="user:a")
    batching.work_on_batch(batch.pk)
    told = kinds(batch.pk)
    assert told[0] == "embedding_batch.created" and told[-1] == "embedding_batch.done"
    assert 50 <= told.count("embedding_batch.progressed") <= 100


def test_what_nobody_works_on_is_found(made: EmbeddingBatch) -> None:
    now = timezone.now()
    assert working.abandoned(EmbeddingBatch, now) == [made.pk]
    working.claim(EmbeddingBatch, made.pk, batching.NOUN)
    assert working.abandoned(EmbeddingBatch, now) == []
    assert working.abandoned(EmbeddingBatch, now + timedelta(minutes=2)) == [made.pk]
    assert batching.work_on_batch(uuid4()) is False


def test_the_sweep_wakes_it(made: EmbeddingBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr("apps.knowledge.tasks.work_on_batch.delay", woken.append)
    assert sweep_work() == 1
    assert woken == [str(made.pk)]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that reach the model."""
    from apps.knowledge import vectors

    seen: list[str] = []
    real = vectors.embed

    def embed(model: Any, texts: Sequence[str], *args: Any, **options: Any) -> Any:
        seen.extend(texts)
        return real(model, texts, *args, **options)

    monkeypatch.setattr(vectors, "embed", embed)
    return seen
