"""Rolling back: whom it takes the feature from, what it leaves, and that it is all or nothing."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.accounts.row_access import across_businesses, acting_for
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.models import Event
from apps.pilots import rollback as rolling
from apps.pilots.defining import archive_feature
from apps.pilots.flags import is_on
from apps.pilots.ladder import AdvanceState, Level
from apps.pilots.models import Advance, Feature, HeldBack, PilotBusiness, Rollback, RolledBack, Stage
from apps.pilots.reach import affected_by
from apps.pilots.rollback import confirm_effect, roll_back, roll_back_now
from apps.pilots.rollout import bucket_of
from apps.pilots.selectors import businesses_on
from apps.pilots.switching import set_default, switch_off, switch_on
from apps.pilots.widening import ask_to_advance
from tests.approvals.threads import in_threads
from tests.pilots.conftest import acting

pytestmark = pytest.mark.django_db
BOB = "user:bob@example.com"
NOW = timezone.now()


def day(number: float) -> datetime:
    """So many days ago."""
    return NOW - timedelta(days=number)


def listing(feature: Feature, shops: list[Business], at: datetime) -> None:
    PilotBusiness.objects.bulk_create(
        PilotBusiness(feature=feature, business=shop, enabled_at=at, enabled_by=BOB, notes=f"note {shop.slug}")
        for shop in shops
    )


def widened(feature: Feature, *steps: tuple[int, datetime]) -> None:
    """The feature has come to these shares, each at its moment, by steps that were done."""
    for share, at in steps:
        Advance.objects.create(
            feature=feature, from_stage=feature.stage, to_stage=feature.stage + 1, from_share=feature.share,
            to_share=share, state=AdvanceState.DONE, asked_by=BOB, asked_at=at, done_at=at,
        )  # fmt: skip
        feature.stage, feature.share, feature.stage_since = feature.stage + 1, share, at
    feature.save()


def within(feature: Feature, shops: list[Business], low: int, high: int) -> set[UUID]:
    return {shop.pk for shop in shops if low <= bucket_of(feature.key, str(shop.pk)) < high}


def on(feature: Feature) -> set[UUID]:
    feature.refresh_from_db()
    return set(businesses_on(feature))


def test_it_takes_a_listed_business_from_the_list_and_holds_it_back(
    switch: Feature, more_shops: list[Business]
) -> None:
    listing(switch, more_shops[:3], day(1))
    target = more_shops[1]
    done = roll_back(feature_id=switch.pk, level=Level.BUSINESS, reason=" Odd ", actor=BOB, business_id=target.pk)
    assert (done.affected, done.reason, done.actor, done.rehearsal) == (1, "Odd", BOB, False)
    assert on(switch) == {more_shops[0].pk, more_shops[2].pk}
    held = HeldBack.objects.get(feature=switch)
    assert (held.business_id, held.rollback_id, held.reason, held.held_by) == (target.pk, done.pk, "Odd", BOB)
    kept = RolledBack.objects.get(rollback=done)
    assert (kept.was_listed, kept.enabled_at, kept.notes) == (True, day(1), f"note {target.slug}")


def test_no_later_widening_gives_it_to_a_business_again_until_somebody_does(
    switch: Feature, more_shops: list[Business]
) -> None:
    target = more_shops[0].pk
    listing(switch, more_shops[:1], day(1))
    roll_back(feature_id=switch.pk, level=Level.BUSINESS, reason="Odd", actor=BOB, business_id=target)
    widened(switch, (100, day(0)))
    assert target not in on(switch)
    switch_on(feature_id=switch.pk, business_id=target, actor=BOB)
    assert target in on(switch)


@pytest.mark.parametrize("how", ["share", "default", "environment"])
def test_it_takes_it_from_a_business_that_has_it_without_the_list(
    switch: Feature, more_shops: list[Business], how: str, settings: Any
) -> None:
    if how == "share":
        widened(switch, (100, day(1)))
    elif how == "default":
        set_default(feature_id=switch.pk, variant="on", actor=BOB)
    else:
        settings.FEATURE_DEFAULTS = {switch.key: "on"}
    target = more_shops[0].pk
    done = roll_back(feature_id=switch.pk, level=Level.BUSINESS, reason="Odd", actor=BOB, business_id=target)
    assert done.affected == 1
    assert not is_on(switch.key, target)
    assert is_on(switch.key, more_shops[1].pk)
    assert not RolledBack.objects.get(rollback=done).was_listed


def test_at_a_baseline_it_takes_the_business_from_the_list_though_it_had_nothing_yet(
    feature: Feature, more_shops: list[Business]
) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=1)
    listing(feature, more_shops[:2], day(1))
    done = roll_back(feature_id=feature.pk, level=Level.BUSINESS, reason="Odd", actor=BOB, business_id=more_shops[0].pk)
    assert done.affected == 0
    assert PilotBusiness.objects.get(feature=feature).business_id == more_shops[1].pk


def test_a_cohort_is_who_was_listed_from_its_beginning_and_before_its_end(
    switch: Feature, more_shops: list[Business]
) -> None:
    for number, moment in enumerate((day(6), day(5), day(4), day(3))):
        listing(switch, [more_shops[number]], moment)
    done = roll_back(feature_id=switch.pk, level=Level.COHORT, reason="Odd", actor=BOB, cohort=(day(5), day(3)))
    assert done.affected == 2
    assert on(switch) == {more_shops[0].pk, more_shops[3].pk}
    assert set(HeldBack.objects.values_list("business_id", flat=True)) == {more_shops[1].pk, more_shops[2].pk}


def test_a_cohort_is_also_whom_a_step_done_in_it_took_in(
    switch: Feature, shop: Business, more_shops: list[Business]
) -> None:
    widened(switch, (25, day(9)), (50, day(5)), (75, day(2)))
    expected = within(switch, [*more_shops, shop], 25, 50)
    assert expected
    before = on(switch)
    assert set(affected_by(switch, level=Level.COHORT, cohort=(day(6), day(4)))) == expected
    done = roll_back(feature_id=switch.pk, level=Level.COHORT, reason="Odd", actor=BOB, cohort=(day(6), day(4)))
    assert done.affected == len(expected)
    assert on(switch) == before - expected


def test_a_listed_business_belongs_to_the_cohort_of_its_row_alone(switch: Feature, more_shops: list[Business]) -> None:
    widened(switch, (100, day(2)))
    listing(switch, more_shops[:1], day(8))
    roll_back(feature_id=switch.pk, level=Level.COHORT, reason="Odd", actor=BOB, cohort=(day(3), day(1)))
    assert on(switch) == {more_shops[0].pk}


def test_steps_before_a_rollback_of_everything_took_in_nobody_of_today(
    switch: Feature, more_shops: list[Business], shop: Business
) -> None:
    widened(switch, (100, day(9)))
    over = roll_back(feature_id=switch.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB)
    Rollback.objects.filter(pk=over.pk).update(at=day(8))
    switch.refresh_from_db()
    widened(switch, (50, day(2)))
    with pytest.raises(StaleState, match="No business that has it got it from"):
        roll_back(feature_id=switch.pk, level=Level.COHORT, reason="Odd", actor=BOB, cohort=(day(10), day(7)))
    done = roll_back(feature_id=switch.pk, level=Level.COHORT, reason="Odd", actor=BOB, cohort=(day(10), day(1)))
    assert done.affected == len(within(switch, [*more_shops, shop], 0, 50))
    assert not on(switch)


def test_everything_leaves_it_off_for_everybody(feature: Feature, more_shops: list[Business], settings: Any) -> None:
    settings.FEATURE_DEFAULTS = {feature.key: "on"}
    listing(feature, more_shops[:5], day(3))
    switch_off(feature_id=feature.pk, business_id=more_shops[9].pk, actor=BOB, reason="By itself")
    feature.refresh_from_db()
    widened(feature, (10, day(1)))
    Feature.objects.filter(pk=feature.pk).update(default_variant="on", default_by="user:a", auto_advance=True)
    done = roll_back(feature_id=feature.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB)
    assert done.affected == Business.objects.count() - 1
    assert on(feature) == set()
    assert not any(is_on(feature.key, shop.pk) for shop in more_shops)
    assert (feature.share, feature.stage, feature.stage_since, feature.default_variant) == (0, 0, None, "off")
    assert (feature.default_by, feature.auto_advance) == (BOB, False)
    assert not PilotBusiness.objects.exists()
    assert RolledBack.objects.filter(rollback=done, was_listed=True).count() == 5
    assert [row.reason for row in HeldBack.objects.all()] == ["By itself"]


def test_everything_ends_the_step_that_is_open(feature: Feature, more_shops: list[Business]) -> None:
    listing(feature, more_shops[:1], day(1))
    step = Advance.objects.create(
        feature=feature, from_stage=0, to_stage=1, from_share=0, to_share=0, state=AdvanceState.SCHEDULED,
        asked_by=BOB, asked_at=NOW, due_at=NOW + timedelta(days=1),
    )  # fmt: skip
    roll_back(feature_id=feature.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB)
    step.refresh_from_db()
    assert (step.state, step.ended_because) == (AdvanceState.CANCELLED, "Rolled back: Odd")


def test_each_change_is_told_in_the_trails_it_concerns(
    switch: Feature, shop: Business, more_shops: list[Business]
) -> None:
    listing(switch, more_shops[:3], day(1))
    version = switch.version
    done = roll_back(feature_id=switch.pk, level=Level.BUSINESS, reason="Odd", actor=BOB, business_id=more_shops[0].pk)
    told = Event.objects.filter(kind="feature.rolled_back")
    assert {event.business_id for event in told} == {shop.pk, more_shops[0].pk}
    assert told[0].data["level"] == "business"
    assert (told[0].data["reason"], told[0].data["affected"]) == ("Odd", 1)
    assert told[0].data["rollback"] == str(done.pk)
    switch.refresh_from_db()
    assert switch.version != version
    roll_back(feature_id=switch.pk, level=Level.EVERYTHING, reason="All odd", actor=BOB)
    assert [event.business_id for event in told.filter(data__level="everything")] == [shop.pk]


@pytest.mark.parametrize("level", Level)
def test_a_rehearsal_says_the_same_and_leaves_nothing_but_its_record(
    switch: Feature, shop: Business, more_shops: list[Business], level: Level
) -> None:
    widened(switch, (50, day(2)))
    listing(switch, more_shops[:4], day(2))
    wanted = WANTED[level](more_shops[0])
    everything = state_of_all()
    rehearsed = roll_back(feature_id=switch.pk, level=level, reason="A drill", actor=BOB, rehearse=True, **wanted)
    assert state_of_all() == everything
    assert rehearsed.announcement is None and rehearsed.took_ms > 0
    stored = Rollback.objects.get()
    assert (stored.rehearsal, stored.affected, stored.pk) == (True, rehearsed.affected, rehearsed.pk)
    assert [event.business_id for event in Event.objects.filter(kind="feature.rollback_rehearsed")] == [shop.pk]
    assert not Event.objects.filter(kind="feature.rolled_back").exists()
    assert rehearsed.affected > 0
    assert roll_back(feature_id=switch.pk, level=level, reason="Now", actor=BOB, **wanted).affected == stored.affected


WANTED: dict[Level, Callable[[Business], dict[str, Any]]] = {
    Level.BUSINESS: lambda shop: {"business_id": shop.pk},
    Level.COHORT: lambda _: {"cohort": (day(3), day(1))},
    Level.EVERYTHING: lambda _: {},
}


def test_a_rehearsal_pushes_nothing_and_leaves_the_open_step_in_the_queue(
    feature: Feature, shop: Business, bob: User, more_shops: list[Business], django_capture_on_commit_callbacks: Any
) -> None:
    listing(feature, more_shops[:1], day(1))
    step = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
    version = Feature.objects.get(pk=feature.pk).version
    with django_capture_on_commit_callbacks() as after_commit:
        roll_back(feature_id=feature.pk, level=Level.EVERYTHING, reason="A drill", actor=BOB, rehearse=True)
    assert [callback for callback in after_commit if callback.__name__ != "_nudge"] == []
    step.refresh_from_db()
    assert step.state == AdvanceState.ASKED
    assert Feature.objects.get(pk=feature.pk).version == version


def state_of_all() -> list[Any]:
    """Every row a rollback may touch."""
    models: list[Any] = [Feature, PilotBusiness, HeldBack, Advance, Stage, RolledBack]
    return [sorted(model.objects.values_list()) for model in models]


WRONG = [
    ({"level": "half"}, "level"),
    ({"reason": " "}, "reason"),
    ({"reason": "x" * 501}, "reason"),
    ({"reason": "a\0b"}, "reason"),
    ({"level": Level.BUSINESS}, "business"),
    ({"business_id": new_id()}, "business"),
    ({"level": Level.BUSINESS, "business_id": new_id()}, "business"),
    ({"level": Level.COHORT}, "from"),
    ({"cohort": (day(2), day(1))}, "from"),
    ({"level": Level.COHORT, "cohort": (day(1), day(1))}, "to"),
    ({"level": Level.COHORT, "cohort": (day(1), day(2))}, "to"),
    ({"level": Level.COHORT, "cohort": (datetime(2026, 1, 1), day(1))}, "from"),
    ({"level": Level.COHORT, "cohort": (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2))}, "to"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG)
def test_a_wrong_value_is_named(switch: Feature, wrong: dict[str, Any], field: str) -> None:
    wanted = {"level": Level.EVERYTHING, "reason": "Odd", "actor": BOB, **wrong}
    with pytest.raises(Invalid) as refused:
        roll_back(feature_id=switch.pk, **wanted)
    assert refused.value.errors[0]["field"] == field
    assert not Rollback.objects.exists()


def test_where_there_is_nothing_to_take_back_it_says_so(switch: Feature, more_shops: list[Business]) -> None:
    target = more_shops[0].pk
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"level": Level.EVERYTHING}, "off for everybody already"),
        ({"level": Level.BUSINESS, "business_id": target}, "has not got it"),
        ({"level": Level.COHORT, "cohort": (day(2), day(1))}, "No business that has it"),
    ]
    for wanted, words in refusals:
        for rehearse in (False, True):
            with pytest.raises(StaleState, match=words):
                roll_back(feature_id=switch.pk, reason="Odd", actor=BOB, rehearse=rehearse, **wanted)
    assert not Rollback.objects.exists()
    listing(switch, more_shops[:1], day(1))
    roll_back(feature_id=switch.pk, level=Level.BUSINESS, reason="Odd", actor=BOB, business_id=target)
    with pytest.raises(StaleState, match="held back from this business already"):
        roll_back(feature_id=switch.pk, level=Level.BUSINESS, reason="Odd", actor=BOB, business_id=target)
    with pytest.raises(NotFound):
        roll_back(feature_id=new_id(), level=Level.EVERYTHING, reason="Odd", actor=BOB)
    archive_feature(feature_id=switch.pk, actor=BOB)
    with pytest.raises(StaleState, match="archived"):
        roll_back(feature_id=switch.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB)


def test_a_fault_in_the_middle_leaves_everything_as_it_was(
    switch: Feature, more_shops: list[Business], monkeypatch: Any
) -> None:
    widened(switch, (50, day(2)))
    listing(switch, more_shops[:4], day(2))
    everything = state_of_all()
    for place in ("tell", "change", "facts_of"):
        with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
            patch.setattr(rolling, place, lambda *_, **__: 1 / 0)
            roll_back(feature_id=switch.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB)
    assert state_of_all() == everything
    assert not Rollback.objects.exists()
    assert not Event.objects.filter(kind="feature.rolled_back").exists()


@pytest.mark.parametrize("level", Level)
def test_more_businesses_take_no_more_queries(switch: Feature, level: Level) -> None:
    def count(shops: int) -> int:
        made = Business.objects.bulk_create(Business(name="S", slug=f"s-{new_id().hex}") for _ in range(shops))
        listing(switch, made, day(2))
        widened(switch, (switch.share + 10, day(2)))
        with CaptureQueriesContext(
            connection,
        ) as found:
            roll_back(feature_id=switch.pk, level=level, reason="Odd", actor=BOB, **WANTED[level](made[0]))
        switch.refresh_from_db()
        return len(found)

    few, many = count(3), count(300)
    assert abs(few - many) <= 1 and many <= 25


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_rolls_back_and_the_other_is_told(switch: Feature, more_shops: list[Business]) -> None:
    listing(switch, more_shops, day(1))
    refused: list[str] = []

    def act(_: int) -> None:
        try:
            roll_back(feature_id=switch.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB)
        except StaleState as error:
            refused.append(error.detail)

    in_threads(2, act)
    assert refused == ["It is off for everybody already"]
    with across_businesses():
        assert Rollback.objects.get().affected == 20
        assert RolledBack.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_a_step_approved_while_it_is_rolled_back_leaves_nothing_on(
    feature: Feature, shop: Business, bob: User, bo: User, more_shops: list[Business]
) -> None:
    with across_businesses():
        listing(feature, more_shops[:5], day(8))
        widened(feature, (0, day(9)), (0, day(8)), (0, day(7)), (10, day(6)))
        Stage.objects.get(feature=feature, position=5).criteria.all().delete()
        Feature.objects.filter(pk=feature.pk).update(stage_since=day(20))
    step = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))

    def act(number: int) -> None:
        if number:
            roll_back(feature_id=feature.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB)
            return
        with suppress(StaleState), acting_for(shop.pk):
            request = ApprovalRequest.objects.get(subject_id=feature.pk)
            decide(request_id=request.pk, by=acting(bo, shop), verdict="approve", payload_hash=request.payload_hash)

    in_threads(2, act)
    with across_businesses():
        feature.refresh_from_db()
        step.refresh_from_db()
    assert (feature.stage, feature.share) == (0, 0)
    assert step.state in (AdvanceState.DONE, AdvanceState.CANCELLED)
    assert not on(feature)


@pytest.mark.django_db(transaction=True)
def test_its_effect_is_measured_after_commit_and_written_down(switch: Feature, more_shops: list[Business]) -> None:
    listing(switch, more_shops, day(1))
    is_on(switch.key, more_shops[0].pk)
    done = roll_back_now(feature_id=switch.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB)
    stored = Rollback.objects.get(pk=done.pk)
    assert stored.effect_ms is not None and 0 <= stored.effect_ms < 1500
    assert (stored.processes, stored.unheard) == (done.processes, done.unheard)
    assert not is_on(switch.key, more_shops[0].pk)


def test_before_commit_and_without_redis_the_effect_stays_unknown(switch: Feature, more_shops: list[Business]) -> None:
    listing(switch, more_shops, day(1))
    done = confirm_effect(roll_back(feature_id=switch.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB))
    assert (done.effect_ms, done.processes, done.unheard) == (None, None, None)


@pytest.mark.django_db(transaction=True)
def test_without_redis_it_is_done_all_the_same(switch: Feature, more_shops: list[Business], settings: Any) -> None:
    listing(switch, more_shops, day(1))
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    done = roll_back_now(feature_id=switch.pk, level=Level.EVERYTHING, reason="Odd", actor=BOB)
    assert (done.affected, done.effect_ms) == (20, None)
    assert not is_on(switch.key, more_shops[0].pk)
