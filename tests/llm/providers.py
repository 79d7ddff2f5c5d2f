"""A real HTTP server that speaks like an OpenAI-compatible provider, and misbehaves as it is told.

with provider_server() as server:
    row.base_url = server.base_url                # ends in /v1
    server.reply = lambda asked: "text"           # or a dict (written as JSON), or bytes (the whole body as it is)
    server.usage = {"prompt_tokens": 9, ...}      # or None: it does not count
    server.mode = "hang"                          # for every request, or
    server.queue = ["429", "good"]                # one for each request, then `mode`
    server.asked[0]["messages"]                   # what came in, as JSON; server.received has headers and paths

Modes beside those of tests/agents/unruly.py: see the methods `do_...` below and BODIES. Streams ("stream": true) and
/v1/embeddings are understood too; vectors are made of the letters of a text, so that like texts are near.
"""

import gzip
import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.agents import unruly
from tests.agents.unruly import MEGABYTE, STATUSES, Unruly, _Server

Reply = str | dict[str, Any] | bytes

# What is answered with status 200, as it is.
BODIES: dict[str, bytes] = {
    "not_json": b"<html>Bad gateway</html>",
    "bytes": b"\xff\xfe\x00\x01",
    "half": b'{"id": "x", "choices": [{"message": {"content": "cut',
    "no_choices": b'{"choices": []}',
    "null": b"null",
    "list": b"[1, 2]",
    "number": b"7",
    "choices_object": b'{"choices": {"message": "no"}}',
    "message_text": b'{"choices": [{"message": "no"}]}',
    "content_number": b'{"choices": [{"message": {"content": 7}}]}',
    "deep": b'{"choices": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "usage_wrong": b'{"choices": [{"message": {"content": "ok"}}], "usage": {"prompt_tokens": "many", "cost": "free"}}',
    "usage_negative": b'{"choices": [{"message": {"content": "ok"}}], "usage": {"prompt_tokens": -5, "cost": -1}}',
    "usage_list": b'{"choices": [{"message": {"content": "ok"}}], "usage": [1]}',
}


@dataclass
class Provider(Unruly):
    """headers: sent with every answer. refuses: fields of a request that it answers with 400, naming them."""

    reply: Callable[[dict[str, Any]], Reply] = lambda asked: "Good day"
    usage: dict[str, Any] | None = field(
        default_factory=lambda: {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
    )
    queue: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()
    finish_reason: str = "stop"
    model: str = ""
    dim: int = 8
    pieces: int = 4

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The requests, as JSON."""
        return [one.json() for one in self.received]


class _Handler(unruly._Handler):
    told: Provider

    def do_POST(self) -> None:  # noqa: N802
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = unruly.Received(self.path, headers, self.rfile.read(length))
        told = self.told
        told.received.append(received)
        told.in_flight += 1
        told.most_in_flight = max(told.most_in_flight, told.in_flight)
        mode = told.queue.pop(0) if told.queue else told.mode
        try:
            told.on_call(received)
            getattr(self, f"do_{mode}", lambda: self._plain(mode))()
        except OSError:
            self.close_connection = True
        finally:
            told.in_flight -= 1

    do_GET = do_POST  # noqa: N815

    def _asked(self) -> dict[str, Any]:
        asked: dict[str, Any] = self.told.received[-1].json()
        return asked

    def _plain(self, mode: str) -> None:
        if mode in BODIES:
            self._answer(200, BODIES[mode])
        elif mode in STATUSES:
            self._answer(STATUSES[mode], b'{"error": {"message": "no"}}', **self.told.headers)
        else:
            super()._plain(mode)

    def do_good(self) -> None:
        asked = self._asked()
        refused = [name for name in self.told.refuses if _names(asked, name)]
        if refused:
            body = {"error": {"message": f"Unsupported parameter: {refused[0]}", "param": refused[0]}}
            self._answer(400, json.dumps(body).encode())
        elif self.path.endswith("/embeddings"):
            self._vectors(asked)
        elif asked.get("stream"):
            self._stream(asked)
        else:
            self._whole(asked)

    def do_slow(self) -> None:
        """Answer well, after `seconds`."""
        self.told.sleep(self.told.seconds)
        self.do_good()

    def do_echo_key(self) -> None:
        """Refuse, repeating the key, as some do."""
        key = self.headers.get("Authorization", "")
        self._answer(401, json.dumps({"error": {"message": f"Incorrect API key provided: {key}"}}).encode())

    def do_forbidden(self) -> None:
        self._answer(403, b'{"error": {"message": "no"}}')

    def do_no_model(self) -> None:
        said = {"error": {"message": "The model `house-model` does not exist", "code": "model_not_found"}}
        self._answer(404, json.dumps(said).encode())

    def do_no_credit(self) -> None:
        said = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}
        self._answer(429, json.dumps(said).encode())

    def do_bomb_twice(self) -> None:
        """Packed, with a second header that says that it is not."""
        packed = gzip.compress(b" " * 50 * MEGABYTE)
        self.send_response(200)
        for value in ("gzip", "identity"):
            self.send_header("Content-Encoding", value)
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        self.wfile.write(packed)

    def do_drop(self) -> None:
        """Half an answer, then nothing."""
        self._begin(1000)
        self.wfile.write(b'{"choices": [{"message": {"content": "half')
        self.close_connection = True

    def do_drop_stream(self) -> None:
        """Two pieces of a stream, then nothing."""
        self._begin_stream()
        for text in ("Dear ", "customer"):
            self._event(_chunk(self._asked(), text))
        self.wfile.flush()
        self.connection.close()

    def do_hang_stream(self) -> None:
        """One piece, then silence."""
        self._begin_stream()
        self._event(_chunk(self._asked(), "Dear "))
        self.told.sleep(self.told.seconds)

    def do_endless_stream(self) -> None:
        self._begin_stream()
        while not self.told.released.is_set():
            self._event(_chunk(self._asked(), "more " * 1000))
            self.told.sent += 5000

    def do_drip_stream(self) -> None:
        """A good stream, a piece every twentieth of a second, for ever."""
        self._begin_stream()
        while not self.told.released.wait(0.05):
            self._event(_chunk(self._asked(), "more "))

    def do_garbage_stream(self) -> None:
        """A piece, then something that is none."""
        self._begin_stream()
        self._event(_chunk(self._asked(), "Dear "))
        self.wfile.write(b"data: {not json}\n\n")

    def do_error_stream(self) -> None:
        """A piece, then an error as an event."""
        self._begin_stream()
        self._event(_chunk(self._asked(), "Dear "))
        self.wfile.write(b'data: {"error": {"message": "overloaded"}}\n\n')

    def do_unended_stream(self) -> None:
        """All pieces, but neither a reason nor [DONE]."""
        self._begin_stream()
        self._event(_chunk(self._asked(), "Dear customer"))

    def do_vectors_few(self) -> None:
        self._answer(200, json.dumps({"data": []}).encode())

    def do_vectors_twice(self) -> None:
        self._vector_rows([{"index": 0, "embedding": [1.0, 0.0]} for _ in _texts(self._asked())])

    def do_vectors_wrong(self) -> None:
        self._vector_rows([{"index": n, "embedding": ["a"]} for n, _ in enumerate(_texts(self._asked()))])

    def do_vectors_uneven(self) -> None:
        self._vector_rows([{"index": n, "embedding": [1.0] * (n + 1)} for n, _ in enumerate(_texts(self._asked()))])

    def do_vectors_zero(self) -> None:
        self._vector_rows([{"index": n, "embedding": [0.0, 0.0]} for n, _ in enumerate(_texts(self._asked()))])

    def do_vectors_shuffled(self) -> None:
        """Well, but the last text first."""
        texts = _texts(self._asked())
        rows = [{"index": n, "embedding": vector_of(text, self.told.dim)} for n, text in enumerate(texts)]
        self._vector_rows(rows[::-1])

    def _whole(self, asked: dict[str, Any]) -> None:
        reply = self.told.reply(asked)
        if isinstance(reply, bytes):
            self._answer(200, reply, **self.told.headers)
            return
        text = json.dumps(reply) if isinstance(reply, dict) else reply
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": self.told.finish_reason, "message": message}
        body = {"id": "1", "object": "chat.completion", "created": 1, "choices": [choice]}
        body["model"] = self.told.model or asked.get("model")
        if self.told.usage is not None:
            body["usage"] = self.told.usage
        self._answer(200, json.dumps(body).encode(), **self.told.headers)

    def _stream(self, asked: dict[str, Any]) -> None:
        reply = self.told.reply(asked)
        if isinstance(reply, bytes):
            self._begin_stream()
            self.wfile.write(reply)
            return
        text = json.dumps(reply) if isinstance(reply, dict) else reply
        step = max(1, math.ceil(len(text) / self.told.pieces))
        self._begin_stream()
        for start in range(0, len(text), step):
            self._event(_chunk(asked, text[start : start + step]))
        self._event(_chunk(asked, None, finish=self.told.finish_reason))
        if self.told.usage is not None and (asked.get("stream_options") or {}).get("include_usage"):
            self._event({**_chunk(asked, None), "choices": [], "usage": self.told.usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def _vectors(self, asked: dict[str, Any]) -> None:
        dim = asked.get("dimensions") or self.told.dim
        rows = [{"index": n, "embedding": vector_of(text, dim)} for n, text in enumerate(_texts(asked))]
        self._vector_rows(rows)

    def _vector_rows(self, rows: list[dict[str, Any]]) -> None:
        used = {"prompt_tokens": 3 * len(rows), "total_tokens": 3 * len(rows)}
        body = {"object": "list", "data": rows, "model": self._asked().get("model")}
        body |= {"usage": used} if self.told.usage is not None else {}
        self._answer(200, json.dumps(body).encode())

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

    def _event(self, value: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.wfile.flush()


def vector_of(text: str, dim: int) -> list[float]:
    """Counts of letters, folded into so many numbers; not normalised."""
    row = [0.0] * dim
    for letter in text.lower():
        row[ord(letter) % dim] += 1.0
    return row


def _texts(asked: dict[str, Any]) -> list[str]:
    given = asked["input"]
    return [given] if isinstance(given, str) else list(given)


def _names(asked: dict[str, Any], name: str) -> bool:
    if name == "json_schema":
        return (asked.get("response_format") or {}).get("type") == "json_schema"
    return name in asked


def _chunk(asked: dict[str, Any], text: str | None, finish: str | None = None) -> dict[str, Any]:
    delta = {"content": text} if text is not None else {}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": asked.get("model"),
        "choices": [choice],
    }


class _Many(_Server):
    request_queue_size = 256  # connections that wait to be taken


@contextmanager
def provider_server(mode: str = "good") -> Iterator[Provider]:
    """Runs until the block ends, on a free port of the loopback; what hangs then is let go."""
    told = Provider(mode=mode)
    server = _Many(("127.0.0.1", 0), type("Handler", (_Handler,), {"told": told}))
    told.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield told
    finally:
        told.released.set()
        server.shutdown()
        server.server_close()


__all__ = ["BODIES", "MEGABYTE", "Provider", "provider_server", "vector_of"]
