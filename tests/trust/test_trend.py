"""Whether an agent gets better or worse."""

import numpy as np
import pytest

from apps.trust.trend import trends_of
from apps.trust.verdicts import Trend

EVEN = np.ones(1)


def trend(*windows: tuple[float, float], dispersion: float = 1.0) -> Trend:
    table = np.array([windows])
    return trends_of(table[:, :, 0], table[:, :, 1], np.array([dispersion]))[0][0]


def test_a_clear_rise_and_a_clear_fall_are_told() -> None:
    assert trend((60, 54), (60, 30)) == Trend.IMPROVING
    assert trend((60, 30), (60, 54)) == Trend.DECLINING


def test_what_chance_may_do_is_stable() -> None:
    assert trend((60, 50), (60, 45)) == Trend.STABLE


def test_a_sure_but_tiny_change_is_stable() -> None:
    assert trend((1e6, 0.81e6), (1e6, 0.80e6)) == Trend.STABLE


def test_a_window_that_is_nearly_empty_tells_nothing() -> None:
    assert trend((60, 60), (3, 0)) == Trend.UNKNOWN
    assert trend((0, 0), (0, 0)) == Trend.UNKNOWN


def test_an_uneven_agent_must_change_more() -> None:
    assert trend((60, 48), (60, 34)) == Trend.IMPROVING
    assert trend((60, 48), (60, 34), dispersion=5.0) == Trend.STABLE


def test_of_many_agents_that_stay_the_same_hardly_any_is_told_to_change() -> None:
    generator = np.random.default_rng(1)
    alarms = 0
    for _ in range(50):
        n = np.full((200, 2), 50.0)
        told, _ = trends_of(n, generator.binomial(50, 0.7, (200, 2)).astype(float), np.ones(200))
        alarms += any(one in (Trend.IMPROVING, Trend.DECLINING) for one in told)
    assert alarms <= 6  # 5 % of the 50 times, 2.5, and chance


def test_the_change_is_that_of_the_share() -> None:
    _, change = trends_of(np.array([[98.0, 98.0]]), np.array([[79.0, 59.0]]), EVEN)
    assert change == pytest.approx([0.2])
