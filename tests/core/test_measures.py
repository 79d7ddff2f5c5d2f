"""What a metric's sample is, and how its figures are written."""

from typing import Any

import pytest

from apps.core.measures import NO_DATA, Better, Figured, Metric, Sample, sample_of, written


def metric(unit: str, kind: Figured = Figured.SHARE) -> Metric:
    def nothing(*_: Any, **__: Any) -> Any:
        raise AssertionError("not asked")

    return Metric("m", "A metric", "things", "What it is.", unit, kind, Better.HIGH, nothing, nothing)


def test_a_sample_of_nothing_has_no_value() -> None:
    assert sample_of(Figured.SHARE, 0, 0) == NO_DATA == Sample(0, None, None)
    assert sample_of(Figured.QUANTILE, 0, None, None) == NO_DATA
    assert sample_of(Figured.COUNT, 0, None) == NO_DATA


def test_a_sample_has_the_value_of_its_kind() -> None:
    assert sample_of(Figured.SHARE, 8, 2) == Sample(8, 2, 0.25)
    assert sample_of(Figured.SHARE, 8, None) == Sample(8, 0, 0.0)
    assert sample_of(Figured.COUNT, 8, 2) == Sample(8, 2, 2.0)
    assert sample_of(Figured.QUANTILE, 8, 2, 0.3) == Sample(8, 2, 0.3)


@pytest.mark.parametrize(
    ("unit", "value", "said"),
    [
        ("%", 0.8333, "83.3 %"),
        ("%", 0.7, "70 %"),
        ("%", 0.0, "0 %"),
        ("%", 1.0, "100 %"),
        ("s", 0.25, "250 ms"),
        ("s", 0.0042, "4.2 ms"),
        ("s", 1.25, "1.25 s"),
        ("s", 120.0, "120 s"),
        ("", 4.0, "4"),
        ("", 1200.0, "1,200"),
        ("%", None, "no data"),
    ],
)
def test_figures_are_written_as_people_write_them(unit: str, value: float | None, said: str) -> None:
    assert written(metric(unit), value) == said
