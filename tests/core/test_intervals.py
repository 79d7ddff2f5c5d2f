"""The interval of a share holds it, stays within bounds, and is Wilson's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.intervals import Z90, Z95, score_interval


@given(st.floats(0, 1), st.floats(1e-3, 1e9), st.sampled_from([Z90, Z95]))
def test_it_holds_the_share_and_stays_within_bounds(share: float, n: float, z: float) -> None:
    low, high = score_interval(share, n, z=z)
    assert 0 <= low <= share <= high <= 1


def test_it_is_the_one_of_the_books() -> None:
    assert score_interval(0.9, 10, z=Z95) == pytest.approx((0.596, 0.982), abs=1e-3)


def test_more_observations_make_it_narrower_and_more_level_wider() -> None:
    few, many = score_interval(0.3, 10, z=Z90), score_interval(0.3, 1000, z=Z90)
    assert many[1] - many[0] < few[1] - few[0]
    assert score_interval(0.3, 10, z=Z95)[0] < few[0]
