"""ACT: hand over what is due, one attempt at a time; it is written what may happen before it may happen.

Of several workers one gets a sending, by a conditional UPDATE, and holds it for longer than a session with a mail
server can last. A worker that dies before the final dot has sent nothing, and another tries again.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.errors import StaleState
from apps.drafts import smtp
from apps.drafts.models import Sending
from apps.drafts.retrying import next_wait
from apps.drafts.sending import ACTOR, mark_sent, put_off
from apps.drafts.settling import settle
from apps.drafts.states import SendState


def due_sendings(*, limit: int = 200) -> list[UUID]:
    """What nobody holds and is due, or was left HANDING. Looks across businesses: for the owner of the tables."""
    return list(_due(Sending.objects.all()).order_by("next_attempt_at").values_list("pk", flat=True)[:limit])


def send_mail(*, sending_id: UUID, business_id: UUID) -> SendState | None:
    """One attempt, if it is due and nobody else makes it; what came of it, None when there was nothing to do."""
    sending = _take(sending_id, business_id)
    if sending is None:
        return None
    if sending.state == SendState.HANDING:
        return settle(sending=sending, words="A process died while the mail server answered")
    try:
        refused = _hand_over(sending)
    except StaleState:
        return None  # it outlived its lease: another has it
    except smtp.Unclear as error:
        return settle(sending=sending, words=error.detail)
    except smtp.NotTaken as error:
        wait = None if error.for_good else next_wait(sending.attempts)
        with acting_for(business_id):
            put_off(sending=sending, words=error.detail, wait=wait, refused=error.refused)
        return SendState.QUEUED if wait is not None else SendState.FAILED
    with acting_for(business_id):
        mark_sent(sending=sending, allowed=[SendState.HANDING], by=ACTOR, refused=refused)
    return SendState.SENT


def _due(rows: "QuerySet[Sending]") -> "QuerySet[Sending]":
    now = timezone.now()
    free = Q(held_until=None) | Q(held_until__lte=now)
    return rows.filter(free, Q(state=SendState.QUEUED, next_attempt_at__lte=now) | Q(state=SendState.HANDING))


def _take(sending_id: UUID, business_id: UUID) -> Sending | None:
    with acting_for(business_id):
        rows = Sending.objects.filter(pk=sending_id)
        if not _due(rows).update(attempts=F("attempts") + 1, held_until=timezone.now() + _lease()):
            return None
        return rows.select_related("mailbox").get()


def _lease() -> timedelta:
    return timedelta(seconds=2 * settings.MAIL_SESSION_SECONDS)


def _hand_over(sending: Sending) -> dict[str, str]:
    mime, mailbox = sending.mime.encode("ascii"), sending.mailbox

    def about_to() -> None:
        _begin(sending)

    if not smtp.is_smtp(mailbox):
        smtp.hand_to_backend(mailbox, recipients=sending.recipients, mime=mime, about_to=about_to)
        return {}
    with smtp.signed_in(mailbox) as server:
        return smtp.hand_over(
            server,
            sender=mailbox.address,
            recipients=sending.recipients,
            mime=mime,
            last_try=next_wait(sending.attempts) is None,
            about_to=about_to,
        )


def _begin(sending: Sending) -> None:
    """From here on the server may have it. Raises StaleState when this attempt has lost its lease."""
    with acting_for(sending.business_id):
        rows = Sending.objects.filter(
            pk=sending.pk, attempts=sending.attempts, state=SendState.QUEUED, held_until__gt=timezone.now()
        )
        if not rows.update(state=SendState.HANDING, held_until=timezone.now() + _lease()):
            raise StaleState("Another process sends this")
