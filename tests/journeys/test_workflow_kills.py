"""kill -9 of either worker, beat, Redis and PostgreSQL amid 200 workflows: none is lost, none done twice."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.supervision import ROOT, end_everything
from tests.journeys.kills import PARTS, RUNS


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What had become of the runs when all was over."""
    folder = tmp_path_factory.mktemp("kills")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.journeys.kills", str(folder / "data")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    finally:
        end_everything(folder / "data")
    assert done.returncode == 0, done.stderr[-3000:] + logs_of(folder / "data")
    return json.loads(done.stdout.splitlines()[-1])


def logs_of(folder: Path) -> str:
    return "\n".join(log.read_text(errors="replace")[-800:] for log in sorted((folder / "logs").glob("*.log")))


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
