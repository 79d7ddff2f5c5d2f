"""ACT: file a copy of what was sent in the mailbox's folder of sent mail, once."""

from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.errors import GatehouseError
from apps.drafts import imap
from apps.drafts.guarding import words_of
from apps.drafts.models import Sending
from apps.drafts.states import SendState

MOST_ATTEMPTS = 12
LEASE = timedelta(minutes=5)


def unfiled(*, limit: int = 100) -> list[UUID]:
    """Sent mails whose copy is due. Looks across businesses: for the owner of the tables."""
    rows = Sending.objects.exclude(file_in="").filter(file_after__lte=timezone.now())
    rows = rows.filter(state__in=[SendState.SENT, SendState.BOUNCED])
    return list(rows.order_by("file_after").values_list("pk", flat=True)[:limit])


def file_mail(*, sending_id: UUID, business_id: UUID) -> bool:
    """File it, unless it is there: many servers file what they are given to send. Whether it is there now."""
    now = timezone.now()
    with acting_for(business_id):
        rows = Sending.objects.exclude(file_in="").filter(pk=sending_id, file_after__lte=now)
        if not rows.update(file_attempts=F("file_attempts") + 1, file_after=now + LEASE):
            return False
        sending = Sending.objects.select_related("mailbox").get(pk=sending_id)
    try:
        _file(sending)
    except GatehouseError as error:
        _put_off(sending, words_of(error) if isinstance(error, imap.MailServerError) else error.detail)
        return False
    with acting_for(business_id):
        Sending.objects.filter(pk=sending_id).update(file_in="", file_after=None)
    return True


def _file(sending: Sending) -> None:
    with imap.signed_in(sending.mailbox) as server:
        server.look_into(sending.file_in)
        if not server.uids_with_id(sending.message_id):
            at = sending.sent_at or timezone.now()
            server.append(sending.file_in, sending.mime.encode("ascii"), at)


def _put_off(sending: Sending, words: str) -> None:
    with acting_for(sending.business_id):
        rows = Sending.objects.filter(pk=sending.pk)
        if sending.file_attempts >= MOST_ATTEMPTS:
            rows.update(file_in="", file_after=None, last_error=f"No copy was filed: {words}"[:300])
        else:
            wait = timedelta(seconds=min(3600, 30 * 2**sending.file_attempts))
            rows.update(file_after=timezone.now() + wait)
