"""A real SMTP server for tests: aiosmtpd, told to misbehave where that is wanted."""

import asyncio
import base64
import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.drafts.mail_imap import Certificate, free_port

# aiosmtpd writes down every line that is said.
logging.getLogger("mail.log").setLevel(logging.ERROR)


@dataclass
class Delivered:
    """A mail that the SMTP server took."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)


@dataclass
class Smtp:
    """A running SMTP server: what it took, and how it is told to misbehave.

    refuse: {address: answer to RCPT}. answer_data: answer to the final dot instead of 250; the mail is then not taken.
    hold: called with each mail after it was taken and before that is answered (in a thread of its own).
    hang_up: closes the connection instead of answering, at "data" (before the mail) or "dot" (after taking it).
    file_in: puts a copy of what it took there, as some providers do.
    at: called with "EHLO", "MAIL", "RCPT", "DATA" and "QUIT" before that is answered, and with "dot" when the whole
    mail is there and not taken yet; the mail is then taken if it gives nothing, and lost if it gives "lose".
    """

    port: int = 0
    mails: list[Delivered] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    answer_data: str = ""
    hold: Callable[[Delivered], Any] | None = None
    hang_up: str = ""
    file_in: Callable[[bytes], None] | None = None
    at: Callable[[str], Any] | None = None
    sessions: int = 0
    signed_in: list[str] = field(default_factory=list)

    def to(self, address: str) -> list[Delivered]:
        return [one for one in self.mails if address in one.recipients]


class _Handler:
    def __init__(self, told: Smtp) -> None:
        self.told = told

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.told.refuse:
            return self.told.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        told = self.told
        if await _reached(told, "dot") == "lose":
            return "451 lost"
        if told.answer_data:
            return told.answer_data
        mail = Delivered(envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content)
        told.mails.append(mail)
        loop = asyncio.get_running_loop()
        if told.file_in is not None:
            await loop.run_in_executor(None, told.file_in, mail.raw)
        if told.hold is not None:
            await loop.run_in_executor(None, told.hold, mail)
        if told.hang_up == "dot":
            server.transport.abort()  # type: ignore[union-attr]
        return "250 OK"


class _TokenHandler(_Handler):
    """Signs in by XOAUTH2 alone: whose token it is, it asks `whose`."""

    def __init__(self, told: Smtp, whose: Callable[[str], str]) -> None:
        super().__init__(told)
        self.whose = whose

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        first = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
        assert isinstance(first, bytes)
        fields = dict(part.split("=", 1) for part in first.decode().split("\x01") if "=" in part)
        if self.whose(fields["auth"].removeprefix("Bearer ")) == fields["user"]:
            self.told.signed_in.append(fields["user"])
            return AuthResult(success=True)
        await server.challenge_auth('{"status": "401"}')
        return AuthResult(success=False, handled=False)


async def _reached(told: Smtp, stage: str) -> Any:
    if told.at is None:
        return None
    return await asyncio.get_running_loop().run_in_executor(None, told.at, stage)


class _Server(SMTP):
    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        await _reached(self.event_handler.told, "EHLO")
        await super().smtp_EHLO(hostname)

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802
        await _reached(self.event_handler.told, "MAIL")
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802
        await _reached(self.event_handler.told, "RCPT")
        await super().smtp_RCPT(arg)

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        await _reached(self.event_handler.told, "QUIT")
        await super().smtp_QUIT(arg)

    def connection_made(self, transport: Any) -> None:
        self.event_handler.told.sessions += 1
        super().connection_made(transport)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.event_handler.told.hang_up == "data":
            self.transport.abort()  # type: ignore[union-attr]
            return
        await _reached(self.event_handler.told, "DATA")
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


@contextlib.contextmanager
def smtp_server(
    *,
    tls: Certificate | None = None,
    password: str = "",
    port: int = 0,
    whose: Callable[[str], str] | None = None,
) -> Iterator[Smtp]:
    """An SMTP server on a port of its own. tls: it offers STARTTLS, and asks for it. password: of any user.

    whose: the user of an access token, "" of none; it then signs in by XOAUTH2.
    """
    told = Smtp(port=port or free_port())

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        fits = isinstance(data, LoginPassword) and data.password == password.encode()
        if fits:
            told.signed_in.append(data.login.decode())
        return AuthResult(success=fits, handled=False)

    options: dict[str, Any] = {"decode_data": False, "ident": "test"}
    if tls is not None:
        options |= {"tls_context": tls.context(), "require_starttls": True}
    if password:
        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": tls is not None}
    if whose is not None:
        options |= {
            "auth_required": True,
            "auth_require_tls": tls is not None,
            "auth_exclude_mechanism": ["LOGIN", "PLAIN"],
        }
    handler = _Handler(told) if whose is None else _TokenHandler(told, whose)
    controller = _Controller(handler, hostname="127.0.0.1", port=told.port, **options)
    controller.start()
    try:
        yield told
    finally:
        controller.stop()
