"""The Content-Security-Policy in a real browser: every page of the shell works under it, without one complaint."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright

from apps.accounts.keys import issue_key
from apps.accounts.models import Business, Membership, User
from scripts.outside import BROWSER
from tests.conftest import PASSWORD, person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def orm_beside_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER.ensure(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Page:
    page = browser.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


@pytest.fixture
def root(shop: Business, other_shop: Business) -> User:
    root = person("root", shop, "owner", is_superuser=True)
    Membership.objects.create(business=other_shop, user=root, role="viewer")
    issue_key(business=shop, name="till", scopes=["goals:read"], by=root)
    return root


def sign_in(page: Page, live_server: Any, user: User) -> None:
    page.goto(live_server.url + reverse("admin:login"))
    page.fill("#id_username", user.username)
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)


def not_about_the_socket(complaints: list[str]) -> list[str]:
    """The websocket is served by another process, which does not run here."""
    return [text for text in complaints if "WebSocket" not in text and "ws://" not in text.split(" violates ")[0][:40]]


def pages_of_the_shell() -> list[str]:
    """Every list of the admin site, every form to add something, and the pages of our own."""
    names = [f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry]
    addresses = [reverse(f"admin:{name}_{page}") for name in names for page in ("changelist", "add")]
    return [*addresses, reverse("admin:queue"), reverse("admin:password_change"), "/v1/docs"]


def test_the_shell_works_under_the_content_security_policy(
    live_server: Any, page: Page, root: User, complaints: list[str]
) -> None:
    sign_in(page, live_server, root)
    for address in pages_of_the_shell():
        response = page.goto(live_server.url + address, wait_until="load")
        page.wait_for_timeout(100)
        # A form to add what only acts may make is refused, and that is no complaint.
        if response and response.status == 403:
            complaints.clear()
        else:
            assert response and response.status == 200, address
        assert not_about_the_socket(complaints) == [], address


def test_the_switcher_enters_another_business(
    live_server: Any, page: Page, root: User, other_shop: Business, complaints: list[str]
) -> None:
    sign_in(page, live_server, root)
    page.goto(live_server.url + reverse("admin:accounts_membership_changelist"))
    page.click("text=unfold_more")
    page.click(f"button:has-text('{other_shop.name}')")
    page.wait_for_load_state("networkidle")
    assert f"You are in {other_shop.name} now" in page.content()
    assert not_about_the_socket(complaints) == []


def test_a_new_key_is_copied_by_its_button(live_server: Any, page: Page, root: User, complaints: list[str]) -> None:
    sign_in(page, live_server, root)
    page.goto(live_server.url + reverse("admin:accounts_apikey_add"))
    page.fill("#id_name", "warehouse")
    page.check("input[value='goals:read']")
    page.click("button[name=_save], input[name=_save]")
    whole = page.input_value("#whole-key")
    assert whole.startswith("gh_")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("button:has-text('Copy')")
    page.wait_for_selector("button:has-text('Copied')")
    assert page.evaluate("navigator.clipboard.readText()") == whole
    assert not_about_the_socket(complaints) == []


def test_a_script_that_is_not_ours_is_refused(live_server: Any, page: Page, complaints: list[str]) -> None:
    page.goto(live_server.url + reverse("admin:login"))
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.bitten = 1\">')")
    page.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.bitten = 1'; document.body.append(s)"
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.bitten") is None
    assert any("Content Security Policy" in text for text in complaints)
