"""A real provider of OAuth 2 for tests: it checks what it is asked, and misbehaves where that is wanted."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

CLIENT, SECRET = "gatehouse-client", "client+secret/ä="


@dataclass
class Provider:
    """A running provider: whom it knows, what it was asked, how it misbehaves.

    account: who signs in at it. lasts: seconds of an access token. slow: seconds until it answers for tokens.
    says: (status, body) that it answers for tokens instead. rotates: a refresh token is good once, and using it twice
    takes back the access. scope, refreshes: what it grants.
    """

    url: str = ""
    account: str = "help@corner-shop.example.com"
    lasts: int | None = 3600
    slow: float = 0.0
    says: tuple[int, bytes] | None = None
    rotates: bool = False
    refreshes: bool = True
    scope: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def whose(self, token: str) -> str:
        return self.access.get(token, "")

    def kinds(self) -> list[str]:
        return [one.get("grant_type", "") for one in self.asked]

    def take_back(self) -> None:
        """As when the person removes the access on their account's page."""
        self.access.clear()
        self.refresh.clear()

    def consent(self, url: str) -> dict[str, str]:
        """What the person's browser brings back after they have agreed at `url`."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(12)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def answer(self, asked: dict[str, str], headers: dict[str, str]) -> tuple[int, Any]:
        if not self._knows(asked, headers):
            return 401, {"error": "invalid_client"}
        if asked.get("grant_type") == "authorization_code":
            begun = self.codes.pop(asked.get("code", ""), None)
            digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
            proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            if begun is None or begun["code_challenge"] != proof or begun["redirect_uri"] != asked.get("redirect_uri"):
                return 400, {"error": "invalid_grant", "error_description": f"bad code {asked.get('code')}"}
            return 200, self._tokens(begun.get("login_hint") and self.account)
        known = self.refresh.get(asked.get("refresh_token", ""))
        if asked.get("grant_type") != "refresh_token" or known is None:
            if asked.get("refresh_token") in self.spent:
                self.take_back()
            return 400, {"error": "invalid_grant", "error_description": f"revoked {asked.get('refresh_token')}"}
        if self.rotates:
            self.spent.add(asked["refresh_token"])
            del self.refresh[asked["refresh_token"]]
        return 200, self._tokens(known, renewed=True)

    def _knows(self, asked: dict[str, str], headers: dict[str, str]) -> bool:
        if asked.get("client_id") != CLIENT:
            return False
        basic = headers.get("authorization", "").removeprefix("Basic ")
        if basic:
            name, _, secret = base64.b64decode(basic).decode().partition(":")
            return (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET)
        return asked.get("client_secret") == SECRET

    def _tokens(self, account: str | None, *, renewed: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {"access_token": secrets.token_urlsafe(40), "token_type": "Bearer"}
        self.access[found["access_token"]] = account or ""
        if self.lasts is not None:
            found["expires_in"] = self.lasts
        if self.scope:
            found["scope"] = self.scope
        if self.refreshes and (self.rotates or not renewed):
            found["refresh_token"] = secrets.token_urlsafe(40)
            self.refresh[found["refresh_token"]] = account or ""
        return found


@contextmanager
def oauth_server() -> Iterator[Provider]:
    told = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            asked = {name: values[0] for name, values in parse_qs(raw, keep_blank_values=True).items()}
            if self.path.startswith("/introspect"):
                user = told.whose(asked.get("token", ""))
                self._say(200, {"active": True, "username": user} if user else {"active": False})
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.asked.append(asked)
            told.headers.append(headers)
            time.sleep(told.slow)
            self._say(*(told.says or told.answer(asked, headers)))

        def do_GET(self) -> None:
            """The page on which a person agrees: they always do, at once."""
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(told.consent(self.path))}")
            self.end_headers()

        def _say(self, status: int, body: Any) -> None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                """Who asked has gone."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
