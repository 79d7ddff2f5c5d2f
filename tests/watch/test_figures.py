"""Figures of windows, counted in SQL, against the same counted one by one."""

import random
import statistics
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.events import record
from apps.core.models import Event
from apps.core.outbox import drain
from apps.goals.models import Goal
from apps.goals.timing import Stage
from apps.goals.vocabulary import Check
from apps.watch.bands import Figure
from apps.watch.counting import count_between
from apps.watch.counts import CONFIDENCE_BINS, LATENCY_EDGES, Counts
from apps.watch.folding import fold, mark_stale
from apps.watch.listing import Wanted, condition_of, list_goals
from apps.watch.models import Slice
from apps.watch.predicates import LISTED, REFUSED, watched
from apps.watch.watching import watch
from apps.watch.windows import HOUR, Window, named, own
from tests.watch.made import any_goal, errors_at, goal_at, goals_over, id_at, save

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)


def by_hand(goals: list[Goal], start: datetime, end: datetime) -> Counter[str]:
    """The counts by reading one goal after the other."""
    found: Counter[str] = Counter()
    for goal in goals:
        submitted = datetime.fromtimestamp((goal.pk.int >> 80) / 1000, UTC)
        if not start <= submitted < end or goal.is_trial:
            continue
        found["judged" if goal.execution_path else "ungated"] += 1
        found[goal.execution_path] += 1
        found["asked"] += goal.execution_path == "clarification" or goal.rounds > 0
        bad = goal.approval_state == "rejected" or (goal.state == "failed" and goal.error in REFUSED)
        found["bad"] += bad
        found["caught"] += bad and (bool(goal.check_marks) or goal.rounds > 0)
        found[f"now {goal.state}"] += 1
        for place, check in enumerate(Check):
            code = (goal.check_marks or 0) >> 2 * place & 3
            found[f"{check}:{('pass', 'warn', 'fail')[code]}"] += 1
    return found


def total_of(goal: Goal) -> int:
    assert goal.timings is not None and goal.timings[4] is not None
    return goal.timings[4]


def assert_same(counts: Counts, goals: list[Goal], start: datetime, end: datetime) -> None:
    expected = by_hand(goals, start, end)
    for name in ("judged", "ungated", "executed", "approved", "clarification", "rejected", "asked", "bad", "caught"):
        assert counts[name] == expected[name], name
    assert (counts["done"], counts["failed"]) == (expected["now done"], expected["now failed"])
    for check in Check:
        assert counts[f"{check}:warn"] == expected[f"{check}:warn"]
        assert counts[f"{check}:fail"] == expected[f"{check}:fail"]


def test_it_counts_what_one_counts_by_hand(in_shop: Business) -> None:
    goals = goals_over(in_shop, NOW - 3 * HOUR, NOW, 500)
    start, end = NOW - 2 * HOUR, NOW - HOUR / 3
    counts = count_between(in_shop.pk, start, end)
    assert_same(counts, goals, start, end)
    inside = [g for g in goals if start <= datetime.fromtimestamp((g.pk.int >> 80) / 1000, UTC) < end]
    confidences = [g.confidence for g in inside if g.confidence is not None]
    assert sum(counts.confidences) == len(confidences) == counts["judged"]
    for place, found in enumerate(counts.confidences):
        low, high = round(place / CONFIDENCE_BINS, 2), round((place + 1) / CONFIDENCE_BINS, 2)
        assert found == sum(low <= c < high or (c == 1.0 and place == 19) for c in confidences)
    sigma = watch(in_shop.pk, own(start, end)).figures[0].now
    assert sigma.value == pytest.approx(statistics.stdev(confidences), abs=1e-9)


def test_percentiles_are_within_a_bin_of_the_true_ones(in_shop: Business) -> None:
    goals = goals_over(in_shop, NOW - HOUR, NOW, 800)
    figures = {f.figure: f.now for f in watch(in_shop.pk, own(NOW - HOUR, NOW)).figures}
    totals = sorted(total_of(g) for g in goals)
    for figure, share in ((Figure.LATENCY_P50, 0.5), (Figure.LATENCY_P95, 0.95)):
        true = totals[int(share * len(totals))] / 1e6
        assert figures[figure].value == pytest.approx(true, rel=0.1)
        assert 0.92 * figures[figure].low <= true <= 1.08 * figures[figure].high


def test_times_below_and_above_all_bins_are_counted(in_shop: Business) -> None:
    for us in (1, LATENCY_EDGES[-1], 2**31 - 1):
        save([goal_at(in_shop, NOW, timings=[us] * 5)])
    assert sum(count_between(in_shop.pk, NOW - HOUR, NOW + HOUR).latencies(Stage.TOTAL)) == 3


@pytest.mark.parametrize("name", ["15m", "1h", "24h", "7d", "30d"])
def test_counted_hours_change_no_figure(in_shop: Business, name: str) -> None:
    window = named(name, NOW)
    goals = goals_over(in_shop, window.before, NOW, 600)
    errors_at(in_shop, [NOW - HOUR / 10, NOW - HOUR / 5])
    fresh = watch(in_shop.pk, window)
    assert fold(business_id=in_shop.pk, now=NOW) > 0 or name == "15m"
    kept = watch(in_shop.pk, window)
    assert kept.counts.numbers == fresh.counts.numbers
    assert kept.counts.moments == pytest.approx(fresh.counts.moments)
    assert [c.counts.numbers for c in kept.columns] == [c.counts.numbers for c in fresh.columns]
    assert [f.before.n for f in kept.figures] == [f.before.n for f in fresh.figures]
    assert_same(kept.counts, goals, window.start, window.end)
    for column in kept.columns:
        assert_same(column.counts, goals, column.start, column.end)


def test_an_hour_is_counted_once_it_is_safely_over(in_shop: Business) -> None:
    goals_over(in_shop, NOW - 5 * HOUR, NOW, 50)
    soon_after = NOW.replace(minute=3)
    fold(business_id=in_shop.pk, now=soon_after)
    assert Slice.objects.order_by("-start")[0].start == soon_after.replace(minute=0, second=0) - 2 * HOUR
    assert fold(business_id=in_shop.pk, now=soon_after) == 0
    assert fold(business_id=in_shop.pk, now=NOW) == 1


@pytest.mark.django_db(transaction=True)
def test_a_goal_that_changes_has_its_hour_counted_again(shop: Business) -> None:
    now = timezone.now()
    (goal,) = save([goal_at(shop, now - 30 * HOUR, execution_path="approved")])
    fold(business_id=shop.pk, now=now)
    window = named("7d", now)
    with acting_for(shop.pk):
        assert watch(shop.pk, window).counts["bad"] == 0
        Goal.objects.update(approval_state="rejected", state="rejected")
        record(kind="goal.rejected", subject_type="goal", subject_id=goal.pk, business_id=shop.pk, actor="user:a")
    drain()
    assert Slice.objects.filter(stale=True).count() == 1
    for _ in range(2):
        with acting_for(shop.pk):
            assert watch(shop.pk, window).counts["bad"] == 1
        fold(business_id=shop.pk, now=now)
        assert not Slice.objects.filter(stale=True).exists()


def test_it_takes_events_of_what_is_no_goal_and_of_a_business_that_is_gone(shop: Business) -> None:
    old = str(id_at(timezone.now() - 30 * HOUR))
    for business_id, subject in ((shop.pk, "7"), (shop.pk, "f" * 32), (shop.pk, str(uuid4())), (uuid4(), old)):
        mark_stale([Event(business_id=business_id, subject_type="goal", subject_id=subject, kind="goal.done")])
    assert not Slice.objects.exists()
    mark_stale([Event(business_id=shop.pk, subject_type="goal", subject_id=old, kind="goal.done")] * 2)
    assert Slice.objects.get().stale


def test_a_row_of_another_layout_is_counted_again(in_shop: Business) -> None:
    goals_over(in_shop, NOW - 5 * HOUR, NOW - 3 * HOUR, 40)
    fold(business_id=in_shop.pk, now=NOW)
    Slice.objects.update(layout=99, numbers=[7], moments=[7.0])
    assert watch(in_shop.pk, named("24h", NOW)).counts.goals == 40
    assert fold(business_id=in_shop.pk, now=NOW) > 0
    assert watch(in_shop.pk, named("24h", NOW)).counts.goals == 40


def test_trials_of_the_gate_count_for_nothing(in_shop: Business) -> None:
    save([goal_at(in_shop, NOW - HOUR / 2), goal_at(in_shop, NOW - HOUR / 2, is_trial=True)])
    window = named("1h", NOW)
    assert watch(in_shop.pk, window).counts.goals == 1
    assert len(list_goals(in_shop.pk, window, Wanted())[0]) == 1


def test_a_business_sees_its_own(shop: Business, other_shop: Business) -> None:
    goals_over(shop, NOW - HOUR, NOW, 30)
    goals_over(other_shop, NOW - HOUR, NOW, 20, seed=2)
    errors_at(other_shop, [NOW - HOUR / 2])
    for business, number, errors in ((shop, 30, 0), (other_shop, 20, 1)):
        fold(business_id=business.pk, now=NOW + 2 * HOUR)
        with acting_for(business.pk):
            found = watch(business.pk, named("1h", NOW))
            assert (found.counts.goals, found.errors.total()) == (number, errors)
    with acting_for(shop.pk):
        assert watch(other_shop.pk, named("1h", NOW)).counts.goals == 0


@pytest.mark.parametrize("what", sorted(LISTED))
def test_the_list_behind_a_number_is_the_goals_it_counts(in_shop: Business, what: str) -> None:
    window = own(NOW - HOUR, NOW)
    goals_over(in_shop, NOW - 2 * HOUR, NOW, 400)
    listed = walk(in_shop, window, Wanted(what=what))
    counts = watch(in_shop.pk, window).counts
    expected = {"missed": counts["bad"] - counts["caught"], "ran": counts["done"] + counts["failed"]}
    assert len(listed) == len(set(listed)) == (expected[what] if what in expected else counts[what])


def test_every_bar_leads_to_its_goals(in_shop: Business) -> None:
    window = own(NOW - HOUR, NOW)
    goals_over(in_shop, NOW - 2 * HOUR, NOW, 400)
    found = watch(in_shop.pk, window)
    for place, count in enumerate(found.counts.confidences):
        assert len(walk(in_shop, window, Wanted(confidence=place))) == count
    for column in found.columns:
        part = Window("", column.start, column.end, window.step)
        assert len(walk(in_shop, part, Wanted(what="approved"))) == column.counts["approved"]
    slow = watched(in_shop.pk).filter(condition_of(Wanted(slower=1_000_000)))
    assert slow.count() == sum(total_of(g) >= 1_000_000 for g in Goal.objects.all())


@pytest.mark.parametrize("wanted", [Wanted("failed"), Wanted("missed"), Wanted(confidence=3), Wanted(slower=1_900_000)])
def test_a_list_over_counted_hours_is_the_same(in_shop: Business, wanted: Wanted) -> None:
    window = named("7d", NOW)
    goals_over(in_shop, window.start, NOW, 150)
    fresh = walk(in_shop, window, wanted)
    fold(business_id=in_shop.pk, now=NOW)
    assert walk(in_shop, window, wanted) == fresh
    assert 0 < len(fresh) < 100


def walk(business: Business, window: Window, wanted: Wanted) -> list[Any]:
    """The ids on all pages of a list."""
    found, after = [], ""
    while True:
        goals, after = list_goals(business.pk, window, wanted, after=after)
        found += [goal.pk for goal in goals]
        if not after:
            return found


def test_few_queries_whatever_the_window(in_shop: Business, django_assert_num_queries: Callable[..., Any]) -> None:
    save([any_goal(in_shop, NOW - timedelta(days=n), random.Random(n)) for n in range(40)])
    fold(business_id=in_shop.pk, now=NOW - timedelta(days=2))
    for name in ("15m", "30d"):
        with django_assert_num_queries(5):
            watch(in_shop.pk, named(name, NOW))
