"""Connections to mail servers that users have set: to checked addresses only, bounded in time, TLS verified.

As in apps.core.outbound the name is resolved once and the connection goes to an address that passed.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from functools import lru_cache

import certifi
from django.conf import settings

from apps.core.addresses import may_reach, networks
from apps.core.errors import GatehouseError
from apps.core.outbound import Refused, Unreachable, reachable_addresses

CONNECT_SECONDS = 10.0
# For one command and its answer.
ANSWER_SECONDS = 30.0


class MailServerError(GatehouseError):
    """The mail server cannot be used as it is set: in words for the mailbox's page, without any secret.

    for_good: trying again will not help until somebody changes something.
    """

    status = 502
    slug = "mail-server"
    title = "The mail server could not be used"

    def __init__(self, detail: str = "", *, for_good: bool = False) -> None:
        super().__init__(detail)
        self.for_good = for_good


def connect(host: str, port: int, *, plain: bool) -> socket.socket:
    """A TCP connection to an address of `host` that may be reached. plain: it stays without TLS.

    Raises MailServerError.
    """
    deadline = time.monotonic() + CONNECT_SECONDS
    try:
        addresses = reachable_addresses(host, port, deadline=deadline)
    except Refused as error:
        raise MailServerError(error.detail, for_good=True) from None
    except (Unreachable, ValueError) as error:
        raise MailServerError(str(error)) from None
    trouble = "no address"
    for rank, address in enumerate(addresses):
        if plain and not may_reach_plain(address):
            raise MailServerError(
                f"{host} lies outside of the own network, and without TLS the password could be read on the way",
                for_good=True,
            )
        left = max(0.5, (deadline - time.monotonic()) / (len(addresses) - rank))
        try:
            found = socket.create_connection((address, port), timeout=left)
        except OSError as error:
            trouble = error.strerror or str(error)
            continue
        found.settimeout(ANSWER_SECONDS)
        return found
    raise MailServerError(f"{host} port {port} does not answer: {trouble}")


def may_reach_plain(address: str) -> bool:
    """Without TLS only servers in networks that the installation has named."""
    allowed = networks(settings.OUTBOUND_ALLOWED_NETWORKS)
    return bool(allowed) and not may_reach(address, ()) and may_reach(address, allowed)


def leads_inside(host: str, port: int) -> bool:
    """Whether a name stands for servers in networks that the installation has named, and for no others."""
    try:
        addresses = reachable_addresses(host, port, deadline=time.monotonic() + CONNECT_SECONDS / 2)
    except (Refused, Unreachable, ValueError):
        return False
    return all(may_reach_plain(address) for address in addresses)


def tls() -> ssl.SSLContext:
    """The usual authorities, and those of MAIL_CA_FILE."""
    return _context(settings.MAIL_CA_FILE)


@lru_cache(maxsize=4)
def _context(file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    if file:
        context.load_verify_locations(cafile=file)
    return context


@contextlib.contextmanager
def hung_up_after(seconds: float, sock: socket.socket) -> Iterator[None]:
    """Within the block the connection is cut after so many seconds: a server that drips bytes holds nobody."""

    def cut() -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def words_of(error: BaseException) -> str:
    """What went wrong, in one line for people."""
    if isinstance(error, MailServerError):
        return error.detail[:300]
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not trusted: {error.verify_message}"[:300]
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or 'it may speak another protocol on this port'}"[:300]
    if isinstance(error, TimeoutError):
        return "It took too long to answer"
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:300]
