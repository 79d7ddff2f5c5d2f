"""ACT: mail people about what waits. A mail links to the request; nothing can be decided by a link."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.urls import reverse

from apps.accounts.row_access import acting_for
from apps.accounts.selectors import addresses_of
from apps.approvals.models import ApprovalRequest, Notice
from apps.approvals.states import State

log = logging.getLogger(__name__)

BATCH = 500
LISTED = 20
MAIL_TIMEOUT_SECONDS = 10
# A mail server that does not answer must not be asked every ten seconds.
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, MOST_ATTEMPTS = 60, 3600, 20

_SUBJECT = {
    Notice.Kind.REMINDER: "{count} waiting for a decision in {business}",
    Notice.Kind.ESCALATION: "{count} overdue in {business}",
}
_OPENING = {
    Notice.Kind.REMINDER: "Half of the time to decide is gone:",
    Notice.Kind.ESCALATION: "The time to decide is over and nobody has decided. You are asked to:",
}


def send_notices(*, now: datetime) -> int:
    """Send the mails that are due, one for all requests of a business and kind; how many notices were dealt with.

    A notice leaves the table once its mail was handed over: dying in between sends it twice rather than never.
    """
    due = Notice.objects.filter(next_attempt_at__lte=now).order_by("id")
    groups: dict[tuple[UUID, str, str], list[UUID]] = defaultdict(list)
    for notice in due[:BATCH]:
        groups[notice.business_id, notice.kind, notice.role].append(notice.pk)
    return sum(_send_group(*group, ids, now) for group, ids in groups.items())


def _send_group(business_id: UUID, kind: str, role: str, ids: Sequence[UUID], now: datetime) -> int:
    try:
        with acting_for(business_id):
            locked = Notice.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk__in=ids)
            notices = list(locked.select_related("request", "request__business"))
            # What has been decided in the meantime needs no mail any more.
            waiting = [notice.request for notice in notices if notice.request.state == State.WAITING]
            people = addresses_of(role) if waiting else []
            if people:
                _mail(waiting, Notice.Kind(kind), people)
            Notice.objects.filter(pk__in=[notice.pk for notice in notices]).delete()
            return len(notices)
    except Exception:
        log.exception("mail about %s requests could not be sent", len(ids))
        with transaction.atomic():
            _put_off(ids, now)
        return 0


def _mail(requests: Sequence[ApprovalRequest], kind: Notice.Kind, people: Sequence[str]) -> None:
    count = "1 request is" if len(requests) == 1 else f"{len(requests)} requests are"
    subject = _SUBJECT[kind].format(count=count, business=requests[0].business.name)
    lines = [_OPENING[kind], "", *(_line(request) for request in requests[:LISTED])]
    if len(requests) > LISTED:
        lines += [f"and {len(requests) - LISTED} more: {_link('admin:queue')}"]
    lines += ["", "Please sign in to decide. Nothing is decided by opening a link."]
    # One message a person: nobody learns the others' addresses, and one that is refused keeps nobody from theirs.
    messages = [EmailMessage(" ".join(subject.split()), "\n".join(lines), to=[address]) for address in people]
    with get_connection(timeout=MAIL_TIMEOUT_SECONDS) as mail:
        for message in messages:
            try:
                mail.send_messages([message])
            except (SMTPResponseException, SMTPRecipientsRefused) as error:
                log.warning("a mail was refused: %s", type(error).__name__)


def _line(request: ApprovalRequest) -> str:
    title = " ".join(request.title.split())
    due = request.deadline.strftime("%d %b %Y %H:%M UTC")
    return f"- {title}\n  due {due}\n  {_link('admin:queue-item', request.pk)}"


def _link(name: str, *args: object) -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse(name, args=args)


def _put_off(ids: Sequence[UUID], now: datetime) -> None:
    for notice in Notice.objects.filter(pk__in=ids):
        if notice.attempts + 1 >= MOST_ATTEMPTS:
            notice.delete()
            continue
        wait = min(FIRST_RETRY_SECONDS * 2 ** min(notice.attempts, 10), LONGEST_RETRY_SECONDS)
        notice.attempts, notice.next_attempt_at = notice.attempts + 1, now + timedelta(seconds=wait)
        notice.save(update_fields=["attempts", "next_attempt_at"])
