"""What is said to a provider of OAuth 2 (RFC 6749; PKCE: RFC 7636): by guarded HTTP, bounded, and in plain words.

oauthlib builds the messages and reads the answers; it opens no connection itself.
"""

import base64
import hashlib
import re
from urllib.parse import quote_plus, urlsplit

from oauthlib.oauth2 import MissingTokenError, OAuth2Error, WebApplicationClient

from apps.core import outbound
from apps.core.errors import Invalid
from apps.drafts.guarding import MailServerError, leads_inside
from apps.drafts.sign_ins import CALLED, App, Tokens

ANSWER_SECONDS = 15.0
# What lasts longer is renewed all the same; what names no time is taken to last an hour, as most do.
SHORTEST, USUAL, LONGEST = 30, 3600, 30 * 86_400
_LOST = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})
# Mail servers take lines of 12,288 bytes at most (RFC 4954), base64 and names included.
_TOKEN = re.compile(r"[\x21-\x7e]{1,8000}\Z")


class GrantLost(MailServerError):
    """The provider takes the access no longer: only a person who signs in anew can help."""


class SignInFailed(MailServerError):
    """The provider gave no token, for now or until something is set right."""


def check_url(url: str, field: str) -> str:
    """`url` again, if it may be a provider's. Raises Invalid."""
    outbound.check_url(url, field=field)
    if urlsplit(url).fragment:
        raise Invalid(field, "An address without a # part")
    parts = urlsplit(url)
    if parts.scheme != "https" and not leads_inside(parts.hostname or "", parts.port or 80):
        raise Invalid(field, "An address begins with https://: tokens and secrets go there")
    return url


def authorize_url(app: App, *, redirect_uri: str, state: str, verifier: str, hint: str) -> str:
    """Where a person gives access. verifier: 43 to 128 characters; hint: the account they should choose."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return str(
        WebApplicationClient(app.client_id).prepare_request_uri(
            app.authorize_url,
            redirect_uri=redirect_uri,
            scope=list(app.scopes),
            state=state,
            code_challenge=base64.urlsafe_b64encode(digest).decode().rstrip("="),
            code_challenge_method="S256",
            login_hint=hint,
            **dict(app.asked),
        )
    )


def exchange(app: App, *, code: str, verifier: str, redirect_uri: str) -> Tokens:
    """The tokens for a code that came back. Raises SignInFailed, GrantLost (the code is used or too old)."""
    client = WebApplicationClient(app.client_id)
    body = client.prepare_request_body(
        code=code, redirect_uri=redirect_uri, code_verifier=verifier, include_client_id=True, **_in_body(app)
    )
    tokens = _ask(app, client, body, secrets=(code, verifier))
    if not tokens.refresh_token:
        raise SignInFailed(f"{_name(app)} gave access for a moment only: it sent no refresh token")
    if tokens.scope and (missing := app.must_grant - set(tokens.scope.split())):
        raise SignInFailed(f"The right to read and send mail was not given ({', '.join(sorted(missing))})")
    return tokens


def renew(app: App, refresh_token: str) -> Tokens:
    """A fresh access token. Raises SignInFailed, GrantLost."""
    client = WebApplicationClient(app.client_id)
    body = client.prepare_refresh_body(refresh_token=refresh_token, client_id=app.client_id, **_in_body(app))
    return _ask(app, client, body, secrets=(refresh_token,))


def _ask(app: App, client: WebApplicationClient, body: str, *, secrets: tuple[str, ...]) -> Tokens:
    name = _name(app)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    if app.basic and app.client_secret:
        pair = f"{quote_plus(app.client_id)}:{quote_plus(app.client_secret)}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    try:
        answer = outbound.send(
            "POST", app.token_url, content=body.encode("ascii"), headers=headers, timeout=ANSWER_SECONDS
        )
    except (outbound.Refused, outbound.Unreachable) as error:
        raise SignInFailed(f"{name} could not be asked for access: {error.detail}"[:300]) from None
    try:
        if answer.cut:
            raise ValueError
        read = client.parse_request_body_response(answer.body.decode("utf-8"))
        return _tokens(read, answer.status)
    except MissingTokenError:
        raise SignInFailed(f"{name} answered with something else than a token (status {answer.status})") from None
    except OAuth2Error as error:
        said = _said(error, (*secrets, app.client_secret))
        if _code(error) in _LOST:
            raise GrantLost(f"{name} no longer accepts this sign-in. Sign in again{said}"[:300]) from None
        raise SignInFailed(f"{name} gave no access{said}"[:300]) from None
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError, Warning):
        raise SignInFailed(f"{name} answered with something else than a token (status {answer.status})") from None


def _tokens(read: dict[str, object], status: int) -> Tokens:
    access, refresh = read.get("access_token"), read.get("refresh_token") or ""
    kind = str(read.get("token_type") or "bearer").lower()
    if status != 200 or kind != "bearer" or not isinstance(access, str) or not _TOKEN.match(access):
        raise ValueError
    if not isinstance(refresh, str) or (refresh and not _TOKEN.match(refresh)):
        raise ValueError
    told = read.get("expires_in")
    lasts = int(told) if isinstance(told, int | float | str) and told else USUAL
    scope = read.get("scope") or ""
    granted = " ".join(map(str, scope)) if isinstance(scope, list | tuple) else str(scope)
    return Tokens(access, refresh, min(max(lasts, SHORTEST), LONGEST), granted[:2000])


def _said(error: OAuth2Error, secrets: tuple[str, ...]) -> str:
    """What the provider said, as one short line in which nothing stands that we had sent it."""
    text = f"{_code(error)} {error.description or ''}"
    for secret in secrets:
        text = text.replace(secret, "…") if secret else text
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return f" (it said: {line[:160]})" if line else ""


def _name(app: App) -> str:
    name = CALLED[app.provider]
    return name[0].upper() + name[1:]


def _code(error: OAuth2Error) -> str:
    return str(error.error or "")


def _in_body(app: App) -> dict[str, str]:
    return {"client_secret": app.client_secret} if app.client_secret and not app.basic else {}
