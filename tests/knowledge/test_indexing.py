"""The same again is no work, a change replaces everything at once, and what is forgotten is gone."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.errors import Invalid, NotFound
from apps.core.snapshot import forget_everything
from apps.knowledge import embedders
from apps.knowledge.indexing import NewDocument, ensure_collection, index_document, index_many
from apps.knowledge.models import Chunk, Collection, Document, Library, Vector
from apps.knowledge.removing import remove_document, remove_duplicates, remove_expired, trim
from apps.knowledge.searching import search
from apps.knowledge.selectors import chunks_of

LONG = "# Returns\n\nSend it back within 14 days.\n\n# Delivery\n\nParcels take two days."


@pytest.fixture
def faq(shop: Business) -> Collection:
    return ensure_collection(business_id=shop.pk, key="faq")


def keep(business: Any, key: Any = "k", text: Any = LONG, **more: Any) -> Any:
    return index_document(business_id=business.pk, collection="faq", key=key, title="Help", text=text, **more)


@pytest.fixture
def embedded(monkeypatch: Any) -> Any:
    """The texts that were embedded."""
    seen = []
    real = embedders.embed

    def spy(model: Any, texts: Any, **more: Any) -> Any:
        seen.extend(texts)
        return real(model, texts, **more)

    monkeypatch.setattr("apps.knowledge.vectors.embed", spy)
    return seen


def test_a_document_is_cut_into_passages_that_say_where_they_stand(shop: Any, faq: Any) -> None:
    assert keep(shop).state == "indexed"
    document = Document.objects.get()
    chunks = chunks_of(document)
    assert [(c.heading, document.text[c.start : c.end]) for c in chunks] == [
        ("Returns", "Send it back within 14 days."), ("Delivery", "Parcels take two days."),
    ]  # fmt: skip
    assert Vector.objects.count() == 2


def test_the_same_again_is_no_work(shop: Any, faq: Any, embedded: Any) -> None:
    first = keep(shop)
    embedded.clear()
    ids = set(Chunk.objects.values_list("id", flat=True))
    again = keep(shop)
    assert (again.state, again.document_id, again.chunks) == ("same", first.document_id, 2)
    assert embedded == [] and set(Chunk.objects.values_list("id", flat=True)) == ids


def test_of_a_changed_document_only_what_is_new_is_embedded(shop: Any, faq: Any, embedded: Any) -> None:
    keep(shop)
    embedded.clear()
    assert keep(shop, text=LONG.replace("two days", "three days")).state == "indexed"
    assert [text.splitlines()[-1] for text in embedded] == ["Parcels take three days."]
    assert Chunk.objects.count() == Vector.objects.count() == 2
    assert "three days" in search(business_id=shop.pk, query="delivery of parcels").passages[0].text


def test_other_meta_alone_costs_no_embedding(shop: Any, faq: Any, embedded: Any) -> None:
    keep(shop, meta={"lang": "en"})
    embedded.clear()
    assert keep(shop, meta={"lang": "de"}).state == "indexed"
    assert embedded == []
    assert search(business_id=shop.pk, query="delivery", filters={"lang": "de"}).passages
    assert not search(business_id=shop.pk, query="delivery", filters={"lang": "en"}).passages


def test_what_says_the_same_is_a_duplicate_where_that_is_asked(shop: Any, faq: Any, embedded: Any) -> None:
    first = keep(shop, dedupe=True)
    embedded.clear()
    twin = keep(shop, key="other", dedupe=True)
    assert (twin.state, twin.document_id) == ("duplicate", first.document_id)
    assert embedded == []
    assert keep(shop, key="third").state == "indexed"


def test_twins_in_one_batch_are_found_too(shop: Any, faq: Any) -> None:
    made = index_many(
        business_id=shop.pk, collection="faq", dedupe=True,
        documents=[NewDocument(key, "Help", LONG) for key in ("a", "b", "a")],
    )  # fmt: skip
    assert sorted(one.state for one in made) == ["duplicate", "indexed", "same"]


def test_an_empty_document_is_kept_without_passages(shop: Any, faq: Any) -> None:
    assert index_document(business_id=shop.pk, collection="faq", key="e", title="", text="  ").chunks == 0
    assert search(business_id=shop.pk, query="anything").passages == ()


def test_hostile_text_is_kept_as_it_can_be(shop: Any, faq: Any) -> None:
    keep(shop, text="a\x00b \ud800 ' \\ :* | & !  " + "w" * 50_000, meta={"k' | 'x": "v\\'"})
    assert search(business_id=shop.pk, query="a b", filters={"k' | 'x": "v\\'"}).passages


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"key": ""}, Invalid),
        ({"key": "k" * 251}, Invalid),
        ({"text": "x" * 2_000_001}, Invalid),
        ({"collection": "none"}, NotFound),
    ],
)
def test_what_cannot_be_kept_is_refused(shop: Any, faq: Any, wrong: Any, error: Any) -> None:
    with pytest.raises(error):
        index_document(**{"business_id": shop.pk, "collection": "faq", "key": "k", "title": "", "text": "t"} | wrong)
    with pytest.raises(Invalid):
        ensure_collection(business_id=shop.pk, key="c", kind="magic")


def test_an_embedder_that_fails_changes_nothing(shop: Any, faq: Any, monkeypatch: Any) -> None:
    keep(shop)

    class Wrong:
        name, dim = "all-MiniLM-L6-v2", 384

        def embed(self, texts: Any) -> Any:
            import numpy as np

            return np.ones((len(texts), 3))

    monkeypatch.setattr(embedders, "get_embedder", Wrong)
    with pytest.raises(embedders.EmbeddingFailed, match="gives 3 numbers"):
        keep(shop, text="Something else.")
    assert Document.objects.get().text == LONG and Chunk.objects.count() == 2


def test_a_removed_document_takes_its_passages_along(shop: Any, faq: Any) -> None:
    keep(shop)
    keep(shop, key="other", text="Another text.")
    assert remove_document(business_id=shop.pk, collection="faq", key="k")
    assert not remove_document(business_id=shop.pk, collection="faq", key="k")
    assert Chunk.objects.count() == Vector.objects.count() == 1
    Document.objects.all().delete()
    assert Chunk.objects.count() == Vector.objects.count() == 0


def test_a_business_takes_everything_along(shop: Any, other_shop: Any, faq: Any) -> None:
    keep(shop)
    ensure_collection(business_id=other_shop.pk, key="faq")
    keep(other_shop)
    shop.delete()
    assert {c.business_id for c in Chunk.objects.all()} == {other_shop.pk}
    assert Vector.objects.count() == 2


def test_what_is_past_its_time_goes(shop: Any, faq: Any) -> None:
    now = timezone.now()
    keep(shop, expires_at=now - timedelta(days=1))
    keep(shop, key="later", text="Stays.", expires_at=now + timedelta(days=1))
    assert remove_expired(business_id=shop.pk, now=now) == 1
    assert Document.objects.get().key == "later"


def test_of_copies_the_oldest_stays_and_of_too_many_the_newest(shop: Any, faq: Any) -> None:
    now = timezone.now()
    for n in range(4):
        keep(shop, key=str(n), text="Copy." if n < 3 else "Own.", created_at=now - timedelta(days=n))
    assert remove_duplicates(business_id=shop.pk, collection="faq") == 2
    assert set(Document.objects.values_list("key", flat=True)) == {"2", "3"}
    assert trim(business_id=shop.pk, collection="faq", most=1) == 1
    assert Document.objects.get().key == "2"


@pytest.mark.django_db(transaction=True)
def test_two_who_write_the_same_document_leave_one_whole(shop: Any, faq: Any) -> None:
    texts = [f"Version {n}. " + LONG for n in range(6)]

    def write(text: Any) -> None:
        try:
            keep(shop, text=text)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    document = Document.objects.get()
    assert [document.text[c.start : c.end] for c in chunks_of(document)] == [c.text for c in chunks_of(document)]
    assert Chunk.objects.count() == Vector.objects.count() == document.chunks_count


@pytest.mark.django_db(transaction=True)
def test_no_search_sees_half_of_a_document(shop: Any, faq: Any) -> None:
    even, odd = ["\n\n".join(f"# Part {n}\n\nAll is {word}." for n in range(5)) for word in ("green", "purple")]
    keep(shop, text=even)
    stop, seen = threading.Event(), []

    def look() -> None:
        try:
            while not stop.is_set():
                passages = search(business_id=shop.pk, query="all is", mode="vector", limit=20).passages
                seen.append(({p.text for p in passages}, len(passages)))
        finally:
            connections.close_all()

    looker = threading.Thread(target=look)
    looker.start()
    for n in range(10):
        keep(shop, text=odd if n % 2 == 0 else even)
    stop.set()
    looker.join()
    assert seen and {number for _, number in seen} == {5}
    assert {frozenset(texts) for texts, _ in seen} <= {frozenset({"All is green."}), frozenset({"All is purple."})}


def test_a_library_remembers_languages_that_are_new(shop: Any, faq: Any) -> None:
    keep(shop, text="Die Rechnung liegt dem Paket bei, bitte haben Sie Geduld mit uns.")
    assert Library.objects.get().languages == ["de"]
    forget_everything()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM knowledge_chunk WHERE terms @@ %s::tsquery", [f"'{shop.pk.hex[-6:]}.rechnung'"]
        )
        assert cursor.fetchone()[0] == 1
