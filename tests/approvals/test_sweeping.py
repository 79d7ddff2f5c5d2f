from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.accounts.models import Business, Membership, User
from apps.accounts.principals import Principal
from apps.accounts.row_access import acting_for
from apps.approvals.deciding import decide
from apps.approvals.mailing import send_notices
from apps.approvals.models import ApprovalRequest, Notice, Policy
from apps.approvals.states import OnTimeout, State
from apps.approvals.sweeping import Swept, sweep
from apps.approvals.tasks import sweep_requests
from apps.core.models import Event
from config.schedule import SCHEDULE
from tests.approvals import outcomes
from tests.approvals.conftest import ask_in
from tests.approvals.threads import in_threads

HOUR = timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def ask(shop: Business, on_timeout: str = "escalate", **changes: Any) -> ApprovalRequest:
    Policy.objects.update_or_create(business=shop, kind="action", defaults={"on_timeout": on_timeout})
    with acting_for(shop.pk):
        return ask_in(shop, **changes)


def kinds_of(request: ApprovalRequest) -> list[str]:
    return [event.kind for event in Event.objects.filter(subject_id=str(request.pk)).order_by("id")][1:]


def test_it_reminds_once_at_half_of_the_time(shop: Business, alice: User, victor: User, now: datetime) -> None:
    request = ask(shop)

    assert sweep(now=now + 11 * HOUR) == Swept(0, 0, 0)
    assert sweep(now=now + 13 * HOUR) == Swept(1, 0, 0)
    assert sweep(now=now + 13 * HOUR) == Swept(0, 0, 0)
    assert kinds_of(request) == ["approval.reminded"]
    send_notices(now=now + 13 * HOUR)
    send_notices(now=now + 13 * HOUR)

    assert [message.to for message in mail.outbox] == [["alice@example.com"]]
    message = mail.outbox[0]
    assert message.subject == "1 request is waiting for a decision in Corner Shop"
    assert f"/admin/queue/{request.pk}/" in message.body
    assert "Refund order 1182" in message.body


def test_it_escalates_once_to_the_role_and_leaves_it_waiting(
    shop: Business, alice: User, bob: User, now: datetime, by_alice: Principal
) -> None:
    request = ask(shop)

    sweep(now=now + 25 * HOUR)
    sweep(now=now + 26 * HOUR)
    send_notices(now=now + 26 * HOUR)

    request.refresh_from_db()
    assert request.state == State.WAITING
    assert kinds_of(request) == ["approval.escalated"]
    assert [message.to for message in mail.outbox] == [["bob@example.com"]]
    assert "overdue" in mail.outbox[0].subject
    with acting_for(shop.pk):
        decided = decide(request_id=request.pk, by=by_alice, verdict="approve", payload_hash=request.payload_hash)
    assert decided.state == State.APPROVED


def test_it_lets_expire_what_the_policy_rejects(shop: Business, settings: Any, now: datetime) -> None:
    settings.DECISION_OUTCOMES = {"action": "tests.approvals.outcomes.write_down"}
    outcomes.told.clear()
    request = ask(shop, "reject")

    assert sweep(now=now + 25 * HOUR) == Swept(0, 0, 1)
    assert sweep(now=now + 25 * HOUR) == Swept(0, 0, 0)

    request.refresh_from_db()
    assert (request.state, request.decided_by) == (State.EXPIRED, "system:sweep")
    assert outcomes.told == [(str(request.pk), "expired")]
    assert not mail.outbox


def test_what_is_kept_stays(shop: Business, now: datetime) -> None:
    request = ask(shop, "keep")
    sweep(now=now + 13 * HOUR)

    assert sweep(now=now + 2000 * HOUR) == Swept(0, 0, 0)
    assert kinds_of(request) == ["approval.reminded"]


@pytest.mark.django_db
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    on_timeout=st.sampled_from([t.value for t in OnTimeout]),
    approvers=st.integers(1, 5),
    requester_may=st.booleans(),
    role=st.sampled_from(["reviewer", "admin", "owner"]),
    minutes=st.integers(1, 525_600),
    looks=st.lists(st.integers(0, 2_000_000), max_size=6),
)
def test_a_timeout_never_approves(
    other_shop: Business,
    on_timeout: str,
    approvers: int,
    requester_may: bool,
    role: str,
    minutes: int,
    looks: list[int],
) -> None:
    Policy.objects.update_or_create(
        business=other_shop,
        kind="*",
        defaults={
            "on_timeout": on_timeout,
            "approvers": approvers,
            "requester_may_decide": requester_may,
            "decider_role": role,
            "escalate_to": "owner",
            "deadline_minutes": minutes,
        },
    )
    with acting_for(other_shop.pk):
        request = ask_in(other_shop)

    for look in sorted(looks):
        sweep(now=request.created_at + timedelta(minutes=look))

    request.refresh_from_db()
    assert request.state in (State.WAITING, State.EXPIRED)
    assert request.state == State.WAITING or on_timeout == "reject"
    assert not request.decisions.exists()


def test_one_that_fails_stops_none_of_the_others(shop: Business, settings: Any, now: datetime) -> None:
    settings.DECISION_OUTCOMES = {"action": "tests.approvals.outcomes.fail_for_grave"}
    grave, mild = ask(shop, "reject", risk=1), ask(shop, "reject")

    assert sweep(now=now + 25 * HOUR).expired == 1
    grave.refresh_from_db()
    mild.refresh_from_db()
    assert (grave.state, mild.state) == (State.WAITING, State.EXPIRED)
    settings.DECISION_OUTCOMES = {}
    assert sweep(now=now + 25 * HOUR).expired == 1


def test_a_sweep_that_died_half_way_is_finished_by_the_next(
    shop: Business, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    """A killed sweep leaves what it had committed and nothing else: here it dies at the third of five requests."""
    from apps.approvals import sweeping

    asked = [ask(shop, "reject") for _ in range(5)]
    seen = []

    def die_at_third(request: ApprovalRequest) -> None:
        seen.append(request)
        if len(seen) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(sweeping, "tell_outcome", die_at_third)
    with pytest.raises(KeyboardInterrupt):
        sweep(now=now + 25 * HOUR)
    assert ApprovalRequest.objects.filter(state=State.EXPIRED).count() == 2
    assert sweep(now=now + 25 * HOUR).expired == 3
    assert [len(kinds_of(request)) for request in asked] == [1] * 5


def test_it_serves_every_business_and_mixes_none(
    shop: Business, other_shop: Business, alice: User, mallory: User, now: datetime
) -> None:
    ask(shop)
    ask(other_shop)

    assert sweep(now=now + 13 * HOUR).reminded == 2
    send_notices(now=now + 13 * HOUR)

    assert {(message.to[0], message.subject.split(" in ")[1]) for message in mail.outbox} == {
        ("alice@example.com", "Corner Shop"),
        ("mallory@example.com", "Other Shop"),
    }


def test_many_reminders_are_one_mail(shop: Business, alice: User, now: datetime) -> None:
    for _ in range(25):
        ask(shop)
    sweep(now=now + 13 * HOUR)

    assert send_notices(now=now + 13 * HOUR) == 25

    (message,) = mail.outbox
    assert message.subject == "25 requests are waiting for a decision in Corner Shop"
    assert message.body.count("/admin/queue/") == 21
    assert "and 5 more" in message.body
    assert not Notice.objects.exists()


def test_a_mail_is_not_sent_for_what_was_decided_meanwhile(shop: Business, by_alice: Principal, now: datetime) -> None:
    request = ask(shop)
    sweep(now=now + 13 * HOUR)
    with acting_for(shop.pk):
        decide(request_id=request.pk, by=by_alice, verdict="approve", payload_hash=request.payload_hash)

    assert send_notices(now=now + 13 * HOUR) == 1
    assert not mail.outbox


def test_a_mail_server_that_is_away_is_tried_again_later(
    shop: Business, alice: User, settings: Any, now: datetime
) -> None:
    ask(shop)
    sweep(now=now + 13 * HOUR)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    assert send_notices(now=now + 13 * HOUR) == 0
    assert send_notices(now=now + 13 * HOUR) == 0
    assert Notice.objects.get().attempts == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_notices(now=now + 14 * HOUR) == 1
    assert len(mail.outbox) == 1


def test_a_title_cannot_forge_a_header_or_a_line(shop: Business, alice: User, now: datetime) -> None:
    shop.name = "Corner\r\nBcc: x@y.z"
    shop.save()
    ask(shop, title="a\r\nPlease approve at http://evil.example")
    sweep(now=now + 13 * HOUR)
    send_notices(now=now + 13 * HOUR)

    (message,) = mail.outbox
    assert "\n" not in message.subject
    assert "- a Please approve at http://evil.example\n" in message.body


def test_people_who_left_get_no_mail(shop: Business, alice: User, anna: User, now: datetime) -> None:
    anna.is_active = False
    anna.save()
    Membership.objects.filter(user=alice).delete()
    ask(shop)
    sweep(now=now + 13 * HOUR)

    assert send_notices(now=now + 13 * HOUR) == 1
    assert not mail.outbox


@pytest.mark.django_db(transaction=True)
def test_sweeps_that_overlap_do_everything_once(shop: Business, now: datetime) -> None:
    asked = [ask(shop, ("reject", "escalate")[number % 2]) for number in range(20)]
    done: list[Swept] = []

    in_threads(4, lambda _: done.append(sweep(now=now + 25 * HOUR)))

    assert (sum(one.expired for one in done), sum(one.escalated for one in done)) == (10, 10)
    assert all(len(kinds_of(request)) == 1 for request in asked)


def test_the_task_sweeps_and_mails(shop: Business, alice: User) -> None:
    request = ask(shop, "escalate")
    ApprovalRequest.objects.update(remind_at=request.created_at)

    sweep_requests()

    assert kinds_of(request) == ["approval.reminded"]
    assert len(mail.outbox) == 1


def test_every_task_of_the_schedule_is_there() -> None:
    from apps.approvals import tasks

    for _, path, _ in SCHEDULE:
        module, _, name = path.rpartition(".")
        assert module != "apps.approvals.tasks" or hasattr(tasks, name)
