"""Each switch off alone changes what it names and leaves the rest working."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid
from apps.core.models import Event
from apps.goals.models import GateSettings
from apps.goals.switches import clear_switch, configuration_of, set_switch, set_thresholds
from tests.goals.conftest import CLEAR, HOPELESS, MISSING
from tests.goals.test_api import PHASE2_FIELDS

pytestmark = pytest.mark.django_db


def switch_off(name: str, business: Business | None = None) -> None:
    set_switch(name=name, on=False, business_id=business.pk if business else None, actor="user:bob@example.com")


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
    clear_switch(name="PHASE2_ENABLED", business_id=shop.pk, actor="user:bob@example.com")
    assert "confidence" in submit(api, CLEAR)


def test_a_check_of_the_switches_takes_no_query(shop: Business, django_assert_num_queries: Any) -> None:
    configuration_of(shop.pk)
    with django_assert_num_queries(0):
        for _ in range(100):
            configuration_of(shop.pk)


def test_the_switches_of_all_businesses_are_known_while_one_is_current(shop: Business, other_shop: Business) -> None:
    switch_off("PHASE2_ENABLED", other_shop)
    with acting_for(shop.pk):
        assert configuration_of(shop.pk).enabled
        assert not configuration_of(other_shop.pk).enabled


def test_thresholds_are_checked_and_told_to_the_audit(shop: Business) -> None:
    for high, medium in [(0.5, 0.5), (0.4, 0.6), (1.1, 0.5), (0.5, -0.1)]:
        with pytest.raises(Invalid):
            set_thresholds(business_id=shop.pk, high=high, medium=medium, rounds=3, actor="user:bob@example.com")
    assert not GateSettings.objects.exists()
    set_thresholds(business_id=shop.pk, high=0.7, medium=0.4, rounds=1, actor="user:bob@example.com")
    assert configuration_of(shop.pk).thresholds.high == 0.7
    assert configuration_of(shop.pk).rounds == 1
    assert Event.objects.get(kind="thresholds.set").data["high"] == 0.7
