"""An admin sets up a workflow, starts it and watches it run, in a real browser."""

from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import expect

from apps.accounts.models import Business, User
from apps.workflows.models import Run, Step
from apps.workflows.showing import show
from tests.workflows.page_rows import agent_in, run_in, stage_in, step_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SOON = 15_000


def moved(run: Run, step: Step, **changes: Any) -> None:
    """A worker changes a step."""
    with transaction.atomic():
        Step.objects.filter(pk=step.pk).update(**changes)
        show(run.business_id, run.pk)


def test_an_admin_installs_configures_and_starts(open_as: Any, shop: Business, bob: User) -> None:
    agent_in(shop)
    page = open_as(bob, "/admin/workflows/")
    expect(page.get_by_text("There is no workflow yet")).to_be_visible()
    page.get_by_role("button", name="Install all ready workflows").first.click()
    expect(page.get_by_text("workflows installed")).to_be_visible()
    page.get_by_role("link", name="One agent", exact=True).click()
    page.get_by_label("Type", exact=True).fill("no such type")
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_text("Nothing has been saved yet")).to_be_visible()
    expect(page.get_by_label("Type", exact=True)).to_have_value("no such type")
    page.get_by_label("Type", exact=True).fill("research")
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_text("Version 2 is in force")).to_be_visible()

    page.get_by_label("Goal").fill("Find a dock")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".gh-flows h2")).to_have_text("Find a dock")
    expect(page.locator(".gh-flow-card")).to_contain_text("Helper")


def test_a_run_is_followed_live_without_losing_one_s_place(open_as: Any, shop: Business, bob: User) -> None:
    run = run_in(shop, "Choose a dock")
    stage = stage_in(run)
    first, second = step_in(stage, result="Dock 7 is free"), step_in(stage, "second", "running")
    page = open_as(bob, f"/admin/workflows/runs/{run.pk}/")
    card, row = page.locator(".gh-flow-card").nth(1), page.locator(f"#step-{second.pk}")
    expect(card).to_contain_text("Running")
    page.locator(f"#step-{first.pk} summary").first.click()
    page.locator("#cancel summary").click()
    reason = page.get_by_label("Why it is cancelled")
    reason.fill("Not needed")
    moved(run, second, state="failed", error="The agent did not answer within 10 s", why="timeout")
    expect(card).to_contain_text("Failed", timeout=SOON)
    expect(row).to_contain_text("No answer in time. The agent did not answer within 10 s")
    # What was open, typed and focused is as it was.
    expect(page.get_by_text("Dock 7 is free")).to_be_visible()
    expect(reason).to_have_value("Not needed")
    expect(reason).to_be_focused()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#part-figures")).to_contain_text("Cancelled")
    assert "Not needed" in Run.objects.get(pk=run.pk).error


def test_a_step_is_reached_and_opened_by_keyboard_alone(open_as: Any, shop: Business, bob: User) -> None:
    run = run_in(shop, "Choose a dock")
    step = step_in(stage_in(run), result="Dock 7 is free")
    page = open_as(bob, f"/admin/workflows/runs/{run.pk}/")
    page.locator(".gh-flow-scroll").focus()
    page.keyboard.press("Tab")
    expect(page.locator(".gh-flow-card")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(f"#step-{step.pk} summary").first).to_be_focused()
    expect(page.get_by_text("Dock 7 is free")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Dock 7 is free")).to_be_hidden()


def test_a_run_is_read_and_resumed_without_scripts(open_as: Any, shop: Business, bob: User) -> None:
    run = run_in(shop, "Choose a dock", state="cancelled")
    stage = stage_in(run, state="cancelled")
    step_in(stage, result="Dock 7 is free")
    step_in(stage, "second", "cancelled")
    page = open_as(bob, f"/admin/workflows/runs/{run.pk}/", js=False, viewport={"width": 390, "height": 800})
    page.locator(".gh-step summary").first.click()
    expect(page.get_by_text("Dock 7 is free")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_text("Resume…").click()
    page.get_by_role("button", name="Resume the run").click()
    expect(page.get_by_text("It goes on.")).to_be_visible()
    assert Step.objects.get(run=run, does="second").state == "ready"
