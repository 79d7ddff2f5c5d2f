"""What thresholds would have done: the database's sums are those of going through every goal."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid
from apps.core.ids import new_id
from apps.goals.calibration import Curve
from apps.goals.configuration import configuration_of, put_curve, set_thresholds
from apps.goals.models import Goal
from apps.goals.switches import set_switch
from apps.tuning.intervals import share_of
from apps.tuning.models import ReviewedGoal
from apps.tuning.selectors import compared_as_typed, simulation_of
from apps.tuning.simulation import FEWEST_TO_TELL, PastGoal, in_words, simulate
from tests.tuning.conftest import label, past_goals

BOB = "user:bob@example.com"
CURVED = [[0.0, 0.1], [0.5, 0.3], [0.75, 0.8], [1.0, 0.95]]


def messy_history(business: Business, number: int) -> None:
    """Goals of every path, some stopped by a check, some labelled, some of them standing for twenty."""
    chance = random.Random(7)
    goals = past_goals(business, number)
    for goal in goals:
        goal.kind = chance.choice(["", "refund_order", "find_order"])
        goal.raw_confidence = round(chance.random(), chance.choice([1, 2, 4]))
        goal.unsure_path = chance.choice(["", "clarification", "clarification", "rejected", "approved"])
        if not goal.unsure_path:
            goal.execution_path = chance.choice(["clarification", "rejected", "approved"])
    Goal.objects.bulk_update(goals, ["kind", "raw_confidence", "unsure_path", "execution_path"])
    rows = [
        label(goal, right=chance.random() < 0.7, weight=chance.choice([1.0, 20.0]))
        for goal in goals
        if chance.random() < 0.4
    ]
    ReviewedGoal.objects.bulk_create(rows)


def by_brute_force(business: Business, *, high: float, medium: float, asks: bool = True) -> Any:
    found = configuration_of(business.pk)
    labels = {row.goal_id: row for row in ReviewedGoal.objects.filter(business=business)}
    past = []
    for goal in Goal.objects.filter(business=business, raw_confidence__isnull=False):
        mine = labels.get(goal.pk)
        past.append(
            PastGoal(
                confidence=found.curve_for(goal.kind).curve.apply(goal.raw_confidence or 0.0),
                path=goal.execution_path,
                unsure_path=goal.unsure_path,
                wrong=None if mine is None else not mine.right,
                weight=mine.weight if mine else 1.0,
            )
        )
    return simulate(past, high=high, medium=medium, asks=asks)


@pytest.mark.django_db
@pytest.mark.parametrize("curved", [False, True])
@pytest.mark.parametrize("asks", [True, False])
def test_the_database_counts_what_going_through_every_goal_counts(shop: Business, curved: bool, asks: bool) -> None:
    messy_history(shop, 600)
    with acting_for(shop.pk):
        set_thresholds(business_id=shop.pk, high=0.7, medium=0.4, rounds=3, actor=BOB)
        set_switch(name="PHASE2_APPROVAL_GATES_ENABLED", on=asks, business_id=shop.pk, actor=BOB)
        if curved:
            put_curve(business_id=shop.pk, kind="", version=new_id(), points=CURVED, actor=BOB)
            put_curve(business_id=shop.pk, kind="find_order", version=new_id(), points=[[0, 0], [1, 0.75]], actor=BOB)
    for high, medium in [(0.8, 0.5), (0.7, 0.4), (1.0, 0.0), (0.75, 0.3), (0.1, 0.05)]:
        found = simulation_of(shop.pk, high=high, medium=medium)
        assert found.new == by_brute_force(shop, high=high, medium=medium, asks=asks)
        assert found.now == by_brute_force(shop, high=0.7, medium=0.4, asks=asks)
        assert found.new.tally.all == 600


@pytest.mark.django_db
def test_goals_of_another_business_of_long_ago_or_for_trial_are_left_out(shop: Business, other_shop: Business) -> None:
    past_goals(other_shop, 10)
    old = past_goals(shop, 10)
    Goal.objects.filter(pk__in=[goal.pk for goal in old]).update(created_at=timezone.now() - timedelta(days=91))
    past_goals(shop, 5, raw_confidence=None, is_trial=True)
    past_goals(shop, 3)
    assert simulation_of(shop.pk, high=0.9, medium=0.5).new.tally.all == 3


@pytest.mark.django_db
def test_moves_say_where_goals_would_go_instead(shop: Business) -> None:
    past_goals(shop, 4, raw_confidence=0.8, execution_path="approved")
    found = simulation_of(shop.pk, high=0.75, medium=0.5)
    assert found.moved == {"asked to run": 4}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("high", "medium", "field"),
    [("0.5", "0.6", "medium"), ("0.5", "0.5", "medium"), ("nan", "0.5", "high"), ("1.5", "0.5", "high"),
     ("0.8", "-1", "medium"), ("", "0.5", "high"), ("much", "0.5", "high"), ("0.8", "inf", "medium")],
)  # fmt: skip
def test_thresholds_that_are_none_are_refused_by_name(shop: Business, high: str, medium: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        compared_as_typed(shop.pk, high, medium)
    assert refused.value.errors[0]["field"] == field


def past(number: int, wrong: int, *, confidence: float = 0.9, weight: float = 1.0) -> list[PastGoal]:
    return [PastGoal(confidence, "executed", "clarification", place < wrong, weight) for place in range(number)]


def test_weights_undo_that_only_a_share_of_the_runs_is_looked_at() -> None:
    """Of 1000 goals asked about 100 were wrong; of 2000 that ran alone 5 % were looked at, and 10 of those wrong."""
    goals = past(1000, 100, confidence=0.8) + past(100, 10, weight=20.0)
    found = simulate(goals, high=0.7, medium=0.5).wrong
    assert found is not None
    assert found.value == pytest.approx((100 + 10 * 20) / (1000 + 100 * 20))
    # The interval is that of the fewer equally weighted goals these are worth, and so wider than that of 1100.
    plain = share_of(110, 1100, effective=1100, seen=1100)
    assert found.high - found.low > plain.high - plain.low


def test_with_few_labels_it_tells_no_share() -> None:
    found = simulate(past(FEWEST_TO_TELL - 1, 1), high=0.8, medium=0.5)
    assert found.wrong is None
    assert "not enough evidence" in in_words(found)
    assert simulate(past(FEWEST_TO_TELL, 1), high=0.8, medium=0.5).wrong is not None


def test_it_speaks_in_a_sentence() -> None:
    goals = past(240, 5) + [PastGoal(0.6, "approved", "clarification") for _ in range(141)]
    words = in_words(simulate(goals, high=0.8, medium=0.5))
    assert words == (
        "At 0.80, 63 % would run alone; 2.1 % (0.8 to 4.5 %, 240 labelled) of those were later rejected "
        "or had to be changed."
    )
    assert "No goal" in in_words(simulate([], high=0.8, medium=0.5))


@given(st.floats(0, 1), st.integers(1, 5000))
def test_an_interval_holds_its_share_and_stays_between_0_and_1(part: float, size: int) -> None:
    found = share_of(part * size, size, effective=size, seen=size)
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0, 1), st.floats(0, 1))
def test_a_sum_reaches_a_threshold_exactly_where_the_curve_says(
    values: list[float], raw: float, threshold: float
) -> None:
    steps = len(values)
    curve = Curve.through([(place / steps, value) for place, value in enumerate(sorted(values))])
    reaching = curve.first_reaching(threshold)
    assert (curve.apply(raw) >= threshold) == (reaching is not None and raw >= reaching)
