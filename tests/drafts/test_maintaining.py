"""Each night: yesterday's replies are learned, the old, the doubled and what is over the cap are forgotten."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses, acting_for
from apps.drafts import maintaining
from apps.drafts.maintaining import maintain, maintain_all
from apps.drafts.models import DraftSettings, MaintenanceRun, Message
from apps.knowledge.models import Document
from apps.pilots.models import BusinessSettings
from config.schedule import SCHEDULE
from tests.drafts.replied import conversation

pytestmark = pytest.mark.django_db

NIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)
YESTERDAY = NIGHT - timedelta(hours=10)
SORRY = "We are sorry to hear that. A new one is on its way to you."


@pytest.fixture
def on(shop: Business) -> Business:
    """The shop looks past replies up."""
    with across_businesses():
        BusinessSettings.objects.create(business=shop, email_rag_enabled=True)
    return shop


def texts(business: Business) -> list[str]:
    with acting_for(business.pk):
        rows = Document.objects.filter(collection__key="replies").order_by("created_at")
        return list(rows.values_list("searchable", flat=True))


def night(business: Business, now: datetime = NIGHT) -> MaintenanceRun:
    run = maintain(business_id=business.pk, now=now)
    assert run is not None
    return run


def test_yesterdays_replies_are_learned_and_no_others(on: Business) -> None:
    for name, at in {
        "the day before": NIGHT - timedelta(hours=27, seconds=1),
        "at midnight": NIGHT - timedelta(hours=27),
        "at noon": YESTERDAY,
        "just before midnight": NIGHT - timedelta(hours=3, seconds=1),
        "today": NIGHT - timedelta(hours=3),
    }.items():
        conversation(on, f"A question, {name}?", SORRY, at=at)
    run = night(on)
    assert (run.day.isoformat(), run.indexed, run.kept, run.error) == ("2026-11-19", 3, 3, "")
    assert texts(on) == ["A question, at midnight?", "A question, at noon?", "A question, just before midnight?"]


def test_a_second_run_of_the_night_adds_nothing(on: Business) -> None:
    conversation(on, "A question?", SORRY, at=YESTERDAY)
    night(on)
    run = night(on)
    assert (run.indexed, run.expired, run.duplicates, run.over_cap, run.kept) == (1, 0, 0, 0, 1)
    with across_businesses():
        assert MaintenanceRun.objects.count() == 1


def test_a_night_that_was_missed_is_made_up_for(on: Business) -> None:
    night(on, NIGHT - timedelta(days=4))
    for days in (1, 2, 3):
        conversation(on, f"{days} days ago?", SORRY, at=NIGHT - timedelta(days=days))
    assert night(on).indexed == 3


def test_old_replies_are_forgotten_by_their_own_date(on: Business) -> None:
    with across_businesses():
        DraftSettings.objects.create(business=on, keep_days=30)
    conversation(on, "Long ago?", SORRY, at=NIGHT - timedelta(days=31))
    conversation(on, "Not so long ago?", SORRY, at=NIGHT - timedelta(days=29))
    call_command("backfill_replies", business=on.slug, days=3650)
    run = night(on)
    assert (run.expired, texts(on)) == (1, ["Not so long ago?"])
    with across_businesses():
        DraftSettings.objects.update(keep_days=10)
    assert night(on).expired == 2
    assert texts(on) == []


def test_the_usual_time_is_180_days(on: Business) -> None:
    conversation(on, "179 days ago?", SORRY, at=NIGHT - timedelta(days=179))
    conversation(on, "181 days ago?", SORRY, at=NIGHT - timedelta(days=181))
    call_command("backfill_replies", business=on.slug, days=3650)
    night(on)
    assert texts(on) == ["179 days ago?"]


def test_over_the_cap_the_oldest_go_first(on: Business, settings: Any) -> None:
    settings.REPLIES_CAP = 2
    for hour in (3, 2, 1):
        conversation(on, f"{hour} hours before?", SORRY, at=YESTERDAY - timedelta(hours=hour))
    run = night(on)
    assert (run.indexed, run.over_cap, run.kept) == (3, 1, 2)
    assert texts(on) == ["2 hours before?", "1 hours before?"]


def test_doubles_are_left_out(on: Business) -> None:
    for _ in range(2):
        conversation(on, "Where is it?", SORRY, at=YESTERDAY)
    run = night(on)
    assert (run.indexed, run.duplicates, run.kept) == (1, 1, 1)


def test_only_businesses_that_look_replies_up_are_maintained(on: Business, other_shop: Business) -> None:
    sent = conversation(other_shop, "A question?", SORRY, at=YESTERDAY)
    assert maintain_all(now=NIGHT) == 1
    with across_businesses():
        assert MaintenanceRun.objects.get().business == on
        assert Message.objects.get(pk=sent.pk).indexed_at is None
    assert texts(other_shop) == []


def test_one_that_fails_is_written_down_and_stops_none(
    on: Business, other_shop: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    with across_businesses():
        BusinessSettings.objects.create(business=other_shop, email_rag_enabled=True)
    conversation(other_shop, "A question?", SORRY, at=YESTERDAY)
    real = maintaining.remove_expired

    def remove_expired(*, business_id: Any, now: datetime) -> int:
        if business_id == on.pk:
            raise RuntimeError("the disk is full")
        return real(business_id=business_id, now=now)

    monkeypatch.setattr(maintaining, "remove_expired", remove_expired)
    assert maintain_all(now=NIGHT) == 2
    with across_businesses():
        errors = dict(MaintenanceRun.objects.values_list("business_id", "error"))
    assert errors == {on.pk: "RuntimeError: the disk is full", other_shop.pk: ""}
    monkeypatch.setattr(maintaining, "remove_expired", real)
    assert night(on).error == ""


def test_it_stands_in_the_schedule_at_three() -> None:
    assert ("apps.drafts.tasks.maintain_replies", "03:00") in [(task, when) for _, task, when in SCHEDULE]


def test_the_command_does_the_same_now(on: Business, capsys: Any) -> None:
    call_command("maintain_replies", business=on.slug)
    assert "0 learned, 0 too old" in capsys.readouterr().out
    call_command("maintain_replies")
    assert "1 businesses" in capsys.readouterr().out
