"""ACT: issue and revoke API keys; find the key a request shows."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import ApiKey, Business, User
from apps.accounts.principals import actor_of
from apps.accounts.roles import Scope
from apps.core.errors import Invalid, StaleState
from apps.core.events import record

KEY_START = "gh_"
_SHAPE = re.compile(rf"{KEY_START}(?P<prefix>[0-9a-f]{{8}})_[A-Za-z0-9_-]+\Z")


def issue_key(
    *,
    business: Business,
    name: str,
    scopes: Sequence[str],
    by: User | None,
    expires_at: datetime | None = None,
    requests_per_minute: int = 6000,
    requests_per_day: int = 1_000_000,
) -> tuple[ApiKey, str]:
    """Make a key; (row, the whole key). The whole key is shown now and never again: only its digest is kept.

    Raises Invalid for an empty name, an unknown or missing scope, or an end that has passed.
    """
    _check(name, scopes, expires_at)
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    whole = f"{KEY_START}{prefix}_{secret}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            business=business,
            name=name.strip(),
            prefix=prefix,
            digest=digest_of(whole),
            scopes=sorted(set(scopes)),
            created_by=by,
            expires_at=expires_at,
            requests_per_minute=requests_per_minute,
            requests_per_day=requests_per_day,
        )
        _record("api_key.issued", key, by, scopes=key.scopes)
    return key, whole


def revoke_key(*, key: ApiKey, by: User | None) -> None:
    """End a key for good. Raises StaleState when it was revoked before."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            raise StaleState("This key was revoked before")
        _record("api_key.revoked", key, by)


def find_key(whole: str) -> ApiKey | None:
    """The key row for what a request shows, in constant time over the secret; None if there is no such key.

    Works before the business is known: the database function shows one row, by prefix.
    """
    shape = _SHAPE.match(whole)
    key = key_named(shape["prefix"]) if shape else None
    return key if key and hmac.compare_digest(key.digest, digest_of(whole)) else None


def key_named(prefix: str) -> ApiKey | None:
    """The key row of this prefix, for whoever has shown in another way that it is theirs."""
    return next(iter(ApiKey.objects.raw("SELECT * FROM accounts_find_api_key(%s)", [prefix])), None)


def digest_of(whole: str) -> str:
    return hashlib.sha256(whole.encode()).hexdigest()


def _check(name: str, scopes: Sequence[str], expires_at: datetime | None) -> None:
    if not name.strip():
        raise Invalid("name", "Say what the key is for")
    if not scopes:
        raise Invalid("scopes", "Choose at least one scope")
    unknown = set(scopes) - {scope.value for scope in Scope}
    if unknown:
        raise Invalid("scopes", f"Unknown: {', '.join(sorted(unknown))}")
    if expires_at and expires_at <= timezone.now():
        raise Invalid("expires_at", "This moment has passed")


def _record(kind: str, key: ApiKey, by: User | None, **data: object) -> None:
    record(
        kind=kind,
        subject_type="api_key",
        subject_id=key.pk,
        business_id=key.business_id,
        actor=actor_of(by),
        name=key.name,
        prefix=key.prefix,
        **data,
    )
