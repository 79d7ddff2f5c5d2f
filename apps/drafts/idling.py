"""IMAP IDLE (RFC 2177): wait until a server says that there is mail, without asking again and again."""

import contextlib
import select
import socket
import ssl
from typing import Any

from apps.drafts.guarding import MailServerError
from apps.drafts.imap import Folder

# A server may hang up on who has idled for 29 minutes, and many gateways forget a quiet connection after five.
ROUND_SECONDS = 240.0
# A connection whose other side has gone without a word is noticed after about a minute.
_PROBES = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


def can_idle(folder: Folder) -> bool:
    """Whether the server offers it, to the account that is signed in."""
    return "IDLE" in folder.client.capabilities


def probe(sock: socket.socket) -> None:
    """Have the system find out by itself when the other side is gone."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _PROBES:
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def wait_for_mail(folder: Folder, seconds: float = ROUND_SECONDS) -> bool:
    """Wait in the folder that is open until the server says something, at most so long. Whether there is more mail.

    Ends with an answered command either way, so that a connection that is dead is found out. Raises what imaplib
    raises, and MailServerError; within imap.signed_in both become words.
    """
    client = folder.client
    client.said = 0
    client.untagged_responses.pop("EXISTS", None)
    tag = client._command("IDLE")
    # Nothing but the invitation to go on gives None; what comes before it is kept among the untagged responses.
    while client._get_response() is not None:
        if client.tagged_commands.get(tag):
            raise MailServerError("The mail server does not let us idle")
    if "EXISTS" not in client.untagged_responses and not _has_more(client):
        _wait(client.sock, seconds)
    client.send(b"DONE\r\n")
    kind, _ = client._command_complete("IDLE", tag)
    news = "EXISTS" in client.untagged_responses
    # Else what a server says in months of idling would be kept.
    client.untagged_responses = {}
    if kind != "OK":
        raise MailServerError("The mail server does not let us idle")
    return news


def _wait(sock: socket.socket, seconds: float) -> None:
    poller = select.poll()
    poller.register(sock.fileno(), select.POLLIN)
    poller.poll(seconds * 1000)


def _has_more(client: Any) -> bool:
    """Whether something lies read and unlooked at, which no waiting for the socket would tell."""
    before = client.sock.gettimeout()
    client.sock.settimeout(0)
    try:
        return bool(client.file.peek(1))
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    finally:
        client.sock.settimeout(before)
