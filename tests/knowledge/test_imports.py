"""Files into a collection: over REST and by the command; what was wrong is told by line, and nothing is done twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business
from apps.knowledge import importing, working
from apps.knowledge.indexing import ensure_collection
from apps.knowledge.models import Document, FileImport
from apps.knowledge.searching import search

pytestmark = pytest.mark.django_db
URL = "/v1/collections/help/documents/import"
TABLE = (
    b"title,text,tags,intent\nHours,We open at nine,shop,hours\n"
    b"Broken,,,\nRefunds,Refunds take five days,money,refund\n"
)


@pytest.fixture(autouse=True)
def collection(shop: Business) -> None:
    ensure_collection(business_id=shop.pk, key="help", name="Help", kind="snippets")


def put(api: Any, name: str, raw: bytes) -> Any:
    return api.generic("POST", f"{URL}?name={name}", raw, content_type="text/plain")


def test_a_table_of_snippets_gets_in_but_for_its_wrong_rows(api: Any, shop: Business) -> None:
    answer = put(api, "s.csv", TABLE)
    assert answer.status_code == 202
    (told,) = answer.json()["results"]
    assert (told["state"], told["name"], told["collection"]) == ("queued", "s.csv", "help")
    importing.work_on_import(UUID(told["id"]))
    after = api.get(f"/v1/imports/{told['id']}").json()
    assert (after["state"], after["total"], after["done"], after["failed"]) == ("done", 3, 2, 1)
    assert after["errors"] == [{"line": 3, "words": "There is no text", "text": "Broken"}]
    assert after["counts"] == {"indexed": 2}
    assert FileImport.objects.get().content is None
    found = search(business_id=shop.pk, query="when do I get my money back", filters={"intent": "refund"})
    assert [one.title for one in found.passages] == ["Refunds"]


def test_the_same_file_again_is_the_same(api: Any) -> None:
    for counts in ({"indexed": 2}, {"same": 2}):
        (told,) = put(api, "s.csv", TABLE).json()["results"]
        importing.work_on_import(UUID(told["id"]))
        assert api.get(f"/v1/imports/{told['id']}").json()["counts"] == counts
    assert Document.objects.count() == 2


def test_a_markdown_file_is_one_document_with_its_headings(api: Any, shop: Business) -> None:
    raw = b"# Returns\n\nSend it back within a month.\n\n## Damaged\n\nWe pay for the way back of damaged things.\n"
    (told,) = put(api, "returns.md", raw).json()["results"]
    importing.work_on_import(UUID(told["id"]))
    document = Document.objects.get()
    assert (document.key, document.title, document.source) == ("returns.md", "Returns", "returns.md")


def test_several_files_of_a_form(api: Any) -> None:
    files = [SimpleUploadedFile("a.md", b"# A\n\none"), SimpleUploadedFile("b.txt", b"two")]
    answer = api.post(URL, {"file": files}, format="multipart")
    assert answer.status_code == 202
    assert [one["name"] for one in answer.json()["results"]] == ["a.md", "b.txt"]


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("a.pdf", b"%PDF-1.4", r"\.pdf"),
        ("a.txt", b"PK\x03\x04xx", "zip"),
        ("a.csv", b"title,foo\na,b\n", "no column for the text"),
        ("a.txt", b"a\0b", "null"),
    ],
    ids=["pdf", "zip", "header", "null"],
)
def test_a_file_that_cannot_be_read_says_why(api: Any, name: str, raw: bytes, words: str) -> None:
    (told,) = put(api, name, raw).json()["results"]
    importing.work_on_import(UUID(told["id"]))
    after = api.get(f"/v1/imports/{told['id']}").json()
    assert (after["state"], after["failed"], after["done"]) == ("done", 1, 0)
    assert words.strip("\\") in after["errors"][0]["words"] or words.replace("\\", "") in after["errors"][0]["words"]
    assert after["errors"][0]["line"] == 0


def test_what_is_too_large_empty_or_nameless_is_refused_at_once(api: Any) -> None:
    assert put(api, "a.txt", b"x" * (10 * 1024 * 1024 + 1)).status_code == 413
    assert put(api, "a.txt", b" ").status_code == 422
    assert api.generic("POST", URL, b"text", content_type="text/plain").json()["errors"][0]["field"] == "name"
    assert api.post(URL, {}, format="multipart").json()["errors"][0]["field"] == "file"
    assert put(api, "a.txt", b"x" * 3_000_000).status_code == 202, "more than a body of JSON may have"
    assert api.generic("POST", URL.replace("help", "nowhere"), b"x", content_type="text/plain").status_code == 404


def test_an_entry_that_is_refused_stops_none_of_the_others(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importing.index_many

    def refuses(**given: Any) -> Any:
        from apps.core.errors import Invalid

        if any(one.title == "Hours" for one in given["documents"]):
            raise Invalid("text", "not this one")
        return real(**given)

    monkeypatch.setattr(importing, "index_many", refuses)
    (told,) = put(api, "s.csv", TABLE).json()["results"]
    importing.work_on_import(UUID(told["id"]))
    after = api.get(f"/v1/imports/{told['id']}").json()
    assert (after["state"], after["done"], after["failed"]) == ("done", 1, 2)
    assert {error["line"] for error in after["errors"]} == {2, 3}


def test_a_killed_worker_loses_nothing_and_repeats_nothing(shop: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PIECE", 2)
    raw = b"title,text\n" + b"".join(b"T%d,text %d\n" % (number, number) for number in range(7))
    work = importing.import_file(business_id=shop.pk, collection="help", name="s.csv", raw=raw, actor="user:a")
    held = working.claim(FileImport, work.pk, importing.NOUN)
    assert held
    found = importing.read_file("s.csv", raw)
    importing._begin(held, found)
    importing._piece(held, found)
    with monkeypatch.context() as dies:
        dies.setattr(working, "advance", lambda *args, **options: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            importing._piece(held, found)
    FileImport.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    importing.work_on_import(work.pk)
    work.refresh_from_db()
    assert (work.state, work.total, work.done, work.counts) == ("done", 7, 7, {"indexed": 5, "same": 2})
    assert Document.objects.count() == 7


def test_another_business_sees_no_import_and_no_collection(other_api: Any, api: Any) -> None:
    (told,) = put(api, "s.csv", TABLE).json()["results"]
    assert other_api.get(f"/v1/imports/{told['id']}").status_code == 404
    assert other_api.post(f"/v1/imports/{told['id']}/cancel").status_code == 404
    assert put(other_api, "s.csv", TABLE).status_code == 404
    assert other_api.get("/v1/collections/help/imports").status_code == 404


def test_how_far_it_is_is_told_without_reading_the_file(api: Any) -> None:
    (told,) = put(api, "s.csv", TABLE).json()["results"]
    with CaptureQueriesContext(connection) as asked:
        assert api.get(f"/v1/imports/{told['id']}").status_code == 200
    assert not any('"content"' in query["sql"] for query in asked.captured_queries)


def test_an_import_that_is_cancelled_before_it_began_or_whose_collection_is_gone_ends_well(
    api: Any, shop: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    (told,) = put(api, "s.csv", TABLE).json()["results"]
    real = importing.read_file

    def cancels(*given: Any) -> Any:
        importing.cancel_import(business_id=shop.pk, import_id=UUID(told["id"]), actor="user:a")
        return real(*given)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(importing, "read_file", cancels)
        assert importing.work_on_import(UUID(told["id"])) is False
    assert FileImport.objects.get().state == "cancelled"

    held = working.claim(FileImport, UUID(put(api, "t.csv", TABLE).json()["results"][0]["id"]), importing.NOUN)
    assert held
    api.delete("/v1/collections/help")
    assert working.work_on(held, lambda one: importing._piece(one, real("t.csv", TABLE))) is False
    assert not FileImport.objects.exists()


def test_cancel_and_resume(api: Any) -> None:
    (told,) = put(api, "s.csv", TABLE).json()["results"]
    assert api.post(f"/v1/imports/{told['id']}/cancel").json()["state"] == "cancelled"
    importing.work_on_import(UUID(told["id"]))
    assert not Document.objects.exists()
    assert api.post(f"/v1/imports/{told['id']}/resume").json()["state"] == "queued"
    importing.work_on_import(UUID(told["id"]))
    assert Document.objects.count() == 2


def test_the_command_reads_files_and_says_what_became_of_them(
    shop: Business, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.csv").write_bytes(TABLE)
    (tmp_path / "a.md").write_bytes(b"# A\n\none")
    call_command("import_documents", "corner-shop", "help", str(tmp_path / "s.csv"), str(tmp_path / "a.md"))
    told = capsys.readouterr().out
    assert "s.csv" in told and "line 3: There is no text" in told and "a.md" in told
    assert Document.objects.count() == 3


def test_the_command_makes_its_collection_and_names_what_is_missing(shop: Business, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"# A\n\none")
    call_command("import_documents", "corner-shop", "guides", str(tmp_path / "a.md"))
    assert Document.objects.get().collection.key == "guides"
    with pytest.raises(CommandError, match="no business"):
        call_command("import_documents", "nobody", "guides", str(tmp_path / "a.md"))
    with pytest.raises(CommandError, match="could not be read"):
        call_command("import_documents", "corner-shop", "guides", str(tmp_path / "missing.md"))
