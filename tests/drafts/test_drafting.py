"""Which mails get a draft, and that each gets one."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.models import Event
from apps.drafts.choosing import choose
from apps.drafts.claiming import LOST, claim, lease, let_go, send_again
from apps.drafts.composing import make_draft
from apps.drafts.drafting import want_draft
from apps.drafts.models import Draft
from tests.drafts.letters import a_mail, draft_of, later_mail, request_of

pytestmark = pytest.mark.django_db


def test_a_mail_of_a_person_gets_one_draft_however_often_it_is_wanted(shop: Business) -> None:
    message = a_mail(shop)
    with transaction.atomic():
        first, again = want_draft(message=message), want_draft(message=message)
    assert first == again == draft_of(message)
    assert Event.objects.filter(kind="draft.wanted").count() == 1


@pytest.mark.parametrize("more", [{"automatic": "bounce"}, {"automatic": "auto-reply"}, {"direction": "out"}])
def test_what_no_person_wrote_to_us_gets_none(shop: Business, more: dict[str, Any]) -> None:
    a_mail(shop, **more)
    assert not Draft.objects.exists()


def test_a_business_that_switched_drafts_off_gets_none(shop: Business) -> None:
    choose(business_id=shop.pk, actor="user:bob@example.com", enabled=False)
    a_mail(shop)
    assert not Draft.objects.exists()


def test_a_newer_mail_takes_the_older_draft_and_its_request_back(shop: Business) -> None:
    first = a_mail(shop, "Do you sell kettles?")
    make_draft(draft_id=draft_of(first).pk)
    request = request_of(first)
    second = later_mail(first, "Never mind: do you sell cups?")
    request.refresh_from_db()
    assert (draft_of(first).state, request.state, request.decided_by) == ("stale", "cancelled", "system:drafts")
    make_draft(draft_id=draft_of(second).pk)
    assert request_of(second).state == "awaiting_approval"
    event = Event.objects.get(kind="draft.stale")
    assert event.subject_id == str(draft_of(first).pk) and "written again" in event.data["why"]


def test_a_mail_that_comes_in_after_a_newer_one_is_not_answered(shop: Business) -> None:
    newer = a_mail(shop, "Do you sell cups?")
    older = a_mail(
        shop, "Do you sell kettles?", thread=newer.thread, received_at=newer.received_at - timedelta(minutes=5)
    )
    assert (draft_of(newer).state, draft_of(older).state) == ("queued", "stale")
    assert make_draft(draft_id=draft_of(older).pk) is None


def test_a_draft_that_is_being_made_when_a_newer_mail_comes_is_dropped(shop: Business) -> None:
    first = a_mail(shop, "Do you sell kettles?")
    held = claim(draft_id=draft_of(first).pk)
    assert held is not None
    later_mail(first, "And cups?")
    assert let_go(held, "too late") is None
    assert draft_of(first).state == "stale"


def test_a_claim_is_exclusive_until_its_lease_ends(shop: Business) -> None:
    pk = draft_of(a_mail(shop)).pk
    first = claim(draft_id=pk)
    assert first is not None and claim(draft_id=pk) is None
    past = timezone.now() - timedelta(seconds=1)
    Draft.objects.filter(pk=pk).update(held_until=past, next_attempt_at=past)
    second = claim(draft_id=pk)
    assert second is not None and second.attempt == 2
    assert let_go(first, "I was away for long") is None, "who lost its claim may not let go of another's"
    assert lease() > timedelta(seconds=30)


def test_the_sweep_sends_again_what_was_lost_and_leaves_alone_what_was_just_sent(shop: Business) -> None:
    pk = draft_of(a_mail(shop)).pk
    sent: list[str] = []
    assert send_again(sent.append, lost_after=LOST, most=10) == 0
    Draft.objects.filter(pk=pk).update(next_attempt_at=timezone.now() - LOST - timedelta(seconds=1))
    assert send_again(sent.append, lost_after=LOST, most=10) == 1
    assert send_again(sent.append, lost_after=LOST, most=10) == 0, "sent twice within a moment"
    assert sent == [str(pk)]


def test_a_mail_that_kills_its_workers_is_given_up(shop: Business) -> None:
    pk = draft_of(a_mail(shop)).pk
    Draft.objects.filter(pk=pk).update(attempts=10, state="making")
    assert make_draft(draft_id=pk) == "failed"
    draft = Draft.objects.get(pk=pk)
    assert draft.made_at is not None and draft.version == 0 and "ended 10 times" in draft.error
    assert Event.objects.filter(kind="draft.failed", subject_id=str(pk)).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_several_who_want_a_draft_for_one_mail_at_once_one_makes_it(shop: Business) -> None:
    message = a_mail(shop, wanted=False)

    def run() -> None:
        with transaction.atomic():
            want_draft(message=message)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Draft.objects.count() == 1
    assert Event.objects.filter(kind="draft.wanted").count() == 1
