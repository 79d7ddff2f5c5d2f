"""An admin watches a learning cycle, and looks at trust by keyboard and without scripts, in a real browser."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.core.events import record
from apps.trust.learning import resume
from apps.trust.models import LearningCycle
from tests.trust.conftest import an_agent
from tests.trust.shown import a_cycle, a_recommendation, a_score, a_tally, many_agents, patterns_made

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_admin_watches_a_cycle_from_its_start_to_its_end(open_as: Any, shop: Business, bob: User) -> None:
    with acting_for(shop.pk):
        many_agents(shop, 3)
        a_cycle(shop)
    page = open_as(bob, "/admin/trust/learning/")
    before = page.locator("#learning-now .gh-figures").bounding_box()
    page.get_by_role("button", name="Learn now").click()
    expect(page.locator("#learning-now")).to_have_attribute("data-running", "")
    with acting_for(shop.pk):
        cycle = LearningCycle.objects.get(state="running")
        LearningCycle.objects.filter(pk=cycle.pk).update(phase="discover", progress=0.6, outcomes=123)
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "60")
    expect(page.locator("#learning-now")).to_contain_text("123")
    expect(page.locator("#learning-now")).to_contain_text("Looking for patterns, 60 %")
    page.get_by_role("button", name="Learn now").click()
    expect(page.get_by_role("alert")).to_contain_text("A learning cycle runs already")
    resume(cycle_id=cycle.pk)
    expect(page.locator("#learning-now-head")).to_have_text("Latest learning cycle", timeout=15_000)
    expect(page.locator("#cycles tbody tr")).to_have_count(2)
    page.goto("/admin/trust/learning/")
    assert page.locator("#learning-now .gh-figures").bounding_box()["height"] == before["height"]


def test_cards_stay_open_while_they_change(open_as: Any, shop: Business, bob: User) -> None:
    with acting_for(shop.pk):
        agent = an_agent(shop, "writer", types=["draft"])
        score = a_score(agent, 0.6)
    page = open_as(bob, "/admin/trust/")
    page.locator("#types-writer summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#types-writer")).to_have_attribute("open", "")
    with acting_for(shop.pk):
        type(score).objects.filter(pk=score.pk).update(overall=0.9, low=0.85, high=0.95)
        record(kind="learning_cycle.done", subject_type="learning_cycle", subject_id=score.pk, business_id=shop.pk,
               actor="system:nightly")  # fmt: skip
    expect(page.locator("#agent-writer .gh-score-value")).to_have_text("90 %")
    expect(page.locator("#types-writer")).to_have_attribute("open", "")
    page.get_by_label("Order").select_option("name")
    page.wait_for_url("**/admin/trust/?*sort=name*")


def test_thresholds_are_tried_by_keyboard(open_as: Any, shop: Business, bob: User) -> None:
    today = timezone.now().date()
    with acting_for(shop.pk):
        for key, approved in (("good", 19), ("bad", 2)):
            agent = an_agent(shop, key)
            for back in range(30):
                a_tally(agent, today - timedelta(days=back), judged=20, approved=approved)
    page = open_as(bob, "/admin/trust/learning/")
    field = page.locator("#what-if-disable")
    field.fill("0.6")
    expect(page.locator("#what-if-result")).to_contain_text("Switched off: Bad")
    expect(page.locator('[data-twin="disable"]')).to_have_value("0.6")
    page.locator('[data-twin="disable"]').focus()
    page.keyboard.press("Home")
    expect(field).to_have_value("0")
    expect(page.locator("#what-if-result")).to_contain_text("Nobody would have been switched off")


def test_it_is_all_there_without_scripts(open_as: Any, shop: Business, bob: User) -> None:
    with acting_for(shop.pk):
        many_agents(shop, 3)
        patterns_made(shop, 18, agents=["agent-00", "agent-01"])
        a_cycle(shop)
        for place in range(30):
            a_recommendation(an_agent(shop, f"x{place}"), group="g", value=0.5)
    page = open_as(bob, "/admin/trust/", js=False)
    page.get_by_label("Find an agent").fill("agent-0")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".gh-card")).to_have_count(3)
    page.goto("/admin/trust/patterns/")
    page.get_by_role("link", name="More").click()
    expect(page.locator(".gh-card")).to_have_count(6)
    page.goto("/admin/trust/learning/")
    page.locator("#what-if-disable").fill("0.9")
    page.get_by_role("button", name="Try these").click()
    expect(page.locator("#what-if-result")).to_contain_text("recommendations")
    page.get_by_role("link", name="Compare reviewers").click()
    expect(page.locator("#reviewers")).to_contain_text("reliability")
    page.goto("/admin/trust/performance/")
    page.locator("#choose summary").click()
    page.get_by_label("Agent-02").check()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#chart-1-head")).to_contain_text("Approval rate")
