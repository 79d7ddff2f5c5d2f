"""ACT: a person gives access to a mailbox at its provider, or takes it back here."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core.errors import Invalid, NotFound
from apps.core.events import record
from apps.core.later import later
from apps.drafts import oauth
from apps.drafts.keeping_apps import app_for
from apps.drafts.models import Mailbox, MailGrant, Sending
from apps.drafts.renewing import fields_of
from apps.drafts.sign_ins import NAMES, App, SignIn
from apps.drafts.states import SendState


def where_to_sign_in(*, mailbox: Mailbox, redirect_uri: str, state: str, verifier: str) -> str:
    """The provider's page on which access to this mailbox is given. Nothing is changed. Raises Invalid."""
    app = _app(mailbox)
    hint = mailbox.imap_user or mailbox.address
    return oauth.authorize_url(app, redirect_uri=redirect_uri, state=state, verifier=verifier, hint=hint)


def take_access(*, mailbox_id: UUID, provider: str, actor: str, code: str, verifier: str, redirect_uri: str) -> None:
    """Turn the code that came back into an access, in place of any before; what waited for it goes on at once.

    provider: where the code comes from, as it was when the person set out. Raises NotFound, Invalid, MailServerError.
    """
    mailbox = Mailbox.objects.filter(pk=mailbox_id).first()
    if mailbox is None:
        raise NotFound
    if mailbox.sign_in != provider:
        raise Invalid("", "This mailbox signs in another way by now")
    app = _app(mailbox)
    # Asked before anything is locked: a provider may take its time.
    tokens = oauth.exchange(app, code=code, verifier=verifier, redirect_uri=redirect_uri)
    now = timezone.now()
    given: dict[str, Any] = {"client_id": app.client_id, "given_by": actor[:120], "given_at": now}
    given |= {"lost_at": None, "lost_words": "", "business_id": mailbox.business_id, **fields_of(tokens)}
    with transaction.atomic():
        MailGrant.objects.update_or_create(mailbox_id=mailbox.pk, defaults=given)
        Mailbox.objects.filter(pk=mailbox.pk).update(failures=0, last_error="", next_look_at=now)
        _tell(mailbox, "mailbox.signed_in", actor)
        waiting = Sending.objects.filter(mailbox=mailbox, state=SendState.QUEUED, next_attempt_at__gt=now)
        for sending_id in waiting.values_list("pk", flat=True)[:500]:
            later("apps.drafts.tasks.send_mail", str(sending_id))
        waiting.update(next_attempt_at=now)


def forget_access(*, mailbox_id: UUID, actor: str) -> None:
    """Forget the tokens of a mailbox. The provider's own page of accesses still lists it. Raises NotFound."""
    with transaction.atomic():
        mailbox = Mailbox.objects.filter(pk=mailbox_id).first()
        if mailbox is None:
            raise NotFound
        if MailGrant.objects.filter(mailbox=mailbox).delete()[0]:
            _tell(mailbox, "mailbox.signed_out", actor)


def _app(mailbox: Mailbox) -> App:
    if mailbox.sign_in == SignIn.PASSWORD:
        raise Invalid("", "This mailbox signs in with a password")
    app = app_for(business_id=mailbox.business_id, provider=mailbox.sign_in)
    if app is None:
        raise Invalid("", f"Set the application to sign in with {NAMES[SignIn(mailbox.sign_in)]} by first")
    return app


def _tell(mailbox: Mailbox, kind: str, actor: str) -> None:
    record(
        kind=kind,
        subject_type="mailbox",
        subject_id=mailbox.pk,
        business_id=mailbox.business_id,
        actor=actor,
        provider=mailbox.sign_in,
    )
