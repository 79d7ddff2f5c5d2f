"""A day at the mail: it comes in at Dovecot, is drafted, edited, approved by keyboard, and arrives at a mail server.

The processes are those of `make run`: web, live, worker, beat. No model is asked: the template drafts.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.agents.models import Tool
from apps.approvals.models import ApprovalRequest
from apps.core.models import Event
from apps.drafts.models import Draft, IntentTool, Message
from apps.drafts.states import Direction
from tests.conftest import PASSWORD
from tests.drafts.mail_servers import ADDRESS, Imap, Smtp, a_raw_mail, connected, imap_server, smtp_server, wait_for
from tests.fakes import Outsider
from tests.journeys.test_trust_learned import House

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ORDER = {"order_id": "GH-1042", "status": "shipped", "carrier": "DHL", "tracking_number": "JD014600006281230704"}
PATIENCE = 60_000


@pytest.fixture
def imap() -> Iterator[Imap]:
    with imap_server() as running:
        yield running


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with smtp_server() as running:
        yield running


@pytest.fixture
def house(
    transactional_db: None, tmp_path: Path, outside: Outsider, shop: Business, imap: Imap, smtp: Smtp
) -> Iterator[House]:
    """The processes, a mailbox on both servers, and a tool that knows the order."""
    call_command("seed_schedule", verbosity=0)
    outside.answer = (200, json.dumps(ORDER).encode(), {"content-type": "application/json"})
    with acting_for(shop.pk):
        connected(shop, imap, smtp)
        parameters = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
        tool = Tool.objects.create(
            business=shop,
            name="order_status",
            kind="http",
            url=outside.url,
            method="POST",
            parameters=parameters,
            description="The status of an order",
            returned=list(ORDER),
        )
        for intent in ("ORDER", "TRACKING"):
            IntentTool.objects.create(business=shop, intent=intent, tool=tool, arguments={"order_id": "order_number"})
    running = House(tmp_path, outside.url)
    yield running
    running.stop()


@pytest.fixture
def page(house: House, browser: Browser, alice: User) -> Iterator[Page]:
    """Alice in a browser of her own, before an empty queue."""
    faults: list[str] = []
    context = browser.new_context(base_url=house.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto("/admin/login/?next=/admin/queue/")
    page.fill("[name=username]", alice.username)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#gh-live[data-state=live]", state="attached")
    yield page
    context.close()
    assert faults == []


def rows_of(page: Page) -> Any:
    return page.locator("#rows > .gh-row:not([data-gone])")


def open_first(page: Page) -> None:
    """By keyboard: the next item of the list."""
    if page.locator("#draft").count() == 0:
        page.keyboard.press("j")
    expect(page.locator("#draft")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#item-status")).to_have_attribute("data-tone", "mine", timeout=PATIENCE)


def read(shop: Business, what: Callable[[], Any]) -> Any:
    with acting_for(shop.pk):
        return what()


def test_a_mail_is_drafted_edited_approved_and_arrives(
    house: House, page: Page, shop: Business, imap: Imap, smtp: Smtp, alice: User
) -> None:
    expect(page.locator("#item")).to_contain_text("Nothing waits")
    before = figures(page)
    asked = a_raw_mail(
        "Hello,\n\nwhere is my order GH-1042?\n\nJane",
        sender="Jane Porter <jane@porter.example>",
        to=f"{ADDRESS}, Tom <tom@porter.example>",
        subject="My order GH-1042",
        message_id="asked-1@porter.example",
        references="<before@porter.example>",
    )
    imap.deliver(asked)

    # It appears in the open queue by itself.
    expect(rows_of(page)).to_have_count(1, timeout=PATIENCE)
    open_first(page)
    expect(page.locator(".gh-mail-text").first).to_contain_text("where is my order GH-1042")
    expect(page.locator("#tool-order_status")).to_contain_text("JD014600006281230704")
    expect(page.locator("#do-approve-word")).to_have_text("Approve and send")

    # A fact shows its source when it gets the focus.
    fact = page.locator(".gh-reply-text .gh-fact[data-supported='1']").first
    fact.focus()
    expect(page.locator("#draft-source")).to_be_visible()
    expect(page.locator("#draft-source")).to_contain_text(fact.inner_text())

    # E edits. What nobody said is marked while it is typed, and approval is refused until it is taken out or owned.
    page.keyboard.press("e")
    expect(page.locator("#draft-body")).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nWe will refund you 75.00 EUR by 3 December.")
    expect(page.locator("#draft-checked")).to_contain_text("no source", timeout=PATIENCE)
    expect(page.locator(".gh-mirror-back .gh-fact[data-supported='0']").first).to_be_attached()
    expect(page.locator("#do-approve-word")).to_have_text("Send with changes")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#item-notice")).to_contain_text("No source says this", timeout=PATIENCE)
    expect(page.locator("#draft-body")).to_have_value(holding("75.00 EUR"))
    assert smtp.mails == []

    expect(page.locator("#draft-checked")).to_contain_text("no source", timeout=PATIENCE)
    page.locator("#draft-reason").focus()
    page.keyboard.type("Agreed with Carol on the phone")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#item")).to_contain_text("Nothing waits", timeout=PATIENCE)
    wait_for(lambda: smtp.mails, 60)

    mail = smtp.mails[0]
    assert sorted(mail.recipients) == ["jane@porter.example", "tom@porter.example"]
    said = mail.message
    assert said["To"] == "Jane Porter <jane@porter.example>"
    assert said["In-Reply-To"] == "<asked-1@porter.example>"
    assert "<asked-1@porter.example>" in said["References"]
    assert said["Subject"] == "Re: My order GH-1042"
    assert "75.00 EUR" in said.get_content()

    draft = wait_for(
        lambda: read(shop, lambda: Draft.objects.filter(state="sent").select_related("sending").first()), 30
    )
    assert draft.sending.message_id in said["Message-ID"]
    assert draft.override_reason == "Agreed with Carol on the phone"
    assert draft.edit_distance > 0
    assert draft.decided_by == f"user:{alice.email}"
    assert read(shop, lambda: Event.objects.filter(kind="draft.sent").count()) == 1
    assert len(smtp.mails) == 1
    wait_for(lambda: imap.mails("Sent"), 30)
    moved = figures(page)
    for name in ("draft_success_rate", "draft_approval_rate", "edit_distance"):
        assert moved[name]["n"] == before[name]["n"] + 1, name
    assert moved["draft_approval_rate"]["hits"] == before["draft_approval_rate"]["hits"] + 1
    page.goto(f"/admin/mail/threads/{draft.thread_id}/")
    expect(page.locator("#live-part")).to_contain_text("Agreed with Carol on the phone")
    expect(page.locator(".gh-mail[data-ours='1']")).to_contain_text("75.00 EUR")


def test_a_new_version_and_a_newer_mail_never_lose_what_was_typed(
    house: House, page: Page, shop: Business, imap: Imap, smtp: Smtp
) -> None:
    imap.deliver(
        a_raw_mail("Where is my order GH-1042?", sender="Jane <jane@porter.example>", message_id="one@porter.example")
    )
    expect(rows_of(page)).to_have_count(1, timeout=PATIENCE)
    open_first(page)
    first = page.locator("#open-item").get_attribute("data-id")

    # Another wording is asked for; what was typed meanwhile is there when it has come.
    page.keyboard.press("e")
    page.keyboard.press("Control+End")
    page.keyboard.type(" See you soon")
    page.locator("#draft-instruction").focus()
    page.keyboard.type("shorter")
    page.keyboard.press("Enter")
    expect(page.locator("#redraft-said")).to_contain_text("being written", timeout=PATIENCE)
    banner = page.locator("#draft-banner [data-show-new]")
    expect(banner).to_have_text("Show it", timeout=PATIENCE)
    expect(page.locator("#draft-body")).to_have_value(holding("See you soon"))
    banner.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#open-item")).not_to_have_attribute("data-id", first or "", timeout=PATIENCE)
    page.locator("#put-back").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#draft-body")).to_have_value(holding("See you soon"))

    # The customer writes again: a banner says so, and leads to the reply to the newest mail.
    imap.deliver(
        a_raw_mail(
            "Sorry, I also want to know the carrier of GH-1042.",
            sender="Jane <jane@porter.example>",
            subject="Re: Order HP-2041",
            message_id="two@porter.example",
            answers="one@porter.example",
        )
    )
    expect(page.locator("#draft-banner")).to_contain_text("The conversation moved on", timeout=PATIENCE)
    expect(page.locator("#draft-body")).to_have_value(holding("See you soon"))
    newer = page.locator("#draft-banner [data-show-new]")
    expect(newer).to_have_text("Open the reply to it", timeout=PATIENCE)
    newer.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".gh-mail-text").first).to_contain_text("I also want to know the carrier", timeout=PATIENCE)
    expect(page.locator("#item-status")).to_have_attribute("data-tone", "mine", timeout=PATIENCE)
    page.keyboard.press("a")
    wait_for(lambda: smtp.mails, 60)
    assert smtp.mails[0].message["In-Reply-To"] == "<two@porter.example>"
    assert len(smtp.mails) == 1
    assert read(shop, lambda: sorted(Draft.objects.values_list("state", flat=True))) in (
        ["sent", "stale"],
        ["approved", "stale"],
    )
    assert read(shop, lambda: ApprovalRequest.objects.filter(kind="draft", state="awaiting_approval").count()) == 0
    assert read(shop, lambda: Message.objects.filter(direction=Direction.IN).count()) == 2


def figures(page: Page) -> dict[str, Any]:
    """The figures of the shop's drafts of a day, by name."""
    answer = page.request.get("/v1/drafts/metrics?window=24h")
    assert answer.ok, answer.text()
    return {one["figure"]: one for one in answer.json()["figures"]}


def holding(words: str) -> re.Pattern[str]:
    """The value of a field that has these words somewhere."""
    return re.compile(re.escape(words).replace("\\ ", " "))
