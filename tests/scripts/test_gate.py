"""The gate stops at the first failing check and says which; what it needs and lacks is said plainly."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.browser import ensure_browser
from scripts.dovecot import ensure_dovecot
from scripts.failures import Failed
from scripts.gate import Step, remove_abandoned, run
from scripts.processes import leftovers, spawn
from scripts.supervision import ROOT


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_the_first_failing_step_ends_the_run_with_its_name(tmp_path: Path) -> None:
    times: dict[str, float] = {}
    steps = [
        Step("passes", python("import os; assert os.environ['WHO'] == 'step'"), {"WHO": "step"}),
        Step("fails", python("raise SystemExit(3)")),
        Step("never runs", python("raise AssertionError")),
    ]
    with pytest.raises(Failed, match=r"^fails\. Again on its own: .*SystemExit"):
        run(steps, {"WHO": "gate"}, times)
    assert list(times) == ["passes", "fails"]


def test_a_missing_browser_is_a_failure_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(Failed, match="apt-get install chromium"):
        ensure_browser()


def test_a_missing_imap_server_is_a_failure_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_DOVECOT", "/nowhere/dovecot")
    with pytest.raises(Failed, match="apt-get install dovecot-imapd"):
        ensure_dovecot()


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
