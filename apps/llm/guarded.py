"""ACT: the transport under the client of providers: what it connects to is checked, what comes in counted and timed.

Import it inside functions only: it draws in the HTTP library of the client.
"""

import os
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import httpcore2
import httpx2

from apps.core import outbound
from apps.llm.responses import About, Why

KEEP_SECONDS = 20.0  # an idle connection
MOST_KEPT = 16
_BROKEN = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError, OSError)


class Budget:
    """What one request may take: until `deadline` (monotonic) and `most_bytes` of an answer.

    why, words, about: the first thing that went wrong, because the client above tells it in words of its own.
    """

    def __init__(self, deadline: float, most_bytes: int) -> None:
        self.deadline = deadline
        self.most_bytes = most_bytes
        self.taken = 0
        self.why = Why.NONE
        self.words = ""
        self.about = About.NOTHING

    def fail(self, why: Why, words: str, about: About = About.NOTHING) -> httpx2.TransportError:
        if not self.why:
            self.why, self.words, self.about = why, words, about
        return httpx2.ReadError(words)

    def take(self, count: int) -> None:
        self.taken += count
        if self.taken > self.most_bytes:
            words = f"The model provider's answer is larger than {self.most_bytes} bytes"
            raise self.fail(Why.TOO_LARGE, words)


_budget: ContextVar[Budget | None] = ContextVar("llm_budget", default=None)


@contextmanager
def spending(budget: Budget) -> Iterator[Budget]:
    """What is sent inside is held to this budget, and the answer to it also when it is read outside."""
    before = _budget.get(None)
    _budget.set(budget)
    try:
        yield budget
    finally:
        # Not by its token: a stream may be closed in another context than the one it was begun in.
        _budget.set(before)


class GuardedTransport(httpx2.BaseTransport):
    """Keeps connections between requests. trusted: the operator's own provider, which may lie in any network and
    behind the proxy of the environment."""

    def __init__(self, base_url: str, *, trusted: bool) -> None:
        options: dict[str, Any] = {
            "ssl_context": _tls(),
            "max_connections": None,
            "max_keepalive_connections": MOST_KEPT,
            "keepalive_expiry": KEEP_SECONDS,
            "network_backend": _Guard(trusted),
        }
        proxy = _proxy_for(base_url) if trusted else ""
        self._pool: Any = httpcore2.HTTPProxy(proxy, **options) if proxy else httpcore2.ConnectionPool(**options)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        budget = _now()
        # Compressed, an answer of the allowed size could become any size.
        request.headers["accept-encoding"] = "identity"
        with _telling(budget):
            answer = self._pool.handle_request(
                httpcore2.Request(
                    method=request.method,
                    url=str(request.url),
                    headers=request.headers.raw,
                    content=request.stream,  # type: ignore[arg-type]
                    extensions=request.extensions,
                )
            )
        packed = [value.strip().lower() for name, value in answer.headers if name.lower() == b"content-encoding"]
        # The client would undo each of them, also where the header comes twice.
        if not set(packed) <= {b"identity", b""}:
            answer.close()
            raise budget.fail(Why.BAD_ANSWER, "The model provider's answer is compressed, unasked")
        return httpx2.Response(status_code=answer.status, headers=answer.headers, stream=_Counted(budget, answer))

    def close(self) -> None:
        self._pool.close()


class _Counted(httpx2.SyncByteStream):
    """An answer as it comes in; each step spends the budget of its request."""

    def __init__(self, budget: Budget, answer: Any) -> None:
        self._budget = budget
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        chunks = iter(self._answer.iter_stream())
        while True:
            with spending(self._budget), _telling(self._budget):
                chunk = next(chunks, None)
            if chunk is None:
                return
            self._budget.take(len(chunk))
            yield chunk

    def close(self) -> None:
        with spending(self._budget):
            self._answer.close()


@contextmanager
def _telling(budget: Budget) -> Iterator[None]:
    """Turn what the network does into what the client above understands, and remember it."""
    try:
        yield
    except httpcore2.TimeoutException as error:
        budget.fail(Why.TIMEOUT, "")
        raise httpx2.ReadTimeout("out of time") from error
    except outbound.Refused as error:
        raise budget.fail(Why.REFUSED, f"The address of the model provider may not be called: {error}") from None
    except outbound.TimedOut:
        budget.fail(Why.TIMEOUT, "")
        raise httpx2.ConnectTimeout("out of time") from None
    except outbound.Unreachable:
        # It speaks of the name alone: the connection is made below.
        raise budget.fail(Why.UNREACHABLE, "The model provider could not be reached", About.HOST) from None
    except _BROKEN as error:
        words = "The model provider's answer broke off" if budget.taken else "The model provider could not be reached"
        raise budget.fail(Why.UNREACHABLE, words, _about(error)) from error


def _about(error: BaseException | None) -> About:
    while error is not None:
        for kind, about in _ABOUT.items():
            if isinstance(error, kind):
                return about
        error = error.__cause__ or error.__context__
    return About.NOTHING


_ABOUT: dict[type[BaseException], About] = {
    socket.gaierror: About.HOST,
    ssl.SSLError: About.TLS,
    ConnectionRefusedError: About.NOBODY,
}


class _Guard(httpcore2.NetworkBackend):
    def __init__(self, trusted: bool) -> None:
        self._trusted = trusted
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        if self._trusted:
            return _Timed(self._plain.connect_tcp(host, port, _left()))
        addresses = outbound.reachable_addresses(host, port, deadline=_now().deadline)
        for rank, address in enumerate(addresses, start=1):
            try:
                # An address that swallows packets must leave time for the next.
                return _Timed(self._plain.connect_tcp(address, port, _left() / (len(addresses) - rank + 1)))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if rank == len(addresses):
                    raise
        raise httpcore2.ConnectError(f"{host} has no address")

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class _Timed(httpcore2.NetworkStream):
    """Each step has only the time that is left to the request at hand, so that drops of bytes cannot hold a worker."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        # The certificate is asked for by the name of the URL, not by the address connected to.
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left()))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _now() -> Budget:
    budget = _budget.get()
    if budget is None:
        raise RuntimeError("Requests to providers are sent inside of `spending`")
    return budget


def _left() -> float:
    left = _now().deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout
    return left


def _proxy_for(base_url: str) -> str:
    url = httpx2.URL(base_url)
    if urllib.request.proxy_bypass(url.host):
        return ""
    proxies = urllib.request.getproxies()
    found = proxies.get(url.scheme) or proxies.get("all") or ""
    return found if found.startswith("http") else ""


@cache
def _tls() -> ssl.SSLContext:
    """Of the environment's certificates (SSL_CERT_FILE) where it names some."""
    return _tls_of(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))


def _tls_of(file: str, folder: str) -> ssl.SSLContext:
    if file or folder:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
