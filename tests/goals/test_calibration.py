"""A curve makes of the weighted sum what the gate goes by, and shows what it changed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid
from apps.core.ids import new_id
from apps.core.models import Event
from apps.goals.calibration import IDENTITY, SHIPPED, Curve
from apps.goals.confidence import score_confidence
from apps.goals.configuration import configuration_of, drop_curve, put_curve
from apps.goals.gate import Switches, Thresholds, gate, path_when_unsure
from apps.goals.models import GateCurve, Goal
from apps.goals.prevalidation import run_checks
from apps.goals.vocabulary import Confidence, FactorName, Path
from tests.goals.conftest import CLEAR
from tests.goals.made import any_facts, facts

HALVED = [[0.0, 0.0], [1.0, 0.5]]
BOB = "user:bob@example.com"


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    raws = sorted(draw(st.sets(st.floats(0, 1), min_size=1, max_size=12)))
    values = sorted(draw(st.lists(st.floats(0, 1), min_size=len(raws), max_size=len(raws))))
    return Curve.through(zip(raws, values, strict=True))


@given(curves(), st.floats(0, 1), st.floats(0, 1))
def test_a_curve_never_falls_and_stays_between_0_and_1(curve: Curve, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= curve.apply(low) <= curve.apply(high) <= 1


@given(st.floats(0, 1))
def test_the_identity_changes_nothing(raw: float) -> None:
    assert Curve.through(IDENTITY).apply(raw) == raw


@given(st.floats(0, 1))
def test_the_shipped_curve_is_one(raw: float) -> None:
    assert 0 <= SHIPPED.apply(raw) <= 1


@pytest.mark.parametrize(
    "points",
    [[], [[0, 0], [0, 1]], [[0.5, 0.5], [0.2, 0.6]], [[0, 0.6], [1, 0.5]], [[0, 0], [1, 1.1]], [[0, float("nan")]]],
)
def test_what_is_no_curve_is_refused(points: Any) -> None:
    with pytest.raises(ValueError):
        Curve.through(points)


@given(any_facts(), curves(), st.none() | st.floats(-0.5, 0.5))
def test_the_contributions_still_add_up(given_facts: Any, curve: Curve, trust: float | None) -> None:
    found = score_confidence(given_facts, run_checks(given_facts), trust_boost=trust, curve=curve)
    total = sum(factor.contribution for factor in found.factors)
    assert found.value == pytest.approx(min(1.0, max(0.0, total)), abs=1e-9)
    changed = [factor for factor in found.factors if factor.name is FactorName.CALIBRATION]
    assert bool(changed) == (found.raw is not None and curve.apply(found.raw) != found.raw)


@given(any_facts(), st.floats(0, 1), st.integers(0, 2), st.builds(Switches, *[st.booleans()] * 4))
def test_below_every_threshold_it_goes_where_it_was_said(
    given_facts: Any, medium: float, rounds: int, switches: Switches
) -> None:
    checks = run_checks(given_facts)
    said = path_when_unsure(checks, switches, rounds_left=rounds)
    unsure = gate(checks, Confidence(0.0, ()), Thresholds(high=1.0, medium=0.5), switches, rounds_left=rounds).path
    if said is None:
        for value in (0.0, 0.7, 1.0):
            found = gate(checks, Confidence(value, ()), Thresholds(1.0, 0.5), switches, rounds_left=rounds)
            assert found.path == unsure
    else:
        assert unsure == said


def test_a_bent_curve_moves_a_goal_to_another_path() -> None:
    checks = run_checks(facts())
    found = score_confidence(facts(), checks, curve=Curve.through(HALVED))
    assert found.raw is not None
    assert found.value == pytest.approx(found.raw / 2)
    assert gate(checks, found, Thresholds(), Switches(), rounds_left=3).path is not Path.EXECUTE


@pytest.mark.django_db
def test_a_curve_in_force_judges_the_next_goal_and_signs_it(api: APIClient, shop: Business) -> None:
    before = api.post("/v1/goals", CLEAR, format="json").json()
    version = new_id()
    with acting_for(shop.pk):
        put_curve(business_id=shop.pk, kind="refund_order", version=version, points=HALVED, actor=BOB)
    after = Goal.objects.get(pk=api.post("/v1/goals", CLEAR, format="json").json()["goal_id"])
    first = Goal.objects.get(pk=before["goal_id"])
    assert (first.kind, first.curve_version) == ("refund_order", None)
    assert first.raw_confidence == after.raw_confidence
    assert after.curve_version == version
    assert after.confidence == pytest.approx((after.raw_confidence or 0) / 2, abs=1e-4)
    assert "calibration" in [factor["name"] for factor in after.factors]


@pytest.mark.django_db
def test_a_kind_goes_by_its_own_curve_else_the_business_else_the_shipped(shop: Business, other_shop: Business) -> None:
    own, whole = new_id(), new_id()
    with acting_for(shop.pk):
        put_curve(business_id=shop.pk, kind="find_order", version=own, points=HALVED, actor=BOB)
        assert configuration_of(shop.pk).curve_for("refund_order").version is None
        put_curve(business_id=shop.pk, kind="", version=whole, points=HALVED, actor=BOB)
    found = configuration_of(shop.pk)
    assert found.curve_for("find_order").version == own
    assert found.curve_for("refund_order").version == whole
    assert configuration_of(other_shop.pk).curve_for("find_order").curve is SHIPPED
    with acting_for(shop.pk):
        drop_curve(business_id=shop.pk, kind="find_order", actor=BOB, reason="Odd")
    assert configuration_of(shop.pk).curve_for("find_order").version == whole
    assert Event.objects.get(kind="curve.cleared").data == {"kind_of_goal": "find_order", "reason": "Odd"}


@pytest.mark.django_db
def test_reading_the_curve_costs_a_goal_no_query(shop: Business, django_assert_num_queries: Any) -> None:
    with acting_for(shop.pk):
        put_curve(business_id=shop.pk, kind="", version=new_id(), points=HALVED, actor=BOB)
    configuration_of(shop.pk)
    with django_assert_num_queries(0):
        configuration_of(shop.pk).curve_for("refund_order")


@pytest.mark.django_db
def test_a_falling_curve_is_never_put_in_force(in_shop: Business) -> None:
    with pytest.raises(Invalid):
        put_curve(business_id=in_shop.pk, kind="", version=new_id(), points=[[0, 1], [1, 0]], actor=BOB)
    assert not GateCurve.objects.exists()


@pytest.mark.django_db
def test_a_goal_made_up_for_trial_teaches_nothing(api: APIClient) -> None:
    found = api.post("/v1/goals", CLEAR | {"context": {"gatehouse_stress": True}}, format="json").json()
    goal = Goal.objects.get(pk=found["goal_id"])
    assert goal.is_trial
    assert goal.raw_confidence is None
