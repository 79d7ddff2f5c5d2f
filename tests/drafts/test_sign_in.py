"""Mailboxes sign in by OAuth 2: at a real provider that can misbehave, a real Dovecot and a real SMTP server."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid
from apps.core.models import Event
from apps.core.sealing import unseal
from apps.drafts import connecting, oauth, smtp
from apps.drafts.enlisting import alter_mailbox
from apps.drafts.granting import forget_access, take_access, where_to_sign_in
from apps.drafts.guarding import MailServerError
from apps.drafts.keeping_apps import app_for, keep_app, remove_app
from apps.drafts.models import MailApp, Mailbox, MailGrant
from apps.drafts.renewing import access_token
from tests.drafts.mail_oauth import CLIENT, SECRET, Provider, oauth_server
from tests.drafts.mail_servers import ADDRESS, Imap, a_raw_mail, connected, imap_server, smtp_server
from tests.drafts.test_fetching import look

BACK = "https://gatehouse.example/admin/mail/sign-in/"
VERIFIER = "v" * 50


@pytest.fixture(scope="module")
def provider_of_all() -> Iterator[Provider]:
    with oauth_server() as running:
        yield running


@pytest.fixture
def provider(provider_of_all: Provider, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """As it is after a good night's sleep."""
    fresh = Provider(url=provider_of_all.url)
    for name, value in vars(fresh).items():
        setattr(provider_of_all, name, value)
    # It is a local server without TLS; oauthlib would build no address of such a one.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    return provider_of_all


@pytest.fixture(scope="module")
def imap(provider_of_all: Provider) -> Iterator[Imap]:
    with imap_server(introspection=f"{provider_of_all.url}/introspect") as running:
        yield running


def an_app(shop: Business, provider: Provider) -> None:
    given = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "authorize_url": f"{provider.url}/authorize",
        "token_url": f"{provider.url}/token",
        "scopes": "mail.read mail.send",
    }
    keep_app(business_id=shop.pk, provider="other", actor="user:bob", given=given)


def sign_in(mailbox: Mailbox, provider: Provider) -> None:
    url = where_to_sign_in(mailbox=mailbox, redirect_uri=BACK, state="s", verifier=VERIFIER)
    back = provider.consent(url)
    take_access(
        mailbox_id=mailbox.pk,
        provider="other",
        actor="user:bob",
        code=back["code"],
        verifier=VERIFIER,
        redirect_uri=BACK,
    )


def late(**more: Any) -> None:
    """The access token is to be renewed."""
    moment = timezone.now() - timedelta(seconds=5)
    MailGrant.objects.update(**({"renew_after": moment, "renewed_at": timezone.now() - timedelta(hours=1)} | more))


def ended() -> None:
    late(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def mailbox(in_shop: Business, imap: Imap, provider: Provider) -> Mailbox:
    """Of the shop; somebody has signed in."""
    an_app(in_shop, provider)
    found = connected(in_shop, imap, sign_in="other", imap_password="")
    sign_in(found, provider)
    return found


@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
def test_mail_is_fetched_with_a_token(in_shop: Business, provider: Provider, mechanism: str) -> None:
    an_app(in_shop, provider)
    with imap_server(introspection=f"{provider.url}/introspect", mechanisms=mechanism) as imap:
        mailbox = connected(in_shop, imap, sign_in="other", imap_password="")
        assert "Nobody has signed in" in look(mailbox).error
        sign_in(mailbox, provider)
        imap.deliver(a_raw_mail())
        assert (look(mailbox).taken, look(mailbox).error) == (1, "")


def test_mail_is_sent_with_a_token(mailbox: Mailbox, provider: Provider) -> None:
    with smtp_server(whose=provider.whose) as server:
        Mailbox.objects.update(smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none")
        tested = connecting.test_mailbox(mailbox_id=mailbox.pk)
        assert (tested.imap_ok, tested.smtp_ok) == (True, True), tested
        assert server.signed_in == [ADDRESS]


def test_tokens_and_secrets_are_sealed_and_never_told(mailbox: Mailbox, provider: Provider) -> None:
    grant, app = MailGrant.objects.get(), MailApp.objects.get()
    assert provider.whose(unseal(grant.access_token)) == ADDRESS
    assert unseal(grant.refresh_token) in provider.refresh
    assert unseal(app.client_secret) == SECRET
    told = str([event.data for event in Event.objects.all()])
    for secret in (SECRET, unseal(grant.access_token), unseal(grant.refresh_token)):
        assert secret not in told
        assert secret not in repr(app_for(business_id=mailbox.business_id, provider="other"))
    assert {"mail_app.added", "mailbox.signed_in"} <= set(Event.objects.values_list("kind", flat=True))


def test_a_token_is_used_until_it_is_to_be_renewed(mailbox: Mailbox, provider: Provider) -> None:
    first = access_token(mailbox=mailbox)
    assert access_token(mailbox=mailbox) == first
    assert provider.kinds() == ["authorization_code"]
    late()
    second = access_token(mailbox=mailbox)
    assert second != first and provider.kinds() == ["authorization_code", "refresh_token"]
    # The secret goes into the header, and so not into the body.
    assert "client_secret" not in provider.asked[-1]


def test_a_short_token_is_renewed_before_its_end(mailbox: Mailbox, provider: Provider) -> None:
    provider.lasts = 40
    late()
    access_token(mailbox=mailbox)
    grant = MailGrant.objects.get()
    assert timezone.now() < grant.renew_after < grant.expires_at
    assert grant.expires_at - timezone.now() <= timedelta(seconds=40)


def test_a_token_that_names_no_time_is_taken_to_last_an_hour(mailbox: Mailbox, provider: Provider) -> None:
    provider.lasts = None
    late()
    access_token(mailbox=mailbox)
    assert timedelta(minutes=55) < MailGrant.objects.get().expires_at - timezone.now() <= timedelta(hours=1)


def test_a_provider_that_fails_for_now_costs_nothing_while_the_token_lasts(
    mailbox: Mailbox, provider: Provider
) -> None:
    first = access_token(mailbox=mailbox)
    provider.says = (503, b"busy")
    late()
    assert access_token(mailbox=mailbox) == first
    ended()
    assert "something else than a token" in look(mailbox).error
    provider.says = None
    assert look(mailbox).error == ""


@pytest.mark.parametrize(
    "says",
    [
        (200, b""),
        (200, b"<html>Sign in</html>"),
        (200, b"[]"),
        (200, b"null"),
        (200, b'{"access_token": 7}'),
        (200, b'{"access_token": "a\\u0001b", "token_type": "Bearer"}'),
        (200, b'{"access_token": "x", "token_type": "mac"}'),
        (200, b'{"access_token": "x", "expires_in": "soon"}'),
        (200, b'{"access_token": "x", "refresh_token": {"a": 1}}'),
        (200, b"[" * 100_000),
        (200, b'{"a": "' + b"x" * 2_000_000 + b'"}'),
        (200, b"\xff\xfe\x00"),
        (302, b""),
        (400, b'{"error": {"code": 7}}'),
        (401, b'{"error": "invalid_client", "error_description": "The secret is wrong"}'),
        (500, b'{"access_token": "x"}'),
    ],
)
def test_whatever_a_provider_answers_is_told_in_words(
    mailbox: Mailbox, provider: Provider, says: tuple[int, bytes]
) -> None:
    provider.says = says
    ended()
    looked = look(mailbox)
    assert "The provider" in looked.error and len(looked.error) <= 300
    # Nothing of this tells that the access is lost.
    assert MailGrant.objects.get().lost_at is None
    provider.says = None
    assert look(mailbox).error == ""


def test_an_access_that_is_taken_back_waits_for_a_person(mailbox: Mailbox, provider: Provider) -> None:
    provider.take_back()
    ended()
    secret = unseal(MailGrant.objects.get().refresh_token)
    error = look(mailbox).error
    assert "Sign in again" in error and secret not in error
    grant, box = MailGrant.objects.get(), Mailbox.objects.get()
    assert grant.lost_at is not None and not grant.refresh_token and not grant.access_token
    assert box.last_error == error and box.failures == 1
    asked = len(provider.asked)
    assert "Sign in again" in look(mailbox).error
    assert len(provider.asked) == asked, "it is not asked again in vain"
    assert Event.objects.filter(kind="mailbox.sign_in_lost").count() == 1
    with pytest.raises(smtp.NotTaken) as refused, smtp.signed_in(with_smtp(mailbox, provider)):
        pass
    assert not refused.value.for_good, "what is to be sent waits for the person"
    sign_in(mailbox, provider)
    assert look(mailbox).error == ""
    assert MailGrant.objects.get().lost_at is None


def with_smtp(mailbox: Mailbox, provider: Provider) -> Mailbox:
    with smtp_server(whose=provider.whose) as server:
        Mailbox.objects.update(smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none")
    return Mailbox.objects.get(pk=mailbox.pk)


def test_a_token_that_is_refused_before_its_time_is_renewed_once(mailbox: Mailbox, provider: Provider) -> None:
    provider.access.clear()
    late(renew_after=timezone.now() + timedelta(minutes=30))
    assert look(mailbox).error == ""
    assert provider.kinds() == ["authorization_code", "refresh_token"]
    provider.account = "somebody.else@example.com"
    for token in list(provider.access):
        provider.access[token] = provider.account
    assert "refuses the sign-in" in look(mailbox).error
    assert len(provider.asked) == 2, "a fresh token is not renewed again at once"


def test_a_refresh_token_that_is_good_once_is_kept_up(mailbox: Mailbox, provider: Provider) -> None:
    provider.rotates = True
    for _ in range(3):
        ended()
        access_token(mailbox=mailbox)
    assert len(provider.spent) == 3 and look(mailbox).error == ""


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_renew_once(shop: Business, imap: Imap, provider: Provider) -> None:
    with acting_for(shop.pk):
        an_app(shop, provider)
        mailbox = connected(shop, imap, sign_in="other", imap_password="")
        sign_in(mailbox, provider)
        ended()
    provider.rotates, provider.slow, found = True, 0.4, list[str]()

    def ask() -> None:
        try:
            found.append(access_token(mailbox=mailbox))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 6 and len(set(found)) == 1
    assert provider.kinds().count("refresh_token") == 1


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_renewal_while_the_token_lasts(shop: Business, imap: Imap, provider: Provider) -> None:
    with acting_for(shop.pk):
        an_app(shop, provider)
        mailbox = connected(shop, imap, sign_in="other", imap_password="")
        sign_in(mailbox, provider)
        before = access_token(mailbox=mailbox)
        late()
    provider.slow = 3.0

    def renew() -> None:
        access_token(mailbox=mailbox)
        connection.close()

    renewing = threading.Thread(target=renew)
    renewing.start()
    while "refresh_token" not in provider.kinds():
        threading.Event().wait(0.02)
    assert access_token(mailbox=mailbox) == before
    assert renewing.is_alive()
    renewing.join(20)


def test_a_code_counts_once_and_only_with_its_verifier(mailbox: Mailbox, provider: Provider) -> None:
    back = provider.consent(where_to_sign_in(mailbox=mailbox, redirect_uri=BACK, state="s", verifier=VERIFIER))
    given: dict[str, Any] = {"mailbox_id": mailbox.pk, "provider": "other", "actor": "user:bob", "redirect_uri": BACK}
    with pytest.raises(oauth.GrantLost) as refused:
        take_access(code=back["code"], verifier="w" * 50, **given)
    assert back["code"] not in refused.value.detail
    with pytest.raises(oauth.GrantLost):
        take_access(code=back["code"], verifier=VERIFIER, **given)
    assert MailGrant.objects.get().lost_at is None, "the access before stays"


def test_an_access_without_a_refresh_token_is_refused(mailbox: Mailbox, provider: Provider) -> None:
    provider.refreshes = False
    with pytest.raises(MailServerError, match="no refresh token"):
        sign_in(mailbox, provider)


def test_without_the_right_to_mail_the_sign_in_of_google_is_refused(
    in_shop: Business, provider: Provider, settings: Any
) -> None:
    given = {"client_id": CLIENT, "client_secret": SECRET, "token_url": f"{provider.url}/token"}
    keep_app(business_id=in_shop.pk, provider="google", actor="user:bob", given=given)
    box = connected(in_shop, sign_in="google", address="google@corner-shop.example.com")
    url = where_to_sign_in(mailbox=box, redirect_uri=BACK, state="s", verifier=VERIFIER)
    assert url.startswith("https://accounts.google.com/") and "access_type=offline" in url
    provider.scope = "https://www.googleapis.com/auth/userinfo.email"
    code = provider.consent(url)["code"]
    with pytest.raises(MailServerError, match="right to read and send mail was not given"):
        take_access(
            mailbox_id=box.pk, provider="google", actor="user:bob", code=code, verifier=VERIFIER, redirect_uri=BACK
        )
    assert not MailGrant.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"imap_host": "imap.elsewhere.example"},
        {"smtp_host": "smtp.elsewhere.example"},
        {"imap_user": "other"},
        {"sign_in": "password"},
    ],
)
def test_another_server_is_not_told_the_access(mailbox: Mailbox, change: dict[str, Any]) -> None:
    alter_mailbox(mailbox_id=mailbox.pk, actor="user:bob", given={"name": "The Shop"})
    assert MailGrant.objects.exists()
    alter_mailbox(mailbox_id=mailbox.pk, actor="user:bob", given=change)
    assert not MailGrant.objects.exists()


def test_another_application_wants_another_sign_in(mailbox: Mailbox, provider: Provider) -> None:
    MailApp.objects.update(client_id="another")
    ended()
    assert "another application" in look(mailbox).error
    remove_app(business_id=mailbox.business_id, provider="other", actor="user:bob")
    forget_access(mailbox_id=mailbox.pk, actor="user:bob")
    with pytest.raises(Invalid, match="application"):
        where_to_sign_in(mailbox=mailbox, redirect_uri=BACK, state="s", verifier=VERIFIER)


def test_the_application_of_the_installation_serves_who_has_none(in_shop: Business, settings: Any) -> None:
    settings.MAIL_SIGN_IN_APPS = {"microsoft": {"client_id": "c", "client_secret": "s", "tenant": "t-1"}}
    app = app_for(business_id=in_shop.pk, provider="microsoft")
    assert app is not None and app.token_url == "https://login.microsoftonline.com/t-1/oauth2/v2.0/token"
    assert app_for(business_id=in_shop.pk, provider="google") is None
    keep_app(business_id=in_shop.pk, provider="microsoft", actor="user:bob", given={"client_id": "own"})
    own = app_for(business_id=in_shop.pk, provider="microsoft")
    assert own is not None and own.client_id == "own" and "/common/" in own.token_url


@pytest.mark.parametrize(
    "url",
    ["http://example.com/token", "https://10.0.0.1/token", "javascript:alert(1)", "https://u:p@a.example/", "ftp://a/"],
)
def test_addresses_of_providers_are_guarded(in_shop: Business, settings: Any, url: str) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    good = {"client_id": "c", "scopes": "s", "authorize_url": "https://a.example/", "token_url": "https://a.example/"}
    for name in ("authorize_url", "token_url"):
        with pytest.raises(Invalid):
            keep_app(business_id=in_shop.pk, provider="other", actor="user:bob", given=good | {name: url})


def test_a_provider_in_our_network_is_not_asked(mailbox: Mailbox, provider: Provider, settings: Any) -> None:
    ended()
    asked = len(provider.asked)
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    with pytest.raises(MailServerError, match="could not be asked"):
        access_token(mailbox=mailbox)
    assert len(provider.asked) == asked


def test_servers_of_a_known_provider_are_filled_in(in_shop: Business, bob: User) -> None:
    from apps.drafts.enlisting import add_mailbox

    box = add_mailbox(
        business_id=in_shop.pk, actor="user:bob", given={"address": "a@corner-shop.example.com", "sign_in": "google"}
    )
    assert (box.imap_host, box.smtp_host, box.smtp_security) == ("imap.gmail.com", "smtp.gmail.com", "starttls")
