"""HTTP to addresses that users have set: guarded against reaching into our own network, bounded in time and size.

The name is resolved once, each address is checked, and the connection goes to an address that passed: a name server
that answers differently the second time gains nothing. Redirects are not followed, proxies of the environment not used.
"""

import ipaddress
import json as jsonlib
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import certifi
import httpcore
import httpx
from django.conf import settings

from apps.core.addresses import may_reach, networks
from apps.core.errors import GatehouseError, Invalid

MAX_BODY = 1024 * 1024
MAX_URL = 500
USER_AGENT = "Gatehouse/1"

Options = Iterable[Any] | None


class Refused(GatehouseError):
    """The address is not one we send to: a private network, another protocol, a name and password inside."""

    status = 422
    slug = "address-refused"
    title = "This address may not be reached from here"


class Unreachable(GatehouseError):
    """No whole answer within the time: no such host, connection refused, TLS failure, broken or slow answer."""

    status = 502
    slug = "unreachable"
    title = "The other side did not answer"


class TimedOut(Unreachable):
    """The other side took longer than it was given."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in lower case; `cut` tells that the body went on after MAX_BODY bytes."""

    status: int
    headers: dict[str, str]
    body: bytes
    cut: bool = False

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON. Raises ValueError, also for a body that was cut."""
        if self.cut:
            raise ValueError(f"The body is longer than {MAX_BODY} bytes")
        return jsonlib.loads(self.body)


def check_url(url: str, *, field: str = "url", resolve: bool = False) -> str:
    """`url` again, if it may be sent to; for forms and APIs. Raises Invalid(field, reason).

    Looks at the text alone unless `resolve`; the name's addresses are checked at every sending anyway.
    """
    try:
        parsed = _parse(url)
        if resolve or _is_literal(parsed.host):
            reachable_addresses(parsed.host, _port(parsed), deadline=time.monotonic() + 5)
    except (Refused, Unreachable) as error:
        raise Invalid(field, error.detail) from None
    return url


def send(
    method: str,
    url: str,
    *,
    json: Any = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float,
) -> Answer:
    """Send one request; whatever status comes back is an Answer, redirects too.

    timeout: seconds for everything together, from the name's resolution to the last byte.
    Raises Refused (never sent), Unreachable (perhaps sent: repeat only what is idempotent).
    """
    deadline = time.monotonic() + timeout
    parsed = _parse(url)
    sent = {"user-agent": USER_AGENT, "accept": "application/json", "accept-encoding": "identity"}
    if json is not None:
        content = jsonlib.dumps(json, separators=(",", ":"), ensure_ascii=False).encode()
        sent["content-type"] = "application/json"
    sent |= {name.lower(): value for name, value in (headers or {}).items()}
    try:
        return _exchange(method, parsed, sent, content, deadline)
    except (httpcore.TimeoutException, TimeoutError):
        raise TimedOut(f"No answer within {timeout:g} s") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
        raise Unreachable(str(error) or type(error).__name__) from None


def _exchange(method: str, url: httpx.URL, headers: dict[str, str], content: bytes | None, deadline: float) -> Answer:
    with (
        httpcore.ConnectionPool(
            ssl_context=_tls(),
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=_Guard(deadline),
        ) as pool,
        pool.stream(method.upper(), str(url), headers=[*headers.items()], content=content) as response,
    ):
        body, cut = bytearray(), False
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > MAX_BODY:
                cut = True
                break
        # Latin-1 gives every byte a character; a header sent twice keeps its last value.
        got = {name.decode("latin1").lower(): value.decode("latin1") for name, value in response.headers}
        return Answer(response.status, got, bytes(body[:MAX_BODY]), cut)


class _Guard(httpcore.NetworkBackend):
    """Connects to checked addresses only, and lets nothing last beyond the deadline."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Options = None,
    ) -> httpcore.NetworkStream:
        addresses = reachable_addresses(host, port, deadline=self._deadline)
        for rank, address in enumerate(addresses, start=1):
            try:
                # An address that swallows packets must leave time for the next.
                share = _left(self._deadline) / (len(addresses) - rank + 1)
                return _Timed(self._plain.connect_tcp(address, port, share), self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if rank == len(addresses):
                    raise
        raise Unreachable(f"{host} has no address")


class _Timed(httpcore.NetworkStream):
    """A stream whose every step has only the time that is left, so that drops of bytes cannot hold a worker."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        # The certificate is asked for by the name of the URL, not by the address connected to.
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _parse(url: str) -> httpx.URL:
    if len(url) > MAX_URL:
        raise Refused(f"An address has at most {MAX_URL} characters")
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, UnicodeError):
        raise Refused("This is not an address") from None
    if parsed.scheme not in ("http", "https"):
        raise Refused("An address begins with https:// or http://")
    if not parsed.host or set(parsed.host) & set(" %\\<>|^`"):
        raise Refused("The address names no host")
    if parsed.userinfo:
        raise Refused("An address must not contain a name or password")
    if not 0 < _port(parsed) < 65536:
        raise Refused("There is no such port")
    return parsed


def _port(url: httpx.URL) -> int:
    return url.port if url.port is not None else (443 if url.scheme == "https" else 80)


def _is_literal(host: str) -> bool:
    """Whether the host is an address, in any spelling the system's resolver takes (127.1, 0x7f000001), or localhost."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        try:
            socket.inet_aton(host)
        except OSError:
            return host == "localhost" or host.endswith(".localhost")
    return True


def reachable_addresses(host: str, port: int, *, deadline: float) -> list[str]:
    """The addresses of `host` that may be reached. deadline: by time.monotonic().

    Raises Refused when it has none but forbidden ones, Unreachable.
    """
    allowed = networks(settings.OUTBOUND_ALLOWED_NETWORKS)
    found = list(dict.fromkeys(str(entry[4][0]) for entry in _resolve(host, port, deadline)))
    fit = [address for address in found if may_reach(address, allowed)]
    if not fit:
        raise Refused(f"{host} lies in a network that may not be reached from here")
    return fit


def _resolve(host: str, port: int, deadline: float) -> list[Any]:
    # The system's resolver takes no timeout, so it is waited for from outside.
    found: list[Any] = []
    failed: list[OSError | UnicodeError] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    thread = threading.Thread(target=ask, name="resolve", daemon=True)
    thread.start()
    thread.join(max(0.0, deadline - time.monotonic()))
    if failed:
        raise Unreachable(f"{host} could not be found")
    if not found:
        raise TimedOut(f"The name {host} took too long to resolve")
    return list(found)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())
