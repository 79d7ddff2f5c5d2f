"""The what-if: past recommendations under other thresholds, by the trust of the week before."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.trust.estimation import Learned
from apps.trust.replay import Lane, Thresholds, replay
from apps.trust.whatif import what_if
from tests.trust.made import Shop, agents_of, luck, today


def rows(agent: str, *, rate: float, a_day: int = 4, days: int = 120, until: int = 0) -> list[tuple]:
    """Tallies of an agent that answers every day, always in time, and is approved at this rate."""
    found = []
    for ago in range(days, until - 1, -1):
        good = a_day * rate
        found.append(
            (agent, "research", today() - timedelta(days=ago), a_day, a_day, a_day, a_day, a_day, a_day, good, good)
        )
    return found


def tried(*given: Thresholds, rows_: list[tuple], days: int = 60) -> list:
    start = today() - timedelta(days=days)
    return replay(rows_, start=start, today=today(), tried=given, learned=Learned())


def test_the_good_are_critical_and_the_bad_are_off() -> None:
    everybody = rows("good", rate=0.95) + rows("middling", rate=0.55) + rows("bad", rate=0.05)
    (found,) = tried(Thresholds(), rows_=everybody)
    assert set(found.off_since) == {"bad"}
    assert found.of_lane(Lane.OFF).asked == 4 * 61
    lanes = dict(set(found.parts))
    assert lanes == {"good": Lane.CRITICAL, "middling": Lane.NORMAL, "bad": Lane.OFF}
    assert found.of_lane(Lane.CRITICAL).sums.rate == pytest.approx(0.95)


def test_thresholds_move_the_lanes_and_nothing_else() -> None:
    everybody = rows("good", rate=0.95) + rows("bad", rate=0.05)
    strict, lax = tried(Thresholds(0.5, -0.5, 0.0), Thresholds(0.0, 0.0, 1.0), rows_=everybody)
    assert {lane for _, lane in strict.parts} == {Lane.NORMAL}
    assert {lane for _, lane in lax.parts} == {Lane.OFF}
    assert sum(p.asked for p in strict.parts.values()) == sum(p.asked for p in lax.parts.values()) == 2 * 4 * 61


def test_a_week_is_judged_by_what_came_before_it() -> None:
    """An agent that was good and turned bad is critical in its first bad week: nobody could have known."""
    turned = rows("turned", rate=0.95, until=8) + rows("turned", rate=0.0, days=7)
    (found,) = tried(Thresholds(), rows_=turned, days=7)
    assert found.parts["turned", Lane.CRITICAL].sums.rate == pytest.approx(0.0, abs=0.15)


def test_a_newcomer_goes_the_normal_way() -> None:
    (found,) = tried(Thresholds(), rows_=rows("new", rate=0.05, days=3))
    assert {lane for _, lane in found.parts} == {Lane.NORMAL}


@pytest.mark.parametrize("wrong", [(0.6, -0.2, 0.3), (-0.1, -0.2, 0.3), (0.2, 0.1, 0.3), (0.2, -0.2, 1.5)])
def test_thresholds_that_make_no_sense_are_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"runs? from"):
        Thresholds(*wrong)


@pytest.mark.django_db
class TestOfABusiness:
    def test_nothing_recommended_is_said_calmly(self, shop: Business) -> None:
        found = what_if(shop.pk, timezone.now())
        assert found.asked == 0 and found.rows == ()
        assert "Nothing was recommended" in found.words

    def test_who_would_have_been_where(self, shop: Business) -> None:
        good, bad, gone = agents_of(shop, ["Good", "Bad", "Gone"])
        made, draw = Shop(shop), luck(1)
        for n in range(400):
            for agent, rate in ((good, 0.95), (bad, 0.1), (gone, 0.5)):
                made.answer(agent, float(draw.random() < rate), days_ago=n / 4)
        made.keep()
        gone.delete()
        with acting_for(shop.pk):
            found = what_if(shop.pk, timezone.now(), critical=0.2, disable=0.4, days=60)
        assert [row.name for row in found.rows] == ["Good", "Bad"]
        good_row, bad_row = found.rows
        assert bad_row.lane == "off" and bad_row.off_since
        assert good_row.lane == "critical" and good_row.approval and good_row.approval.low > 0.85
        assert sum(one.share for one in found.then.lanes) == pytest.approx(1)
        assert "Switched off: Bad" in found.words and "critical" in found.words

    def test_too_few_outcomes_have_no_approval_rate(self, shop: Business) -> None:
        (agent,) = agents_of(shop, ["Ada"])
        made = Shop(shop)
        for n in range(5):
            made.answer(agent, 1.0, days_ago=n)
        made.keep()
        found = what_if(shop.pk, timezone.now())
        assert found.rows[0].approval is None
        assert all(one.approval is None for one in found.then.lanes)

    def test_audits_weigh_what_they_stand_for(self, shop: Business) -> None:
        (agent,) = agents_of(shop, ["Ada"])
        made = Shop(shop)
        for n in range(60):
            made.answer(agent, 1.0, days_ago=n % 20, weight=9)
            made.answer(agent, 0.0, days_ago=n % 20)
        made.keep()
        (row,) = what_if(shop.pk, timezone.now()).rows
        assert row.approval and row.approval.rate == pytest.approx(0.9)

    def test_it_takes_four_queries(self, shop: Business, django_assert_num_queries: object) -> None:
        made = Shop(shop)
        for agent in agents_of(shop, [f"Agent {n}" for n in range(50)]):
            made.answer(agent, 1.0)
        made.keep()
        with django_assert_num_queries(4):  # type: ignore[operator]
            what_if(shop.pk, timezone.now())
