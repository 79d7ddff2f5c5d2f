"""A real HTTP server that misbehaves as it is told: agents, tools and model providers that nobody would want.

with unruly_server() as server:
    server.mode = "hang"            # one for all, or by path: server.modes["/a"] = "garbage"
    agent.url = server.url + "/a"
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes import Received

MEGABYTE = 1024 * 1024
GOOD = {"result": "Refund it", "confidence": 0.9, "reasoning": "The parcel is lost", "cost": 0.002}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


# What is answered with status 200, as it is.
BODIES: dict[str, bytes] = {
    "good": _json(GOOD),
    "garbage": b"\xff\xfe<html>Bad gateway</html>",
    "empty": b"",
    "confidence_7": _json(GOOD | {"confidence": 7}),
    "confidence_negative": _json(GOOD | {"confidence": -0.1}),
    "confidence_high": _json(GOOD | {"confidence": "high"}),
    "confidence_true": _json(GOOD | {"confidence": True}),
    "confidence_nan": b'{"result": 1, "confidence": NaN}',
    "confidence_infinite": b'{"result": 1, "confidence": 1e999}',
    "reasoning_list": _json(GOOD | {"reasoning": ["a"]}),
    "cost_text": _json(GOOD | {"cost": "free"}),
    "cost_negative": _json(GOOD | {"cost": -1}),
    "duplicate_keys": b'{"result": "first", "result": "second", "confidence": 0.1, "confidence": 0.2}',
    "deep": b'{"result": ' + b"[" * 200 + b"]" * 200 + b"}",
    "very_deep": b"[" * 100_000 + b"]" * 100_000,
    "null_byte": b'{"result": "a\\u0000b"}',
    "null_byte_key": b'{"result": {"a\\u0000b": 1}}',
    "lone_surrogate": b'{"result": "\\ud800"}',
    "long_number": b'{"result": 1' + b"0" * 400 + b"}",
    "wrong_content": b"<!doctype html><title>Sign in</title>",
    "text": _json("just a text"),
    "list": b"[1, 2]",
    "over_256_kb": _json("x" * 300_000),
}
STATUSES = {"400": 400, "401": 401, "404": 404, "408": 408, "429": 429, "500": 500, "503": 503}
PRIVATE = "http://10.0.0.1/stolen"


@dataclass
class Unruly:
    """mode: the name of what it does; modes: by path, before mode. sent: bytes of "huge" that were taken."""

    url: str = ""
    mode: str = "good"
    modes: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    received: list[Received] = field(default_factory=list)
    sent: int = 0
    seconds: float = 30.0
    released: threading.Event = field(default_factory=threading.Event)
    in_flight: int = 0
    most_in_flight: int = 0
    redirect_to: str = PRIVATE
    on_call: Callable[[Received], object] = lambda received: None

    def sleep(self, seconds: float) -> None:
        """Until the time is over or the server is to end."""
        self.released.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    told: Unruly

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        received = Received(
            self.path, {name.lower(): value for name, value in self.headers.items()}, self.rfile.read(length)
        )
        told = self.told
        told.received.append(received)
        told.in_flight += 1
        told.most_in_flight = max(told.most_in_flight, told.in_flight)
        try:
            told.on_call(received)
            mode = told.modes.get(self.path.split("?")[0], told.mode)
            with suppress(BrokenPipeError, ConnectionResetError):
                getattr(self, f"do_{mode}", lambda: self._plain(mode))()
        finally:
            told.in_flight -= 1

    do_GET = do_DELETE = do_POST  # noqa: N815

    def _plain(self, mode: str) -> None:
        if mode == "wrong_content":
            self._answer(200, BODIES[mode], **{"Content-Type": "text/html"})
        elif mode in STATUSES:
            self._answer(STATUSES[mode], b'{"error": "no"}')
        else:
            self._answer(200, BODIES[mode])

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _begin(self, length: int | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def do_body(self) -> None:
        """Answer `body`."""
        self._answer(200, self.told.body)

    def do_hang(self) -> None:
        """Take the request and say nothing."""
        self.told.sleep(self.told.seconds)

    def do_slow(self) -> None:
        """Answer well, after `seconds`."""
        self.told.sleep(self.told.seconds)
        self._answer(200, BODIES["good"])

    def do_drip(self) -> None:
        """A byte every tenth of a second, within every timeout of a single read."""
        self._begin(1000)
        for _ in range(1000):
            self.wfile.write(b" ")
            self.wfile.flush()
            if self.told.released.wait(0.1):
                return

    def do_drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(1000):
            self.wfile.write(b"X-%d: 1\r\n" % number)
            self.wfile.flush()
            if self.told.released.wait(0.1):
                return

    def do_truncated(self) -> None:
        """Promise more than comes."""
        self._begin(100)
        self.wfile.write(b'{"result": "cut')
        self.close_connection = True

    def do_truncated_json(self) -> None:
        """A whole answer of half a document."""
        self._answer(200, b'{"result": "cut", "confi')

    def do_huge(self) -> None:
        """5 MB, counted as far as they were taken."""
        self._begin(5 * MEGABYTE)
        self.wfile.write(b'"')
        for _ in range(5 * 16):
            self.wfile.write(b"x" * (MEGABYTE // 16))
            self.told.sent += MEGABYTE // 16

    def do_endless(self) -> None:
        """No length, no end."""
        self._begin(None)
        while not self.told.released.is_set():
            self.wfile.write(b"x" * 65536)
            self.told.sent += 65536

    def do_redirect(self) -> None:
        """To `redirect_to`, a private address unless told otherwise, keeping the method."""
        self._answer(307, b"", Location=self.told.redirect_to)

    def do_reset(self) -> None:
        """Hang up."""
        self.close_connection = True

    def do_later(self) -> None:
        """Take the work on and answer later."""
        self._answer(202, b"")

    def do_later_with_words(self) -> None:
        self._answer(202, b'{"ticket": 7}')

    def do_no_content(self) -> None:
        self.send_response(204)
        self.end_headers()

    def do_bomb(self) -> None:
        """A little that would unpack to very much."""
        import gzip

        self._answer(200, gzip.compress(b" " * 20 * MEGABYTE, compresslevel=1), **{"Content-Encoding": "gzip"})

    def do_hidden_bomb(self) -> None:
        """The same, whose last word on its encoding is that there is none."""
        import gzip

        packed = gzip.compress(b" " * 4 * MEGABYTE, compresslevel=1)
        self._answer(200, packed, **{"content-encoding": "gzip", "Content-Encoding": "identity"})

    def log_message(self, *args: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *args: Any) -> None:
        """Quiet."""


@contextmanager
def unruly_server(mode: str = "good") -> Iterator[Unruly]:
    """Runs until the block ends, on a free port of the loopback; what hangs then is let go."""
    told = Unruly(mode=mode)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"told": told}))
    told.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield told
    finally:
        told.released.set()
        server.shutdown()
        server.server_close()


def wait_until(true: Callable[[], object], seconds: float = 5.0) -> None:
    """Until it holds; AssertionError when the time is over."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "It did not come to hold"
        time.sleep(0.01)
