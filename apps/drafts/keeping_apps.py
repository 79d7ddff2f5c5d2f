"""ACT: which application of OAuth 2 a mailbox signs in by: its business's own, else the installation's.

The client secret goes in and never comes out: it is sealed at once, and no page shows it.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.core.bodies import check_storable
from apps.core.errors import Invalid
from apps.core.events import record
from apps.core.sealing import seal, unseal
from apps.drafts import oauth
from apps.drafts.models import MailApp
from apps.drafts.sign_ins import PRESETS, PROVIDERS, App, SignIn

MOST_SECRET = 2000


def app_for(*, business_id: UUID, provider: str) -> App | None:
    """The application to sign in by, with its secret in plain; None where nobody has set one."""
    if provider not in PROVIDERS:
        return None
    row = MailApp.objects.filter(business_id=business_id, provider=provider).first()
    return _own(row) if row is not None else installations_app(SignIn(provider))


def installations_app(provider: SignIn) -> App | None:
    """The application that the settings name for all businesses."""
    given = settings.MAIL_SIGN_IN_APPS.get(provider.value, {})
    if not given.get("client_id"):
        return None
    preset, tenant = PRESETS[provider], given.get("tenant") or "common"
    return App(
        provider=provider,
        client_id=given["client_id"],
        client_secret=given.get("client_secret", ""),
        authorize_url=preset.authorize_url.replace("{tenant}", tenant),
        token_url=preset.token_url.replace("{tenant}", tenant),
        scopes=preset.scopes,
        asked=preset.asked,
        must_grant=preset.must_grant,
    )


def keep_app(*, business_id: UUID, provider: str, actor: str, given: dict[str, Any]) -> MailApp:
    """Set the business's own application. given: {client_id, client_secret, authorize_url, token_url, scopes}.

    A client_secret that is left out stays; addresses and scopes that are empty are the provider's usual ones.
    Raises Invalid naming the field.
    """
    values = _checked(provider, given)
    with transaction.atomic():
        row, added = MailApp.objects.update_or_create(business_id=business_id, provider=provider, defaults=values)
        _tell(row, "mail_app.added" if added else "mail_app.changed", actor)
    return row


def remove_app(*, business_id: UUID, provider: str, actor: str) -> None:
    """Forget it. Mailboxes that signed in by it must sign in again by another. Nothing happens where there is none."""
    with transaction.atomic():
        row = MailApp.objects.filter(business_id=business_id, provider=provider).first()
        if row is not None:
            _tell(row, "mail_app.removed", actor)
            row.delete()


def _checked(provider: str, given: dict[str, Any]) -> dict[str, Any]:
    if provider not in PROVIDERS:
        raise Invalid("provider", "There is no such provider")
    check_storable(given, "")
    preset = PRESETS[SignIn(provider)]
    found = {name: " ".join(str(given.get(name) or "").split()) for name in ("client_id", "scopes")}
    found["scopes"] = found["scopes"] or " ".join(preset.scopes)
    for name in ("client_id", "scopes"):
        if not found[name]:
            raise Invalid(name, "The provider tells it when you register the application")
        if not found[name].isascii() or not found[name].isprintable():
            raise Invalid(name, "Letters, digits and signs without accents")
    for name, usual in (("authorize_url", preset.authorize_url), ("token_url", preset.token_url)):
        url = str(given.get(name) or "").strip() or usual.replace("{tenant}", "common")
        found[name] = oauth.check_url(url, name)
    secret = given.get("client_secret")
    if secret is not None:
        if len(secret) > MOST_SECRET:
            raise Invalid("client_secret", f"At most {MOST_SECRET} characters")
        found["client_secret"] = seal(secret) if secret else ""
    return found


def _own(row: MailApp) -> App:
    provider = SignIn(row.provider)
    return App(
        provider=provider,
        client_id=row.client_id,
        client_secret=unseal(row.client_secret) if row.client_secret else "",
        authorize_url=row.authorize_url,
        token_url=row.token_url,
        scopes=tuple(row.scopes.split()),
        asked=PRESETS[provider].asked,
        must_grant=PRESETS[provider].must_grant & frozenset(row.scopes.split()),
        # RFC 6749, 2.3.1: the one way that every provider must take.
        basic=provider == SignIn.OTHER,
    )


def _tell(row: MailApp, kind: str, actor: str) -> None:
    record(
        kind=kind,
        subject_type="mail_app",
        subject_id=row.pk,
        business_id=row.business_id,
        actor=actor,
        provider=row.provider,
        client_id=row.client_id,
    )
