"""The address from which somebody signs in, for the throttle that counts failures per name and address."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address as the outermost of our own proxies saw it; what a client writes into the header itself is ignored.

    settings.TRUSTED_PROXIES: how many entries at the end of X-Forwarded-For our proxies have written; 0 is none.
    """
    direct = str(request.META.get("REMOTE_ADDR") or "")
    trusted = settings.TRUSTED_PROXIES
    if not trusted:
        return direct
    passed = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    return passed[-trusted] if len(passed) >= trusted else direct
