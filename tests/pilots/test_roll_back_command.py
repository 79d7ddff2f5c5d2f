"""manage.py roll_back: every level from a terminal, rehearsed, done and undone, and errors in words."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.core.ids import new_id
from apps.pilots.ladder import Level
from apps.pilots.models import Feature, PilotBusiness, Rollback
from apps.pilots.rollback import roll_back
from tests.pilots.test_rollback import BOB, day, listing, state_of_all

pytestmark = pytest.mark.django_db
REASON = ("--reason", "Odd drafts")


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("roll_back", *arguments, stdout=out)
    return out.getvalue()


def levels(shop: Business) -> dict[str, tuple[list[str], int]]:
    """Of each level the arguments, and how many it takes the feature from."""
    since, until = day(2).isoformat(), (timezone.now() + timedelta(hours=1)).isoformat()
    return {
        "business": (["--business", shop.slug], 1),
        "id": (["--business", str(shop.pk)], 1),
        "cohort": (["--from", since, "--to", until], 3),
        "everything": (["--everything"], 3),
    }


@pytest.mark.parametrize("level", ["business", "id", "cohort", "everything"])
def test_it_rehearses_rolls_back_and_undoes(switch: Feature, more_shops: list[Business], level: str) -> None:
    listing(switch, more_shops[:3], day(1))
    before = state_of_all()
    arguments, affected = levels(more_shops[0])[level]
    businesses = "1 business" if affected == 1 else "3 businesses"
    drill = told(switch.key, *arguments, *REASON, "--rehearse")
    assert drill.startswith(f"Rehearsed, nothing is changed: {businesses} would lose BULK_APPROVE. It took ")
    assert state_of_all() == before
    done = told(switch.key, *arguments, *REASON)
    assert done.startswith(f"Rolled back: {businesses} {'has' if affected == 1 else 'have'} BULK_APPROVE no more.")
    assert PilotBusiness.objects.count() == 3 - affected
    row = Rollback.objects.get(rehearsal=False)
    assert (row.actor, row.reason) == ("system:command", "Odd drafts")
    assert f"--undo {row.pk}" in done
    assert told("--undo", str(row.pk), "--reason", "Not it").startswith("Undone: BULK_APPROVE is as it was")
    assert PilotBusiness.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_it_says_how_soon_every_process_heard(switch: Feature, more_shops: list[Business], settings: Any) -> None:
    listing(switch, more_shops[:3], day(1))
    done = told(switch.key, "--business", more_shops[0].slug, *REASON)
    assert " ms after commit." in done or "No process keeps" in done
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert "is Redis away?" in told(switch.key, "--everything", *REASON)


def test_it_is_done_in_the_name_of_a_person(switch: Feature, more_shops: list[Business], bob: User) -> None:
    listing(switch, more_shops[:1], day(1))
    told(switch.key, "--everything", *REASON, "--by", "BOB@example.com")
    assert Rollback.objects.get().actor == BOB
    told("--undo", str(Rollback.objects.get().pk), *REASON, "--by", bob.email)
    assert Rollback.objects.get().undone_by == BOB


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["NOTHING", "--everything", *REASON], "There is no feature NOTHING"),
        (["--everything", *REASON], "Name the feature"),
        (["BULK_APPROVE", *REASON], "Say one of"),
        (["BULK_APPROVE", "--everything", "--business", "x", *REASON], "Say one of"),
        (["BULK_APPROVE", "--business", "nowhere", *REASON], "There is no business nowhere"),
        (["BULK_APPROVE", "--from", "2026-01-01T00:00:00Z", *REASON], "Give both --from and --to"),
        (["BULK_APPROVE", "--from", "2026-01-01T00:00:00", "--to", "2026-01-02T00:00:00Z", *REASON], "with its zone"),
        (["BULK_APPROVE", "--from", "2026-01-41T00:00:00Z", "--to", "2026-01-02T00:00:00Z", *REASON], "with its zone"),
        (
            ["BULK_APPROVE", "--from", "2026-01-03T00:00:00Z", "--to", "2026-01-02T00:00:00Z", *REASON],
            "Later than from",
        ),
        (["BULK_APPROVE", "--everything"], "--reason"),
        (["BULK_APPROVE", "--everything", "--reason", " "], "Say why"),
        (["BULK_APPROVE", "--everything", *REASON, "--by", "no@example.com"], "nobody active with the address"),
        (["--undo", "7", *REASON], "no id: 7"),
        (["--undo", str(new_id()), *REASON], "There is no such rollback"),
        (["BULK_APPROVE", "--undo", str(new_id()), *REASON], "--undo goes with"),
    ],
)
def test_it_says_what_is_wrong_and_does_nothing(
    switch: Feature, more_shops: list[Business], arguments: list[str], words: str
) -> None:
    listing(switch, more_shops[:1], day(1))
    with pytest.raises(CommandError, match=words):
        told(*arguments)
    assert PilotBusiness.objects.count() == 1 and not Rollback.objects.exists()


def test_what_is_over_is_said_and_ends_with_an_error(switch: Feature, more_shops: list[Business]) -> None:
    with pytest.raises(CommandError, match="off for everybody already"):
        told(switch.key, "--everything", *REASON)
    listing(switch, more_shops[:1], day(1))
    done = roll_back(feature_id=switch.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB)
    listing(switch, more_shops[:1], day(0))
    with pytest.raises(CommandError, match="It cannot be undone: switched on since: Shop 00"):
        told("--undo", str(done.pk), *REASON)
