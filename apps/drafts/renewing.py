"""ACT: an access token that is good for now, renewed before its end by one process at a time.

Whoever renews holds the grant's row locked; others use the token before as long as it lasts, and else wait. Some
providers take back an access whose refresh token is used twice, so a renewal is never made side by side.
"""

from datetime import timedelta

from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.errors import GatehouseError
from apps.core.events import record
from apps.core.sealing import seal, unseal
from apps.drafts import oauth
from apps.drafts.guarding import MailServerError
from apps.drafts.keeping_apps import app_for
from apps.drafts.models import Mailbox, MailGrant
from apps.drafts.sign_ins import CALLED, SignIn, Tokens, renewed_after

ACTOR = "system:mail"
# A token that was refused is not replaced more often than this, whatever the mail server says.
RENEWED_AT_MOST_EACH = timedelta(seconds=60)


def access_token(*, mailbox: Mailbox, refused: str = "") -> str:
    """The token to sign in with. refused: one that a mail server did not take, so that another is wanted.

    Raises MailServerError in words for the mailbox's page: nobody has signed in, the access is lost, or the provider
    cannot be asked now.
    """
    trouble: GatehouseError | None = None
    with acting_for(mailbox.business_id):
        found = _at_hand(mailbox, refused)
        if found:
            return found
        grant = _held(mailbox)
        token = _good(grant, refused)
        if token:
            return token
        try:
            return _renew(mailbox, grant)
        except oauth.GrantLost as error:
            lose(grant=grant, words=error.detail)
            trouble = error
        except MailServerError as error:
            if not refused and grant.access_token and grant.expires_at > timezone.now():
                return unseal(grant.access_token)
            trouble = error
    # Raised when what was written about it is committed.
    raise trouble


def lose(*, grant: MailGrant, words: str) -> None:
    """The provider takes it no longer: its tokens are forgotten, and the mailbox waits for a person."""
    grant.lost_at, grant.lost_words, grant.access_token, grant.refresh_token = timezone.now(), words[:300], "", ""
    grant.save(update_fields=["lost_at", "lost_words", "access_token", "refresh_token"])
    _record("mailbox.sign_in_lost", grant, words=words[:300])


def fields_of(tokens: Tokens) -> dict[str, object]:
    """What of a grant follows from fresh tokens."""
    now = timezone.now()
    found: dict[str, object] = {
        "access_token": seal(tokens.access_token),
        "renew_after": now + timedelta(seconds=renewed_after(tokens.seconds)),
        "expires_at": now + timedelta(seconds=tokens.seconds),
        "renewed_at": now,
    }
    return found | ({"refresh_token": seal(tokens.refresh_token)} if tokens.refresh_token else {})


def _at_hand(mailbox: Mailbox, refused: str) -> str:
    """A token that needs no lock: a good one, or one that still lasts while another process renews it."""
    grant = MailGrant.objects.filter(mailbox_id=mailbox.pk).first()
    if grant is None or refused:
        return ""
    token = _good(grant, refused)
    if token or not grant.access_token or grant.expires_at <= timezone.now():
        return token
    free = MailGrant.objects.select_for_update(skip_locked=True).filter(pk=grant.pk)
    return "" if free.exists() else unseal(grant.access_token)


def _held(mailbox: Mailbox) -> MailGrant:
    grant = MailGrant.objects.select_for_update().filter(mailbox_id=mailbox.pk).first()
    if grant is None:
        raise MailServerError(f"Nobody has signed in with {_name(mailbox)} yet: do so on the mailbox's page")
    if grant.lost_at is not None:
        raise MailServerError(grant.lost_words)
    return grant


def _good(grant: MailGrant, refused: str) -> str:
    now = timezone.now()
    if not grant.access_token or grant.lost_at is not None:
        return ""
    if not refused:
        return unseal(grant.access_token) if grant.renew_after > now else ""
    token = unseal(grant.access_token)
    recent = now - grant.renewed_at < RENEWED_AT_MOST_EACH
    return token if token != refused or recent else ""


def _renew(mailbox: Mailbox, grant: MailGrant) -> str:
    app = app_for(business_id=mailbox.business_id, provider=mailbox.sign_in)
    if app is None:
        raise MailServerError(f"There is no application to sign in with {_name(mailbox)} by: an admin must set one")
    if app.client_id != grant.client_id:
        raise oauth.GrantLost("Access was given to another application than is set now. Sign in again")
    tokens = oauth.renew(app, unseal(grant.refresh_token))
    fields = fields_of(tokens)
    for name, value in fields.items():
        setattr(grant, name, value)
    grant.save(update_fields=list(fields))
    return tokens.access_token


def _name(mailbox: Mailbox) -> str:
    return CALLED[SignIn(mailbox.sign_in)]


def _record(kind: str, grant: MailGrant, **data: object) -> None:
    record(
        kind=kind,
        subject_type="mailbox",
        subject_id=grant.mailbox_id,
        business_id=grant.business_id,
        actor=ACTOR,
        **data,
    )
