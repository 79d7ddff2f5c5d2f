"""`make run` as a person meets it: up, told how to get in, unharmed by kill -9, gone without a trace when stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scripts.ports import free_pair, is_taken
from scripts.processes import leftovers
from scripts.supervision import ROOT, Supervisor, end_everything

NOT_OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY", "FIELD_ENCRYPTION_KEY")
UP = "Gatehouse is up."


class Run:
    """One `python -m scripts.run` in a folder and on ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_pair()
        self.output = folder.with_suffix(".out")

    def start(self) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        environment |= {"GATEHOUSE_DATA_DIR": str(self.folder), "GATEHOUSE_PORT": str(self.port)}
        environment["GATEHOUSE_ENV_FILE"] = os.devnull
        with self.output.open("wb") as output:
            command = [sys.executable, "-m", "scripts.run"]
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                # As from a terminal, also where the tests themselves run under nohup.
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
            )

    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str, process: subprocess.Popen[bytes], seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.said():
            assert process.poll() is None and time.monotonic() < deadline, self.said()
            time.sleep(0.2)

    def healthy(self) -> bool:
        try:
            return httpx.get(f"http://localhost:{self.port}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def access(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.folder / "run.json").read_text())
        return found


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    here = Run(tmp_path / "data")
    yield here
    if here.folder.exists():
        end_everything(here.folder)


def test_a_taken_port_is_told_at_once(run: Run) -> None:
    with socket.create_server(("127.0.0.1", run.port)):
        assert run.start().wait(timeout=120) == 1
    assert f"Port {run.port} is in use" in run.said()
    assert leftovers(run.folder) == []


def test_a_first_start_can_be_interrupted(run: Run) -> None:
    process = run.start()
    run.wait_for("Migrating", process)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) == 0
    assert leftovers(run.folder) == []


def test_the_life_of_a_run(run: Run) -> None:
    first = run.start()
    run.wait_for(UP, first)
    access = run.access()
    assert set(access) == {"url", "username", "password", "api_key"}
    assert (run.folder / "run.json").stat().st_mode & 0o777 == 0o600
    assert all(value in run.said() for value in access.values())
    assert run.healthy()

    again = subprocess.run(
        [sys.executable, "-m", "scripts.run"],
        cwd=ROOT,
        env={**os.environ, "GATEHOUSE_DATA_DIR": str(run.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 1
    assert f"already runs from this folder at {access['url']} (process {first.pid})" in again.stderr

    kill_every_part(run, first)

    first.kill()
    first.wait()
    second = run.start()
    run.wait_for(UP, second)
    assert "that an earlier run had left behind" in run.said()
    assert run.access() == access

    # What a closing terminal sends.
    second.send_signal(signal.SIGHUP)
    assert second.wait(timeout=120) == 0
    assert leftovers(run.folder) == []
    assert not is_taken(run.port)
    assert not is_taken(run.port + 1)


def kill_every_part(run: Run, process: subprocess.Popen[bytes]) -> None:
    supervisor = Supervisor(run.folder, process)
    before = supervisor.states()
    assert set(before) == {"postgres", "redis", "web", "live", "worker", "steps", "beat", "mail"}
    for state in before.values():
        os.kill(state.pid, signal.SIGKILL)
    deadline = time.monotonic() + 180
    while True:
        now = supervisor.states()
        renewed = all(now[name].word == "RUNNING" and now[name].pid != before[name].pid for name in before)
        if renewed and run.healthy():
            return
        assert time.monotonic() < deadline, now
        time.sleep(0.2)
