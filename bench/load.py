"""Bounded HTTP/1.1 load on one server, by raw keep-alive sockets in one thread.

One request costs the generator about 50 microseconds of processor time, against about 500 of the smallest Django view
that inserts a row. Two ways to load:

* closed loop (``rate=None``): every connection sends its next request as soon as it has an answer; finds the most
  the server gives;
* open loop (``rate=300``): requests fall due at a fixed rate whether or not answers come, and latency counts from
  the moment a request fell due, so that a stall is felt by everything queued behind it.

A run always ends: after ``requests`` or ``seconds``, whichever comes first, plus at most ``timeout`` seconds in which
outstanding answers are awaited.

    python -m bench.load http://127.0.0.1:8000/healthz --connections 8 --seconds 3
"""

import argparse
import json
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

REST = 0.02  # seconds between attempts while the server cannot be reached


@dataclass(frozen=True)
class Result:
    """What came back: answers by status, sorted latencies in milliseconds, and requests that got no answer."""

    seconds: float
    statuses: Counter[int]
    latencies: list[float] = field(repr=False)
    failed: int

    @property
    def answered(self) -> int:
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Answers per second, of any status."""
        return self.answered / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float:
        """Latency in milliseconds under which ``share`` (0 to 1) of the answers came; NaN when there were none."""
        if not self.latencies:
            return float("nan")
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]

    def only(self, *statuses: int) -> bool:
        """Whether every request was answered, and with one of these statuses."""
        return not self.failed and bool(self.statuses) and set(self.statuses) <= set(statuses)

    def __str__(self) -> str:
        seen = " ".join(f"{status}:{count}" for status, count in sorted(self.statuses.items()))
        return (
            f"{self.rate:8.1f} requests/s  p50 {self.quantile(0.5):7.2f} ms  p95 {self.quantile(0.95):7.2f} ms"
            f"  p99 {self.quantile(0.99):7.2f} ms  [{seen}] failed {self.failed}"
        )


class Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, address: tuple[str, int], timeout: float) -> None:
        self.address = address
        self.timeout = timeout
        self.buffer = b""
        self.due = 0.0
        self.number = -1
        self.sock: socket.socket | None = None

    def open(self) -> socket.socket:
        """The socket, connected now if it was not. Raises OSError when the server cannot be reached."""
        if self.sock is None:
            self.sock = socket.create_connection(self.address, timeout=self.timeout)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.sock

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()
            self.sock = None

    def send(self, request: bytes, number: int, due: float) -> None:
        self.number, self.due, self.buffer = number, due, b""
        self.open().sendall(request)

    def receive(self) -> tuple[int, bool] | None:
        """Read what has arrived; (status, server closes) once the answer is whole, else None.

        Raises ConnectionError when the server hung up in the middle.
        """
        data = self.open().recv(262_144)
        if not data:
            raise ConnectionError("closed before the answer was whole")
        self.buffer += data
        return parse_answer(self.buffer)


def parse_answer(data: bytes) -> tuple[int, bool] | None:
    """(status, server closes) when ``data`` is one whole HTTP/1.1 answer, None while some of it is missing."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    status = int(data[9:12])
    head = data[:end].lower()
    closes = b"\r\nconnection: close" in head
    if status in (204, 304):
        return status, closes
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        length = int(head[at + 17 :].split(b"\r\n", 1)[0])
        return (status, closes) if len(data) >= end + 4 + length else None
    if b"\r\ntransfer-encoding: chunked" in head:
        return (status, closes) if data.endswith(b"\r\n0\r\n\r\n") else None
    return status, closes


def body_of(data: bytes) -> bytes:
    """The body of one whole answer, with chunks joined."""
    head, _, body = data.partition(b"\r\n\r\n")
    if b"\r\ntransfer-encoding: chunked" not in head.lower():
        return body
    joined = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        joined, body = joined + body[:length], body[length + 2 :]
    return joined


def request_bytes(
    method: str, url: str, *, body: bytes | Mapping[str, object] | None = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """One whole HTTP/1.1 request; a mapping as body is sent as JSON."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = {"Host": parts.netloc, "Accept": "application/json"}
    if isinstance(body, Mapping):
        body = json.dumps(body).encode()
        lines["Content-Type"] = "application/json"
    if body is not None:
        lines["Content-Length"] = str(len(body))
    lines.update(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + (body or b"")


def run(
    url: str,
    make_request: Callable[[int], bytes],
    *,
    connections: int = 16,
    seconds: float = 3.0,
    requests: int | None = None,
    rate: float | None = None,
    timeout: float = 10.0,
    on_answer: Callable[[int, int, bytes], None] | None = None,
) -> Result:
    """Load the server at ``url`` (host and port count) and say what came back.

    ``make_request(n)`` builds the n-th request, n from 0; see ``request_bytes``. ``rate`` in requests per second makes
    the loop open. ``on_answer(n, status, body)`` sees each answer. A server that dies
    on the way gives failed requests, and connections are opened again; one that cannot be reached at the start raises
    OSError.
    """
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or 80)
    limit = float("inf") if requests is None else requests
    return _Run(address, make_request, connections, seconds, limit, rate, timeout, on_answer).go()


@dataclass
class _Run:
    address: tuple[str, int]
    make_request: Callable[[int], bytes]
    connections: int
    seconds: float
    limit: float
    rate: float | None
    timeout: float
    on_answer: Callable[[int, int, bytes], None] | None

    def __post_init__(self) -> None:
        self.idle = deque(Connection(self.address, self.timeout) for _ in range(self.connections))
        self.busy: set[Connection] = set()
        self.selector = selectors.DefaultSelector()
        for connection in self.idle:
            self._watch(connection)
        self.sent = self.failed = 0
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []

    def go(self) -> Result:
        self.start = last = time.perf_counter()
        stop = self.start + self.seconds
        while True:
            now = time.perf_counter()
            more = now < stop and self.sent < self.limit
            if more:
                self._send_due(now)
            if not more and (not self.busy or now > last + self.timeout):
                break
            for key, _ in self.selector.select(self._patience(now, stop, more)):
                self._take(key.data)
                last = time.perf_counter()
        self.failed += len(self.busy)
        for connection in (*self.idle, *self.busy):
            connection.close()
        self.selector.close()
        return Result(last - self.start, self.statuses, sorted(self.latencies), self.failed)

    def _due(self) -> float:
        return self.start + self.sent / self.rate if self.rate else 0.0

    def _patience(self, now: float, stop: float, more: bool) -> float:
        if not more:
            return 0.1
        ends = stop - now
        return max(0.0, min(ends, self._due() - now)) if self.rate and self.idle else max(0.0, min(ends, 0.1))

    def _send_due(self, now: float) -> None:
        while self.idle and self.sent < self.limit and self._due() <= now:
            connection = self.idle.popleft()
            due = self._due() if self.rate else time.perf_counter()
            number, self.sent = self.sent, self.sent + 1
            self.busy.add(connection)
            try:
                if connection.sock is None:
                    self._watch(connection)
                connection.send(self.make_request(number), number, due)
            except OSError:
                self._lost(connection)
                time.sleep(REST)
                return

    def _take(self, connection: Connection) -> None:
        try:
            answer = connection.receive()
        except OSError:
            self._lost(connection)
            return
        if answer is None:
            return
        status, closes = answer
        self.latencies.append((time.perf_counter() - connection.due) * 1000)
        self.statuses[status] += 1
        if self.on_answer:
            self.on_answer(connection.number, status, body_of(connection.buffer))
        self._free(connection, close=closes)

    def _lost(self, connection: Connection) -> None:
        # An idle connection the server closed is not a failed request.
        self.failed += connection in self.busy
        self._free(connection, close=True)

    def _free(self, connection: Connection, *, close: bool) -> None:
        if connection in self.busy:
            self.busy.remove(connection)
            self.idle.append(connection)
        if close and connection.sock is not None:
            self.selector.unregister(connection.sock)
            connection.close()

    def _watch(self, connection: Connection) -> None:
        self.selector.register(connection.open(), selectors.EVENT_READ, connection)


def main() -> None:
    parser = argparse.ArgumentParser(description="Load one URL with bounded keep-alive requests.")
    parser.add_argument("url")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--body", help="sent as JSON text")
    parser.add_argument("--header", action="append", default=[], metavar="NAME: VALUE")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--requests", type=int)
    parser.add_argument("--rate", type=float, help="requests/s (open loop); without it, as fast as answers come")
    args = parser.parse_args()
    headers = dict(line.split(": ", 1) for line in args.header)
    if args.body:
        headers.setdefault("Content-Type", "application/json")
    request = request_bytes(args.method, args.url, body=args.body.encode() if args.body else None, headers=headers)
    bounds = {"connections": args.connections, "seconds": args.seconds, "requests": args.requests, "rate": args.rate}
    print(run(args.url, lambda _: request, **bounds))


if __name__ == "__main__":
    main()
