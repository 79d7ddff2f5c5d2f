"""An admin watches the gate while goals come in, in a real browser."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.core.events import record
from apps.watch.alerting import evaluate
from tests.watch.made import goal_at, save

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The page refreshes itself at most every five seconds.
SOON = 20_000


def come_in(shop: Business, number: int, **changes: Any) -> None:
    now = timezone.now()
    with acting_for(shop.pk):
        goals = save([goal_at(shop, now - timedelta(seconds=5), **changes) for _ in range(number)])
        record(kind="goal.submitted", subject_type="goal", subject_id=goals[0].pk, business_id=shop.pk, actor="key:a")


def figure(page: Page, name: str) -> Any:
    return page.locator(f"#tile-{name} .gh-tile-value")


def test_an_admin_watches_goals_come_in(open_as: Any, shop: Business, bob: User) -> None:
    page = open_as(bob, "/admin/watch/")
    expect(page.get_by_text("No goals came in this window")).to_be_visible()
    page.locator("#confidence-table summary").click()
    come_in(shop, 30, execution_path="approved", confidence=0.6)
    come_in(shop, 10)
    expect(figure(page, "approval_rate")).to_have_text("75.0 %", timeout=SOON)
    expect(page.locator("#confidence-table")).to_have_attribute("open", "")

    evaluate(business_id=shop.pk, now=timezone.now())
    expect(page.locator("#to-alerts")).to_contain_text("open", timeout=SOON)
    expect(page.locator('[data-count="/admin/watch/"]')).not_to_be_empty()
    note = page.get_by_label("Note").first
    note.fill("A new agent")
    come_in(shop, 60)
    page.wait_for_timeout(6000)
    expect(note).to_have_value("A new agent")
    note.press("Enter")
    expect(page.locator("#alerts")).to_contain_text("bob@example.com looks after it")


def test_a_bar_leads_to_its_goals_by_keyboard(open_as: Any, shop: Business, bob: User) -> None:
    come_in(shop, 3, confidence=0.42, text="Order more chalk")
    page = open_as(bob, "/admin/watch/")
    bar = page.locator("#bin-8")
    expect(bar).to_have_attribute("aria-label", "0.40 to 0.45: 3 goals, 100 %")
    page.locator("#confidence-table summary").focus()
    page.keyboard.press("Enter")
    for _ in range(9):
        page.keyboard.press("Tab")
    expect(page.locator("#bin-row-8")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".gh-page h2")).to_have_text("Goals with a confidence of 0.40 to 0.45")
    expect(page.get_by_role("link", name="Order more chalk")).to_have_count(3)


def test_it_is_there_without_scripts(open_as: Any, shop: Business, bob: User) -> None:
    come_in(shop, 3)
    page = open_as(bob, "/admin/watch/", js=False)
    expect(figure(page, "executed_rate")).to_have_text("100 %")
    page.get_by_role("link", name="7d").click()
    expect(page.locator(".gh-windows [aria-current]")).to_have_text("7d")
