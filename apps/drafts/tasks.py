"""Work of drafts that runs on the workers."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.drafts import claiming, composing
from apps.drafts.models import Mailbox, Sending
from apps.drafts.models.settings import RunState

SWEEP_AT_ONCE = 500
MAINTENANCE_SECONDS = 4 * 3600


# Acknowledged at once: the draft's own lease brings it back, and a message that came back later would find it made.
@shared_task(acks_late=False)
def make_draft(draft_id: str) -> None:
    composing.make_draft(draft_id=UUID(draft_id))


@shared_task
def sweep_drafts() -> int:
    """Send again what a lost message or a killed worker left behind; how many drafts."""
    return claiming.send_again(make_draft.delay, most=SWEEP_AT_ONCE)


@shared_task
def look_at_incidents() -> int:
    """As soon as a draft with an incident is there: look at the guards that count them; how many acted."""
    from apps.drafts import incident_watch

    return len(incident_watch.look_at_incidents())


@shared_task
def tell_of_figures() -> int:
    """Each minute: raise and resolve notices about the figures of drafts; how many."""
    from apps.drafts import alerting

    return alerting.tell_of_figures(now=timezone.now())


@shared_task
def run_backfill(run_id: str, business_id: str) -> None:
    """A turn at a backfill; the next is asked for while it runs."""
    from apps.drafts import backfilling

    run = backfilling.run_backfill(business_id=UUID(business_id), run_id=UUID(run_id), seconds=backfilling.TURN)
    if run is not None and run.state == RunState.RUNNING:
        run_backfill.delay(run_id, business_id)


@shared_task
def go_on_with_backfills() -> int:
    """Each minute: go on with backfills that nobody works on; how many are running."""
    from apps.drafts import backfilling

    return backfilling.go_on_with_backfills()


@shared_task(time_limit=MAINTENANCE_SECONDS)
def maintain_replies() -> int:
    """At 03:00: learn yesterday's replies, forget the old, the doubled and what is over the cap; of how many."""
    from apps.drafts import maintaining

    return maintaining.maintain_all(now=timezone.now())


# What a sweep asks for is asked for again by the next one, so that busy workers need not get through old messages.
STALE_SECONDS = 30


# --- Mail: each of these is brought back by its own lease, so messages are acknowledged at once ----------------------


@shared_task(acks_late=False)
def send_mail(sending_id: str) -> str | None:
    """One attempt at one mail."""
    from apps.drafts import handing

    business_id = Sending.objects.filter(pk=sending_id).values_list("business_id", flat=True).first()
    return handing.send_mail(sending_id=UUID(sending_id), business_id=business_id) if business_id else None


@shared_task
def send_due_mails() -> int:
    """Every five seconds: mails that are to be tried again, and what a lost message or a killed worker left behind."""
    from apps.drafts import handing

    due = handing.due_sendings()
    for sending_id in due:
        send_mail.apply_async((str(sending_id),), expires=STALE_SECONDS)
    return len(due)


@shared_task(acks_late=False)
def file_mail(sending_id: str) -> bool:
    """A copy of one sent mail into the mailbox's folder of sent mail."""
    from apps.drafts import filing

    business_id = Sending.objects.filter(pk=sending_id).values_list("business_id", flat=True).first()
    return business_id is not None and filing.file_mail(sending_id=UUID(sending_id), business_id=business_id)


@shared_task
def file_sent_mails() -> int:
    """Each minute: copies of sent mails that could not be filed before."""
    from apps.drafts import filing

    due = filing.unfiled()
    for sending_id in due:
        file_mail.apply_async((str(sending_id),), expires=STALE_SECONDS)
    return len(due)


@shared_task(acks_late=False)
def fetch_mailbox(mailbox_id: str) -> None:
    """One look into one mailbox."""
    from apps.drafts import fetching

    business_id = Mailbox.objects.filter(pk=mailbox_id).values_list("business_id", flat=True).first()
    if business_id:
        fetching.look_into(mailbox_id=UUID(mailbox_id), business_id=business_id)


@shared_task
def fetch_mail() -> int:
    """Every two seconds: look into the mailboxes that are due; how many."""
    from apps.drafts import fetching

    due = fetching.due_mailboxes()
    for mailbox_id in due:
        fetch_mailbox.apply_async((str(mailbox_id),), expires=STALE_SECONDS)
    return len(due)
