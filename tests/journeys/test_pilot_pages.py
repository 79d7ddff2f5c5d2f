"""People run a rollout in a real browser: by key and by click, together, and back again."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.models import Business, User
from apps.accounts.row_access import across_businesses
from apps.pilots.defining import create_feature
from apps.pilots.models import Feature, PilotBusiness
from apps.pilots.plans import seven_day_plan
from apps.pilots.switching import switch_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PATH = "/admin/features/QUICK_REPLIES/"
# A change by somebody else is there by the push; the page asks for nothing oftener than every second.
SOON = 15_000


@pytest.fixture
def made(shop: Business, other_shop: Business) -> Feature:
    return create_feature(key="QUICK_REPLIES", home_id=shop.pk, self_service=True, actor="user:root@example.com")


def toggle(page: Page, business: Business) -> Any:
    return page.locator(f"#toggle-{business.pk}")


def test_a_switch_is_turned_by_key_and_by_click_and_everybody_sees_it(
    open_as: Any, made: Feature, bob: User, carol: User, shop: Business, other_shop: Business
) -> None:
    page, other = open_as(bob, PATH), open_as(carol, PATH)
    expect(toggle(other, shop)).to_have_attribute("aria-pressed", "false")
    page.locator("#tab-held").focus()
    page.keyboard.press("Tab")
    expect(toggle(page, shop)).to_be_focused()
    page.keyboard.press("Space")
    expect(toggle(page, shop)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f"#row-{shop.pk}")).to_contain_text("listed")
    expect(toggle(page, shop)).to_be_focused()
    expect(toggle(other, shop)).to_have_attribute("aria-pressed", "true", timeout=SOON)
    expect(other.locator(f"#row-{shop.pk}")).to_contain_text("bob@example.com")
    expect(other.locator("#part-figures")).to_contain_text("1 of 2", timeout=SOON)
    expect(other.locator("#part-history")).to_contain_text("Turned on for Corner Shop", timeout=SOON)
    expect(other.locator("#tab-on")).to_have_text(re.compile("On 1"))

    toggle(other, other_shop).click()
    expect(toggle(page, other_shop)).to_have_attribute("aria-pressed", "true", timeout=SOON)
    expect(page.locator("#part-figures")).to_contain_text("2 of 2", timeout=SOON)


def test_a_switch_that_is_refused_turns_back_and_says_why(
    open_as: Any, shop: Business, other_shop: Business, bob: User
) -> None:
    feature = create_feature(
        key="QUICK_REPLIES", home_id=shop.pk, ladder=seven_day_plan(), actor="user:root@example.com"
    )
    with across_businesses():
        Feature.objects.filter(pk=feature.pk).update(stage=2)
        third = Business.objects.create(name="Third", slug="third")
    for business in (shop, other_shop):
        switch_on(feature_id=feature.pk, business_id=business.pk, actor="user:root@example.com")
    page = open_as(bob, PATH)
    toggle(page, third).click()
    expect(page.locator(f"#row-{third.pk} .gh-error")).to_contain_text("has room for 2 businesses")
    expect(toggle(page, third)).to_have_attribute("aria-pressed", "false")


def test_a_switch_that_cannot_be_sent_turns_back_and_says_so(
    open_as: Any, made: Feature, bob: User, shop: Business
) -> None:
    page = open_as(bob, PATH)
    page.route("**/businesses/*/", lambda route: route.abort())
    toggle(page, shop).click()
    expect(page.locator(f"#row-{shop.pk} [role=alert]")).to_contain_text("could not be sent")
    expect(toggle(page, shop)).to_have_attribute("aria-pressed", "false")


def test_what_is_typed_stays_while_others_change_things(
    open_as: Any, made: Feature, bob: User, shop: Business, other_shop: Business
) -> None:
    page = open_as(bob, PATH)
    page.locator(f"#more-{shop.pk} summary").click()
    notes = page.locator(f"#notes-{shop.pk}")
    notes.fill("Agreed on the phone")
    switch_on(feature_id=made.pk, business_id=other_shop.pk, actor="user:root@example.com")
    expect(toggle(page, other_shop)).to_have_attribute("aria-pressed", "true", timeout=SOON)
    expect(notes).to_have_value("Agreed on the phone")
    notes.press("Enter")
    expect(page.locator(f"#row-{shop.pk}")).to_contain_text("Agreed on the phone")
    expect(toggle(page, shop)).to_have_attribute("aria-pressed", "true")
    page.locator(f"#more-{shop.pk} summary").click()
    page.keyboard.press("Escape")
    expect(page.locator(f"#more-{shop.pk}")).not_to_have_attribute("open", "")


def test_a_superuser_in_another_business_sees_changes_as_well(
    open_as: Any, shop: Business, other_shop: Business, root: User
) -> None:
    homeless = create_feature(key="QUICK_REPLIES", actor="user:root@example.com")
    page = open_as(root, PATH)
    expect(toggle(page, shop)).to_have_attribute("aria-pressed", "false")
    switch_on(feature_id=homeless.pk, business_id=shop.pk, actor="user:root@example.com")
    expect(toggle(page, shop)).to_have_attribute("aria-pressed", "true", timeout=20_000)


def test_businesses_are_searched_as_one_types(open_as: Any, made: Feature, bob: User) -> None:
    page = open_as(bob, PATH)
    page.locator("#find").press_sequentially("other", delay=20)
    expect(page.locator("#roster tbody tr")).to_have_count(1)
    expect(page.locator("#roster")).to_contain_text("Other Shop")
    page.locator("#find").fill("nobody")
    expect(page.locator("#roster")).to_contain_text("No business is called so")


def test_it_is_rolled_back_by_the_page_that_lists_whom_it_hits_and_undone(
    open_as: Any, made: Feature, bob: User, shop: Business, other_shop: Business
) -> None:
    for business in (shop, other_shop):
        switch_on(feature_id=made.pk, business_id=business.pk, actor="user:root@example.com")
    page = open_as(bob, PATH)
    page.locator("#back-everything").click()
    expect(page.locator(".gh-affected")).to_contain_text("2 of 2 businesses would have it no more")
    expect(page.locator(".gh-names")).to_contain_text("Other Shop")
    page.get_by_label("Reason").fill("Replies were wrong")
    page.locator("#rehearse").click()
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    page.get_by_role("link", name="Roll back…").click()
    page.get_by_label("Reason").fill("Replies were wrong")
    page.locator("#now").click()
    expect(page.locator("h2").last).to_have_text("Rolled back from everybody")
    expect(page.locator(".gh-figures")).to_contain_text("2")
    # Web, live and the process of the test hear of it; how soon is on the page.
    expect(page.locator(".gh-figures")).to_contain_text(re.compile(r"\d+ ms\s*\d process(es)? had heard"))
    page.get_by_label("Reason").fill("They were right after all")
    page.locator("#undo").click()
    expect(page.locator("#part-figures")).to_contain_text("2 of 2")
    expect(page.locator("#part-history")).to_contain_text("Undid the rollback from everybody")


def test_a_list_is_pasted_put_right_and_added(
    open_as: Any, made: Feature, bob: User, shop: Business, other_shop: Business
) -> None:
    page = open_as(bob, f"{PATH}add/")
    box = page.get_by_label("One business a line")
    box.fill("business,notes\ncorner-shop,first\nothershop,")
    page.locator("#do-look").click()
    expect(page.locator("#wrong")).to_contain_text("No business has this slug, id or exact name")
    page.locator("#do-add").click()
    expect(box).to_have_value("business,notes\nothershop,")
    box.fill("business,notes\nother-shop,")
    page.locator("#do-look").click()
    page.locator("#do-add").click()
    expect(page.locator("#tab-listed")).to_have_text(re.compile("Listed 2"))
    with across_businesses():
        assert PilotBusiness.objects.count() == 2


def test_two_ask_for_the_same_step_and_the_later_sees_who_was_first(
    open_as: Any, shop: Business, bob: User, carol: User
) -> None:
    create_feature(key="QUICK_REPLIES", home_id=shop.pk, ladder=seven_day_plan(), actor="user:root@example.com")
    page, other = open_as(bob, PATH), open_as(carol, PATH)
    for one in (page, other):
        one.locator("#ask summary").click()
    # Her page must not learn of it before she asks.
    other.get_by_label("Not before (UTC)").focus()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#part-stages")).to_contain_text("Stage 1 is asked for by bob@example.com")
    other.get_by_role("button", name="Ask", exact=True).click()
    expect(other.locator("#part-ask")).to_contain_text("user:bob@example.com has asked for stage 1 already")
    expect(other.locator("#part-stages")).to_contain_text("Stage 1 is asked for by bob@example.com")


def test_a_ladder_is_made_by_keyboard(open_as: Any, made: Feature, bob: User) -> None:
    page = open_as(bob, f"{PATH}ladder/")
    page.locator("#seven").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".gh-stage")).to_have_count(7)
    page.locator("[name=s0-name]").fill("Watch only")
    page.keyboard.press("Enter")
    expect(page.locator(".gh-steps li").first).to_contain_text("Watch only")


def test_an_own_admin_turns_the_own_switch(open_as: Any, made: Feature, mallory: User, other_shop: Business) -> None:
    page = open_as(mallory, "/admin/features/")
    own = page.locator(f"#own-toggle-{made.pk}")
    own.click()
    expect(own).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f"#own-{made.pk}")).to_contain_text("listed since")


def test_it_is_there_without_scripts(open_as: Any, made: Feature, bob: User, shop: Business) -> None:
    page = open_as(bob, PATH, js=False)
    toggle(page, shop).click()
    expect(toggle(page, shop)).to_have_attribute("aria-pressed", "true")
    page.locator("#find").fill("other")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#roster tbody tr")).to_have_count(1)
