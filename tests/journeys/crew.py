"""Agents of known quality behind real HTTP, and the reviewer who knows good work from bad."""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.sealing import seal
from apps.core.signing import new_secret

# The share of sound answers, by agent, best first.
QUALITIES = {"ada": 0.97, "ben": 0.92, "cleo": 0.72, "dov": 0.58, "eli": 0.44, "fay": 0.10}


@dataclass
class Crew:
    """One server for all agents: /<key> answers soundly as often as its quality says, the same at every attempt."""

    url: str = ""
    calls: Counter[str] = field(default_factory=Counter)

    def answer(self, key: str, work_id: str) -> dict[str, Any]:
        self.calls[key] += 1
        sound = share_of(f"{key}:{work_id}") < QUALITIES[key]
        words = "A plan that holds: " if sound else "A plan with a hole in it: "
        return {"result": {"plan": f"{words}{share_of(work_id):.3f}", "sound": sound}, "confidence": 0.8}


def share_of(word: str) -> float:
    """A number in [0, 1) that depends on the word alone."""
    return int.from_bytes(hashlib.sha256(word.encode()).digest()[:8]) / 2**64


def decision_about(payload: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """(verdict, the payload as it should be): the reviewer takes out what is not sound; if nothing is left, rejects."""
    given = payload["recommendations"]
    sound = {ref: part for ref, part in given.items() if part["sound"]}
    if not sound:
        return "reject", None
    return "approve", None if sound == given else {**payload, "recommendations": sound}


def enlist(shop: Business, crew: Crew, types: list[str]) -> None:
    Agent.objects.bulk_create(
        Agent(
            business=shop,
            key=key,
            name=key.title(),
            url=f"{crew.url}/{key}",
            secret=seal(new_secret()),
            types=types,
            concurrency=50,
        )
        for key in QUALITIES
    )


@contextmanager
def crew_of_six() -> Iterator[Crew]:
    crew = Crew()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = json.dumps(crew.answer(self.path.strip("/"), self.headers["Idempotency-Key"])).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    crew.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield crew
    finally:
        server.shutdown()
        server.server_close()
