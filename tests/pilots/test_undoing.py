"""Undoing a rollback: exactly what was before, once, and nothing where somebody has changed what it left."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.core.errors import GatehouseError, Invalid, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.models import Event
from apps.pilots import undoing
from apps.pilots.ladder import AdvanceState, Level
from apps.pilots.laddering import set_ladder
from apps.pilots.models import Advance, Feature, HeldBack, PilotBusiness, Rollback, Stage
from apps.pilots.plans import seven_day_plan
from apps.pilots.reach import affected_by
from apps.pilots.rollback import roll_back
from apps.pilots.selectors import businesses_on
from apps.pilots.switching import follow_rollout, set_default, switch_off, switch_on
from apps.pilots.undoing import undo
from tests.approvals.threads import in_threads
from tests.pilots.test_rollback import BOB, NOW, WANTED, day, listing, widened

pytestmark = pytest.mark.django_db
# What differs after every change, whatever it is.
MARKS = ("version", "changed_at", "changed_by")


def state() -> list[Any]:
    """Every row that says who has what, without the marks of the last change."""
    features = [{k: v for k, v in row.items() if k not in MARKS} for row in Feature.objects.order_by("pk").values()]
    models: list[Any] = [PilotBusiness, HeldBack, Advance, Stage]
    return [features, *(sorted(model.objects.values_list()) for model in models)]


def rolled_back(feature: Feature, level: Level, shop: Business) -> Rollback:
    return roll_back(feature_id=feature.pk, level=level, reason="Odd", actor=BOB, **WANTED[level](shop))


@pytest.mark.parametrize("level", Level)
def test_it_puts_back_exactly_what_was_before(feature: Feature, more_shops: list[Business], level: Level) -> None:
    listing(feature, more_shops[:3], day(2))
    listing(feature, more_shops[3:5], day(8))
    switch_off(feature_id=feature.pk, business_id=more_shops[9].pk, actor=BOB, hold=True)
    feature.refresh_from_db()
    widened(feature, (0, day(9)), (0, day(8)), (0, day(7)), (10, day(6)), (50, day(2)))
    Feature.objects.filter(pk=feature.pk).update(auto_advance=True, default_by="user:a", default_since=day(7))
    before, had = state(), businesses_on(feature)
    done = rolled_back(feature, level, more_shops[0])
    assert state() != before
    undone = undo(rollback_id=done.pk, reason=" Not it ", actor="user:anna@example.com")
    assert state() == before
    feature.refresh_from_db()
    assert businesses_on(feature) == had
    assert (undone.undone_by, undone.undone_reason) == ("user:anna@example.com", "Not it")
    assert undone.undone_at is not None
    told = Event.objects.filter(kind="feature.rollback_undone")
    assert told.count() == (2 if level == Level.BUSINESS else 1)
    assert told[0].data["reason"] == "Not it"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    listed=st.sets(st.integers(0, 19), max_size=8),
    held=st.sets(st.integers(0, 19), max_size=4),
    shares=st.lists(st.integers(1, 100), max_size=3, unique=True).map(sorted),
    default=st.sampled_from(["", "on", "off"]),
    level=st.sampled_from(Level),
    data=st.data(),
)
def test_it_takes_what_it_says_and_puts_back_any_state(
    switch: Feature, more_shops: list[Business], listed: set[int], held: set[int], shares: list[int], default: str,
    level: Level, data: st.DataObject,
) -> None:  # fmt: skip
    with transaction.atomic():
        switch.refresh_from_db()
        for number in listed:
            listing(switch, [more_shops[number]], day(data.draw(st.integers(0, 4))))
        HeldBack.objects.bulk_create(
            HeldBack(feature=switch, business=more_shops[number], held_at=NOW, held_by=BOB) for number in held
        )
        switch.default_variant = default
        widened(switch, *[(share, day(len(shares) - number)) for number, share in enumerate(shares)])
        before, had, target = state(), businesses_on(switch), more_shops[data.draw(st.integers(0, 19))]
        said = affected_by(switch, level=level, **WANTED[level](target))
        try:
            done = rolled_back(switch, level, target)
        except GatehouseError:
            assert state() == before and said == []
        else:
            switch.refresh_from_db()
            assert set(had) - set(businesses_on(switch)) == set(said)
            assert done.affected == len(said)
            undo(rollback_id=done.pk, reason="Not it", actor=BOB)
            assert state() == before
        transaction.set_rollback(True)


def test_it_is_done_once(switch: Feature, more_shops: list[Business]) -> None:
    listing(switch, more_shops[:2], day(2))
    done = rolled_back(switch, Level.EVERYTHING, more_shops[0])
    undo(rollback_id=done.pk, reason="Not it", actor=BOB)
    with pytest.raises(StaleState, match=f"{BOB} has undone it already"):
        undo(rollback_id=done.pk, reason="Not it", actor=BOB)
    assert rolled_back(switch, Level.EVERYTHING, more_shops[0]).affected == 2


def test_a_rehearsal_cannot_be_undone_nor_what_does_not_exist(switch: Feature, more_shops: list[Business]) -> None:
    listing(switch, more_shops[:2], day(2))
    drill = roll_back(feature_id=switch.pk, level=Level.EVERYTHING, reason="A drill", actor=BOB, rehearse=True)
    with pytest.raises(StaleState, match="a rehearsal"):
        undo(rollback_id=drill.pk, reason="Not it", actor=BOB)
    with pytest.raises(NotFound):
        undo(rollback_id=new_id(), reason="Not it", actor=BOB)
    done = rolled_back(switch, Level.EVERYTHING, more_shops[0])
    with pytest.raises(Invalid):
        undo(rollback_id=done.pk, reason=" ", actor=BOB)


Change = Callable[[Feature, list[Business]], object]
OF_A_BUSINESS: list[tuple[Change, str]] = [
    (lambda f, s: switch_on(feature_id=f.pk, business_id=s[0].pk, actor=BOB), "switched on since: Shop 00"),
    (
        lambda f, s: follow_rollout(feature_id=f.pk, business_id=s[0].pk, actor=BOB),
        "no longer held back",
    ),
    (lambda f, s: rolled_back(f, Level.EVERYTHING, s[1]), r"a later rollback \(everything, .*, user:bob@example.com\)"),
]
OF_EVERYTHING: list[tuple[Change, str]] = [
    (lambda f, s: switch_on(feature_id=f.pk, business_id=s[7].pk, actor=BOB), "switched on since: Shop 07"),
    (
        lambda f, s: [switch_on(feature_id=f.pk, business_id=one.pk, actor=BOB) for one in s[:5]],
        "switched on since: Shop 00, Shop 01, Shop 02 and 2 more",
    ),
    (lambda f, s: set_default(feature_id=f.pk, variant="on", actor=BOB), "the default is 'on' by now"),
    (lambda f, s: widened(f, (10, day(0))), "the share is 10 by now"),
    (lambda f, s: set_ladder(feature_id=f.pk, plans=seven_day_plan()[:2], actor=BOB), "stage 4 of the ladder"),
    (
        lambda f, s: Advance.objects.create(
            feature=f, from_stage=0, to_stage=1, from_share=0, to_share=0, state=AdvanceState.SCHEDULED, asked_by=BOB,
            asked_at=NOW, due_at=NOW + timedelta(days=1),
        ),
        "a step is asked for or scheduled",
    ),
    (
        lambda f, s: Feature.objects.filter(pk=f.pk).update(variants={"on": True, "off": False}),
        "there is no variant third any more",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("level", "change", "words"),
    [(Level.BUSINESS, *one) for one in OF_A_BUSINESS] + [(Level.EVERYTHING, *one) for one in OF_EVERYTHING],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_it_never_overwrites_what_was_changed_since(
    feature: Feature, more_shops: list[Business], level: Level, change: Change, words: str
) -> None:
    listing(feature, more_shops[:3], day(2))
    widened(feature, (0, day(9)), (0, day(8)), (0, day(7)), (10, day(6)))
    variants = {**feature.variants, "third": False}
    Feature.objects.filter(pk=feature.pk).update(variants=variants, default_variant="third")
    done = rolled_back(feature, level, more_shops[0])
    feature.refresh_from_db()
    change(feature, more_shops)
    before = state()
    with pytest.raises(StaleState, match=words):
        undo(rollback_id=done.pk, reason="Not it", actor=BOB)
    assert state() == before
    assert Rollback.objects.get(pk=done.pk).undone_at is None


def test_rollbacks_of_single_businesses_are_undone_in_any_order(switch: Feature, more_shops: list[Business]) -> None:
    listing(switch, more_shops[:3], day(2))
    before = state()
    first, second = (rolled_back(switch, Level.BUSINESS, shop) for shop in more_shops[:2])
    undo(rollback_id=first.pk, reason="Not it", actor=BOB)
    undo(rollback_id=second.pk, reason="Not it", actor=BOB)
    assert state() == before


def test_a_stage_that_is_full_by_now_takes_nobody_back(feature: Feature, more_shops: list[Business]) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=2, stage_since=timezone.now())
    listing(feature, more_shops[:2], day(2))
    done = rolled_back(feature, Level.BUSINESS, more_shops[0])
    switch_on(feature_id=feature.pk, business_id=more_shops[5].pk, actor=BOB)
    with pytest.raises(StaleState, match="has room for 2 businesses and has 2"):
        undo(rollback_id=done.pk, reason="Not it", actor=BOB)


def test_a_business_that_is_gone_does_not_stand_in_the_way(switch: Feature, more_shops: list[Business]) -> None:
    listing(switch, more_shops[:3], day(2))
    done = rolled_back(switch, Level.COHORT, more_shops[0])
    PilotBusiness.objects.filter(business=more_shops[0]).delete()
    HeldBack.objects.filter(business=more_shops[0]).delete()
    more_shops[0].delete()
    undo(rollback_id=done.pk, reason="Not it", actor=BOB)
    assert set(businesses_on(switch)) == {more_shops[1].pk, more_shops[2].pk}


def test_a_fault_in_the_middle_leaves_the_rollback_standing(
    switch: Feature, more_shops: list[Business], monkeypatch: Any
) -> None:
    listing(switch, more_shops[:3], day(2))
    done = rolled_back(switch, Level.EVERYTHING, more_shops[0])
    before = state()
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(undoing, "tell", lambda *_, **__: 1 / 0)
        undo(rollback_id=done.pk, reason="Not it", actor=BOB)
    assert state() == before
    assert Rollback.objects.get(pk=done.pk).undone_at is None


@pytest.mark.django_db(transaction=True)
def test_of_two_who_undo_at_once_one_does(switch: Feature, more_shops: list[Business]) -> None:
    with across_businesses():
        listing(switch, more_shops, day(2))
    done = rolled_back(switch, Level.EVERYTHING, more_shops[0])
    refused: list[str] = []

    def act(_: int) -> None:
        try:
            undo(rollback_id=done.pk, reason="Not it", actor=BOB)
        except StaleState as error:
            refused.append(error.detail)

    in_threads(2, act)
    assert len(refused) == 1 and refused[0].startswith(f"{BOB} has undone it already")
    assert PilotBusiness.objects.count() == 20
    assert Event.objects.filter(kind="feature.rollback_undone").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_rollback_while_another_is_undone_comes_before_or_after_it(
    switch: Feature, more_shops: list[Business]
) -> None:
    with across_businesses():
        listing(switch, more_shops, day(2))
    first = rolled_back(switch, Level.BUSINESS, more_shops[0])
    refused: list[str] = []

    def act(number: int) -> None:
        try:
            if number:
                undo(rollback_id=first.pk, reason="Not it", actor=BOB)
            else:
                rolled_back(switch, Level.EVERYTHING, more_shops[0])
        except StaleState as error:
            refused.append(error.detail)

    in_threads(2, act)
    whole = Rollback.objects.get(level=Level.EVERYTHING)
    first.refresh_from_db()
    assert whole.affected == (20 if first.undone_at else 19)
    assert len(refused) == (0 if first.undone_at else 1)
    assert not PilotBusiness.objects.exists()
