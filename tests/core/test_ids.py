"""Identifiers that begin with the time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.core.ids import first_id_at, new_id


def test_ids_of_one_process_rise() -> None:
    ids = [new_id() for _ in range(2000)]
    assert ids == sorted(ids)
    assert {one.version for one in ids} == {7}


def test_an_id_lies_between_the_first_ids_of_the_moments_around_it() -> None:
    now = datetime.now(UTC)
    assert first_id_at(now - timedelta(milliseconds=2)) <= new_id() < first_id_at(now + timedelta(seconds=5))


@given(st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1)), st.integers(1, 10**9))
def test_a_later_moment_has_a_later_id(moment: datetime, milliseconds: int) -> None:
    earlier = moment.replace(tzinfo=UTC)
    assert first_id_at(earlier) < first_id_at(earlier + timedelta(milliseconds=milliseconds))
