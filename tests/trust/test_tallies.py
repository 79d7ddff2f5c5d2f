"""Daily sums as columns, and the decayed sums made of them."""

from datetime import date

import numpy as np
import pytest

from apps.trust.tallies import HALF_LIVES, SUMS, VALUE, WEIGHT, Evidence, Tallies, fading, gather

from .made_up import Staff, work

TODAY = date(2026, 3, 31)


def row(agent: str, kind: str, day: date, value: float = 1.0) -> tuple:
    return (agent, kind, day, 2, 2, 1, 2, 2.0, 2.0, value, value)


def same(one: Evidence, other: Evidence) -> None:
    assert (one.agents, one.types) == (other.agents, other.types)
    assert one.agent.tolist() == other.agent.tolist()
    assert one.type.tolist() == other.type.tolist()
    np.testing.assert_allclose(one.sums, other.sums, rtol=1e-9)
    np.testing.assert_allclose(one.windows, other.windows, rtol=1e-9)


def test_rows_become_columns() -> None:
    tallies = Tallies.of([row("a", "x", date(2026, 3, 24)), row("b", "x", TODAY), row("a", "y", TODAY)], TODAY)
    assert (tallies.agents, tallies.types) == (("a", "b"), ("x", "y"))
    assert tallies.age.tolist() == [7.0, 0.0, 0.0]
    assert tallies.sums.shape == (3, len(SUMS))


def test_no_rows_are_no_evidence() -> None:
    evidence = gather(Tallies.of([], TODAY))
    assert len(evidence) == 0
    assert evidence.sums.shape == (0, len(HALF_LIVES), len(SUMS))
    assert len(evidence.by_agent()) == 0


def test_a_day_that_is_yet_to_come_counts_as_today() -> None:
    assert Tallies.of([row("a", "x", date(2026, 4, 9))], TODAY).age.tolist() == [0.0]


def test_what_is_no_number_counts_as_nothing() -> None:
    broken = ("a", "x", TODAY, 2, 2, 1, 2, float("nan"), float("inf"), 1.0, 1.0)
    assert np.isfinite(Tallies.of([broken], TODAY).sums).all()


def test_evidence_halves_with_each_half_life() -> None:
    evidence = gather(Tallies.of([row("a", "x", date(2026, 3, 24)), row("a", "x", TODAY, 0.0)], TODAY))
    seven = HALF_LIVES.index(7.0)
    assert evidence.sums[0, seven, WEIGHT] == pytest.approx(2 * 0.5 + 2)
    assert evidence.sums[0, seven, VALUE] == pytest.approx(0.5)
    assert evidence.sums[0, -1, WEIGHT] == 4
    assert (fading(7, 7), fading(10**6, float("inf"))) == (0.5, 1.0)


def test_windows_are_the_last_thirty_days_and_the_thirty_before() -> None:
    days = [date(2026, 3, 2), date(2026, 3, 1), date(2026, 1, 31), date(2026, 1, 30)]  # 29, 30, 59 and 60 days old
    evidence = gather(Tallies.of([row("a", "x", day) for day in days], TODAY))
    assert evidence.windows[0, :, WEIGHT].tolist() == [2.0, 4.0]


def test_kept_evidence_and_new_rows_make_what_all_rows_make() -> None:
    tallies, _ = work(Staff(agents=4, days=40), seed=1)
    old = tallies.age >= 10

    def part(rows: np.ndarray, shift: float) -> Evidence:
        columns = (tallies.agent[rows], tallies.type[rows], tallies.age[rows] - shift, tallies.sums[rows])
        return gather(Tallies(tallies.agents, tallies.types, *columns))

    together = part(old, 10).carried(10).plus(part(~old, 0))
    whole = gather(tallies)
    np.testing.assert_allclose(together.sums, whole.sums, rtol=1e-9)


def test_evidence_of_new_agents_and_types_is_added_beside_the_old() -> None:
    one = gather(Tallies.of([row("a", "x", TODAY)], TODAY))
    other = gather(Tallies.of([row("b", "y", TODAY), row("a", "x", TODAY)], TODAY))
    same(one.plus(other), gather(Tallies.of([row("a", "x", TODAY), row("a", "x", TODAY), row("b", "y", TODAY)], TODAY)))


def test_all_types_of_an_agent_are_summed() -> None:
    evidence = gather(Tallies.of([row("a", "x", TODAY), row("a", "y", TODAY), row("b", "y", TODAY)], TODAY)).by_agent()
    assert evidence.types == ("",)
    assert evidence.sums[:, -1, WEIGHT].tolist() == [4.0, 2.0]
