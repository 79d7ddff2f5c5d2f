"""The pages of knowledge: seen by members, changed by admins, of one business only."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.models import Business, User
from apps.knowledge import importing
from apps.knowledge.batching import create_batch
from apps.knowledge.indexing import ensure_collection, index_document
from apps.knowledge.models import Collection, Document, EmbeddingBatch, FileImport

pytestmark = pytest.mark.django_db
URL = "/admin/knowledge/"


@pytest.fixture
def refunds(shop: Business) -> Document:
    ensure_collection(business_id=shop.pk, key="help", name="Help", kind="snippets")
    made = index_document(
        business_id=shop.pk, collection="help", key="refunds", title="Refunds <b>", whole=True, source="s.csv",
        text="Refunds reach <i>your</i> account within five days.", meta={"intent": "refund", "tags": ["money"]},
    )  # fmt: skip
    return Document.objects.get(pk=made.document_id)


def test_the_first_visit_says_how_to_begin(bob: User, victor: User, signed_in: Any) -> None:
    page = signed_in(bob).get(URL).content.decode()
    assert "Nothing is kept yet" in page and "Add a collection" in page
    page = signed_in(victor).get(URL).content.decode()
    assert "Nothing is kept yet" in page and "knowledge-add" not in page


def test_the_overview_counts_and_shows_what_goes_on(
    bob: User, shop: Business, refunds: Document, signed_in: Any
) -> None:
    create_batch(business_id=shop.pk, texts=[("", "a")], model="all-MiniLM-L6-v2", actor="user:b", name="Catalogue")
    page = signed_in(bob).get(URL).content.decode()
    for words in ("Help", "all-MiniLM-L6-v2", "Catalogue", "queued", "0 of 1 texts", "Cancel"):
        assert words in page


def test_a_search_marks_words_and_says_what_found_it(bob: User, refunds: Document, signed_in: Any) -> None:
    browser = signed_in(bob)
    for url in (URL, f"{URL}help/"):
        page = browser.get(url, {"q": "refund account"}).content.decode()
        assert "<mark>account</mark>" in page and "by meaning" in page and "&lt;i&gt;your" in page
        part = browser.get(url, {"q": "refund account"}, HTTP_HX_TARGET="found").content.decode()
        assert part.lstrip().startswith('<div id="found"') and "<mark>account</mark>" in part
    assert "Nothing was found" in browser.get(f"{URL}help/", {"q": "refund", "intent": "x"}).content.decode()
    assert browser.get(URL, {"q": "a\0b", "mode": "magic", "after": "x"}).status_code == 200


def test_snippets_are_added_edited_indexed_anew_and_removed(bob: User, refunds: Document, signed_in: Any) -> None:
    browser = signed_in(bob)
    given = {"title": "Hours", "text": "Nine to five", "tags": "Shop, time", "intent": "Opening hours"}
    answer = browser.post(f"{URL}help/add/", given, follow=True)
    hours = Document.objects.get(title="Hours")
    assert answer.redirect_chain[-1][0] == f"{URL}help/documents/{hours.pk}/"
    assert (
        hours.meta == {"tags": ["shop", "time"], "intent": "opening_hours"} and hours.source == "user:bob@example.com"
    )

    one = f"{URL}help/documents/{refunds.pk}/"
    page = browser.get(one).content.decode()
    assert "Refunds &lt;b&gt;" in page and "1 passage" in page and "tokens" in page
    browser.post(f"{one}edit/", {"title": "Refunds", "text": "Refunds take a day.", "tags": "", "intent": ""})
    refunds.refresh_from_db()
    assert (refunds.key, refunds.text, refunds.meta, refunds.source) == ("refunds", "Refunds take a day.", {}, "s.csv")

    before = refunds.indexed_at
    assert "Indexed anew" in browser.post(f"{one}reindex/", follow=True).content.decode()
    refunds.refresh_from_db()
    assert refunds.indexed_at > before
    assert "is removed" in browser.post(f"{one}remove/", follow=True).content.decode()
    assert not Document.objects.filter(pk=refunds.pk).exists()


def test_what_is_wrong_stands_beside_its_field(bob: User, refunds: Document, signed_in: Any) -> None:
    browser = signed_in(bob)
    answer = browser.post(f"{URL}help/add/", {"title": "", "text": "x", "tags": "a" * 41})
    page = answer.content.decode()
    assert answer.status_code == 422 and "This field is required" in page and "At most 20 tags" in page
    answer = browser.post("/admin/knowledge-add/", {"name": "Help", "key": "help", "kind": "documents"})
    assert answer.status_code == 422 and "already" in answer.content.decode()
    answer = browser.post("/admin/knowledge-add/", {"name": "Our guides", "key": "", "kind": "documents"})
    assert answer.url == f"{URL}our-guides/"


def test_files_are_taken_in_and_their_lines_told(bob: User, refunds: Document, signed_in: Any) -> None:
    browser = signed_in(bob)
    files = [SimpleUploadedFile("s.csv", b"title,text\nHours,Nine\nBroken,\n"), SimpleUploadedFile("e.md", b" ")]
    page = browser.post(f"{URL}help/import/", {"file": files}, follow=True).content.decode()
    assert "e.md: the file is empty" in page and "s.csv" in page
    importing.work_on_import(FileImport.objects.get().pk)
    page = browser.get(f"{URL}help/").content.decode()
    assert "1 not read" in page and "There is no text" in page and "1 indexed" in page
    assert "Choose at least one file" in browser.post(f"{URL}help/import/", follow=True).content.decode()


def test_a_file_that_is_too_large_is_never_read(
    bob: User, refunds: Document, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MOST_BYTES", 20)
    files = [SimpleUploadedFile("big.csv", b"x" * 21), SimpleUploadedFile("a.md", b"# A\n\none")]
    page = signed_in(bob).post(f"{URL}help/import/", {"file": files}, follow=True).content.decode()
    assert "big.csv: more than" in page
    assert [work.name for work in FileImport.objects.all()] == ["a.md"]


def test_of_two_who_edit_at_once_the_second_is_told(bob: User, refunds: Document, signed_in: Any) -> None:
    browser, one = signed_in(bob), f"{URL}help/documents/{refunds.pk}/"
    seen = refunds.content_hash
    assert seen in browser.get(one).content.decode()
    browser.post(f"{one}edit/", {"title": "Refunds", "text": "Theirs", "seen": seen})
    answer = browser.post(f"{one}edit/", {"title": "Refunds", "text": "Mine", "seen": seen})
    assert answer.status_code == 422
    assert "Somebody changed it" in answer.content.decode() and "Mine" in answer.content.decode()
    refunds.refresh_from_db()
    assert refunds.text == "Theirs" and refunds.content_hash in answer.content.decode()
    browser.post(f"{one}edit/", {"title": "Refunds", "text": "Mine", "seen": refunds.content_hash})
    refunds.refresh_from_db()
    assert refunds.text == "Mine"


def test_what_is_searched_can_be_limited_to_a_kind(bob: User, refunds: Document, signed_in: Any) -> None:
    browser = signed_in(bob)
    assert "In snippets" in browser.get(URL).content.decode()
    assert "<mark>account</mark>" in browser.get(URL, {"q": "account", "kind": "snippets"}).content.decode()
    assert "Nothing was found" in browser.get(URL, {"q": "account", "kind": "replies"}).content.decode()


def test_batches_are_cancelled_and_resumed(bob: User, shop: Business, signed_in: Any) -> None:
    batch = create_batch(business_id=shop.pk, texts=[("", "a")], model="all-MiniLM-L6-v2", actor="user:b")
    browser = signed_in(bob)
    for act, state in (("cancel", "cancelled"), ("resume", "queued")):
        assert browser.post(f"/admin/knowledge-work/batch/{batch.pk}/{act}/").status_code == 302
        assert EmbeddingBatch.objects.get().state == state
    for back in ("../etc", "nowhere"):
        answer = browser.post(f"/admin/knowledge-work/batch/{batch.pk}/resume/", {"back": back})
        assert answer.url == URL
    assert (
        "goes on already"
        in browser.post(f"/admin/knowledge-work/batch/{batch.pk}/resume/", follow=True).content.decode()
    )


def test_a_collection_is_removed_whole(bob: User, refunds: Document, signed_in: Any) -> None:
    signed_in(bob).post(f"{URL}help/remove/")
    assert not Collection.objects.exists() and not Document.objects.exists()


def test_who_only_looks_changes_nothing(alice: User, refunds: Document, signed_in: Any) -> None:
    browser = signed_in(alice)
    page = browser.get(f"{URL}help/documents/{refunds.pk}/")
    assert page.status_code == 200 and b"Index anew" not in page.content
    for path in ("help/add/", "help/import/", "help/remove/", f"help/documents/{refunds.pk}/remove/"):
        assert browser.post(URL + path).status_code == 403
    assert browser.get(f"{URL}help/add/").status_code == 405


def test_another_business_sees_none_of_it(mallory: User, refunds: Document, signed_in: Any) -> None:
    browser = signed_in(mallory)
    assert "Help" not in browser.get(URL, {"q": "refunds"}).content.decode().split('id="part-collections"')[1]
    for path in ("help/", f"help/documents/{refunds.pk}/"):
        assert browser.get(URL + path).status_code == 404
    for path in ("help/add/", f"help/documents/{refunds.pk}/edit/", f"help/documents/{refunds.pk}/remove/"):
        assert browser.post(URL + path, {"title": "x", "text": "y"}).status_code == 404
    assert Document.objects.filter(pk=refunds.pk).exists()


def test_the_queries_do_not_grow_with_what_is_shown(
    bob: User, shop: Business, refunds: Document, signed_in: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        index_document(business_id=shop.pk, collection="help", key=f"k{number}", title=f"T{number}", text="text")
        create_batch(business_id=shop.pk, texts=[("", "a")], model="all-MiniLM-L6-v2", actor="user:b")
    browser = signed_in(bob)
    browser.get(URL)
    with django_assert_max_num_queries(30):
        browser.get(URL, {"q": "text"})
    with django_assert_max_num_queries(30):
        browser.get(f"{URL}help/", {"q": "text"})
    with django_assert_max_num_queries(24):
        browser.get(f"{URL}help/documents/{refunds.pk}/")
