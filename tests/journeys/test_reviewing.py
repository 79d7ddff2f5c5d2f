"""What a reviewer does all day, in a real browser, while a colleague looks on."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest
from apps.approvals.requesting import cancel_request
from apps.approvals.states import State
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCHEMA = {"type": "object", "properties": {"tool": {"enum": ["refund", "voucher"]}, "amount": {"type": "number"}}}
PAYLOAD = {"tool": "refund", "amount": 42.5}
QUESTIONS = [{"field": "order", "question": "Which order is meant?", "type": "text", "why": "The tool needs it"}]


def title(page: Page) -> Any:
    return page.locator("#item-title")


def row(page: Page, request: Any) -> Any:
    return page.locator(f"#row-{request.pk}")


def held(page: Page) -> None:
    """Wait until the open item is this person's."""
    expect(page.locator("#item-status")).to_have_attribute("data-tone", "mine")


def may_decide(page: Page, words: str) -> None:
    expect(title(page)).to_have_text(words)
    # One keystroke never decides what has only just appeared.
    page.wait_for_timeout(400)


def test_a_day_of_a_reviewer(open_as: Any, put: Any, now_of: Any, alice: User, bob: User) -> None:
    first = put(title="Approve me", risk=0.9)
    second = put(title="Edit me", risk=0.8, payload=PAYLOAD, payload_schema=SCHEMA)
    third, fourth = put(title="Reject me", risk=0.7), put(title="Answer me", risk=0.6, questions=QUESTIONS)
    page, other = open_as(alice), open_as(bob)
    count = other.locator('[data-count="/admin/queue/"]')
    expect(count).to_have_text("4")

    may_decide(page, "Approve me")
    page.keyboard.press("a")
    expect(row(other, first)).to_have_count(0)
    expect(count).to_have_text("3")

    may_decide(page, "Edit me")
    page.keyboard.press("e")
    page.get_by_label("Amount").fill("30")
    expect(page.locator("#do-approve-word")).to_have_text("Approve with changes")
    page.keyboard.press("Control+Enter")
    expect(row(other, second)).to_have_count(0)

    may_decide(page, "Reject me")
    page.keyboard.press("r")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(row(other, third)).to_have_count(0)

    may_decide(page, "Answer me")
    page.keyboard.press("e")
    page.keyboard.type("Order 1182")
    page.keyboard.press("Control+Enter")
    expect(row(other, fourth)).to_have_count(0)
    expect(page.locator("#nothing")).to_contain_text("Nothing waits for you")
    expect(count).to_have_text("")

    new = put(title="Just came in")
    expect(row(page, new)).to_be_visible()

    assert [now_of(one).state for one in (first, second, third, fourth)] == [
        State.APPROVED,
        State.APPROVED,
        State.REJECTED,
        State.ANSWERED,
    ]
    assert now_of(second).payload == {"tool": "refund", "amount": 30}
    assert now_of(third).decisions.get().reason == "Too risky"
    assert now_of(fourth).decisions.get().answers == {"order": "Order 1182"}


def test_of_two_who_open_the_same_one_gets_it(open_as: Any, put: Any, alice: User, bob: User) -> None:
    wanted = put(title="Both want this", risk=0.9)
    put(title="Another", risk=0.1)
    page = open_as(alice)
    row(page, wanted).locator("a").click()
    held(page)
    other = open_as(bob, f"/admin/queue/{wanted.pk}/")
    expect(other.locator("#item-status-words")).to_contain_text("Alice is on this")
    expect(other.locator("#do-approve")).to_have_count(0)
    expect(row(other, wanted).locator(".gh-face")).to_have_text("AL")

    page.keyboard.press("s")
    expect(title(page)).to_have_text("Another")
    expect(other.locator("#item-status-words")).not_to_contain_text("Alice")


def test_what_is_being_written_is_never_taken_away(open_as: Any, put: Any, alice: User, shop: Business) -> None:
    wanted = put(title="Withdrawn soon", payload=PAYLOAD, payload_schema=SCHEMA)
    page = open_as(alice)
    page.keyboard.press("e")
    held(page)
    page.get_by_label("Amount").fill("30")
    with acting_for(shop.pk):
        cancel_request(request_id=wanted.pk, actor="key:agent", why="No longer needed")
    expect(page.locator("#item-status-words")).to_contain_text("Cancelled by key agent")
    expect(page.get_by_label("Amount")).to_have_value("30")
    expect(page.get_by_label("Amount")).to_be_editable()
    expect(page.locator("#do-approve")).to_be_disabled()


def test_what_comes_in_does_not_move_what_one_looks_at(open_as: Any, put: Any, alice: User) -> None:
    rows = [put(title=f"Number {number}", risk=0.5 - number / 100) for number in range(30)]
    page = open_as(alice)
    looked_at = row(page, rows[3])
    before = looked_at.bounding_box()["y"]
    new = put(title="Most pressing", risk=1.0)
    expect(row(page, new)).to_have_count(1)
    assert looked_at.bounding_box()["y"] == pytest.approx(before, abs=1)
    expect(page.locator("#gh-new")).to_have_text("1 new above")


def test_what_was_changed_meanwhile_must_be_seen_first(open_as: Any, put: Any, alice: User, anna: User) -> None:
    wanted = put(title="Two must agree", payload=PAYLOAD, payload_schema=SCHEMA)
    with acting_for(wanted.business_id):
        ApprovalRequest.objects.filter(pk=wanted.pk).update(approvers_needed=2)
    page = open_as(alice)
    other = open_as(anna, f"/admin/queue/{wanted.pk}/")
    held(other)
    other.keyboard.press("e")
    other.get_by_label("Amount").fill("30")
    other.keyboard.press("Control+Enter")
    expect(page.locator("#item-status-words")).to_contain_text("This was changed while you had it open")
    expect(page.locator("#do-approve")).to_be_disabled()
    page.locator("#show-new").click()
    expect(page.locator(".gh-payload")).to_contain_text("30")
    page.keyboard.press("a")
    expect(page.locator("#nothing")).to_be_visible()


def test_a_lost_session_loses_no_words(open_as: Any, put: Any, now_of: Any, alice: User) -> None:
    wanted = put(title="In the middle of it", payload=PAYLOAD, payload_schema=SCHEMA)
    page = open_as(alice)
    page.keyboard.press("e")
    held(page)
    page.get_by_label("Amount").fill("30")
    page.context.clear_cookies(name="sessionid")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#gh-signed-out")).to_contain_text("You have been signed out")
    expect(page.get_by_label("Amount")).to_have_value("30")

    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    opened.value.fill("[name=username]", alice.username)
    opened.value.fill("[name=password]", PASSWORD)
    opened.value.locator("[name=password]").press("Enter")
    opened.value.wait_for_url("**/admin/queue/**")
    opened.value.close()
    page.get_by_label("Amount").press("Control+Enter")
    expect(page.locator("#nothing")).to_be_visible()
    expect(page.locator("#gh-signed-out")).to_have_count(0)
    assert now_of(wanted).payload["amount"] == 30


def test_the_page_comes_back_by_itself(served: Any, open_as: Any, put: Any, alice: User) -> None:
    page = open_as(alice)
    served.stop_live()
    expect(page.locator("#gh-live")).to_have_attribute("data-state", "away")
    expect(page.locator("#gh-live-word")).to_have_text("Reconnecting")
    missed = put(title="Came in meanwhile")
    served.start_live()
    expect(page.locator("#gh-live")).to_have_attribute("data-state", "live", timeout=20_000)
    expect(row(page, missed)).to_be_visible()


def test_several_are_decided_together(open_as: Any, put: Any, now_of: Any, alice: User) -> None:
    rows = [put(title=f"Number {number}", risk=0.9 - number / 10) for number in range(4)]
    page = open_as(alice)
    expect(title(page)).to_have_text("Number 0")
    page.keyboard.press("x")
    page.keyboard.press("j")
    expect(title(page)).to_have_text("Number 1")
    page.keyboard.press("x")
    expect(page.locator("#bulk-count")).to_have_text("2 selected")
    page.locator("#bulk").get_by_role("button", name="Approve").click()
    expect(page.locator("#results")).to_contain_text("2 of 2 decided")
    page.locator("#results").hover()
    expect(row(page, rows[0])).to_have_count(0)
    assert [now_of(one).state for one in rows] == [State.APPROVED, State.APPROVED, State.WAITING, State.WAITING]


def test_searching_while_typing(open_as: Any, put: Any, alice: User) -> None:
    rope, cleat = put(title="Refund the rope", kind="action"), put(title="Reply about cleats", kind="draft")
    page = open_as(alice)
    page.keyboard.press("/")
    page.keyboard.type("refund the rope", delay=70)
    expect(row(page, cleat)).to_have_count(0)
    expect(row(page, rope)).to_be_visible()
    expect(page.locator("#gh-q")).to_have_value("refund the rope")
    expect(page).to_have_url(re.compile(r"q=refund\Wthe\Wrope|q=refund%20the%20rope"))
    page.get_by_label("Kind").select_option("draft")
    expect(page).to_have_url(re.compile("kind=draft"))
    expect(page.locator("#rows-empty")).to_contain_text("Nothing matches")
    page.get_by_role("link", name="Clear filters").click()
    # What is clicked before the next page is there belongs to the old one, with its filters.
    expect(page.locator("#gh-q")).to_have_value("")
    page.get_by_role("link", name="Newest").click()
    expect(page.locator(".gh-row").first).to_contain_text("Reply about cleats")
    page.get_by_label("Kind").select_option("action")
    page.wait_for_url("**order=newest**")
    expect(row(page, cleat)).to_have_count(0)


def test_single_keys_are_quiet_where_they_should_be(open_as: Any, put: Any, now_of: Any, alice: User) -> None:
    wanted = put(title="Do not touch")
    page = open_as(alice)
    may_decide(page, "Do not touch")
    page.locator("#gh-q").fill("a")
    page.locator("#gh-q").press("a")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("a")
    page.get_by_label("Use single keys").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("a")
    page.reload()
    may_decide(page, "Do not touch")
    page.keyboard.press("a")
    assert now_of(wanted).state == State.WAITING


def test_it_works_on_a_phone(open_as: Any, put: Any, now_of: Any, alice: User) -> None:
    wanted = put(title="On the way", risk=0.9)
    put(title="The next one", risk=0.1)
    page = open_as(alice, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    expect(page.locator("#item")).to_be_hidden()
    row(page, wanted).locator("a").click()
    expect(page.locator("#list")).to_be_hidden()
    held(page)
    page.locator("#do-approve").click()
    expect(title(page)).to_have_text("The next one")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator(".gh-back").click()
    expect(page.locator("#list")).to_be_visible()
    assert now_of(wanted).state == State.APPROVED


def test_it_works_without_javascript(open_as: Any, put: Any, now_of: Any, alice: User) -> None:
    first = put(title="Edit me", risk=0.9, payload=PAYLOAD, payload_schema=SCHEMA)
    second = put(title="Reject me", risk=0.5)
    page = open_as(alice, js=False)
    page.get_by_text("Edit before approving").click()
    page.get_by_label("Amount").fill("30")
    page.locator("#do-approve").click()
    expect(title(page)).to_have_text("Reject me")
    expect(page.get_by_text("Approved with your changes: Edit me")).to_be_visible()
    page.locator("#do-reject").click()
    page.get_by_label("Too risky").check()
    page.locator("#do-reject-now").click()
    expect(page.locator("#nothing")).to_be_visible()
    assert now_of(first).payload["amount"] == 30
    assert [now_of(one).state for one in (first, second)] == [State.APPROVED, State.REJECTED]
