"""The gate stops at the first failing check and says which; what it needs and lacks is said plainly."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.failures import Failed
from scripts.gate import remove_abandoned
from scripts.outside import BROWSER, DOVECOT, Program
from scripts.processes import leftovers, spawn
from scripts.steps import Step, run_beside
from scripts.supervision import ROOT


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


PASSES = Step("passes", python("import os; assert os.environ['WHO'] == 'step'; print('well')"), {"WHO": "step"})
FAILS = Step("fails", python("print('because'); raise SystemExit(3)"))
WAITS = Step("waits", python("import time; time.sleep(600)"))


def test_the_first_failing_step_ends_the_run_with_its_name(capfd: pytest.CaptureFixture[str]) -> None:
    times: dict[str, float] = {}
    never = Step("never runs", python("raise AssertionError"))
    with pytest.raises(Failed, match=r"^fails\. Again on its own: .*SystemExit"):
        run_beside([PASSES, FAILS, never], {"WHO": "gate"}, times, at_once=1)
    assert list(times) == ["passes", "fails"]
    assert capfd.readouterr().out == "\n=== passes\nwell\n\n=== fails\nbecause\n"


def test_what_runs_beside_a_failing_step_is_ended() -> None:
    times: dict[str, float] = {}
    with pytest.raises(Failed, match=r"^fails\."):
        run_beside([WAITS, FAILS], {}, times, at_once=2)
    assert list(times) == ["fails"]


@pytest.mark.parametrize(
    ("program", "package"), [(BROWSER, "chromium"), (DOVECOT, "dovecot-imapd")], ids=["browser", "imap"]
)
def test_what_is_missing_of_the_system_is_a_failure_with_the_way_out(
    program: Program, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(program.variable, "/nowhere/at-all")
    with pytest.raises(Failed, match=f"apt-get install {package}"):
        program.ensure()


def test_what_a_killed_test_run_left_behind_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / "gatehouse-test-killed"
    folder.mkdir()
    (folder / "lock").touch()
    orphan = spawn("worker", folder, ["sleep", "600"])

    remove_abandoned()

    assert orphan.poll() is not None
    assert not folder.exists()
    assert leftovers(folder) == []


def test_an_old_python_is_refused_with_the_way_out(tmp_path: Path) -> None:
    old = tmp_path / "python2"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        [ROOT / "scripts" / "find_python.sh"], env={"PYTHON": str(old)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"needs Python 3.11 or newer, and {old} is not that" in done.stderr
