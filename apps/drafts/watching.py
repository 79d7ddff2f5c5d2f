"""ACT: one process that idles at all mailboxes and calls for a look as soon as there is mail.

It takes in nothing itself: it asks for the look that would have been due later. One watches at a time, by an advisory
lock that goes with its connection to the database; without any, mailboxes are looked into as often as ever.
"""

import contextlib
import logging
import queue
import random
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F
from django.utils import timezone

from apps.core.errors import GatehouseError
from apps.core.later import later
from apps.core.locking import holding
from apps.drafts import idling, imap
from apps.drafts.fetching import FETCH
from apps.drafts.models import Mailbox

log = logging.getLogger(__name__)

LOCK = "drafts.watching"
# How often the list of mailboxes is read again, and how long "watched" is believed after the last time it was said.
LIST_SECONDS, WATCHED_SECONDS = 10.0, 35.0
# Between two calls for one mailbox, however much its server says.
QUIET_SECONDS = 0.5
FIRST_WAIT, LONGEST_WAIT = 5.0, 900.0
# A server that cannot idle may have learned to by then.
NO_IDLE_SECONDS = 3600.0
END_SECONDS = 5.0
# At once, since each may need a connection to the database for its access token.
_SIGNING_IN = threading.BoundedSemaphore(16)

News = queue.SimpleQueue  # of UUID; None: look whether it is over


class CannotIdle(GatehouseError):
    """The server does not offer IDLE."""


def watch(*, ended: threading.Event, news: "News[UUID | None]") -> None:
    """Watch until `ended` is set (put None on `news` then), waiting first for whoever watches already."""
    while not ended.is_set():
        try:
            with holding(LOCK) as mine:
                if mine:
                    _Watcher(ended, news).run()
        except DatabaseError as error:
            log.warning("the watcher of mailboxes lost the database: %s", type(error).__name__)
        connection.close()
        ended.wait(FIRST_WAIT)


class _Watcher:
    """All mailboxes that are switched on, each in a thread that talks to its mail server and to nothing else."""

    def __init__(self, ended: threading.Event, news: "News[UUID | None]") -> None:
        self._ended, self._news = ended, news
        self._idlers: dict[UUID, _Idler] = {}

    def run(self) -> None:
        try:
            while not self._ended.is_set():
                self._keep_list()
                until = time.monotonic() + LIST_SECONDS
                while not self._ended.is_set() and (left := until - time.monotonic()) > 0:
                    self._call(self._heard(left))
        finally:
            _end(self._idlers.values())

    def _keep_list(self) -> None:
        wanted = {mailbox.pk: mailbox for mailbox in _mailboxes()}
        gone = [
            pk
            for pk, idler in self._idlers.items()
            if not idler.is_alive() or pk not in wanted or _place(wanted[pk]) != _place(idler.mailbox)
        ]
        _end([self._idlers.pop(pk) for pk in gone])
        for pk in wanted.keys() - self._idlers.keys():
            self._idlers[pk] = _Idler(wanted[pk], self._news)
            self._idlers[pk].start()
        idle = [pk for pk, idler in self._idlers.items() if idler.idles]
        if idle:
            until = timezone.now() + timedelta(seconds=WATCHED_SECONDS)
            Mailbox.objects.filter(pk__in=idle).update(watched_until=until)

    def _heard(self, seconds: float) -> set[UUID]:
        """Which mailboxes have mail; all that is said at once, together."""
        found: set[UUID | None] = set()
        try:
            found.add(self._news.get(timeout=seconds))
            while True:
                found.add(self._news.get_nowait())
        except queue.Empty:
            return {pk for pk in found if pk is not None}

    def _call(self, pks: set[UUID]) -> None:
        for pk in pks:
            rows = Mailbox.objects.filter(pk=pk, enabled=True)
            if rows.update(announced=F("announced") + 1, next_look_at=timezone.now()):
                later(FETCH, str(pk))


class _Idler(threading.Thread):
    """Idles at one mailbox as it was set when it began. idles: whether it would hear of mail now."""

    def __init__(self, mailbox: Mailbox, news: "News[UUID | None]") -> None:
        super().__init__(name=f"idle {mailbox.pk}", daemon=True)
        self.mailbox, self.idles = mailbox, False
        self._news = news
        self._ended = threading.Event()
        self._socket: Any = None

    def end(self) -> None:
        self._ended.set()
        sock = self._socket
        if sock is not None:
            try:
                sock.shutdown(2)
            except OSError:
                """It has ended already."""

    def run(self) -> None:
        failures = 0
        while not self._ended.is_set():
            began = time.monotonic()
            try:
                self._session()
            except CannotIdle:
                self._ended.wait(_spread(NO_IDLE_SECONDS))
            except GatehouseError as error:
                # The look that is due anyway writes it on the mailbox.
                if not self._ended.is_set():
                    log.info("idling at a mailbox ended: %s", error.detail)
            except Exception:
                log.exception("idling at a mailbox broke off")
            finally:
                self.idles, self._socket = False, None
                connection.close()
            failures = 0 if time.monotonic() - began > LONGEST_WAIT / 3 else failures + 1
            self._ended.wait(_spread(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - 1, 20)) if failures else 1.0))

    def _session(self) -> None:
        with contextlib.ExitStack() as session:
            with _SIGNING_IN:
                folder = session.enter_context(imap.signed_in(self.mailbox, seconds=None))
                connection.close()  # a token may have been renewed; idling needs no database
            if not idling.can_idle(folder):
                raise CannotIdle
            self._socket = folder.client.sock
            idling.probe(folder.client.sock)
            seen = self._open(folder)
            # What came while nobody listened.
            self._news.put(self.mailbox.pk)
            while not self._ended.is_set():
                self.idles = True
                if idling.wait_for_mail(folder, idling.ROUND_SECONDS):
                    self._news.put(self.mailbox.pk)
                    self._ended.wait(QUIET_SECONDS)
                elif not self._ended.is_set():
                    # Opened anew: it may have been renamed, and another have its name.
                    before, seen = seen, self._open(folder)
                    if seen != before:
                        self._news.put(self.mailbox.pk)

    def _open(self, folder: imap.Folder) -> tuple[object, ...]:
        """What is told of the folder on opening it, after which the server tells changes only."""
        validity, _ = folder.look_into(self.mailbox.imap_folder)
        told = folder.client.untagged_responses
        return validity, str(told.get("UIDNEXT")), str(told.get("EXISTS"))


def _mailboxes() -> list[Mailbox]:
    """What is to be watched, across businesses: for the owner of the tables."""
    rows = Mailbox.objects.filter(enabled=True).exclude(imap_host="").select_related("grant")
    return list(rows.order_by("created_at")[: settings.MAIL_WATCHED_MOST])


def _place(mailbox: Mailbox) -> tuple[object, ...]:
    """Where and how it is signed in at: where this changes, it is signed in anew."""
    grant = getattr(mailbox, "grant", None)
    return (
        mailbox.imap_host, mailbox.imap_port, mailbox.imap_security, mailbox.imap_user, mailbox.imap_password,
        mailbox.imap_folder, mailbox.sign_in, grant and (grant.given_at, grant.lost_at),
    )  # fmt: skip


def _spread(seconds: float) -> float:
    """So that all that lost one server do not come back to it at once."""
    return seconds * random.uniform(0.5, 1.5)  # noqa: S311 - no secret


def _end(idlers: Iterable[_Idler]) -> None:
    """All together: each may have to wait for its server."""
    ending = list(idlers)
    for idler in ending:
        idler.end()
    until = time.monotonic() + END_SECONDS
    for idler in ending:
        idler.join(max(0.0, until - time.monotonic()))
