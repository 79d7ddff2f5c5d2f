"""ACT: say that something went wrong, and that it is over. Who is told, and by what, is written down here and now.

Both belong in the transaction of what they tell of: nobody is told of what was rolled back, and nothing that was
committed goes untold. Sending begins after the commit (apps/alerts/sending.py).
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.alerts.formats import MOST_TEXT, MOST_TITLE, clean, clean_facts, clean_link, cut, one_line
from apps.alerts.models import Channel, Delivery, Notice
from apps.alerts.reaching import reach
from apps.alerts.severities import Severity, is_wanted
from apps.core.events import record
from apps.core.later import later

SEND = "apps.alerts.tasks.send_delivery"
WITHDRAWN = "It was over before anybody was told"


def raise_notice(
    *,
    business_id: UUID | None,
    severity: Severity | str,
    title: str,
    text: str = "",
    facts: Iterable[tuple[str, object]] = (),
    link: str = "",
    dedup_key: str,
    source: str,
) -> Notice:
    """Tell the people of a business (None: of the installation) that something went wrong; the open notice about it.

    While a notice of this business and dedup_key is open, a second raise changes nothing and hands back the first.
    title: one line. text: plain, lines allowed. facts: (name, value) pairs. All of them are cut to size and cleaned,
    never refused, since a caller in trouble must not fail here as well. link: a path of this installation, with its
    leading /; anything else is left out. dedup_key: at most 200 characters. source: the part that tells, one word.
    Raises ValueError (no such severity, dedup_key empty or too long), RuntimeError outside a transaction.
    """
    if not 0 < len(dedup_key) <= 200:
        raise ValueError("A dedup_key has 1 to 200 characters")
    notice = Notice(
        business_id=business_id,
        source=one_line(source, 40),
        severity=Severity(severity).value,
        title=one_line(title, MOST_TITLE) or "Something went wrong",
        text=cut(clean(text), MOST_TEXT),
        facts=clean_facts(facts),
        link=clean_link(link),
        dedup_key=dedup_key,
        opened_at=timezone.now(),
    )
    _needs_transaction()
    with reach(business_id):
        channels = list(Channel.objects.filter(Q(business_id=business_id), enabled=True))
        wanting = [channel for channel in channels if is_wanted(notice.severity, channel.lowest)]
        # A mail channel reaches admins and owners as well, from the severity on that they have chosen.
        by_default = all(channel.kind != Channel.Kind.EMAIL for channel in channels)
        return open_notice(notice, [*([None] if by_default else []), *wanting])


def open_notice(notice: Notice, told: Iterable[Channel | None]) -> Notice:
    """Write a notice and whom to tell, unless one is open already; the open one. Call inside `reach`."""
    # The row that is there may be resolved by another transaction between the two statements.
    for _ in range(3):
        Notice.objects.bulk_create([notice], ignore_conflicts=True)
        found = _open_ones(notice.business_id, notice.dedup_key).first()
        if found is not None:
            break
    else:
        raise RuntimeError(f"Notices about {notice.dedup_key} come and go too quickly")
    if found.pk != notice.pk:
        return found
    _record("notice.raised", notice, severity=notice.severity, title=notice.title)
    queue([(notice, channel) for channel in told], Delivery.Action.TRIGGER)
    return notice


def resolve_notice(*, business_id: UUID | None, dedup_key: str) -> Notice | None:
    """Say that it is over; the notice, or None when none was open.

    Whoever has not been told yet is not told at all. Channels that were, or may have been, are told of the end; the
    mail that goes out without a channel tells of beginnings only. Raises RuntimeError outside a transaction.
    """
    _needs_transaction()
    now = timezone.now()
    with reach(business_id):
        rows = _open_ones(business_id, dedup_key)
        notice = rows.select_for_update().first()
        if notice is None:
            return None
        rows.filter(pk=notice.pk).update(resolved_at=now)
        notice.resolved_at = now
        _record("notice.resolved", notice)
        triggers = Delivery.objects.filter(notice=notice, action=Delivery.Action.TRIGGER)
        # One that is being sent right now is left to whoever sends it.
        waiting = triggers.filter(Q(held_until=None) | Q(held_until__lte=now), state=Delivery.State.PENDING)
        waiting.update(state=Delivery.State.WITHDRAWN, last_error=WITHDRAWN, held_until=None)
        tried = triggers.filter(attempts__gt=0, channel__isnull=False).select_related("channel")
        queue([(notice, delivery.channel) for delivery in tried], Delivery.Action.RESOLVE)
        return notice


def queue(told: Iterable[tuple[Notice, Channel | None]], action: Delivery.Action) -> None:
    """Write the deliveries that are to be made, and have them made after commit. Call inside `reach`."""
    now = timezone.now()
    rows = [
        Delivery(business_id=notice.business_id, notice=notice, channel=channel, action=action, next_attempt_at=now)
        for notice, channel in told
    ]
    Delivery.objects.bulk_create(rows)
    for row in rows:
        later(SEND, str(row.pk))


def _open_ones(business_id: UUID | None, dedup_key: str) -> "QuerySet[Notice]":
    return Notice.objects.filter(Q(business_id=business_id), dedup_key=dedup_key, resolved_at=None)


def _needs_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("A notice belongs in the transaction of what it tells of")


def _record(kind: str, notice: Notice, **data: str) -> None:
    record(
        kind=kind,
        subject_type="notice",
        subject_id=notice.pk,
        business_id=notice.business_id,
        actor=f"system:{notice.source}",
        dedup_key=notice.dedup_key,
        **data,
    )
