"""An admin brings files, watches them come in, searches, and puts right what is wrong: in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.models import Business, User
from apps.knowledge import importing, reembedding, working
from apps.knowledge.batching import create_batch, work_on_batch
from apps.knowledge.indexing import NewDocument, ensure_collection, index_many
from apps.knowledge.models import Document, FileImport, Library, Reembedding
from apps.llm.models import Provider
from tests.llm.providers import provider_server

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PATH = "/admin/knowledge/help/"
ROWS = 48
STAYS = "window.stays = true"


@pytest.fixture(autouse=True)
def one_piece_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "TURN_SECONDS", -1)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    rows = "".join(f"Topic {number},What we say about topic {number},shop,hours\n" for number in range(ROWS - 1))
    table = f"title,text,tags,intent\n{rows}Late parcels,A parcel that is late gets its postage back,post,refund\n"
    (tmp_path / "snippets.csv").write_text(table)
    (tmp_path / "broken.csv").write_text('title,text\nGood,Good answer\nBad,"never closed\nAlso good,Another answer\n')
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    (tmp_path / "empty.md").write_text("  \n")
    (tmp_path / "huge.txt").write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    return tmp_path


def bar(page: Page, name: str) -> Any:
    return page.locator(".gh-know-work", has_text=name).locator("progress")


def work_all() -> None:
    for pk in FileImport.objects.exclude(state="done").values_list("pk", flat=True):
        while importing.work_on_import(pk):
            """Piece by piece."""


def test_files_come_in_by_key_and_by_drop_and_what_is_wrong_with_them_is_told(
    open_as: Any, shop: Business, bob: User, files: Path
) -> None:
    ensure_collection(business_id=shop.pk, key="help", name="Help", kind="snippets")
    page = open_as(bob, PATH)
    page.locator("#file").focus()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files([files / name for name in ("snippets.csv", "empty.md", "huge.txt", "photo.png")])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_contain_text("empty.md: the file is empty")
    expect(page.locator("body")).to_contain_text("huge.txt: more than 10 MB")
    expect(page.locator("#part-imports")).to_contain_text("snippets.csv")

    page.evaluate(STAYS)
    expect(bar(page, "snippets.csv")).to_have_attribute("value", "0.0000")
    work = FileImport.objects.get(name="snippets.csv")
    for done in (16, 32):
        importing.work_on_import(work.pk)
        expect(bar(page, "snippets.csv")).to_have_attribute("value", f"{done / ROWS:.4f}")
    work_all()
    expect(page.locator("#part-imports")).to_contain_text(f"{ROWS} indexed")
    expect(page.locator("#part-documents")).to_contain_text("Late parcels")
    assert page.evaluate("window.stays") is True, "nothing was loaded anew"
    wrong = page.locator(f"#errors-{FileImport.objects.get(name='photo.png').pk}")
    wrong.locator("summary").click()
    expect(wrong).to_contain_text("Files of the kind .png are not read: .md")

    drop(page, files / "broken.csv")
    expect(page.locator("#part-imports")).to_contain_text("broken.csv")
    work_all()
    wrong = page.locator(f"#errors-{FileImport.objects.get(name='broken.csv').pk}")
    wrong.locator("summary").click()
    expect(wrong).to_contain_text("A quotation mark is opened here and never closed")
    assert set(Document.objects.filter(title__icontains="good").values_list("title", flat=True)) == {
        "Good",
        "Also good",
    }

    search_and_put_right(page)


def drop(page: Page, file: Path) -> None:
    """As a person does with a file from their desk."""
    given = page.evaluate_handle(
        "([name, text]) => { const data = new DataTransfer(); data.items.add(new File([text], name)); return data; }",
        [file.name, file.read_text()],
    )
    page.dispatch_event("#drop", "dragover", {"dataTransfer": given})
    expect(page.locator("#drop")).to_have_attribute("data-over", "1")
    with page.expect_navigation():
        page.dispatch_event("#drop", "drop", {"dataTransfer": given})


def search_and_put_right(page: Page) -> None:
    page.goto("/admin/knowledge/")
    look_for(page, "late parcel postage")
    first = page.locator("#found li").first
    expect(first.locator("mark").first).to_be_visible()
    expect(first).to_contain_text("Late parcels")
    page.select_option("#kind", "snippets")
    page.select_option("#mode", "text")
    expect(page).to_have_url(re.compile("mode=text.*kind=snippets"))
    expect(page.locator("#found li").first).to_contain_text("by words")

    page.goto(f"{PATH}?q=postage&mode=text")
    page.select_option("#intent", "hours")
    expect(page.locator("#found")).to_contain_text("Nothing was found")
    page.select_option("#intent", "refund")
    page.locator("#found a").first.click()
    page.fill("[name=text]", "A parcel that is late is sent once more by courier")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_contain_text("Saved, and found from now on")
    page.goto(f"{PATH}?q=postage&mode=text")
    expect(page.locator("#found")).to_contain_text("Nothing was found")
    page.fill("#q", "courier")
    expect(page.locator("#found mark").first).to_have_text("courier")


def look_for(page: Page, words: str) -> None:
    """The first search of a process loads the model, which may take longer than a search may: then once more."""
    page.fill("#q", words)
    for _ in range(5):
        with page.expect_response(lambda answer: "q=" in answer.url):
            page.locator("#q").press("Enter")
        expect(page.locator("#found section")).to_be_visible()
        if page.locator("#found li").count():
            return


@pytest.fixture
def provider(shop: Business) -> Iterator[None]:
    with provider_server() as server:
        Provider.objects.create(
            business=shop, name="house", base_url=server.base_url, model="small-embedding", kind="embedding", dim=8,
            timeout_seconds=5, retries=0,
        )  # fmt: skip
        yield


def test_a_batch_and_a_change_of_the_model_move_before_ones_eyes(
    open_as: Any, shop: Business, bob: User, provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_collection(business_id=shop.pk, key="faq")
    documents = [NewDocument(str(n), "", f"Question {n} about an order.") for n in range(8)]
    index_many(business_id=shop.pk, collection="faq", documents=documents)
    texts = [("", f"text {number}") for number in range(64)]
    batch = create_batch(business_id=shop.pk, texts=texts, model="all-MiniLM-L6-v2", actor="user:a", name="Catalogue")
    page = open_as(bob, "/admin/knowledge/")
    page.evaluate(STAYS)
    for share in ("0.5000", "1.0000"):
        work_on_batch(batch.pk)
        expect(bar(page, "Catalogue")).to_have_attribute("value", share)
    work_on_batch(batch.pk)
    expect(page.locator(".gh-know-work", has_text="Catalogue")).to_contain_text("done")
    assert page.evaluate("window.stays") is True

    page.get_by_role("link", name="Change the model").click()
    page.get_by_role("button", name="Change to small-embedding").press("Enter")
    expect(page.locator("#part-change")).to_contain_text("0 of 8 passages")
    monkeypatch.setattr(reembedding, "CHUNKS_AT_ONCE", 4)
    page.evaluate(STAYS)
    step()
    expect(bar(page, "small-embedding")).to_have_attribute("value", "0.5000")
    while Library.objects.get().model.key != "small-embedding":
        step()
    expect(page.locator("#part-model")).to_contain_text("small-embedding")
    expect(page.locator("#part-change")).to_contain_text("in use")
    assert page.evaluate("window.stays") is True


def step() -> None:
    reembedding._step(Reembedding.objects.select_related("model").get(), timezone.now())
