"""Kept vectors are bounded by age and number, and work that ended goes: some rows at a time, past whoever writes."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.core.models import Event
from apps.knowledge import pruning
from apps.knowledge.batching import create_batch, work_on_batch
from apps.knowledge.importing import import_file
from apps.knowledge.indexing import ensure_collection
from apps.knowledge.models import BatchText, CacheDay, CachedVector, EmbeddingBatch, FileImport
from apps.knowledge.pruning import prune
from apps.knowledge.tasks import prune_kept

pytestmark = pytest.mark.django_db


def keep(business: Business, count: int, used_on: date, *, name: str = "m") -> None:
    CachedVector.objects.bulk_create(
        CachedVector(business=business, model=name, digest=f"{used_on:%m%d}{number:028d}", vector=b"", used_on=used_on)
        for number in range(count)
    )


def days_ago(days: int) -> date:
    return timezone.now().date() - timedelta(days=days)


def test_what_was_of_no_use_for_long_goes(shop: Business, other_shop: Business) -> None:
    keep(shop, 3, days_ago(91))
    keep(shop, 2, days_ago(89))
    keep(other_shop, 1, days_ago(200))
    assert prune().vectors == 4
    assert CachedVector.objects.filter(business=shop).count() == 2
    told = Event.objects.get(kind=pruning.PRUNED, business_id=shop.pk)
    assert told.data == {"unused": 3, "too_many": 0} and told.actor == "system:knowledge"
    assert prune().vectors == 0 and Event.objects.filter(kind=pruning.PRUNED).count() == 2


def test_of_too_many_the_longest_unused_go(
    shop: Business, other_shop: Business, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDING_CACHE_MOST = 10
    monkeypatch.setattr(pruning, "AT_ONCE", 4)
    keep(shop, 9, days_ago(5))
    keep(shop, 8, days_ago(1))
    keep(other_shop, 10, days_ago(5))
    assert prune_kept() == 7
    kept = CachedVector.objects.filter(business=shop).values_list("used_on", flat=True)
    assert sorted(kept) == [days_ago(5)] * 2 + [days_ago(1)] * 8
    assert CachedVector.objects.filter(business=other_shop).count() == 10


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_is_writing_to_is_passed_by(shop: Business) -> None:
    keep(shop, 5, days_ago(100))
    one = CachedVector.objects.order_by("digest").first()
    assert one
    locked, done = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            CachedVector.objects.filter(digest=one.digest).update(used_on=days_ago(0))
            locked.set()
            done.wait(20)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert locked.wait(20)
    try:
        assert prune().vectors == 4
    finally:
        done.set()
        writer.join()
    assert [row.used_on for row in CachedVector.objects.all()] == [days_ago(0)]


def test_work_that_ended_long_ago_goes_with_its_texts(shop: Business) -> None:
    ensure_collection(business_id=shop.pk, key="help")
    old, new, open_ = (
        create_batch(business_id=shop.pk, texts=[("", name)], model="all-MiniLM-L6-v2", actor="user:a")
        for name in ("old", "new", "open")
    )
    for batch in (old, new):
        work_on_batch(batch.pk)
    work = import_file(business_id=shop.pk, collection="help", name="a.md", raw=b"# A\n\none", actor="user:a")
    long_ago = timezone.now() - timedelta(days=31)
    FileImport.objects.filter(pk=work.pk).update(state="cancelled", ended_at=long_ago)
    EmbeddingBatch.objects.filter(pk=old.pk).update(ended_at=long_ago)
    EmbeddingBatch.objects.filter(pk=open_.pk).update(created_at=long_ago)
    CacheDay.objects.create(business=shop, day=days_ago(401))
    CacheDay.objects.update_or_create(business=shop, day=days_ago(400))
    pruned = prune()
    assert (pruned.works, pruned.days) == (2, 1)
    assert set(EmbeddingBatch.objects.values_list("pk", flat=True)) == {new.pk, open_.pk}
    assert BatchText.objects.count() == 2 and not FileImport.objects.exists()


def test_the_page_says_what_is_kept_and_what_went(bob: User, shop: Business, signed_in: Any) -> None:
    keep(shop, 3, days_ago(91))
    keep(shop, 2, days_ago(2))
    prune()
    page = signed_in(bob).get("/admin/knowledge/").content.decode()
    assert "at most 200,000, those unused for 90 days go. 3 went in seven days" in page


def test_vectors_of_a_business_are_pruned_by_an_index(shop: Business) -> None:
    """At 100,000 rows: EXPLAIN in docs/performance.md. Here: that nothing but an index is asked for the oldest."""
    keep(shop, 3_000, days_ago(3))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE knowledge_cachedvector")
        cursor.execute("EXPLAIN " + pruning.OLDEST, [shop.pk, 10])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "cached_vector_oldest" in plan and "Sort" not in plan.replace("Sort Key", "")
