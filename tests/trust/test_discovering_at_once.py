"""Two who look for patterns at the same time, and one who is killed in the midst of it."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.trust import discovering
from apps.trust.discovering import discover
from apps.trust.grouping import count_days
from apps.trust.models import CountedDay, DailyTally, GroupTally, LearningCycle, Pattern, PatternEvent
from tests.trust.made import Shop, agents_of, cycle_of
from tests.trust.test_discovering import work


@pytest.mark.django_db(transaction=True)
def test_two_at_once_come_to_what_one_does(shop: Business) -> None:
    work(Shop(shop), agents_of(shop, ["Ada", "Bea", "Cleo"]), skill=[0.95, 0.6, 0.55], runs=120, seed=1)
    cycle, gate = cycle_of(shop), Barrier(2)
    errors: list[Exception] = []

    def run() -> None:
        gate.wait()
        try:
            discover(LearningCycle.objects.get(pk=cycle.pk))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    days = DailyTally.objects.values("day").distinct().count()
    assert CountedDay.objects.count() == days
    assert GroupTally.objects.filter(category="consensus", agents=[]).count() <= 5 * days
    patterns = Pattern.objects.count()
    assert patterns and PatternEvent.objects.filter(what="found").count() == patterns


@pytest.mark.django_db(transaction=True)
def test_a_killed_one_is_gone_on_with(shop: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    work(Shop(shop), agents_of(shop, ["Ada", "Bea", "Cleo"]), skill=[0.95, 0.6, 0.55], runs=120, seed=1, days=(1, 40))
    cycle, calls = cycle_of(shop), []

    def count_twice_then_die(business_id: object, days: object) -> None:
        calls.append(days)
        if len(calls) == 3:
            raise KeyboardInterrupt
        count_days(business_id, days)  # type: ignore[arg-type]

    monkeypatch.setattr(discovering, "count_days", count_twice_then_die)
    with pytest.raises(KeyboardInterrupt):
        discover(cycle)
    assert CountedDay.objects.count() == 2 * discovering.DAYS_AT_ONCE
    monkeypatch.undo()
    discover(cycle)
    whole = GroupTally.objects.count()
    GroupTally.objects.all().delete()
    CountedDay.objects.all().delete()
    with acting_for(shop.pk):
        count_days(shop.pk, list(DailyTally.objects.values_list("day", flat=True).distinct()))
    assert GroupTally.objects.count() == whole
    assert Pattern.objects.exists()
