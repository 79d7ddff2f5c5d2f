"""ACT: look into mailboxes by IMAP and take in what is new: each mail and how far we are in one transaction.

Of several workers one looks into a mailbox, by a conditional UPDATE, and holds it; the lease is renewed with each mail.
A worker that is killed has taken in whole mails only, and the next goes on after the last of them.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.errors import GatehouseError, StaleState
from apps.core.events import record
from apps.core.later import later
from apps.drafts import imap
from apps.drafts.models import Mailbox
from apps.drafts.parsing import MOST_BYTES
from apps.drafts.receiving import receive
from apps.drafts.retrying import look_again_after
from apps.drafts.states import Source

log = logging.getLogger(__name__)

ACTOR = "system:mail"
FETCH = "apps.drafts.tasks.fetch_mailbox"
LEASE = timedelta(seconds=settings.MAIL_LEASE_SECONDS)
# Looks at once, so that slow mail servers leave workers for others.
AT_ONCE = 8
DESCRIBED_AT_ONCE = 100
WORK_SECONDS = 0.8 * imap.SESSION_SECONDS
HEAD_BYTES = 256 * 1024


@dataclass(slots=True)
class Looked:
    """What one look brought. more: it stopped before the end."""

    taken: int = 0
    known: int = 0
    more: bool = False
    error: str = ""


def due_mailboxes(*, limit: int = AT_ONCE) -> list[UUID]:
    """Which to look into now. Looks across businesses: for the owner of the tables."""
    now = timezone.now()
    held = Mailbox.objects.filter(enabled=True, held_until__gt=now).exclude(imap_host="").count()
    rows = _due(Mailbox.objects.all(), now).order_by(F("next_look_at").asc(nulls_first=True))
    return list(rows.values_list("pk", flat=True)[: max(0, limit - held)])


def look_into(*, mailbox_id: UUID, business_id: UUID, now_please: bool = False) -> Looked | None:
    """Take in what is new in one mailbox; None when it is not due or somebody else looks.

    now_please: also before its time. What goes wrong is written on the mailbox, and Looked.error.
    """
    mailbox = _take(mailbox_id, business_id, now_please)
    if mailbox is None:
        return None
    looked = Looked()
    try:
        with imap.signed_in(mailbox) as server:
            _look(mailbox, server, looked)
    except StaleState:
        return looked
    except (GatehouseError, DatabaseError) as error:
        looked.error = error.detail if isinstance(error, GatehouseError) else f"{type(error).__name__} in Gatehouse"
    _let_go(mailbox, looked)
    return looked


def _due(rows: "QuerySet[Mailbox]", now: datetime) -> "QuerySet[Mailbox]":
    free = Q(held_until=None) | Q(held_until__lte=now)
    return rows.filter(free, Q(next_look_at=None) | Q(next_look_at__lte=now), enabled=True).exclude(imap_host="")


def _take(mailbox_id: UUID, business_id: UUID, now_please: bool) -> Mailbox | None:
    now = timezone.now()
    with acting_for(business_id):
        rows = Mailbox.objects.filter(pk=mailbox_id)
        if now_please:
            rows.filter(next_look_at__gt=now).update(next_look_at=now)
        if not _due(rows, timezone.now()).update(held_until=now + LEASE):
            return None
        return rows.get()


def _look(mailbox: Mailbox, server: imap.Folder, looked: Looked) -> None:
    validity, following = server.look_into(mailbox.imap_folder)
    if mailbox.uid_validity != validity:
        # The first look, or the server has numbered its mails anew; what is here already is known by its id.
        since = (timezone.now() - timedelta(days=settings.MAIL_FIRST_DAYS)).date()
        uids = server.uids_since(since)
        _step(mailbox, uid_validity=validity, last_uid=(uids[0] if uids else following) - 1)
    else:
        uids = server.uids_after(mailbox.last_uid)
    if mailbox.after_fetch != "leave" and uids:
        server.open(mailbox.imap_folder)
    until = time.monotonic() + WORK_SECONDS
    for start in range(0, len(uids), DESCRIBED_AT_ONCE):
        chunk = uids[start : start + DESCRIBED_AT_ONCE]
        for found in sorted(server.describe(chunk), key=lambda one: one.uid):
            if time.monotonic() > until:
                looked.more = True
                return
            _take_in(mailbox, server, found, looked)


def _take_in(mailbox: Mailbox, server: imap.Folder, found: imap.Found, looked: Looked) -> None:
    large = found.size > MOST_BYTES
    raw = server.raw(found.uid, most=HEAD_BYTES if large else None)
    if raw is None:
        return
    try:
        with acting_for(mailbox.business_id):
            received = receive(
                mailbox=mailbox,
                raw=raw,
                source=Source.IMAP,
                received_at=found.at,
                size=found.size if large else None,
                draft=not _is_dealt_with(mailbox, found),
            )
            _step(mailbox, last_uid=found.uid)
    except (DataError, IntegrityError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        # One mail that we cannot store must not hold up all that come after it.
        log.exception("a mail could not be taken in")
        _skip(mailbox, found, type(error).__name__)
        return
    looked.known += received.duplicate
    looked.taken += not received.duplicate
    if mailbox.after_fetch == "seen":
        server.mark_seen(found.uid)
    elif mailbox.after_fetch == "delete":
        server.delete(found.uid)


def _is_dealt_with(mailbox: Mailbox, found: imap.Found) -> bool:
    """Answered by somebody's mail program; or older than the mailbox is here, and read."""
    old = found.at is not None and found.at < mailbox.created_at
    return "\\Answered" in found.flags or (old and "\\Seen" in found.flags)


def _step(mailbox: Mailbox, **changes: int) -> None:
    """Write how far we are and hold the mailbox on. Raises StaleState when somebody else holds it by now."""
    until = timezone.now() + LEASE
    with acting_for(mailbox.business_id):
        mine = Mailbox.objects.filter(pk=mailbox.pk, held_until=mailbox.held_until)
        if not mine.update(held_until=until, **changes):
            raise StaleState("Another process looks into this mailbox")
    mailbox.held_until = until
    for name, value in changes.items():
        setattr(mailbox, name, value)


def _skip(mailbox: Mailbox, found: imap.Found, error: str) -> None:
    with acting_for(mailbox.business_id):
        _step(mailbox, last_uid=found.uid)
        _record("mail.skipped", mailbox, uid=found.uid, size=found.size, error=error)


def _let_go(mailbox: Mailbox, looked: Looked) -> None:
    now = timezone.now()
    with acting_for(mailbox.business_id):
        mine = Mailbox.objects.filter(pk=mailbox.pk, held_until=mailbox.held_until)
        if looked.error:
            failures = min(mailbox.failures + 1, 1000)
            wait = look_again_after(settings.MAIL_POLL_SECONDS, failures)
            mine.update(
                held_until=None,
                failures=failures,
                last_error=looked.error[:300],
                next_look_at=now + wait,
                looked_at=now,
            )
            if failures == 1:
                _record("mailbox.failing", mailbox, error=looked.error[:300])
            return
        mine.update(held_until=None, failures=0, last_error="", next_look_at=now + _wait(mailbox, now), looked_at=now)
        if mailbox.failures:
            _record("mailbox.working", mailbox)
        # What was announced while we looked may have come after what we saw.
        rows = Mailbox.objects.filter(pk=mailbox.pk)
        if looked.more or rows.filter(announced__gt=mailbox.announced).exists():
            rows.filter(next_look_at__gt=now).update(next_look_at=now)
            later(FETCH, str(mailbox.pk))


def _wait(mailbox: Mailbox, now: datetime) -> timedelta:
    watched = mailbox.watched_until is not None and mailbox.watched_until > now
    return timedelta(seconds=settings.MAIL_WATCHED_POLL_SECONDS if watched else settings.MAIL_POLL_SECONDS)


def _record(kind: str, mailbox: Mailbox, **data: object) -> None:
    record(
        kind=kind,
        subject_type="mailbox",
        subject_id=mailbox.pk,
        business_id=mailbox.business_id,
        actor=ACTOR,
        **data,
    )
