"""Collections, documents and search over REST; what belongs to another business is never found."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.keys import issue_key
from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.models import Event
from apps.knowledge.indexing import ensure_collection, index_document
from apps.knowledge.models import Collection, Document, EmbeddingBatch, FileImport
from tests.conftest import client_for

pytestmark = pytest.mark.django_db
URL = "/v1/collections"


@pytest.fixture
def help_(api: Any) -> str:
    """A collection of snippets with two of them; its address."""
    assert api.post(URL, {"key": "help", "name": "Help", "kind": "snippets"}, format="json").status_code == 201
    for title, text, intent in (
        ("Refunds", "Refunds reach your account within five working days.", "refund"),
        ("Opening hours", "We are open from nine to five, Monday to Friday.", "hours"),
    ):
        body = {"title": title, "text": text, "intent": intent, "tags": [intent, "shop"]}
        assert api.post(f"{URL}/help/documents", body, format="json").status_code == 201
    return f"{URL}/help/documents"


def test_a_collection_is_added_once_and_counted(api: Any, help_: str) -> None:
    again = api.post(URL, {"key": "help", "kind": "snippets"}, format="json")
    assert again.status_code == 200
    assert api.post(URL, {"key": "help", "kind": "documents"}, format="json").status_code == 409
    (row,) = api.get(URL).json()["results"]
    assert (row["key"], row["name"], row["kind"], row["documents"]) == ("help", "Help", "snippets", 2)
    assert api.get(f"{URL}/help").json() == row
    assert api.post(URL, {"key": "No"}, format="json").json()["errors"][0]["field"] == "key"
    assert api.post(URL, {"key": "x", "kind": "precedents"}, format="json").status_code == 422


def test_a_document_is_put_read_replaced_and_removed(api: Any, help_: str) -> None:
    rows = api.get(help_).json()["results"]
    assert [row["title"] for row in rows] == ["Opening hours", "Refunds"]
    whole = api.get(f"{help_}/{rows[1]['id']}").json()
    assert whole["meta"] == {"tags": ["refund", "shop"], "intent": "refund"}
    assert [one["text"] for one in whole["passages"]] == [whole["text"]]

    again = {"title": "Refunds", "text": whole["text"], "intent": "refund", "tags": ["refund", "shop"]}
    assert api.post(help_, again, format="json").json()["state"] == "same"
    changed = api.post(help_, again | {"text": "Refunds take a day."}, format="json").json()
    assert (changed["id"], changed["state"]) == (rows[1]["id"], "indexed")

    assert api.delete(f"{help_}/{rows[1]['id']}").status_code == 204
    assert api.get(f"{help_}/{rows[1]['id']}").status_code == 404
    assert Event.objects.filter(kind="document.removed", subject_id=rows[1]["id"]).exists()


def test_search_finds_by_meaning_and_words_and_says_where(api: Any, help_: str) -> None:
    answer = api.post("/v1/embeddings/search", {"query": "when do I get my money back"}, format="json").json()
    first = answer["results"][0]
    assert (first["title"], first["collection"], first["kind"]) == ("Refunds", "help", "snippets")
    assert first["similarity"] and 0 <= first["confidence"] <= 1 and answer["model"] == "all-MiniLM-L6-v2"
    by_words = api.get("/embeddings/search?query=Monday&limit=1").json()["results"][0]
    assert by_words["title"] == "Opening hours"
    start, end = by_words["highlights"][0]
    assert by_words["text"][start:end] == "Monday"


def test_search_keeps_to_its_filters(api: Any, help_: str) -> None:
    def titles(**body: Any) -> list[str]:
        answer = api.post("/v1/embeddings/search", {"query": "money", **body}, format="json")
        assert answer.status_code == 200, answer.json()
        return [one["title"] for one in answer.json()["results"]]

    assert titles(filters={"intent": "hours"}) == ["Opening hours"]
    assert titles(kinds=["documents"]) == []
    assert titles(collections=["nowhere"]) == []
    assert titles(until="2001-01-01T00:00:00Z") == []
    assert len(titles(since="2001-01-01T00:00:00Z")) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "query"),
        ({"query": ""}, "query"),
        ({"query": "x", "limit": 51}, "limit"),
        ({"query": "x", "mode": "magic"}, "mode"),
        ({"query": "x", "floor": 2}, "floor"),
        ({"query": "x", "since": "2001-01-01T00:00:00"}, "filters.since"),
        ({"query": "x", "filters": {"since": "x"}}, "filters.since"),
        ({"query": "x", "filters": {"a": [1]}}, "filters[...]"),
    ],
    ids=["missing", "empty", "many", "mode", "floor", "naive", "since", "list"],
)
def test_a_search_that_is_wrong_names_the_field(api: Any, help_: str, body: dict[str, Any], field: str) -> None:
    answer = api.post("/v1/embeddings/search", body, format="json")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_what_is_learned_is_not_written_by_hand(api: Any, shop: Business) -> None:
    ensure_collection(business_id=shop.pk, key="replies", name="Replies", kind="replies")
    answer = api.post(f"{URL}/replies/documents", {"title": "x", "text": "y"}, format="json")
    assert answer.status_code == 403


def test_removing_a_collection_removes_all_of_it(api: Any, help_: str) -> None:
    assert api.delete(f"{URL}/help").status_code == 204
    assert api.get(help_).status_code == 404
    assert not Document.objects.exists()
    assert api.post("/v1/embeddings/search", {"query": "refund"}, format="json").json()["results"] == []


def test_another_business_finds_none_of_it(other_api: Any, api: Any, help_: str, other_shop: Business) -> None:
    ensure_collection(business_id=other_shop.pk, key="help", name="Theirs", kind="snippets")
    index_document(business_id=other_shop.pk, collection="help", key="k", title="Theirs", text="Our own text")
    pk = api.get(help_).json()["results"][0]["id"]
    assert other_api.get(f"{help_}/{pk}").status_code == 404
    assert other_api.delete(f"{help_}/{pk}").status_code == 404
    for query in ("refunds", "when do I get my money back", "Monday to Friday"):
        found = other_api.post("/v1/embeddings/search", {"query": query}, format="json").json()["results"]
        assert {one["title"] for one in found} <= {"Theirs"}
    with acting_for(other_shop.pk):
        assert set(Collection.objects.values_list("business_id", flat=True)) == {other_shop.pk}
        assert not FileImport.objects.exists() and not EmbeddingBatch.objects.exists()


def test_it_needs_its_scopes(shop: Business, help_: str) -> None:
    reads = client_for(issue_key(business=shop, name="r", scopes=["knowledge:read"], by=None)[1])
    assert reads.get(help_).status_code == 200
    assert reads.post(help_, {"title": "x", "text": "y"}, format="json").status_code == 403
    assert reads.delete(f"{URL}/help").status_code == 403
    embeds = client_for(issue_key(business=shop, name="e", scopes=["embeddings:create"], by=None)[1])
    assert embeds.post("/v1/embeddings/search", {"query": "x"}, format="json").status_code == 403


def test_queries_do_not_grow_with_what_is_listed(api: Any, help_: str, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        api.post(help_, {"title": f"Number {number}", "text": f"text {number}"}, format="json")
    with django_assert_max_num_queries(12):
        api.get(f"{help_}?limit=12")
    with django_assert_max_num_queries(12):
        api.get(URL)
    with django_assert_max_num_queries(16):
        api.post("/v1/embeddings/search", {"query": "text"}, format="json")
