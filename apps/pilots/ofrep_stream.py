"""EDGE: the stream that tells a program to ask anew (OFREP's Server-Sent Events), served beside the websockets.

It carries no values, only that some answer may have changed. A stream is a task of the live process, not a thread. Its
address has a token, because a browser cannot send a header with it: whoever has the address may learn that something
changed for that key, and nothing else. It ends when the key does.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from channels.db import database_sync_to_async
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils import timezone
from rest_framework.request import Request

from apps.accounts.keys import key_named
from apps.accounts.models import ApiKey
from apps.accounts.principals import of_key
from apps.accounts.roles import Scope
from apps.core.problems import CONTENT_TYPE, document
from apps.pilots import flags
from apps.pilots.ofrep_rules import configuration_tag
from apps.pilots.ofrep_sight import sight_of

PATH = "ws/ofrep/events"
BEAT_SECONDS = 20.0
INACTIVITY_SECONDS = 120
RECONNECT_MS = 2000
MOST_STREAMS = 20
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # Said to nginx, which would otherwise keep events until it has enough of them.
    (b"x-accel-buffering", b"no"),
]

Scope_ = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_signer = Signer(salt="gatehouse.ofrep.stream")
_open: dict[str, int] = {}


def stream_for(request: Request) -> bytes:
    """The entry of `eventStreams` for the key of this request: the same for a key as long as it lives."""
    key: ApiKey = request.auth  # type: ignore[assignment]
    address = f"{_live_origin(request)}/{PATH}?token={_signer.sign(key.prefix)}"
    return msgspec.json.encode({"type": "sse", "url": address, "inactivityDelaySec": INACTIVITY_SECONDS})


async def events(scope: Scope_, receive: Receive, send: Send) -> None:
    """The ASGI application: an event whenever an answer for this key may have changed, and one to begin with.

    Nothing is sent to begin with when Last-Event-ID says that the client is up to date.
    """
    prefix = _prefix_of(scope)
    key = await _usable_key(prefix)
    if scope["method"] != "GET":
        return await _refuse(send, 405, "Only GET", "method-not-allowed")
    if key is None:
        return await _refuse(send, 401, "This address is not valid, or its key is expired or revoked", "unauthorized")
    if _open.get(prefix, 0) >= MOST_STREAMS:
        return await _refuse(send, 429, f"A key may have {MOST_STREAMS} streams", "too-many-requests")
    _open[prefix] = _open.get(prefix, 0) + 1
    try:
        async with _left(receive) as left:
            await _tell(key, scope, send, left)
    finally:
        _open[prefix] -= 1
        if not _open[prefix]:
            del _open[prefix]
    return None


async def _tell(key: ApiKey, scope: Scope_, send: Send, left: asyncio.Task[None]) -> None:
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    last = dict(scope["headers"]).get(b"last-event-id", b"").decode("latin1")
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await _write(send, f"retry: {RECONNECT_MS}\n\n")

    def wake() -> None:
        # The loop may be gone by the time that another thread has news for it.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(changed.set)

    with flags.watching(wake):
        while not left.done():
            changed.clear()
            tag = await _tag_of(key)
            if tag != last:
                data = json.dumps({"type": "refetchEvaluation", "etag": tag})
                await _write(send, f"id: {tag}\nevent: message\ndata: {data}\n\n")
                last = tag
            if not await _either(left, changed):
                if await _usable_key(key.prefix) is None:
                    break
                await _write(send, ": still here\n\n")
    if not left.done():
        await send({"type": "http.response.body", "body": b""})


async def _either(left: asyncio.Task[None], changed: asyncio.Event) -> bool:
    """Wait for a change or for the client to leave, at most a beat; whether one of them came."""
    change = asyncio.ensure_future(changed.wait())
    done, _ = await asyncio.wait({left, change}, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    change.cancel()
    return bool(done)


@asynccontextmanager
async def _left(receive: Receive) -> AsyncIterator[asyncio.Task[None]]:
    """A task that is done once the client has gone."""

    async def wait() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    task = asyncio.create_task(wait())
    try:
        yield task
    finally:
        task.cancel()


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _refuse(send: Send, status: int, detail: str, slug: str) -> None:
    body = msgspec.json.encode(document(status, "There is no stream here", detail, slug))
    headers = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@database_sync_to_async
def _usable_key(prefix: str) -> ApiKey | None:
    key = key_named(prefix) if prefix else None
    usable = key and key.is_usable(timezone.now()) and Scope.FLAGS_EVALUATE in of_key(key).scopes
    return key if usable else None


@database_sync_to_async
def _tag_of(key: ApiKey) -> str:
    return configuration_tag(sight_of(key.business_id), key.business_id)


def _prefix_of(scope: Scope_) -> str:
    token = parse_qs(scope.get("query_string", b"").decode("latin1")).get("token", [""])[0]
    try:
        return _signer.unsign(token)
    except BadSignature:
        return ""


def _live_origin(request: Request) -> str:
    host = request.get_host()
    if not settings.LIVE_URL:
        return f"{request.scheme}://{host}"
    parts = urlsplit(settings.LIVE_URL.replace("{host}", urlsplit(f"//{host}").hostname or host))
    return f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"
