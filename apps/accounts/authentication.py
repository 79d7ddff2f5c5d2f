"""EDGE: turn a REST request's key, or its browser session, into a Principal."""

import time
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts import keys
from apps.accounts.middleware import SESSION_KEY, choose_seat
from apps.accounts.models import ApiKey
from apps.accounts.principals import Principal, of_key, of_person
from apps.accounts.selectors import seats_of

# A key found is believed for this long: a revocation is seen by every process within it.
CACHE_SECONDS = 1.0
_CACHE_SIZE = 10_000
_found: dict[str, tuple[float, ApiKey]] = {}


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer gh_...`"""

    def authenticate(self, request: Request) -> tuple[Principal, ApiKey] | None:
        whole = self.shown_key(request)
        if whole is None:
            return None
        key = _usable_key(whole)
        if key is None:
            raise AuthenticationFailed("This key is unknown, expired or revoked")
        return of_key(key), key

    def shown_key(self, request: Request) -> str | None:
        """The whole key as the request shows it; None where it shows none. Raises AuthenticationFailed."""
        header = get_authorization_header(request).split()
        if not header or header[0].lower() != b"bearer":
            return None
        if len(header) != 2:
            raise AuthenticationFailed("Send one key: Authorization: Bearer gh_...")
        return header[1].decode("latin1")

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="gatehouse"'


class BrowserSession(SessionAuthentication):
    """The signed-in person in the business of the session; writing needs the CSRF token."""

    def authenticate(self, request: Request) -> tuple[Principal, Any] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        user = found[0]
        seat = choose_seat(seats_of(user), _session_of(request._request).get(SESSION_KEY))
        if seat is None:
            raise AuthenticationFailed("You belong to no business yet")
        return of_person(user, seat), None


def _session_of(request: HttpRequest) -> Any:
    return request.session


def _usable_key(whole: str) -> ApiKey | None:
    digest, now = keys.digest_of(whole), time.monotonic()
    known = _found.get(digest)
    if known and now - known[0] < CACHE_SECONDS:
        key: ApiKey | None = known[1]
    else:
        key = keys.find_key(whole)
        if key is None:
            return None
        if len(_found) >= _CACHE_SIZE:
            _found.clear()
        _found[digest] = (now, key)
    return key if key and key.is_usable(timezone.now()) else None


def forget_found_keys() -> None:
    """Drop the keys this process remembers (for tests, whose rows vanish)."""
    _found.clear()
