"""kill -9 of either worker, beat, Redis and PostgreSQL amid 200 workflows: none is lost, none done twice."""

from typing import Any

import pytest

from tests.journeys.kills import PARTS, RUNS
from tests.journeys.parts import played


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What had become of the runs when all was over."""
    return played("tests.journeys.kills", tmp_path_factory.mktemp("kills") / "data")


def test_every_run_has_ended_as_it_should(found: Any) -> None:
    print(found)
    assert found["wrong"] == []
    assert found["states"] == {"done": RUNS * 4 // 5, "failed": RUNS // 5}
    assert found["open_steps"] == 0


def test_no_run_began_or_ended_twice(found: Any) -> None:
    assert (found["rows"], found["begun_again"]) == (RUNS, 0)
    assert (found["ends_told"], found["ended_twice"]) == (RUNS, [])
    assert found["stages"] == RUNS * 4 // 5 * 3 + RUNS // 5 * 3


def test_every_piece_of_work_was_done_under_one_key(found: Any) -> None:
    assert found["works"] == RUNS * 4 // 5 * 4 + RUNS // 5 * 2
    assert found["under_two_keys"] == []


def test_the_kills_came_in_the_middle(found: Any) -> None:
    assert set(found["ended_at_kill"]) == set(PARTS)
    assert all(ended < RUNS for ended in found["ended_at_kill"].values())
