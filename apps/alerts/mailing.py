"""ACT: hand one mail a person to the mail server. What each address was told is remembered, so that none gets it twice.

A process that dies after the mail server took a mail and before that is written sends it once more, under the same
Message-ID, which most mail programs show once.
"""

import logging
import time
from collections.abc import Sequence
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMessage, get_connection

from apps.accounts.roles import Role
from apps.accounts.selectors import addresses_of, addresses_of_superusers
from apps.alerts.formats import Message, mail_body, mail_subject
from apps.alerts.models import Delivery
from apps.alerts.retrying import Result

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
# Well within the lease of a delivery.
WORK_SECONDS = 25


def people_to_mail(delivery: Delivery) -> list[str]:
    """Admins and owners of the business, or superusers, and the channel's own addresses. Call inside `reach`."""
    people = addresses_of(Role.ADMIN) if delivery.business_id else addresses_of_superusers()
    more = delivery.channel.addresses if delivery.channel else []
    return list(dict.fromkeys([*people, *more]))


def mail(message: Message, delivery: Delivery, people: Sequence[str]) -> Result:
    """One attempt at all who have not been mailed yet.

    A refusal for good (5xx) of one address keeps nobody from theirs; one for now (4xx), or no answer, is for later.
    """
    left = [address for address in people if address not in delivery.mailed]
    if not people:
        return Result(ok=False, error="Nobody there has a mail address", permanent=True)
    handed: list[str] = []
    refused, trouble, until = 0, "", time.monotonic() + WORK_SECONDS
    try:
        with get_connection(timeout=TIMEOUT_SECONDS) as server:
            for address in left:
                if time.monotonic() > until:
                    trouble = "The mail server is slow"
                    break
                try:
                    server.send_messages([_written(message, delivery, address)])
                    handed.append(address)
                except (SMTPResponseException, SMTPRecipientsRefused, BadHeaderError, ValueError) as error:
                    if _for_good(error):
                        refused += 1
                    else:
                        trouble = _words(error)
    except Exception as error:
        log.warning("mail about a notice could not be sent: %s", type(error).__name__)
        trouble = _words(error)
    return _summed(handed, refused, trouble, delivery)


def _summed(handed: Sequence[str], refused: int, trouble: str, delivery: Delivery) -> Result:
    some = bool(handed or delivery.mailed)
    words = "; ".join(filter(None, [f"The mail server refused {refused} of the addresses" if refused else "", trouble]))
    if trouble:
        return Result(ok=False, error=words, mailed=tuple(handed))
    return Result(ok=some, error=words, permanent=not some, mailed=tuple(handed))


def _written(message: Message, delivery: Delivery, address: str) -> EmailMessage:
    # One message a person, so that nobody learns the others' addresses.
    headers = {"Message-ID": _message_id(message, message.over)}
    if message.over:
        headers |= {"In-Reply-To": _message_id(message, False), "References": _message_id(message, False)}
    return EmailMessage(mail_subject(message), mail_body(message), to=[address], headers=headers)


def _message_id(message: Message, over: bool) -> str:
    host = urlsplit(settings.PUBLIC_URL).hostname or "gatehouse.invalid"
    return f"<{message.notice_id}.{'over' if over else 'open'}@{host}>"


def _for_good(error: Exception) -> bool:
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return not isinstance(error, SMTPResponseException) or error.smtp_code >= 500


def _words(error: Exception) -> str:
    # What the server says may repeat addresses, so only its number is kept.
    code = f" {error.smtp_code}" if isinstance(error, SMTPResponseException) else ""
    return f"The mail server did not take it: {type(error).__name__}{code}"
