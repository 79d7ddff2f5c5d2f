"""ACT: the transport under the MCP client: each connection is checked and counted like all our calls to the outside.

Import it inside functions only: it draws in the HTTP library that the MCP client brings.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from functools import cache
from typing import Any

import certifi
import httpcore2
import httpx2

from apps.agents.answers import CallFailed, Why
from apps.core import outbound

_BROKEN = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError)
_FORMS = (b"application/json", b"text/event-stream")


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Connects to addresses that may be reached only, and takes at most `most_bytes` until `deadline` (monotonic).

    failure: the first thing that went wrong, because the client above tells it in words of its own.
    """

    def __init__(self, *, deadline: float, most_bytes: int) -> None:
        self.failure: CallFailed | None = None
        self._left = most_bytes
        self._most = most_bytes
        self._pool = httpcore2.AsyncConnectionPool(ssl_context=_tls(), network_backend=_Guard(self, deadline))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # Compressed, an answer of the allowed size could become any size.
        request.headers["accept-encoding"] = "identity"
        try:
            answer = await self._pool.handle_async_request(
                httpcore2.Request(
                    method=request.method,
                    url=str(request.url),
                    headers=request.headers.raw,
                    content=request.stream,  # type: ignore[arg-type]
                    extensions=request.extensions,
                )
            )
        except _BROKEN as error:
            raise self.breaks(error) from error
        self._check_status(answer.status, request.method)
        self._check_form(answer, request.method)
        return httpx2.Response(
            status_code=answer.status, headers=answer.headers, stream=_Counted(self, answer), extensions={}
        )

    def _check_status(self, status: int, method: str) -> None:
        # A server need not offer the stream that the client opens by GET beside its requests.
        if status < 300 or method != "POST":
            return
        if status < 400:
            words = f"The tool answered {status}, and redirects are not followed"
            raise self.fails(CallFailed(words, again=False, why=Why.REFUSED))
        # What an older server says of the handshake of newer ones, which is how the client finds that out.
        if status in (400, 404, 405, 406):
            return
        again = status >= 500 or status in (408, 425, 429)
        raise self.fails(CallFailed(f"The tool answered {status}", again=again, why=Why.STATUS))

    def _check_form(self, answer: httpcore2.Response, method: str) -> None:
        headers = {name.lower(): value.lower() for name, value in answer.headers}
        kind = headers.get(b"content-type", b"").split(b";")[0].strip()
        # The client would undo each of them, also where the header comes twice.
        encodings = {value.strip().lower() for name, value in answer.headers if name.lower() == b"content-encoding"}
        if not encodings <= {b"identity", b""} or (method == "POST" and answer.status == 200 and kind not in _FORMS):
            words = "The answer is not one of an MCP server"
            raise self.fails(CallFailed(words, again=False, why=Why.NOT_JSON))

    def breaks(self, error: Exception) -> CallFailed:
        words = f"The tool could not be reached: {str(error) or type(error).__name__}"
        return self.fails(CallFailed(words, again=True, why=Why.UNREACHABLE))

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            words = f"The tool's answer is larger than {self._most} bytes"
            raise self.fails(CallFailed(words, again=False, why=Why.TOO_LARGE))

    def fails(self, failure: CallFailed) -> CallFailed:
        self.failure = self.failure or failure
        return failure

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, transport: GuardedTransport, answer: httpcore2.Response) -> None:
        self._transport = transport
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.aiter_stream():
                self._transport.take(len(chunk))
                yield chunk
        except _BROKEN as error:
            raise self._transport.breaks(error) from error

    async def aclose(self) -> None:
        await self._answer.aclose()


class _Guard(httpcore2.AsyncNetworkBackend):
    def __init__(self, transport: GuardedTransport, deadline: float) -> None:
        self._transport = transport
        self._deadline = deadline
        self._plain = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self._addresses(host, port)
        for rank, address in enumerate(addresses, start=1):
            try:
                # An address that swallows packets must leave time for the next.
                share = max(0.001, self._deadline - time.monotonic()) / (len(addresses) - rank + 1)
                return await self._plain.connect_tcp(address, port, share)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if rank == len(addresses):
                    raise
        raise httpcore2.ConnectError(f"{host} has no address")

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            return await asyncio.to_thread(outbound.reachable_addresses, host, port, deadline=self._deadline)
        except outbound.Refused as error:
            words = f"The address of the tool may not be called: {error}"
            raise self._transport.fails(CallFailed(words, again=False, why=Why.REFUSED)) from error
        except outbound.Unreachable as error:
            words = f"The tool could not be reached: {error}"
            raise self._transport.fails(CallFailed(words, again=True, why=Why.UNREACHABLE)) from error

    async def sleep(self, seconds: float) -> None:
        await self._plain.sleep(seconds)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())
