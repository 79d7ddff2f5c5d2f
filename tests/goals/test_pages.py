"""The pages of a goal and of the gate."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Business, User
from apps.approvals.models import ApprovalRequest
from apps.goals.configuration import configuration_of
from apps.goals.models import GateSettings, Goal
from apps.goals.switches import set_switch
from apps.pilots.kinds import ON_OFF
from apps.pilots.ladder import Level
from apps.pilots.models import Feature, HeldBack, PilotBusiness
from apps.pilots.rollback import roll_back
from tests.goals.conftest import CLEAR, HOPELESS

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]


def test_it_shows_a_goal_with_its_reasons(api: APIClient, signed_in: SignIn, alice: User) -> None:
    goal = api.post("/v1/goals", HOPELESS, format="json").json()
    page = signed_in(alice).get(f"/admin/goal/{goal['goal_id']}/")
    assert page.status_code == 200
    assert HOPELESS["goal"] in page.content.decode()
    assert "rejected" in page.content.decode()


def test_it_escapes_what_a_caller_wrote(api: APIClient, signed_in: SignIn, alice: User) -> None:
    goal = api.post("/v1/goals", {"goal": "<script>alert(1)</script> refund it"}, format="json").json()
    page = signed_in(alice).get(f"/admin/goal/{goal['goal_id']}/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_another_business_does_not_find_the_goal(api: APIClient, signed_in: SignIn, mallory: User) -> None:
    goal = api.post("/v1/goals", CLEAR, format="json").json()
    assert signed_in(mallory).get(f"/admin/goal/{goal['goal_id']}/").status_code == 404


def test_it_lists_goals_in_few_queries(
    api: APIClient, signed_in: SignIn, alice: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        api.post("/v1/goals", CLEAR, format="json")
    browser = signed_in(alice)
    browser.get("/admin/goals/goal/")
    with django_assert_max_num_queries(16):
        page = browser.get("/admin/goals/goal/")
    assert page.content.decode().count(CLEAR["goal"]) == 3


def test_an_admin_turns_a_switch_off_for_the_business(signed_in: SignIn, bob: User, shop: Business) -> None:
    browser = signed_in(bob)
    assert configuration_of(shop.pk).enabled
    browser.post("/admin/gate/switch/", {"name": "PHASE2_ENABLED", "to": "off"})
    assert not configuration_of(shop.pk).enabled
    assert HeldBack.objects.get().held_by == "user:bob@example.com"
    browser.post("/admin/gate/switch/", {"name": "PHASE2_ENABLED", "to": "follow"})
    assert configuration_of(shop.pk).enabled


def test_only_a_superuser_turns_a_switch_for_everybody(
    signed_in: SignIn, bob: User, root: User, shop: Business, other_shop: Business
) -> None:
    body = {"name": "PHASE2_ENABLED", "to": "off", "for": "installation"}
    assert signed_in(bob).post("/admin/gate/switch/", body).status_code == 403
    assert configuration_of(other_shop.pk).enabled
    assert signed_in(root).post("/admin/gate/switch/", body).status_code == 302
    assert not configuration_of(shop.pk).enabled
    assert not configuration_of(other_shop.pk).enabled


def test_the_gate_page_says_who_decided_and_bears_a_second_click(
    signed_in: SignIn, bob: User, django_assert_max_num_queries: Any
) -> None:
    browser = signed_in(bob)
    for to in ("off", "off", "on", "on", "follow", "follow"):
        body = {"name": "PHASE2_ENABLED", "to": to}
        with django_assert_max_num_queries(38):
            browser.post("/admin/gate/switch/", body)
        with django_assert_max_num_queries(23):
            page = browser.get("/admin/gate/").content.decode()
        assert "set for this business by bob@example.com" in page or to == "follow"
        assert "already" not in page
    assert "from the environment" in page


def test_what_is_not_for_businesses_to_turn_has_no_button(signed_in: SignIn, bob: User) -> None:
    Feature.objects.update_or_create(key="PHASE2_ENABLED", defaults={"variants": ON_OFF, "self_service": False})
    browser, body = signed_in(bob), {"name": "PHASE2_ENABLED", "to": "off"}
    assert browser.get("/admin/gate/").content.decode().count('value="off">Turn off here') == 4
    assert (
        "Those who run this feature turn it" in browser.post("/admin/gate/switch/", body, follow=True).content.decode()
    )
    assert not HeldBack.objects.exists()


def test_what_was_rolled_back_is_turned_on_by_who_runs_it_only(signed_in: SignIn, bob: User, shop: Business) -> None:
    feature, _ = Feature.objects.get_or_create(
        key="PHASE2_ENABLED", defaults={"variants": ON_OFF, "self_service": True}
    )
    roll_back(feature_id=feature.pk, level=Level.BUSINESS, business_id=shop.pk, reason="Slow", actor="user:root")
    browser = signed_in(bob)
    for to in ("on", "follow", "off"):
        browser.post("/admin/gate/switch/", {"name": "PHASE2_ENABLED", "to": to})
        assert not configuration_of(shop.pk).enabled
    assert "taken back by a rollback" in browser.get("/admin/gate/").content.decode()
    set_switch(name="PHASE2_ENABLED", on=True, business_id=shop.pk, actor="user:root")
    assert configuration_of(shop.pk).enabled


def test_a_reviewer_sees_the_gate_and_changes_nothing(signed_in: SignIn, alice: User) -> None:
    browser = signed_in(alice)
    page = browser.get("/admin/gate/").content.decode()
    assert "Pre-validation" in page
    assert 'name="to"' not in page
    assert browser.post("/admin/gate/switch/", {"name": "PHASE2_ENABLED", "to": "off"}).status_code == 403
    assert browser.post("/admin/calibration/propose/", {"high": 1, "medium": 0, "reason": "x"}).status_code == 403
    assert not HeldBack.objects.exists()
    assert not PilotBusiness.objects.exists()


def test_a_get_never_switches(signed_in: SignIn, bob: User) -> None:
    browser = signed_in(bob)
    assert browser.get("/admin/gate/switch/?name=PHASE2_ENABLED&to=off").status_code == 405
    assert browser.get("/admin/calibration/propose/?high=1&medium=0&rounds=0").status_code == 405
    assert not HeldBack.objects.exists()
    assert not PilotBusiness.objects.exists()


def test_the_gate_page_proposes_thresholds_and_changes_none(signed_in: SignIn, bob: User, shop: Business) -> None:
    browser, before = signed_in(bob), configuration_of(shop.pk)
    body = {"from": "gate", "high": "0.5", "medium": "0.6", "rounds": "3", "reason": "Fewer questions"}
    page = browser.post("/admin/calibration/propose/", body)
    assert "must be below" in page.content.decode()
    assert 'value="0.6"' in page.content.decode()
    assert not ApprovalRequest.objects.exists()
    body |= {"high": "0.7", "medium": "0.4", "rounds": "2"}
    assert browser.post("/admin/calibration/propose/", body).headers["location"] == "/admin/gate/"
    assert ApprovalRequest.objects.get().payload["new"] == {"high": 0.7, "medium": 0.4, "rounds": 2, "own": True}
    assert configuration_of(shop.pk) == before
    assert Goal.objects.count() == 0


def test_the_admin_of_settings_is_no_back_door(signed_in: SignIn, bob: User, shop: Business) -> None:
    row = GateSettings.objects.create(business=shop, high=0.9, medium=0.5)
    browser, address = signed_in(bob), f"/admin/goals/gatesettings/{row.pk}/"
    assert browser.get(f"{address}change/").status_code == 200
    assert browser.post(f"{address}change/", {"high": 0.1, "medium": 0.0}).status_code == 403
    assert browser.post(f"{address}delete/", {"post": "yes"}).status_code == 403
    assert browser.get("/admin/goals/gatesettings/add/").status_code == 403
    row.refresh_from_db()
    assert (row.high, row.medium) == (0.9, 0.5)
