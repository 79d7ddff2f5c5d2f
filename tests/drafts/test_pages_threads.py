"""Lists of threads and sendings, and pages without anything."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.drafts.models import Draft
from apps.drafts.states import SendState
from tests.drafts.page_rows import draft_of, mailbox_of, sending_of, thread_of

SignIn = Callable[[User], Any]
FORM = {
    "address": "help@corner-shop.example",
    "name": "Corner Shop",
    "aliases": "orders@corner-shop.example",
    "signature": "Your Corner Shop",
    "imap_host": "imap.example.com",
    "imap_port": 993,
    "imap_security": "tls",
    "imap_user": "help",
    "imap_password": "open-the-box",
    "imap_folder": "INBOX",
    "after_fetch": "leave",
    "smtp_host": "smtp.example.com",
    "smtp_port": 587,
    "smtp_security": "starttls",
    "smtp_user": "help",
    "smtp_password": "send-the-box",
}
SETTINGS = {
    "enabled": "on",
    "guidance": "Warm and short",
    "model": "",
    "token_budget": 3000,
    "control_share": 50,
    "keep_days": 90,
}


def body_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_threads_are_found_and_told_apart(signed_in: SignIn, alice: User, shop: Business) -> None:
    with acting_for(shop.pk):
        box = mailbox_of(shop)
        draft_of(thread_of(box, subject="First of all").messages.get())
        draft, _ = draft_of(thread_of(box, subject="Second to none", customer="tom@bauer.example").messages.get())
        Draft.objects.filter(pk=draft.pk).update(state="sent")
        sending_of(draft, SendState.BOUNCED)
    client, url = signed_in(alice), reverse("admin:threads")

    def found(**query: str) -> list[str]:
        page = body_of(client.get(url, query))
        return [words for words in ("First of all", "Second to none") if words in page]

    assert found() == ["First of all", "Second to none"]
    assert found(q="bauer second") == ["Second to none"]
    assert found(show="bounced") == ["Second to none"]
    assert found(show="waiting") == ["First of all"]
    assert found(mailbox=str(box.pk)) == ["First of all", "Second to none"]
    assert found(q="nothing like it") == []
    for odd in (
        {"q": "a\x00b"},
        {"show": "'"},
        {"mailbox": "x"},
        {"after": "x~y"},
        {"after": "2026-01-01T00:00:00Z~x"},
    ):
        assert client.get(url, odd).status_code == 200, odd


def test_lists_take_as_many_queries_for_many_as_for_one(signed_in: SignIn, alice: User, shop: Business) -> None:
    with acting_for(shop.pk):
        box = mailbox_of(shop)
        thread = thread_of(box)
        draft_of(thread.messages.get())
    client = signed_in(alice)
    urls = [
        reverse("admin:threads"),
        reverse("admin:mailboxes"),
        reverse("admin:sendings"),
        reverse("admin:draft-settings"),
        reverse("admin:thread", args=[thread.pk]),
    ]
    few = [queries_of(client, url) for url in urls]
    with acting_for(shop.pk):
        for number in range(60):
            draft, _ = draft_of(thread_of(box, subject=f"Thread {number}").messages.get())
            sending_of(draft, SendState.UNSURE)
            mailbox_of(shop, address=f"box{number}@corner-shop.example")
    many = [queries_of(client, url) for url in urls]
    assert many == few
    assert max(many) <= 14, dict(zip(urls, many, strict=True))
    assert "Older" in body_of(client.get(urls[0]))


def queries_of(client: Any, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len([one for one in seen if "SAVEPOINT" not in one["sql"]])


def test_every_thread_stands_on_one_of_the_pages(signed_in: SignIn, alice: User, shop: Business) -> None:
    with acting_for(shop.pk):
        box = mailbox_of(shop)
        for number in range(120):
            thread_of(box, subject=f"Thread number {number:03}")
    client, url, seen = signed_in(alice), reverse("admin:threads"), []
    query = ""
    for _ in range(4):
        answer = client.get(url + query)
        seen += [line.thread.subject for line in answer.context["lines"]]
        query = answer.context["older"]
        if not query:
            break
    assert sorted(seen) == [f"Thread number {number:03}" for number in range(120)]


def test_an_unsure_sending_says_what_is_known(signed_in: SignIn, bob: User, alice: User, shop: Business) -> None:
    with acting_for(shop.pk):
        draft, _ = draft_of(thread_of(mailbox_of(shop)).messages.get())
        sending = sending_of(draft, SendState.UNSURE, last_error="The connection ended")
    page = body_of(signed_in(bob).get(reverse("admin:sendings")))
    for words in ("Where is my order?", "jane@porter.example", "The connection ended", "It was sent", "Send it again"):
        assert words in page
    assert "Send it again" not in body_of(signed_in(alice).get(reverse("admin:sendings")))
    url = reverse("admin:sending-settle", args=[sending.pk])
    assert signed_in(bob).get(url).status_code == 405
    assert signed_in(bob).post(url, {"as": "nonsense"}).status_code == 422


def test_pages_without_anything_say_what_comes_next(signed_in: SignIn, bob: User) -> None:
    client = signed_in(bob)
    for name, words in (
        ("threads", "No mailbox yet"),
        ("mailboxes", "No mailbox yet"),
        ("sendings", "Nothing is stuck"),
    ):
        assert words in body_of(client.get(reverse(f"admin:{name}")))
