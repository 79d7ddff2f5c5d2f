"""Which pages may open a websocket here: those served from the same host, on whatever port."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import validate_host


class SameSiteOrigin:
    """Refuse a websocket whose Origin host is neither this host nor in ALLOWED_HOSTS.

    Ports are not compared: in a plain installation the live process listens beside the web process.
    """

    def __init__(self, application: Callable[..., Awaitable[Any]]) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        headers = dict(scope.get("headers", []))
        origin = urlsplit(headers.get(b"origin", b"").decode("latin1")).hostname or ""
        if origin and validate_host(origin, settings.ALLOWED_HOSTS):
            return await self.application(scope, receive, send)
        return await WebsocketDenier()(scope, receive, send)
