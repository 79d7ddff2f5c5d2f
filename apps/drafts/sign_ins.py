"""RULE: how a mailbox signs in at its mail servers, and what the well-known providers of OAuth 2 ask for.

Presets: https://developers.google.com/workspace/gmail/imap/xoauth2-protocol and
https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

from dataclasses import dataclass, field
from enum import StrEnum


class SignIn(StrEnum):
    PASSWORD = "password"  # noqa: S105 - a choice
    GOOGLE = "google"
    MICROSOFT = "microsoft"
    OTHER = "other"


PROVIDERS = (SignIn.GOOGLE, SignIn.MICROSOFT, SignIn.OTHER)
NAMES = {
    SignIn.PASSWORD: "A password",
    SignIn.GOOGLE: "Google",
    SignIn.MICROSOFT: "Microsoft 365",
    SignIn.OTHER: "Another provider",
}
# As they are called in a sentence about a mailbox that has chosen one.
CALLED = {**NAMES, SignIn.OTHER: "the provider"}


@dataclass(frozen=True, slots=True)
class Preset:
    """What a provider is known to need. servers: fields of a mailbox. {tenant} in an address: a Microsoft tenant.

    asked: more of the request for access. must_grant: without these scopes an access is of no use.
    """

    authorize_url: str = ""
    token_url: str = ""
    scopes: tuple[str, ...] = ()
    asked: tuple[tuple[str, str], ...] = ()
    must_grant: frozenset[str] = frozenset()
    servers: tuple[tuple[str, str | int], ...] = ()


PRESETS = {
    SignIn.GOOGLE: Preset(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        scopes=("https://mail.google.com/",),
        # Without these Google gives a refresh token at the very first consent only.
        asked=(("access_type", "offline"), ("prompt", "consent")),
        # People may leave the box for mail unticked.
        must_grant=frozenset({"https://mail.google.com/"}),
        servers=(
            ("imap_host", "imap.gmail.com"), ("imap_port", 993), ("imap_security", "tls"),
            ("smtp_host", "smtp.gmail.com"), ("smtp_port", 587), ("smtp_security", "starttls"),
        ),
    ),
    SignIn.MICROSOFT: Preset(
        authorize_url="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
        token_url="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",  # noqa: S106 - an address
        scopes=(
            "https://outlook.office.com/IMAP.AccessAsUser.All",
            "https://outlook.office.com/SMTP.Send",
            "offline_access",
        ),
        servers=(
            ("imap_host", "outlook.office365.com"), ("imap_port", 993), ("imap_security", "tls"),
            ("smtp_host", "smtp.office365.com"), ("smtp_port", 587), ("smtp_security", "starttls"),
        ),
    ),
    SignIn.OTHER: Preset(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class App:
    """An application that is registered with a provider. client_secret: in plain; "" for one that keeps none.

    basic: the secret goes into the Authorization header, as every provider must take it, not into the body.
    """

    provider: SignIn
    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    asked: tuple[tuple[str, str], ...] = ()
    must_grant: frozenset[str] = frozenset()
    basic: bool = False


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider gave. refresh_token: "" where the one before stays. seconds: that the access token lasts."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    seconds: int
    scope: str = ""


def servers_of(provider: str) -> dict[str, str | int]:
    """Fields of a mailbox by the provider's own servers; none where they are not known."""
    return dict(PRESETS[SignIn(provider)].servers) if provider in PROVIDERS else {}


def renewed_after(seconds: int) -> float:
    """When to renew an access token that lasts `seconds`: five minutes before its end, or at three quarters of it."""
    return max(seconds - 300.0, seconds * 0.75)
