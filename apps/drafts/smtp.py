"""Hand mails to an SMTP server, knowing at each moment whether it may have taken one.

A server takes a mail when it answers the final dot. Before the dot a broken connection means that it has not; after it,
until the answer is there, nobody can know (RFC 5321, 4.2.5 and RFC 1047).
"""

import contextlib
import smtplib
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from apps.core.errors import GatehouseError
from apps.core.sealing import unseal
from apps.drafts.guarding import ANSWER_SECONDS, MailServerError, connect, hung_up_after, tls, words_of
from apps.drafts.models import Mailbox
from apps.drafts.renewing import access_token
from apps.drafts.sasl import first_words, mechanism_of, talk
from apps.drafts.sign_ins import SignIn


class NotTaken(MailServerError):
    """The server has certainly not taken the mail. refused: {address: what it said}."""

    def __init__(self, detail: str, *, for_good: bool = False, refused: dict[str, str] | None = None) -> None:
        super().__init__(detail, for_good=for_good)
        self.refused = refused or {}


class Unclear(MailServerError):
    """The whole mail was sent, and no answer came: it may have been taken or not."""


@dataclass(slots=True)
class _Recipients:
    taken: list[str] = field(default_factory=list)
    later: dict[str, str] = field(default_factory=dict)
    never: dict[str, str] = field(default_factory=dict)


class _Guarded(smtplib.SMTP):
    """Connects to checked addresses only."""

    plain = False

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connect(host, port, plain=self.plain)


class _Plain(_Guarded):
    plain = True


class _Tls(_Guarded):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # The certificate is asked for by the name that was set, not by the address connected to.
        return tls().wrap_socket(super()._get_socket(host, port, timeout), server_hostname=host)


@contextlib.contextmanager
def signed_in(mailbox: Mailbox) -> Iterator[smtplib.SMTP]:
    """A session with the mailbox's own SMTP server, or the installation's where that is one. Raises NotTaken."""
    with _not_taken():
        server = _own(mailbox) if mailbox.smtp_host else _installations()
    try:
        with hung_up_after(settings.MAIL_SESSION_SECONDS, server.sock):  # type: ignore[arg-type]
            yield server
    finally:
        if server.sock is not None:  # it closes itself when the other side hangs up
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.sock.settimeout(2)
                server.quit()
        server.close()


def is_smtp(mailbox: Mailbox) -> bool:
    """Whether its mail goes by SMTP, not into files or memory as an installation may be set to."""
    return bool(mailbox.smtp_host) or isinstance(get_connection(), EmailBackend)


def hand_over(
    server: smtplib.SMTP,
    *,
    sender: str,
    recipients: Sequence[str],
    mime: bytes,
    last_try: bool,
    about_to: Callable[[], Any],
) -> dict[str, str]:
    """Send one mail; {address: what the server said} of those it refused for good, while it took the others.

    about_to: called when all is sent but the final dot; what it raises ends the session, and the server has nothing.
    last_try: addresses that are refused for now are given up, not waited for.
    Raises NotTaken, Unclear.
    """
    with _not_taken():
        server.ehlo_or_helo_if_needed()
        found = _envelope(server, sender, recipients)
        if not found.taken or (found.later and not last_try):
            said = next(iter([*found.later.values(), *found.never.values()]), "")
            raise NotTaken(
                f"The server refused the recipients: {said}",
                for_good=not found.later,
                refused=found.later | found.never,
            )
        code, answer = server.docmd("DATA")
        if code != 354:
            raise NotTaken(_said(code, answer), for_good=code >= 500)
        _send_body(server, mime)
    try:
        about_to()
    except BaseException:
        server.close()  # before the dot, so that the server has nothing
        raise
    _end_body(server)
    return found.never | found.later


def hand_to_backend(mailbox: Mailbox, *, recipients: Sequence[str], mime: bytes, about_to: Callable[[], Any]) -> None:
    """As `hand_over` for an installation whose mails do not go by SMTP. Raises NotTaken."""
    from apps.drafts.whole_mail import WholeMail

    backend = get_connection()
    about_to()
    try:
        count = backend.send_messages([WholeMail(mime, mailbox.address, list(recipients))])
    except OSError as error:
        raise NotTaken(words_of(error)) from None
    except Exception as error:
        raise Unclear(f"{type(error).__name__} in the installation's mail backend") from None
    if not count:
        raise NotTaken("The installation's mail backend sent nothing")


def _own(mailbox: Mailbox) -> smtplib.SMTP:
    kinds = {"tls": _Tls, "starttls": _Guarded, "none": _Plain}
    hello = mailbox.address.rpartition("@")[2]
    server = kinds[mailbox.smtp_security](mailbox.smtp_host, mailbox.smtp_port, hello, ANSWER_SECONDS)
    try:
        with hung_up_after(settings.MAIL_SESSION_SECONDS / 2, server.sock):  # type: ignore[arg-type]
            server.ehlo_or_helo_if_needed()
            if mailbox.smtp_security == "starttls":
                server.starttls(context=tls())
                server.ehlo()
            if mailbox.sign_in != SignIn.PASSWORD:
                _sign_in_by_token(server, mailbox)
            elif mailbox.smtp_user:
                server.login(mailbox.smtp_user, unseal(mailbox.smtp_password) if mailbox.smtp_password else "")
    except BaseException:
        server.close()
        raise
    return server


def _sign_in_by_token(server: smtplib.SMTP, mailbox: Mailbox) -> None:
    mechanism = mechanism_of(server.esmtp_features.get("auth", "").split())
    if mechanism is None:
        raise NotTaken("The SMTP server takes no sign-in by OAuth 2 (XOAUTH2 or OAUTHBEARER)")
    user = mailbox.smtp_user or mailbox.imap_user or mailbox.address
    token = access_token(mailbox=mailbox)
    for _ in range(2):
        first = first_words(mechanism, user=user, token=token, host=mailbox.smtp_host, port=mailbox.smtp_port)
        try:
            server.auth(mechanism, cast(Any, talk(mechanism, first)))
            return
        except smtplib.SMTPAuthenticationError as error:
            # It may have been taken back before its time; then another helps, or there is none any more.
            fresh = access_token(mailbox=mailbox, refused=token)
            if fresh == token:
                said = _said(error.smtp_code, error.smtp_error)
                raise NotTaken(f"The mail server refuses the sign-in of {user}: {said}") from None
            token = fresh
    raise NotTaken(f"The mail server refuses the sign-in of {user}, also with a fresh token")


def _installations() -> smtplib.SMTP:
    backend: Any = get_connection(timeout=ANSWER_SECONDS)
    backend.open()
    return backend.connection


def _envelope(server: smtplib.SMTP, sender: str, recipients: Sequence[str]) -> _Recipients:
    code, answer = server.mail(sender)
    if code != 250:
        raise NotTaken(_said(code, answer), for_good=code >= 500)
    found = _Recipients()
    for address in recipients:
        code, answer = server.rcpt(address)
        if code in (250, 251):
            found.taken.append(address)
        else:
            (found.never if code >= 500 else found.later)[address] = _said(code, answer)
    return found


def _send_body(server: smtplib.SMTP, mime: bytes) -> None:
    quoted = smtplib._quote_periods(mime)  # type: ignore[attr-defined]
    server.send(quoted if quoted.endswith(b"\r\n") else quoted + b"\r\n")


def _end_body(server: smtplib.SMTP) -> None:
    try:
        server.send(b".\r\n")
        code, answer = server.getreply()
    except (smtplib.SMTPException, OSError) as error:
        raise Unclear(f"No answer to the whole mail: {words_of(error)}") from None
    if code != 250:
        raise NotTaken(_said(code, answer), for_good=code >= 500)


@contextlib.contextmanager
def _not_taken() -> Iterator[None]:
    """What breaks in the block is known to have sent nothing."""
    try:
        yield
    except NotTaken:
        raise
    except MailServerError as error:
        raise NotTaken(error.detail, for_good=error.for_good) from None
    except GatehouseError as error:
        raise NotTaken(error.detail) from None
    except smtplib.SMTPAuthenticationError as error:
        raise NotTaken(f"It refuses the name or password: {_said(error.smtp_code, error.smtp_error)}") from None
    except smtplib.SMTPResponseException as error:
        raise NotTaken(_said(error.smtp_code, error.smtp_error), for_good=error.smtp_code >= 500) from None
    except (smtplib.SMTPException, OSError, ValueError, UnicodeError) as error:
        raise NotTaken(words_of(error)) from None


def _said(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    printable = "".join(character if character.isprintable() else " " for character in text)
    return f"{code} {' '.join(printable.split())}"[:250]
