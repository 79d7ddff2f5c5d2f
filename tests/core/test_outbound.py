"""HTTP to addresses that users have set: what is refused, what is bounded, and that the checked address is used."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from apps.core import outbound
from apps.core.errors import Invalid
from apps.core.outbound import MAX_BODY, Refused, Unreachable, check_url, send


class Handler(BaseHTTPRequestHandler):
    """Answers by path: echo, redirect, endless body, silence, drops of bytes."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, json.dumps({"body": body.decode(), "headers": dict(self.headers)}).encode())

    def do_GET(self) -> None:
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data")
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            self._drip(b"x" * 65536, 0)
        elif self.path == "/drops":
            self.send_response(200)
            self.end_headers()
            self._drip(b"x", 0.05)
        elif self.path == "/silence":
            time.sleep(3)
        else:
            self._answer(404, b"no")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Tool", "Yes")
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, drop: bytes, seconds: float) -> None:
        try:
            while True:
                self.wfile.write(drop)
                self.wfile.flush()
                time.sleep(seconds)
        except OSError:
            pass

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def nothing_allowed(settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []


def test_it_sends_json_and_hands_back_the_answer(port: int) -> None:
    answer = send("POST", f"http://127.0.0.1:{port}/", json={"goal": "Füll auf"}, headers={"X-Id": "7"}, timeout=5)
    got = answer.json()
    assert (answer.status, answer.ok, answer.headers["x-tool"]) == (200, True, "Yes")
    assert json.loads(got["body"]) == {"goal": "Füll auf"}
    headers = {name.lower(): value for name, value in got["headers"].items()}
    assert headers["x-id"] == "7"
    assert headers["host"] == f"127.0.0.1:{port}"
    assert headers["content-type"] == "application/json"
    assert headers["accept-encoding"] == "identity"


def test_it_sends_content_byte_by_byte_as_it_was_signed(port: int) -> None:
    body = b'{"a": 1}\n'
    answer = send(
        "post", f"http://localhost:{port}/", content=body, headers={"Content-Type": "application/json"}, timeout=5
    )
    got = answer.json()
    assert got["body"].encode() == body
    assert {name.lower(): value for name, value in got["headers"].items()}["host"] == f"localhost:{port}"


def test_an_error_status_is_an_answer_too(port: int) -> None:
    answer = send("GET", f"http://127.0.0.1:{port}/missing", timeout=5)
    assert (answer.status, answer.ok, answer.body) == (404, False, b"no")


def test_it_does_not_follow_a_redirect(port: int) -> None:
    assert send("GET", f"http://127.0.0.1:{port}/redirect", timeout=5).status == 302


def test_it_reads_a_body_only_so_far(port: int) -> None:
    answer = send("GET", f"http://127.0.0.1:{port}/endless", timeout=5)
    assert (len(answer.body), answer.cut) == (MAX_BODY, True)
    with pytest.raises(ValueError, match="longer"):
        answer.json()


@pytest.mark.parametrize("path", ["silence", "drops"])
def test_the_time_is_for_everything_together(port: int, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable, match="within"):
        send("GET", f"http://127.0.0.1:{port}/{path}", timeout=0.4)
    assert time.monotonic() - started < 2


def test_nobody_listening_is_unreachable(port: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    with pytest.raises(Unreachable):
        send("GET", f"http://127.0.0.1:{closed}/", timeout=2)


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"nowhere\.invalid"):
        send("GET", "http://nowhere.invalid/", timeout=5)


def test_it_does_not_use_a_proxy_of_the_environment(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert send("GET", f"http://127.0.0.1:{port}/", timeout=5).status == 404


FORBIDDEN = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://localhost/",
    "http://a.localhost/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.2.1/",
    "http://[::]/",
    "http://[::1]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:8.8.8.8]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::1]/",
    "http://[2001:0:7f00:1::]/",
    "http://127。0。0。1/",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_it_refuses_addresses_of_our_own_network(url: str, nothing_allowed: None) -> None:
    with pytest.raises((Refused, Unreachable)):
        send("GET", url, timeout=2)
    with pytest.raises(Invalid):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "example.com",
        "",
        "http://",
        "http:///path",
        "http://user:secret@example.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "http://ex ample.com/",
        "http://example.com/" + "x" * 500,
        "javascript:alert(1)",
    ],
)
def test_it_refuses_what_is_no_web_address(url: str) -> None:
    with pytest.raises(Refused):
        send("GET", url, timeout=2)
    with pytest.raises(Invalid) as refused:
        check_url(url, field="callback_url")
    assert refused.value.errors[0]["field"] == "callback_url"


@pytest.mark.parametrize("url", ["https://example.com/hook?x=1", "http://8.8.8.8:8080/", "https://müller.example/"])
def test_it_takes_public_addresses(url: str, nothing_allowed: None) -> None:
    assert check_url(url) == url


def test_it_refuses_a_name_that_leads_inside(port: int, nothing_allowed: None) -> None:
    with pytest.raises(Refused, match="may not be reached"):
        send("GET", f"http://{socket.gethostname()}:{port}/", timeout=2)


def test_an_allowed_network_may_be_reached(port: int, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    assert send("GET", f"http://127.0.0.1:{port}/", timeout=5).status == 404
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.2/32"]
    with pytest.raises(Refused):
        send("GET", f"http://127.0.0.1:{port}/", timeout=5)


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch, port: int) -> Callable[[list[str]], list[str]]:
    """A name server that gives the next of some answers at each question."""

    def use(answers: list[str]) -> list[str]:
        asked: list[str] = []

        real = socket.getaddrinfo

        def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
            if not host.endswith(".example"):
                return real(host, *args, **kwargs)
            asked.append(host)
            return real(answers[min(len(asked), len(answers)) - 1], *args, **kwargs)

        monkeypatch.setattr(outbound.socket, "getaddrinfo", look_up)
        return asked

    return use


def test_a_name_server_that_changes_its_mind_gains_nothing(
    port: int, lookups: Callable[[list[str]], list[str]], settings: Any
) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    asked = lookups(["10.0.0.1", "127.0.0.1"])
    with pytest.raises(Refused):
        send("GET", f"http://rebinding.example:{port}/", timeout=2)
    assert asked == ["rebinding.example"]


def test_it_asks_once_and_connects_to_what_it_checked(port: int, lookups: Callable[[list[str]], list[str]]) -> None:
    asked = lookups(["127.0.0.1", "10.0.0.1"])
    answer = send("POST", f"http://named.example:{port}/", json={}, timeout=2)
    assert asked == ["named.example"]
    headers = {name.lower(): value for name, value in answer.json()["headers"].items()}
    assert headers["host"] == f"named.example:{port}"
