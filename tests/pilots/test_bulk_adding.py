"""Many businesses are added at once: each line does what it can, and says what it cannot."""

from collections.abc import Sequence
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Business
from apps.core.errors import StaleState
from apps.core.models import Event
from apps.pilots.bulk_adding import Planned, add_businesses, plan_of
from apps.pilots.defining import archive_feature
from apps.pilots.flags import is_on
from apps.pilots.models import Feature, HeldBack, PilotBusiness
from apps.pilots.pasted import read_list
from apps.pilots.switching import switch_off, switch_on

ROOT = "user:root@example.com"


def add(feature: Feature, text: str) -> list[Planned]:
    return add_businesses(feature_id=feature.pk, entries=read_list(text), actor=ROOT)


def wrong(plans: Sequence[Planned]) -> dict[int, str]:
    return {plan.entry.number: plan.wrong for plan in plans if plan.wrong}


@pytest.mark.django_db
def test_a_business_is_found_by_slug_id_and_exact_name(
    switch: Feature, shop: Business, more_shops: list[Business]
) -> None:
    plans = add(switch, f"CORNER-shop\n{more_shops[0].pk}\n Shop  01 \n{str(more_shops[2].pk).upper()}")
    assert wrong(plans) == {}
    assert [plan.business_id for plan in plans] == [shop.pk, *(one.pk for one in more_shops[:3])]
    assert all(is_on(switch.key, one.pk) for one in [shop, *more_shops[:3]])
    assert not is_on(switch.key, more_shops[3].pk)


@pytest.mark.django_db
def test_what_cannot_be_added_is_told_line_by_line_and_the_rest_is_added(
    switch: Feature, shop: Business, other_shop: Business, more_shops: list[Business]
) -> None:
    Business.objects.create(name="Shop 05", slug="twin")
    switch_on(feature_id=switch.pk, business_id=more_shops[1].pk, actor="user:bob@example.com")
    text = "business,notes\ncorner-shop,first\nNobody,\nshop-01,again\nCorner Shop,twice\nShop 05,\n"
    text += "other-shop,last\n,empty"
    plans = add(switch, text)
    assert wrong(plans) == {
        3: "No business has this slug, id or exact name",
        4: "On the list already, by bob@example.com",
        5: "The same business as in line 2",
        6: "2 businesses have this name: give the slug or the id",
        8: "No business is named in this line",
    }
    rows = dict(PilotBusiness.objects.filter(enabled_by=ROOT).values_list("business_id", "notes"))
    assert rows == {shop.pk: "first", other_shop.pk: "last"}


@pytest.mark.django_db
def test_a_line_with_a_separator_says_how_to_give_notes(switch: Feature, shop: Business) -> None:
    assert "business,notes" in wrong(add(switch, "corner-shop;hello"))[1]


@pytest.mark.django_db
def test_a_slug_goes_before_a_name_that_is_another_business(switch: Feature, shop: Business) -> None:
    other = Business.objects.create(name="corner-shop", slug="other")
    assert add(switch, "corner-shop")[0].business_id in (shop.pk, other.pk)
    assert [plan.business_id for plan in plan_of(switch, read_list("other"))] == [other.pk]


@pytest.mark.django_db
def test_a_stage_takes_no_more_than_it_has_room_for(feature: Feature, more_shops: list[Business]) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=3)
    switch_on(feature_id=feature.pk, business_id=more_shops[0].pk, actor=ROOT)
    plans = add(feature, "\n".join(f"shop-{n:02}" for n in range(1, 8)))
    assert sorted(wrong(plans)) == [5, 6, 7]
    assert "stage 3 takes 5" in wrong(plans)[5]
    assert PilotBusiness.objects.filter(feature=feature).count() == 5


@pytest.mark.django_db
def test_one_that_was_held_back_is_let_go(switch: Feature, shop: Business) -> None:
    switch_off(feature_id=switch.pk, business_id=shop.pk, actor=ROOT, hold=True)
    add(switch, "corner-shop")
    assert not HeldBack.objects.exists()
    assert is_on(switch.key, shop.pk)


@pytest.mark.django_db
def test_the_home_is_told_once_and_each_business_of_itself(
    switch: Feature, shop: Business, more_shops: list[Business]
) -> None:
    add(switch, "corner-shop\nshop-00\nshop-01")
    together = Event.objects.get(kind="feature.businesses_added")
    assert (together.business_id, together.data["count"], together.actor) == (shop.pk, 3, ROOT)
    of_each = Event.objects.filter(kind="feature.enabled").values_list("business_id", flat=True)
    assert set(of_each) == {more_shops[0].pk, more_shops[1].pk}


@pytest.mark.django_db
def test_nothing_is_changed_where_nothing_can_be_added(switch: Feature) -> None:
    version = Feature.objects.get(pk=switch.pk).version
    assert wrong(add(switch, "nobody"))
    assert Feature.objects.get(pk=switch.pk).version == version
    assert not Event.objects.filter(kind="feature.businesses_added").exists()


@pytest.mark.django_db
def test_an_archived_feature_takes_none(switch: Feature, shop: Business) -> None:
    archive_feature(feature_id=switch.pk, actor=ROOT)
    with pytest.raises(StaleState, match="archived"):
        add(switch, "corner-shop")


@pytest.mark.django_db
def test_more_lines_take_no_more_queries(switch: Feature, django_assert_max_num_queries: Any) -> None:
    Business.objects.bulk_create(Business(name=f"Many {n}", slug=f"many-{n}") for n in range(1000))
    with django_assert_max_num_queries(24):
        assert not wrong(add(switch, "\n".join(f"many-{n}" for n in range(1000))))
    assert PilotBusiness.objects.filter(feature=switch).count() == 1000


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_each_line_is_added_once(switch: Feature, more_shops: list[Business]) -> None:
    start, found = Barrier(2), []

    def act() -> None:
        start.wait(10)
        found.append(add(switch, "\n".join(f"shop-{n:02}" for n in range(20))))
        connection.close()

    threads = [Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(len(wrong(plans)) for plans in found) == [0, 20]
    assert PilotBusiness.objects.filter(feature=switch).count() == 20
