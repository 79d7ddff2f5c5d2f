"""A mailbox by IMAP: what we ask of one, guarded and bounded. It changes nothing there unless told to."""

import contextlib
import imaplib
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError
from imap_tools.imap_utf7 import utf7_encode

from apps.core.errors import GatehouseError
from apps.core.sealing import unseal
from apps.drafts.guarding import ANSWER_SECONDS, MailServerError, connect, hung_up_after, tls, words_of
from apps.drafts.models import Mailbox
from apps.drafts.renewing import access_token
from apps.drafts.sasl import first_words, mechanism_of, talk
from apps.drafts.sign_ins import SignIn

# For one look with all it brings.
SESSION_SECONDS = 240.0
# Of one answer; a server that says more is hung up on.
MOST_ANSWER = 40 * 1024 * 1024

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_UID = re.compile(rb"UID (\d+)")
_FLAGS = re.compile(rb"FLAGS \(([^)]*)\)")
_VALIDITY = re.compile(rb"UIDVALIDITY (\d+)")
_NEXT = re.compile(rb"UIDNEXT (\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """A mail in a folder. size: bytes. at: when the server took it in, None when it does not tell."""

    uid: int
    size: int
    flags: frozenset[str]
    at: datetime | None


class _Guarded(imaplib.IMAP4):
    """Connects to checked addresses only, and counts what the server says."""

    plain = False

    def __init__(self, host: str, port: int) -> None:
        self.said = 0
        super().__init__(host, port, ANSWER_SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return connect(self.host, self.port, plain=self.plain)

    def read(self, size: int) -> bytes:
        self._count(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._count(len(line))
        return line

    def _count(self, size: int) -> None:
        self.said += size
        if self.said > MOST_ANSWER:
            raise MailServerError("The mail server said more than a mail can hold")


class _Plain(_Guarded):
    plain = True


class _Tls(_Guarded):
    def _create_socket(self, timeout: float | None) -> socket.socket:
        # The certificate is asked for by the name that was set, not by the address connected to.
        return tls().wrap_socket(super()._create_socket(timeout), server_hostname=self.host)


class Folder:
    """A session with the IMAP server of a mailbox, and one folder of it at a time."""

    def __init__(self, client: BaseMailBox) -> None:
        self._box = client
        self._client: Any = client.client

    @property
    def client(self) -> Any:
        """What speaks the protocol, for what is said nowhere else."""
        return self._client

    def look_into(self, name: str) -> tuple[int, int]:
        """Open a folder for reading alone; (UIDVALIDITY, the uid its next mail will have)."""
        self._begin()
        self._check(self._client.status(_quoted(name), "(UIDVALIDITY UIDNEXT)"), f"There is no folder {name}")
        told = b" ".join(self._client.untagged_responses.pop("STATUS", [])) or self._last
        self._check(self._client.select(_quoted(name), readonly=True), f"The folder {name} cannot be opened")
        validity, following = _VALIDITY.search(told), _NEXT.search(told)
        if validity is None:
            raise MailServerError("The mail server numbers no mails (no UIDVALIDITY)")
        return int(validity[1]), int(following[1]) if following else 1

    def open(self, name: str) -> None:
        """Open a folder for writing."""
        self._begin()
        self._check(self._client.select(_quoted(name)), f"The folder {name} cannot be opened")

    def uids_after(self, uid: int) -> list[int]:
        # "n:*" always has the last mail, even when its uid is smaller.
        return sorted(one for one in self._search(f"UID {uid + 1}:*") if one > uid)

    def uids_since(self, day: date) -> list[int]:
        return sorted(self._search(f"SINCE {day.day:02}-{_MONTHS[day.month - 1]}-{day.year}"))

    def uids_with_id(self, message_id: str) -> list[int]:
        """Mails with this Message-ID in the folder that is open."""
        return self._search(f'HEADER Message-ID "<{message_id}>"')

    def describe(self, uids: Sequence[int]) -> list[Found]:
        self._begin()
        kind, rows = self._client.uid("FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE FLAGS INTERNALDATE)")
        self._check((kind, rows), "The mail server does not describe its mails")
        return [found for row in rows if isinstance(row, bytes) and (found := _found(row))]

    def raw(self, uid: int, *, most: int | None = None) -> bytes | None:
        """The mail as it came, or its first `most` bytes; None when it is gone. It is not marked as read."""
        self._begin()
        part = "BODY.PEEK[]" if most is None else f"BODY.PEEK[]<0.{most}>"
        kind, rows = self._client.uid("FETCH", str(uid), f"(UID {part})")
        self._check((kind, rows), f"The mail server does not give out mail {uid}")
        return next((bytes(row[1]) for row in rows or () if isinstance(row, tuple) and len(row) > 1), None)

    def mark_seen(self, uid: int) -> None:
        self._store(uid, r"(\Seen)")

    def delete(self, uid: int) -> None:
        """Delete this one mail; where the server cannot expunge one alone, it is only marked."""
        self._store(uid, r"(\Deleted)")
        if "UIDPLUS" in self._client.capabilities:
            self._check(self._client.uid("EXPUNGE", str(uid)), "The mail server does not delete")

    def append(self, name: str, mime: bytes, at: datetime) -> None:
        """File a mail, marked as read."""
        self._begin()
        done = self._client.append(_quoted(name), r"(\Seen)", imaplib.Time2Internaldate(at), mime)
        self._check(done, f"Nothing can be filed in {name}")

    def names(self) -> tuple[str, ...]:
        self._begin()
        return tuple(folder.name for folder in self._box.folder.list())[:200]

    def _store(self, uid: int, flags: str) -> None:
        self._begin()
        self._check(self._client.uid("STORE", str(uid), "+FLAGS.SILENT", flags), "The mail server keeps no marks")

    def _search(self, criteria: str) -> list[int]:
        self._begin()
        kind, rows = self._client.uid("SEARCH", *criteria.split(" ", 1)[:1], *criteria.split(" ", 1)[1:])
        self._check((kind, rows), "The mail server does not search")
        return [int(one) for row in rows if row for one in row.split() if one.isdigit()]

    def _begin(self) -> None:
        self._client.said = 0

    def _check(self, done: tuple[str, Any], words: str) -> None:
        kind, rows = done
        self._last = b" ".join(row for row in rows or () if isinstance(row, bytes))
        if kind != "OK":
            said = self._last.decode("utf-8", "replace")
            raise MailServerError(f"{words}: {' '.join(said.split())}"[:300])


@contextlib.contextmanager
def signed_in(mailbox: Mailbox, *, seconds: float | None = SESSION_SECONDS) -> Iterator[Folder]:
    """A session with the IMAP server of a mailbox. Raises MailServerError, also for what breaks in the block.

    seconds: after which it is cut whatever happens; None: never, for one that idles.
    """
    with _in_words():
        client = _client(mailbox)
    try:
        bound = hung_up_after(seconds, client.client.sock) if seconds is not None else contextlib.nullcontext()
        with _in_words(), bound:
            yield Folder(client)
    finally:
        with contextlib.suppress(Exception):
            client.client.sock.settimeout(2)
            client.client.logout()
        with contextlib.suppress(OSError):
            client.client.shutdown()


def _client(mailbox: Mailbox) -> BaseMailBox:
    kind = {"tls": _Tls, "starttls": _Guarded, "none": _Plain}[mailbox.imap_security]

    class Guarded(BaseMailBox):
        def _get_mailbox_client(self) -> imaplib.IMAP4:
            return kind(mailbox.imap_host, mailbox.imap_port)

    box = Guarded()
    try:
        with hung_up_after(SESSION_SECONDS / 4, box.client.sock):
            if mailbox.imap_security == "starttls":
                box.client.starttls(tls())
            _sign_in(box, mailbox)
            # A server tells what it can do anew to whom it knows.
            box.client._get_capabilities()  # type: ignore[attr-defined]
    except BaseException:
        with contextlib.suppress(OSError):
            box.client.shutdown()
        raise
    return box


def _sign_in(box: BaseMailBox, mailbox: Mailbox) -> None:
    if mailbox.sign_in != SignIn.PASSWORD:
        return _sign_in_by_token(box, mailbox)
    password = unseal(mailbox.imap_password) if mailbox.imap_password else ""
    if (mailbox.imap_user + password).isascii():
        box.login(mailbox.imap_user, password, initial_folder=None)
    else:
        box.login_utf8(mailbox.imap_user, password, initial_folder=None)
    return None


def _sign_in_by_token(box: BaseMailBox, mailbox: Mailbox) -> None:
    client: Any = box.client
    mechanism = mechanism_of(one for one in client.capabilities if one.upper().startswith("AUTH="))
    if mechanism is None:
        raise MailServerError("The IMAP server takes no sign-in by OAuth 2 (XOAUTH2 or OAUTHBEARER)")
    user, token = mailbox.imap_user or mailbox.address, access_token(mailbox=mailbox)
    for _ in range(2):
        first = first_words(mechanism, user=user, token=token, host=mailbox.imap_host, port=mailbox.imap_port)
        try:
            client.authenticate(mechanism, talk(mechanism, first))
            return
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            # It may have been taken back before its time; then another helps, or there is none any more.
            fresh = access_token(mailbox=mailbox, refused=token)
            if fresh == token:
                raise MailServerError(f"The mail server refuses the sign-in of {user}: {words_of(error)}") from None
            token = fresh
    raise MailServerError(f"The mail server refuses the sign-in of {user}, also with a fresh token")


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except MailServerError:
        raise
    except GatehouseError:
        raise
    except (ImapToolsError, imaplib.IMAP4.error) as error:
        raise MailServerError(_told(error)) from None
    except (OSError, ValueError, UnicodeError) as error:
        raise MailServerError(words_of(error)) from None


def _told(error: Exception) -> str:
    """What the server said, without the command it said it to, which may hold a password."""
    result = getattr(error, "command_result", None)
    if result is None:
        return words_of(error)
    said = b" ".join(row for row in result[1] if isinstance(row, bytes)).decode("utf-8", "replace")
    return f"The mail server refuses: {' '.join(said.split())}"[:300]


def _found(row: bytes) -> Found | None:
    uid, size, flags = _UID.search(row), _SIZE.search(row), _FLAGS.search(row)
    if uid is None:
        return None
    moment = imaplib.Internaldate2tuple(row)
    at = datetime(*moment[:6]).astimezone() if moment else None
    names = frozenset(flags[1].decode("ascii", "replace").split()) if flags else frozenset()
    return Found(int(uid[1]), int(size[1]) if size else 0, names, at)


def _quoted(name: str) -> str:
    text = utf7_encode(name).decode("ascii")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
