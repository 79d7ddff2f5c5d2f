"""Passages are found by meaning and by words, in the own business only."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid
from apps.knowledge.indexes import index_vectors
from apps.knowledge.indexing import ensure_collection, index_document
from apps.knowledge.searching import search
from apps.knowledge.standing import forget_standings

pytestmark = pytest.mark.django_db

TEXTS = {
    "refund": "You get your money back within 14 days of sending the item back.",
    "printer": "The HP-2041 needs cartridge 62XL. It prints twelve pages a minute.",
    "delivery": "Parcels take two to three working days. We ship on Saturdays too.",
    "invoice": "Die Rechnung liegt dem Paket bei und ist auch im Konto zu finden. Bitte haben Sie Geduld.",
}


def fill(business: Any, collection: Any = "snippets", **meta: Any) -> None:
    ensure_collection(business_id=business.pk, key=collection, kind="snippets")
    for key, text in TEXTS.items():
        index_document(business_id=business.pk, collection=collection, key=key, title=key.title(), text=text, meta=meta)


def keys(found: Any) -> Any:
    return [passage.key for passage in found.passages]


@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
@pytest.mark.parametrize(
    ("query", "first"),
    [("hp2041", "printer"), ("HP 2041", "printer"), ("money back", "refund"), ("meine Rechnungen fehlen", "invoice")],
)
def test_it_finds_the_passage(shop: Any, mode: Any, query: Any, first: Any) -> None:
    fill(shop)
    found = search(business_id=shop.pk, query=query, mode=mode)
    assert keys(found)[0] == first
    passage = found.passages[0]
    assert 0 < passage.score <= 1
    assert 0 <= passage.confidence <= 1
    assert passage.collection == "snippets" and passage.kind == "snippets"


def test_first_by_both_is_the_best_there_is_and_its_words_are_marked(shop: Any) -> None:
    fill(shop)
    found = search(business_id=shop.pk, query="which cartridge does the printer HP-2041 need", limit=2)
    passage = found.passages[0]
    assert passage.key == "printer" and passage.score == pytest.approx(1)
    assert {passage.text[a:b] for a, b in passage.highlights} >= {"HP-2041", "needs", "cartridge"}
    assert len(found.passages) == 2


@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
def test_nothing_of_another_business_is_found(shop: Any, other_shop: Any, mode: Any) -> None:
    fill(other_shop)
    assert search(business_id=shop.pk, query="money back", mode=mode).passages == ()
    fill(shop)
    with acting_for(shop.pk):
        assert len(search(business_id=shop.pk, query="money back", mode=mode).passages) <= len(TEXTS)
        forget_standings()
        assert search(business_id=other_shop.pk, query="money back", mode=mode).passages == ()


@pytest.mark.parametrize("inside", [True, False])
def test_a_search_is_one_query_once_the_business_is_known(shop: Any, inside: Any) -> None:
    fill(shop)
    search(business_id=shop.pk, query="refund")

    def ask() -> Any:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            search(business_id=shop.pk, query="money back please", collections=["snippets"])
        return queries

    if inside:
        with acting_for(shop.pk):
            assert len(ask()) == 1
    else:
        assert len(ask()) == 1


@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "  ",
        "\x00",
        "' OR 1=1 --",
        "a & | ! :* \\ ( )",
        "the of and",
        "\u202e\ufeff",
        "🎉",
        "x" * 100_000,
        "refund " * 20_000,
        "%s {} $1 $business",
    ],
)
def test_whatever_is_asked_it_answers(shop: Any, mode: Any, query: Any) -> None:
    fill(shop)
    found = search(business_id=shop.pk, query=query, mode=mode)
    assert not found.timed_out and found.problem == ""
    if not query.replace("\x00", "").strip():
        assert found.passages == ()


def test_filters_leave_only_what_they_say(shop: Any) -> None:
    fill(shop, "snippets", lang="en", paid=True)
    fill(shop, "faq", lang="de", n=5)
    ask = {"business_id": shop.pk, "query": "money back"}
    assert {p.collection for p in search(**ask, collections=["faq"]).passages} == {"faq"}
    assert {p.collection for p in search(**ask, filters={"lang": "en"}).passages} == {"snippets"}
    assert {p.collection for p in search(**ask, filters={"lang": ["de", "fr"], "n": 5}).passages} == {"faq"}
    assert {p.collection for p in search(**ask, filters={"paid": True}, mode="text").passages} == {"snippets"}
    assert search(**ask, filters={"lang": "fr"}).passages == ()
    assert search(**ask, collections=["nowhere"]).passages == ()
    assert search(**ask, kinds=["replies"]).passages == ()


def test_one_of_a_list_of_values_is_enough(shop: Any) -> None:
    fill(shop, "snippets", tags=["refund", "vat"], lang="en")
    fill(shop, "faq", tags=["vat", 7], lang="de")
    ask = {"business_id": shop.pk, "query": "money back"}
    for mode in ("hybrid", "text", "vector"):
        assert {p.collection for p in search(**ask, mode=mode, filters={"tags": "refund"}).passages} == {"snippets"}
        assert {p.collection for p in search(**ask, mode=mode, filters={"tags": "vat"}).passages} == {"snippets", "faq"}
    assert {p.collection for p in search(**ask, filters={"tags": 7, "lang": "de"}).passages} == {"faq"}
    assert search(**ask, filters={"tags": "refund", "lang": "de"}).passages == ()


def test_a_passage_says_which_part_found_it(shop: Any) -> None:
    fill(shop)
    passages = search(business_id=shop.pk, query="printer HP-2041").passages
    assert (passages[0].vector_rank, passages[0].text_rank) == (1, 1)
    assert sorted(one.vector_rank or 0 for one in passages) == [1, 2, 3, 4]
    assert [one.text_rank for one in passages[1:]] == [None] * 3
    assert [one.vector_rank for one in search(business_id=shop.pk, query="HP-2041", mode="text").passages] == [None]
    assert {one.text_rank for one in search(business_id=shop.pk, query="HP-2041", mode="vector").passages} == {None}


def test_one_common_word_does_not_count_like_the_nearest_in_meaning(shop: Any) -> None:
    fill(shop)
    found = search(business_id=shop.pk, query="I would like to know how long my parcels are on their way to a minute")
    assert keys(found)[0] == "delivery"
    assert next(one.text_rank for one in found.passages if one.key == "printer") is not None


def test_a_word_is_looked_up_wherever_it_stands_in_a_long_question(shop: Any) -> None:
    fill(shop)
    long = " ".join(f"abra{chr(97 + n // 20)}{chr(97 + n % 20)}dabra" for n in range(40))
    assert keys(search(business_id=shop.pk, query=f"{long} zylinder 62XL", mode="text")) == ["printer"]


def test_reranking_looks_at_sentences_and_keeps_what_was_found(shop: Any) -> None:
    ensure_collection(business_id=shop.pk, key="faq")
    long = "We sell chairs of oak. We sell tables of oak. We sell lamps of brass. We were founded in 1969. "
    texts = {"long": long + "The cheese is sold on Mondays.", "short": "The cheese is sold here."}
    for key, text in texts.items():
        index_document(business_id=shop.pk, collection="faq", key=key, title="", text=text)
    ask = {"business_id": shop.pk, "query": "The cheese is sold on Mondays.", "mode": "vector"}
    plain, again = search(**ask), search(**ask, rerank=True)
    assert keys(plain) == ["short", "long"] and keys(again) == ["long", "short"]
    assert all(0 <= one.score <= 1 for one in again.passages)
    assert {one.similarity for one in plain.passages} == {one.similarity for one in again.passages}
    assert keys(search(**ask, rerank=True, limit=1)) == ["long"]
    hurried = search(**ask, rerank=True, timeout=0.4)
    assert keys(hurried) == keys(plain) and hurried.problem == "no time to rerank"


def test_filters_by_date_include_the_beginning_and_not_the_end(shop: Any) -> None:
    ensure_collection(business_id=shop.pk, key="replies", kind="replies")
    day = datetime(2026, 3, 1, tzinfo=UTC)
    for n in range(3):
        index_document(
            business_id=shop.pk, collection="replies", key=str(n), title="", text=f"Your money, part {n}",
            created_at=day + timedelta(days=n),
        )  # fmt: skip
    for mode in ("hybrid", "text", "vector"):
        found = search(
            business_id=shop.pk,
            query="money",
            mode=mode,
            filters={"since": day + timedelta(days=1), "until": day + timedelta(days=2)},
        )
        assert keys(found) == ["1"]


def test_a_floor_leaves_only_what_is_about_the_matter(shop: Any) -> None:
    fill(shop)
    found = search(business_id=shop.pk, query="How do I get my money back?", floor=0.7)
    assert keys(found) == ["refund"]
    assert all(passage.confidence >= 0.7 for passage in found.passages)
    assert search(business_id=shop.pk, query="Is the moon made of cheese?", floor=0.7).passages == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "magic"},
        {"limit": 0},
        {"limit": 101},
        {"floor": 2},
        {"vector": [1.0]},
        {"vector": [float("nan")] * 384},
    ],
)
def test_what_cannot_be_asked_is_refused(shop: Any, wrong: Any) -> None:
    fill(shop)
    with pytest.raises(Invalid):
        search(business_id=shop.pk, query="money", **wrong)


def test_a_search_out_of_time_says_so_and_leaves_the_transaction_whole(shop: Any) -> None:
    fill(shop)
    with acting_for(shop.pk):
        found = search(business_id=shop.pk, query="money back", timeout=0.0)
        assert found.timed_out and found.passages == ()
        assert keys(search(business_id=shop.pk, query="money back", timeout=5.0))[0] == "refund"
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone()[0] == "0"


def test_a_statement_that_takes_too_long_is_stopped_and_the_transaction_goes_on(shop: Any) -> None:
    from apps.knowledge.asking import OutOfTime, within

    with transaction.atomic(), connection.cursor() as cursor:
        Business.objects.create(name="Kept", slug="kept")
        with pytest.raises(OutOfTime), within(0.02):
            cursor.execute("SELECT pg_sleep(5)")
        assert Business.objects.filter(slug="kept").exists()


def test_an_embedder_that_fails_leaves_the_words(shop: Any, monkeypatch: Any) -> None:
    from apps.knowledge import embedders

    fill(shop)

    class Broken:
        name, dim = "all-MiniLM-L6-v2", 384

        def embed(self, texts: Any) -> Any:
            raise ConnectionError

    monkeypatch.setattr(embedders, "get_embedder", Broken)
    found = search(business_id=shop.pk, query="money back")
    assert keys(found) == ["refund"]
    assert found.model == "" and "ConnectionError" in found.problem
    assert found.passages[0].similarity is None and found.passages[0].confidence == 0


def test_common_words_do_not_hide_a_rare_one(shop: Any) -> None:
    from apps.knowledge.terms_counting import count

    ensure_collection(business_id=shop.pk, key="faq")
    from apps.knowledge.indexing import NewDocument, index_many

    texts = [f"Where is my order, customer {n}?" for n in range(150)] + ["Where is my order of the zeppelin kit?"]
    documents = [NewDocument(str(n), "", text) for n, text in enumerate(texts)]
    index_many(business_id=shop.pk, collection="faq", documents=documents)
    count(shop.pk)
    forget_standings()
    assert keys(search(business_id=shop.pk, query="where is my order zeppelin", mode="text"))[0] == "150"
    assert len(search(business_id=shop.pk, query="order", mode="text", limit=100).passages) == 100


def test_common_words_are_asked_for_in_company_and_alone_where_nothing_holds_two(shop: Any, monkeypatch: Any) -> None:
    from apps.knowledge import terms_counting
    from apps.knowledge.indexing import NewDocument, index_many

    monkeypatch.setattr(terms_counting, "COMMON_FROM", 20)
    ensure_collection(business_id=shop.pk, key="faq")
    texts = [f"The parcel {n} lies here." for n in range(30)] + [f"A garden chair {n} of oak." for n in range(30)]
    documents = [NewDocument(str(n), "", text) for n, text in enumerate([*texts, "The parcel holds a garden chair."])]
    index_many(business_id=shop.pk, collection="faq", documents=documents)
    terms_counting.count(shop.pk)
    forget_standings()

    def by_words(query: str, **more: Any) -> set[str]:
        found = search(business_id=shop.pk, query=query, limit=100, **more).passages
        return {one.key for one in found if one.text_rank is not None}

    assert by_words("parcel chair") == {"60"}
    assert len(by_words("parcel")) == 31
    # By words alone, one of them is enough.
    assert len(by_words("parcel chair", mode="text")) == 61
    index_document(business_id=shop.pk, collection="faq", key="60", title="", text="Nothing any more.")
    assert len(by_words("parcel chair")) == 60


def test_what_only_words_found_has_its_cosine_with_a_floor_or_without(shop: Any) -> None:
    fill(shop)
    ask = {"business_id": shop.pk, "query": "HP-2041 cartridge"}
    assert search(**ask, mode="text").passages[0].similarity is None
    for found in (search(**ask), search(**ask, floor=0.0), search(**ask, mode="text", floor=0.0)):
        assert found.passages[0].key == "printer"
        assert found.passages[0].similarity == pytest.approx(search(**ask).passages[0].similarity)


def test_an_index_over_a_filter_misses_nothing(shop: Any) -> None:
    """The shelf's index would have to be left for the few a filter allows."""
    fill(shop, "snippets", lang="en")
    index_vectors(0)
    assert {p.key for p in search(business_id=shop.pk, query="anything", filters={"lang": "en"}).passages} == set(TEXTS)
