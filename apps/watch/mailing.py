"""ACT: mail the admins and owners of a business about an alert that has opened.

Each opening is mailed at least once and, but for a process that dies between handing the mail over and its commit,
once only: the row is held while the mail is sent, and says afterwards that it was. What closes before its turn is not
mailed at all.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.urls import reverse

from apps.accounts.models import Business
from apps.accounts.roles import Role
from apps.accounts.row_access import acting_for
from apps.approvals.mailing import recipients
from apps.watch.bands import Band, Figure, Measured
from apps.watch.models import Alert
from apps.watch.words import MEANINGS, NAMES, band_in_words, interval, written

log = logging.getLogger(__name__)

MAIL_TIMEOUT_SECONDS = 10
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, MOST_ATTEMPTS = 60, 3600, 20


def send_alert_mails(*, business_id: UUID, now: datetime) -> int:
    """Send what is due for one business, one mail a person for all of it; how many alerts were dealt with."""
    try:
        with acting_for(business_id):
            due = Alert.objects.filter(business_id=business_id, closed_at=None, mail_after__lte=now).order_by("id")
            alerts = list(due.select_for_update(skip_locked=True))
            if not alerts:
                return 0
            people = recipients(Role.ADMIN)
            if people:
                _mail(alerts, Business.objects.get(pk=business_id).name, people)
            return Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(mail_after=None)
    except Exception:
        log.exception("mail about alerts could not be sent")
        with acting_for(business_id), transaction.atomic():
            _put_off(business_id, now)
        return 0


def _mail(alerts: Sequence[Alert], business: str, people: Sequence[str]) -> None:
    what = NAMES[Figure(alerts[0].figure)] if len(alerts) == 1 else f"{len(alerts)} figures"
    subject = " ".join(f"{what} out of band in {business}".split())
    lines = ["The gate needs a look:", ""]
    for alert in alerts:
        lines += _lines(alert)
    link = settings.PUBLIC_URL.rstrip("/") + reverse("admin:watch")
    body = "\n".join([*lines, f"See the figures, and acknowledge it there: {link}"])
    # One message a person: nobody learns the others' addresses, and one that is refused keeps nobody from theirs.
    with get_connection(timeout=MAIL_TIMEOUT_SECONDS) as mail:
        for address in people:
            try:
                mail.send_messages([EmailMessage(subject, body, to=[address])])
            except (SMTPResponseException, SMTPRecipientsRefused) as error:
                log.warning("a mail was refused: %s", type(error).__name__)


def _lines(alert: Alert) -> list[str]:
    figure = Figure(alert.figure)
    measured = Measured(alert.value, alert.low, alert.high, alert.n)
    return [
        f"- {NAMES[figure]}: {written(figure, alert.value)} ({interval(figure, measured)}), from {alert.n} in the last "
        f"{alert.window_minutes} minutes",
        f"  The band is {band_in_words(figure, Band(alert.band_low, alert.band_high))}. {MEANINGS[figure]}",
        f"  Since {alert.opened_at:%d %b %Y %H:%M} UTC",
        "",
    ]


def _put_off(business_id: UUID, now: datetime) -> None:
    due = Alert.objects.filter(business_id=business_id, mail_after__lte=now).select_for_update(skip_locked=True)
    for alert in due:
        wait = min(FIRST_RETRY_SECONDS * 2 ** min(alert.mail_attempts, 10), LONGEST_RETRY_SECONDS)
        alert.mail_attempts += 1
        alert.mail_after = None if alert.mail_attempts >= MOST_ATTEMPTS else now + timedelta(seconds=wait)
        alert.save(update_fields=["mail_attempts", "mail_after"])
