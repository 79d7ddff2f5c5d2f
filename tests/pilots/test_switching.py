"""One business is switched on, off, or follows the rollout again; the default is everybody else's."""

from typing import Any
from uuid import UUID

import pytest

from apps.accounts.models import Business
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.models import Event
from apps.pilots.flags import is_on
from apps.pilots.models import Feature, HeldBack, PilotBusiness
from apps.pilots.rollout import bucket_of
from apps.pilots.selectors import businesses_measured, businesses_on, may_operate
from apps.pilots.switching import follow_rollout, set_default, switch_off, switch_on

pytestmark = pytest.mark.django_db
BOB = "user:bob@example.com"


def on(feature: Feature, business: Business, **more: Any) -> PilotBusiness:
    return switch_on(feature_id=feature.pk, business_id=business.pk, actor=BOB, **more)


def off(feature: Feature, business: Business, **more: Any) -> HeldBack | None:
    return switch_off(feature_id=feature.pk, business_id=business.pk, actor=BOB, **more)


def within(feature: Feature, businesses: list[Business], share: int) -> Business:
    """One of them whose bucket lies within the share."""
    return next(b for b in businesses if bucket_of(feature.key, str(b.pk)) < share)


def test_on_keeps_who_when_and_why(switch: Feature, shop: Business, other_shop: Business) -> None:
    row = on(switch, other_shop, notes=" First to try ")
    assert (row.enabled_by, row.notes) == (BOB, "First to try")
    assert is_on(switch.key, other_shop.pk)
    assert not is_on(switch.key, shop.pk)


def test_both_trails_tell_of_it(switch: Feature, shop: Business, other_shop: Business) -> None:
    on(switch, other_shop)
    events = Event.objects.filter(kind="feature.enabled")
    assert set(events.values_list("business_id", flat=True)) == {shop.pk, other_shop.pk}
    assert {event.data["business"] for event in events} == {str(other_shop.pk)}


def test_on_twice_says_who_was_first(switch: Feature, shop: Business) -> None:
    on(switch, shop)
    with pytest.raises(StaleState, match=f"{BOB} has switched it on"):
        on(switch, shop)


def test_off_where_nothing_else_gives_it_only_leaves_the_list(switch: Feature, shop: Business) -> None:
    on(switch, shop)
    assert off(switch, shop) is None
    assert not is_on(switch.key, shop.pk)
    with pytest.raises(StaleState, match="off for this business already"):
        off(switch, shop)


def test_off_under_a_share_holds_back_and_on_lets_go(
    switch: Feature, shop: Business, more_shops: list[Business]
) -> None:
    Feature.objects.filter(pk=switch.pk).update(share=50)
    one = within(switch, more_shops, 50)
    held = off(switch, one, reason="Complained")
    assert held and held.reason == "Complained"
    assert not is_on(switch.key, one.pk)
    on(switch, one)
    assert is_on(switch.key, one.pk)
    assert not HeldBack.objects.exists()


def test_off_under_a_default_that_is_on(switch: Feature, shop: Business, other_shop: Business) -> None:
    set_default(feature_id=switch.pk, variant="on", actor=BOB)
    assert is_on(switch.key, shop.pk)
    assert off(switch, shop)
    assert (is_on(switch.key, shop.pk), is_on(switch.key, other_shop.pk)) == (False, True)
    follow_rollout(feature_id=switch.pk, business_id=shop.pk, actor=BOB)
    assert is_on(switch.key, shop.pk)
    with pytest.raises(StaleState, match="Nothing was said"):
        follow_rollout(feature_id=switch.pk, business_id=shop.pk, actor=BOB)


def test_a_business_may_keep_its_off_for_later(switch: Feature, shop: Business) -> None:
    assert off(switch, shop, hold=True)
    set_default(feature_id=switch.pk, variant="on", actor=BOB)
    assert not is_on(switch.key, shop.pk)


def test_the_default_is_a_variant_or_the_environments(switch: Feature, shop: Business, settings: Any) -> None:
    settings.FEATURE_DEFAULTS = {switch.key: "on"}
    with pytest.raises(Invalid, match="default_variant"):
        set_default(feature_id=switch.pk, variant="maybe", actor=BOB)
    assert is_on(switch.key, shop.pk)
    set_default(feature_id=switch.pk, variant="off", actor=BOB)
    assert not is_on(switch.key, shop.pk)
    set_default(feature_id=switch.pk, variant="", actor=BOB)
    assert is_on(switch.key, shop.pk)
    assert Event.objects.filter(kind="feature.default_set").count() == 2


def test_a_stage_has_room_for_so_many(feature: Feature, more_shops: list[Business]) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=2)
    for business in more_shops[:2]:
        on(feature, business)
    with pytest.raises(StaleState, match=r"Stage 2 \(Pilot\) has room for 2 businesses and has 2: advance first"):
        on(feature, more_shops[2])


@pytest.mark.parametrize("act", [on, off])
def test_bad_input_is_named(switch: Feature, act: Any) -> None:
    with pytest.raises(Invalid, match="business"):
        act(switch, Business(pk=new_id()))
    words = {"notes" if act is on else "reason": "x" * 501}
    with pytest.raises(Invalid, match="500"):
        act(switch, Business(pk=new_id()), **words)


def test_an_unknown_feature_is_not_found(shop: Business) -> None:
    with pytest.raises(NotFound):
        switch_on(feature_id=new_id(), business_id=shop.pk, actor=BOB)
    assert not is_on("NOTHING", shop.pk)


def test_who_has_it_is_counted_as_it_is_answered(feature: Feature, shop: Business, more_shops: list[Business]) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=5, share=25)
    listed = next(b for b in more_shops if bucket_of(feature.key, str(b.pk)) >= 25)
    on(feature, listed)
    off(feature, within(feature, more_shops, 25))
    feature.refresh_from_db()
    asked: list[UUID] = [business.pk for business in Business.objects.all() if is_on(feature.key, business.pk)]
    assert businesses_on(feature) == sorted(asked) == businesses_measured(feature)
    assert listed.pk in asked


def test_a_baseline_has_nobody_on_and_measures_its_list(feature: Feature, shop: Business) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=1)
    on(feature, shop)
    feature.refresh_from_db()
    assert (businesses_on(feature), businesses_measured(feature)) == ([], [shop.pk])


@pytest.mark.parametrize(
    ("where", "role", "superuser", "may"),
    [
        ("home", "owner", False, True),
        ("home", "admin", False, True),
        ("home", "reviewer", False, False),
        ("other", "owner", False, False),
        ("none", None, True, True),
        ("none", None, False, False),
    ],
)
def test_who_may_run_a_rollout(
    switch: Feature, shop: Business, other_shop: Business, where: str, role: str | None, superuser: bool, may: bool
) -> None:
    business = {"home": shop.pk, "other": other_shop.pk, "none": None}[where]
    assert may_operate(switch, business_id=business, role=role, superuser=superuser) is may
    switch.home_id = None
    assert may_operate(switch, business_id=business, role=role, superuser=superuser) is superuser
