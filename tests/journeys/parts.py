"""The parts of `make run`, up and supervised, for journeys that kill them; and what those journeys ask of them."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from scripts.gate import CLUSTER
from scripts.postgres import Postgres
from scripts.preparation import manage
from scripts.processes import leftovers
from scripts.programs import programs_for
from scripts.redis_server import Redis
from scripts.run import settings
from scripts.supervision import ROOT, Supervisor, end_everything, supervised

NOT_OURS = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEY", "GATEHOUSE_DB_ROLE")
OWN = {"DATABASE_URL", "REDIS_URL"}
PATIENCE = 240.0


def played(module: str, folder: Path, *, seconds: float = 900) -> Any:
    """What `python -m MODULE FOLDER` prints as its last line, once it has ended and nothing of it runs any more."""
    command = [sys.executable, "-m", module, str(folder)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)
    finally:
        end_everything(folder)
    logs = (log.read_text(errors="replace")[-800:] for log in sorted((folder / "logs").glob("*.log")))
    assert done.returncode == 0, "\n".join([done.stderr[-3000:], *logs])
    return json.loads(done.stdout.splitlines()[-1])


@contextlib.contextmanager
def running(folder: Path, parts: Sequence[str], *, port: int = 0, **environment: str) -> Iterator[Supervisor]:
    """These parts on a database that is up to date. environment: for them, and for this process."""
    for name in NOT_OURS:
        os.environ.pop(name, None)
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings.local", "GATEHOUSE_ENV_FILE": os.devnull} | environment
    programs = [program for program in programs_for(folder, port, OWN) if program.name in parts]
    os.environ.update(settings(folder, port, OWN))
    prepare(folder)
    with supervised(folder, programs) as supervisor:
        for program in programs:
            if program.stage == 1:
                supervisor.start(program)
        Redis(folder).wait(60, alive=supervisor.is_running)
        postgres = Postgres(folder)
        postgres.wait(60, alive=supervisor.is_running)
        postgres.ensure_database()
        if CLUSTER not in os.environ:
            manage(folder, "migrate", "--noinput")
        manage(folder, "seed_schedule")
        for program in programs:
            if program.stage > 1:
                supervisor.start(program)
        yield supervisor


def prepare(folder: Path) -> None:
    """Begin with the tables that the gate has made, where there are some: to make them takes half a minute."""
    made = os.environ.get(CLUSTER)
    if made:
        subprocess.run(["cp", "-a", made, str(folder / "postgres")], check=True)


def kill(folder: Path, part: str) -> None:
    """SIGKILL to a part with all its children, and return when it is back."""
    killed = leftovers(folder, part)
    for process in killed:
        with contextlib.suppress(psutil.NoSuchProcess):
            for victim in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    victim.kill()
    psutil.wait_procs(killed, timeout=10)
    wait_until(lambda: bool(leftovers(folder, part)), 60)


def insist(act: Callable[[], Any]) -> Any:
    """What `act` gives, tried again while the database or Redis is away."""
    from django.db import Error, connection

    until = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except Error:
            if time.monotonic() > until:
                raise
            with contextlib.suppress(Error):
                connection.close()
            time.sleep(0.1)


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def within(seconds: float, true: Callable[[], bool]) -> None:
    assert wait_until(true, seconds), f"not within {seconds} s"


class Laps:
    """How long each part of a journey took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name] = round(now - self._since, 1)
        self._since = now
