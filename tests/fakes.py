"""A real HTTP server for what lies outside of Gatehouse, which can be told to misbehave."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Outsider:
    """What the server has received, and what it answers: the next of `answers`, then `answer` for ever.

    An answer is (status, body bytes, headers); slow: seconds it waits before answering.
    when_called: what happens meanwhile.
    """

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    answer: tuple[int, bytes, dict[str, str]] = (200, b'{"ok": true}', {})
    slow: float = 0.0
    when_called: Callable[[], object] = lambda: None

    def next_answer(self) -> tuple[int, bytes, dict[str, str]]:
        return self.answers.pop(0) if self.answers else self.answer


@contextmanager
def outsider() -> Iterator[Outsider]:
    """Runs until the block ends, on a free port of the loopback."""
    told = Outsider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            told.received.append(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            told.when_called()
            time.sleep(told.slow)
            status, answer, headers = told.next_answer()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
