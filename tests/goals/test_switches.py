"""Each switch off alone changes what it names and leaves the rest working."""

import math
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid
from apps.core.ids import new_id
from apps.core.models import Event
from apps.goals import configuration
from apps.goals.configuration import configuration_of, set_thresholds
from apps.goals.models import GateSettings
from apps.goals.switches import ENABLED, SwitchStand, clear_switch, set_switch, switches_of
from apps.pilots.flags import features_changed
from apps.pilots.kinds import ON_OFF
from apps.pilots.models import Feature, HeldBack, Rollback
from apps.pilots.rollout import bucket_of
from tests.goals.conftest import CLEAR, HOPELESS, MISSING
from tests.goals.test_api import PHASE2_FIELDS

pytestmark = pytest.mark.django_db


BOB, ROOT = "user:bob@example.com", "user:root@example.com"


def stand_of(business: Business) -> SwitchStand:
    with acting_for(business.pk):
        return next(stand for stand in switches_of(business.pk) if stand.name == ENABLED)


def rolled_out_to(share: int) -> Feature:
    Feature.objects.update_or_create(key=ENABLED, defaults={"variants": ON_OFF, "share": share, "version": new_id()})
    features_changed()
    return Feature.objects.get(key=ENABLED)


def switch_off(name: str, business: Business | None = None) -> None:
    set_switch(name=name, on=False, business_id=business.pk if business else None, actor=BOB)


def submit(api: APIClient, body: Any) -> Any:
    response = api.post("/v1/goals", body, format="json")
    assert response.status_code == 201, response.json()
    return response.json()


def test_with_phase2_off_it_is_plain_execution(api: APIClient) -> None:
    switch_off("PHASE2_ENABLED")
    answer = submit(api, HOPELESS)
    assert not answer.keys() & PHASE2_FIELDS
    assert answer["state"] == "done"


def test_with_prevalidation_off_no_check_stops_a_goal(api: APIClient) -> None:
    switch_off("PHASE2_PRE_VALIDATION_ENABLED")
    answer = submit(api, MISSING)
    assert answer["pre_validation_result"] is None
    assert answer["confidence"] is not None


def test_with_approval_gates_off_nobody_is_asked(api: APIClient, thresholds: Any) -> None:
    thresholds(1.0, 0.1)
    assert submit(api, CLEAR)["execution_path"] == "approved"
    switch_off("PHASE2_APPROVAL_GATES_ENABLED")
    assert submit(api, CLEAR)["execution_path"] == "executed"
    assert submit(api, HOPELESS)["execution_path"] == "rejected"


def test_with_clarification_off_a_question_goes_to_a_person(api: APIClient) -> None:
    assert submit(api, MISSING)["execution_path"] == "clarification"
    switch_off("PHASE2_CLARIFICATION_ENABLED")
    answer = submit(api, MISSING)
    assert answer["execution_path"] == "approved"
    assert answer["clarification_questions"] == []


def test_with_graded_confidence_off_there_are_two_levels(api: APIClient) -> None:
    switch_off("PHASE2_GRADED_CONFIDENCE_ENABLED")
    graded = {submit(api, body)["confidence"] for body in (CLEAR, MISSING, HOPELESS)}
    assert len(graded) <= 2


def test_a_business_has_its_own_switches_over_the_installations(
    api: APIClient, other_api: APIClient, shop: Business
) -> None:
    switch_off("PHASE2_ENABLED", shop)
    assert "confidence" not in submit(api, CLEAR)
    assert "confidence" in submit(other_api, CLEAR)
    clear_switch(name="PHASE2_ENABLED", business_id=shop.pk, actor=BOB)
    assert "confidence" in submit(api, CLEAR)


def test_turning_a_switch_twice_changes_nothing_more(shop: Business) -> None:
    for on in (False, True):
        for _ in range(2):
            set_switch(name=ENABLED, on=on, business_id=shop.pk, actor=BOB)
            assert configuration_of(shop.pk).enabled is on
    for _ in range(2):
        set_switch(name=ENABLED, on=False, business_id=None, actor=ROOT)
        clear_switch(name=ENABLED, business_id=shop.pk, actor=BOB)
        assert not configuration_of(shop.pk).enabled
    for _ in range(2):
        clear_switch(name=ENABLED, business_id=None, actor=ROOT)
    assert configuration_of(shop.pk).enabled
    told = Event.objects.filter(business_id=shop.pk, subject_type="feature").order_by("id")
    assert [event.kind for event in told] == ["feature.disabled", "feature.enabled", "feature.released"]
    everywhere = Event.objects.filter(business_id=None, kind="feature.default_set").order_by("id")
    assert [event.data["variant"] for event in everywhere] == ["off", ""]


def test_a_business_keeps_its_own_off_whatever_the_installation_does(shop: Business, other_shop: Business) -> None:
    set_switch(name=ENABLED, on=False, business_id=None, actor=ROOT)
    switch_off(ENABLED, shop)
    set_switch(name=ENABLED, on=True, business_id=None, actor=ROOT)
    assert not configuration_of(shop.pk).enabled
    assert configuration_of(other_shop.pk).enabled


def test_there_are_no_other_switches(shop: Business) -> None:
    with pytest.raises(Invalid):
        set_switch(name="PHASE3_ENABLED", on=True, business_id=shop.pk, actor=BOB)
    with pytest.raises(Invalid):
        clear_switch(name="", business_id=shop.pk, actor=BOB)


def test_without_its_row_a_switch_stands_as_the_environment_has_it(shop: Business, settings: Any) -> None:
    Feature.objects.filter(key=ENABLED).delete()
    features_changed()
    assert configuration_of(shop.pk).enabled
    settings.FEATURE_DEFAULTS = {**settings.FEATURE_DEFAULTS, ENABLED: "off"}
    features_changed()
    assert not configuration_of(shop.pk).enabled
    assert stand_of(shop).source == "from the environment"
    assert not Feature.objects.filter(key=ENABLED).exists()
    set_switch(name=ENABLED, on=True, business_id=shop.pk, actor=BOB)
    assert configuration_of(shop.pk).enabled
    assert Feature.objects.get(key=ENABLED).permanent


def test_it_says_where_a_switch_comes_from(shop: Business) -> None:
    assert (stand_of(shop).source, stand_of(shop).changed_by) == ("from the environment", "")
    set_switch(name=ENABLED, on=False, business_id=None, actor=ROOT)
    assert (stand_of(shop).source, stand_of(shop).changed_by) == ("set for the whole installation", ROOT)
    # Somebody else's own setting is nobody else's to see.
    switch_off(ENABLED, Business.objects.create(name="Third", slug="third"))
    assert stand_of(shop).changed_by == ROOT
    rolled_out_to(math.ceil(bucket_of(ENABLED, str(shop.pk))))
    stand = stand_of(shop)
    assert stand.on and "% rollout" in stand.source and stand.changed_by == ""
    rolled_out_to(1 if bucket_of(ENABLED, str(shop.pk)) >= 1 else 0)
    assert not stand_of(shop).on
    assert stand_of(shop).source.startswith("set for the whole installation")
    switch_off(ENABLED, shop)
    assert (stand_of(shop).source, stand_of(shop).changed_by) == ("set for this business", BOB)


def test_what_a_rollback_took_says_so(shop: Business) -> None:
    feature = rolled_out_to(100)
    back = Rollback.objects.create(
        feature=feature, level="business", reason="slow", actor=ROOT, at=timezone.now(), affected=1, took_ms=1
    )
    HeldBack.objects.create(business=shop, feature=feature, held_at=timezone.now(), held_by=ROOT, rollback=back)
    features_changed()
    stand = stand_of(shop)
    assert (stand.on, stand.source, stand.changed_by) == (False, "taken back by a rollback", ROOT)


def test_a_check_of_the_switches_takes_no_query(shop: Business, django_assert_num_queries: Any) -> None:
    configuration_of(shop.pk)
    with django_assert_num_queries(0):
        for _ in range(100):
            configuration_of(shop.pk)


def test_what_is_remembered_of_a_business_is_forgotten_with_a_change(shop: Business, monkeypatch: Any) -> None:
    before = configuration_of(shop.pk)
    assert configuration_of(shop.pk) is before
    set_thresholds(business_id=shop.pk, high=0.7, medium=0.4, rounds=1, actor=BOB)
    assert configuration_of(shop.pk).thresholds.high == 0.7
    switch_off("PHASE2_CLARIFICATION_ENABLED", shop)
    assert not configuration_of(shop.pk).switches.clarification
    assert before.switches.clarification
    monkeypatch.setattr(configuration, "MOST_REMEMBERED", 3)
    for _ in range(10):
        configuration_of(new_id())
    assert configuration._remembered is not None
    assert len(configuration._remembered.by_business) <= 3


def test_the_switches_of_all_businesses_are_known_while_one_is_current(shop: Business, other_shop: Business) -> None:
    switch_off("PHASE2_ENABLED", other_shop)
    with acting_for(shop.pk):
        assert configuration_of(shop.pk).enabled
        assert not configuration_of(other_shop.pk).enabled


def test_thresholds_are_checked_and_told_to_the_audit(shop: Business) -> None:
    for high, medium in [(0.5, 0.5), (0.4, 0.6), (1.1, 0.5), (0.5, -0.1)]:
        with pytest.raises(Invalid):
            set_thresholds(business_id=shop.pk, high=high, medium=medium, rounds=3, actor=BOB)
    assert not GateSettings.objects.exists()
    set_thresholds(business_id=shop.pk, high=0.7, medium=0.4, rounds=1, actor=BOB)
    assert configuration_of(shop.pk).thresholds.high == 0.7
    assert configuration_of(shop.pk).rounds == 1
    assert Event.objects.get(kind="thresholds.set").data["high"] == 0.7
