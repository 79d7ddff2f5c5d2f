"""Signing in at a provider by the pages: who may, what comes back counts once and only where it was begun."""

import html
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.drafts.models import MailApp, Mailbox, MailGrant
from apps.drafts.pages_sign_in import SESSION_KEY
from tests.drafts.mail_oauth import CLIENT, SECRET, Provider, oauth_server
from tests.drafts.page_rows import mailbox_of

SignIn = Callable[[User], Any]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with oauth_server() as running:
        yield running


@pytest.fixture
def app(provider: Provider) -> dict[str, str]:
    return {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "authorize_url": f"{provider.url}/authorize",
        "token_url": f"{provider.url}/token",
        "scopes": "mail",
    }


def box_of(shop: Business, **more: Any) -> Mailbox:
    with acting_for(shop.pk):
        box = mailbox_of(shop)
        Mailbox.objects.filter(pk=box.pk).update(**({"sign_in": "other", "imap_host": "127.0.0.1"} | more))
        box.refresh_from_db()
        return box


def body_of(answer: Any) -> str:
    return str(answer.content.decode())


def set_out(client: Any, box: Mailbox) -> str:
    """The address to which the browser is led."""
    answer = client.post(reverse("admin:mailbox-sign-in", args=[box.pk]))
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', body_of(answer))
    assert answer.status_code == 200 and found, body_of(answer)[-2000:]
    return html.unescape(found[1])


def grants(shop: Business) -> int:
    with acting_for(shop.pk):
        return MailGrant.objects.count()


@pytest.fixture
def ready(signed_in: SignIn, bob: User, shop: Business, app: dict[str, str]) -> tuple[Any, Mailbox]:
    """An admin's browser, and a mailbox that may be signed in for."""
    client, box = signed_in(bob), box_of(shop)
    assert client.post(reverse("admin:mail-app", args=["other"]), app).status_code == 302
    return client, box


def test_a_person_goes_to_the_provider_and_comes_back(
    ready: tuple[Any, Mailbox], provider: Provider, shop: Business
) -> None:
    client, box = ready
    page = body_of(client.get(reverse("admin:mailbox", args=[box.pk])))
    assert "Nobody has signed in yet" in page and "Sign in with the provider" in page
    back = provider.consent(set_out(client, box))
    answer = client.get(reverse("admin:mail-signed-in"), back)
    assert answer.url == reverse("admin:mailbox", args=[box.pk])
    assert grants(shop) == 1
    page = body_of(client.get(answer.url))
    assert "Signed in with the provider" in page
    with acting_for(shop.pk):
        assert MailGrant.objects.get().access_token not in page
    # The same once more is nothing, and asks nobody.
    asked = len(provider.asked)
    assert client.get(reverse("admin:mail-signed-in"), back).url == reverse("admin:mailboxes")
    assert len(provider.asked) == asked
    client.post(reverse("admin:mailbox-sign-out", args=[box.pk]))
    assert grants(shop) == 0


def test_what_another_session_began_counts_for_nothing(
    ready: tuple[Any, Mailbox], provider: Provider, bo: User, shop: Business
) -> None:
    client, box = ready
    back = provider.consent(set_out(client, box))
    other = Client()
    other.force_login(bo, backend="django.contrib.auth.backends.ModelBackend")
    assert other.get(reverse("admin:mail-signed-in"), back).headers["Location"] == reverse("admin:mailboxes")
    stranger = Client().get(reverse("admin:mail-signed-in"), back)
    assert stranger.status_code == 302 and "login" in stranger.headers["Location"]
    assert grants(shop) == 0 and not provider.asked


@pytest.mark.parametrize("given", [{}, {"state": "x"}, {"state": "", "code": "c"}, {"code": "c", "state": "\x00"}])
def test_without_a_state_of_this_session_nothing_happens(
    ready: tuple[Any, Mailbox], provider: Provider, shop: Business, given: dict[str, str]
) -> None:
    client, box = ready
    set_out(client, box)
    assert client.get(reverse("admin:mail-signed-in"), given).url == reverse("admin:mailboxes")
    assert grants(shop) == 0 and not provider.asked


def test_a_sign_in_grows_old(ready: tuple[Any, Mailbox], provider: Provider, shop: Business) -> None:
    client, box = ready
    back = provider.consent(set_out(client, box))
    session = client.session
    session[SESSION_KEY] = {name: one | {"until": time.time() - 1} for name, one in session[SESSION_KEY].items()}
    session.save()
    client.get(reverse("admin:mail-signed-in"), back)
    assert grants(shop) == 0


def test_only_a_few_are_open_at_once(ready: tuple[Any, Mailbox], provider: Provider) -> None:
    client, box = ready
    for _ in range(8):
        set_out(client, box)
    assert len(client.session[SESSION_KEY]) == 5


def test_who_declines_is_told_so(ready: tuple[Any, Mailbox], provider: Provider, shop: Business) -> None:
    client, box = ready
    state = provider.consent(set_out(client, box))["state"]
    answer = client.get(reverse("admin:mail-signed-in"), {"state": state, "error": "access_denied"}, follow=True)
    assert "Access was not given" in body_of(answer)
    state = provider.consent(set_out(client, box))["state"]
    answer = client.get(reverse("admin:mail-signed-in"), {"state": state, "error": "<script>x"}, follow=True)
    assert "<script>x" not in body_of(answer) and grants(shop) == 0


def test_a_provider_that_refuses_the_code_is_told(ready: tuple[Any, Mailbox], provider: Provider) -> None:
    client, box = ready
    back = provider.consent(set_out(client, box)) | {"code": "made-up"}
    answer = client.get(reverse("admin:mail-signed-in"), back, follow=True)
    assert "no longer accepts this sign-in" in body_of(answer) and "made-up" not in body_of(answer)


def test_it_comes_back_into_the_business_it_began_in(
    ready: tuple[Any, Mailbox], provider: Provider, bob: User, other_shop: Business, shop: Business
) -> None:
    client, box = ready
    back = provider.consent(set_out(client, box))
    from apps.accounts.models import Membership

    Membership.objects.create(user=bob, business=other_shop, role="admin")
    session = client.session
    session["business_id"] = str(other_shop.pk)
    session.save()
    assert client.get(reverse("admin:mail-signed-in"), back).status_code == 404
    assert grants(shop) == 0 and not provider.asked


def test_only_admins_sign_in(signed_in: SignIn, alice: User, shop: Business) -> None:
    client, box = signed_in(alice), box_of(shop)
    for name in ("mailbox-sign-in", "mailbox-sign-out"):
        assert client.post(reverse(f"admin:{name}", args=[box.pk])).status_code == 403, name
    assert client.get(reverse("admin:mail-apps")).status_code == 403
    assert client.get(reverse("admin:mail-app", args=["google"])).status_code == 403
    assert client.post(reverse("admin:mail-app-remove", args=["google"])).status_code == 403
    assert client.get(reverse("admin:mail-signed-in")).status_code == 403


def test_methods_and_strangers(ready: tuple[Any, Mailbox], mallory: User, signed_in: SignIn, shop: Business) -> None:
    client, box = ready
    assert client.get(reverse("admin:mailbox-sign-in", args=[box.pk])).status_code == 405
    assert client.post(reverse("admin:mail-signed-in")).status_code == 405
    assert client.get(reverse("admin:mail-app", args=["nobody"])).status_code == 404
    theirs = signed_in(mallory)
    assert theirs.post(reverse("admin:mailbox-sign-in", args=[box.pk])).status_code in (403, 404)


def test_an_application_is_kept_and_its_secret_never_shown(
    ready: tuple[Any, Mailbox], shop: Business, app: dict[str, str], django_assert_num_queries: Any
) -> None:
    client, _ = ready
    client.get(reverse("admin:mail-apps"))
    page = body_of(client.get(reverse("admin:mail-app", args=["other"])))
    assert html.escape(SECRET) not in page and SECRET not in page
    assert "http://localhost:8000/admin/mail/sign-in/" in page
    again = app | {"client_secret": "", "scopes": "mail more"}
    assert client.post(reverse("admin:mail-app", args=["other"]), again).status_code == 302
    with acting_for(shop.pk):
        row = MailApp.objects.get()
        assert row.client_secret and row.scopes == "mail more"
    wrong = client.post(reverse("admin:mail-app", args=["other"]), app | {"token_url": "http://example.com/"})
    assert wrong.status_code == 422 and "https://" in body_of(wrong)
    assert client.post(reverse("admin:mail-app", args=["other"]), app | {"client_id": ""}).status_code == 422
    assert client.post(reverse("admin:mail-app-remove", args=["other"])).status_code == 302
    with acting_for(shop.pk):
        assert not MailApp.objects.exists()


def test_the_list_of_mailboxes_costs_the_same_however_many(
    ready: tuple[Any, Mailbox], shop: Business, django_assert_max_num_queries: Any
) -> None:
    client, _ = ready
    with acting_for(shop.pk):
        for number in range(12):
            Mailbox.objects.create(business=shop, address=f"box{number}@example.com", sign_in="google", imap_host="x")
    client.get(reverse("admin:mailboxes"))
    with django_assert_max_num_queries(16):
        page = body_of(client.get(reverse("admin:mailboxes")))
    assert page.count("not signed in") == 13


def test_without_an_application_the_page_leads_to_it(signed_in: SignIn, bob: User, shop: Business) -> None:
    client, box = signed_in(bob), box_of(shop, sign_in="google")
    page = body_of(client.get(reverse("admin:mailbox", args=[box.pk])))
    assert reverse("admin:mail-app", args=["google"]) in page
    answer = client.post(reverse("admin:mailbox-sign-in", args=[box.pk]), follow=True)
    assert "Set the application" in body_of(answer)
