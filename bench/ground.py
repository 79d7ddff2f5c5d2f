"""What the benchmarks stand on: a database of their own, a business with a key, and the web process of `make run`.

DATABASE_URL and REDIS_URL name the servers; `make bench` starts a pair for the run.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench import load
from scripts.ports import free_pair
from scripts.programs import programs_for
from scripts.servers import stop_on_signals

if TYPE_CHECKING:
    from apps.accounts.models import Business

ROOT = Path(__file__).resolve().parent.parent
os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"

UNLIMITED = 2_000_000_000


def set_up() -> None:
    """Make Django ready in this process and bring the database up to date. Raises SystemExit without servers."""
    if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
        raise SystemExit("Run it by `make bench`, or name the servers to use in DATABASE_URL and REDIS_URL.")
    stop_on_signals()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def new_business(name: str = "Bench") -> tuple["Business", str]:
    """A business and a key of it that may do everything without limit; (row, the whole key)."""
    from apps.accounts.models import Business
    from apps.core.ids import new_id

    business = Business.objects.create(name=name, slug=f"bench-{new_id().hex[-12:]}")
    return business, new_key(business)


def new_key(business: "Business") -> str:
    """A key of the business that may do everything without limit."""
    from apps.accounts.keys import issue_key
    from apps.accounts.roles import Scope

    scopes = [scope.value for scope in Scope]
    return issue_key(
        business=business,
        name="bench",
        scopes=scopes,
        by=None,
        requests_per_minute=UNLIMITED,
        requests_per_day=UNLIMITED,
    )[1]


@contextlib.contextmanager
def worker() -> Iterator[psutil.Process]:
    """The worker process as `make run` starts it."""
    program = next(one for one in programs_for(ROOT, 0, set()) if one.name == "worker")
    environment = os.environ | dict(program.environment)
    process = subprocess.Popen(
        program.command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        end_group(process)


@contextlib.contextmanager
def web() -> Iterator[tuple[str, psutil.Process]]:
    """The web process as `make run` starts it, with the peers beside it; (its address, its process)."""
    port = free_pair()
    program = next(one for one in programs_for(ROOT, port, set()) if one.name == "web")
    environment = os.environ | dict(program.environment) | {"PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            program.command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            base = f"http://127.0.0.1:{port}"
            try:
                wait_for(f"{base}/v1/bench/nothing")
            except TimeoutError:
                log.seek(0)
                raise SystemExit(f"The web process did not come up:\n{log.read()[-3000:]}") from None
            yield base, psutil.Process(process.pid)
        finally:
            end_group(process)


def wait_for(url: str, seconds: float = 30.0) -> None:
    """Return once `url` answers 200. Raises TimeoutError."""
    request = load.request_bytes("GET", url)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if load.run(url, lambda _: request, connections=1, requests=1, seconds=1, timeout=5).only(200):
                return
        time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {seconds:g} s")


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started in a session of its own, with all its children."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)


def verdict(*targets: tuple[str, bool]) -> int:
    """Print each target with whether it was met; the exit code, 0 when all were."""
    for words, met in targets:
        print(f"{'met' if met else 'MISSED'}: {words}")
    return 0 if all(met for _, met in targets) else 1


class Clock:
    """Processor time used so far, in seconds, by a process tree and by PostgreSQL.

    It says the same on a busy machine as on an idle one, which a rate does not.
    """

    def __init__(self, server: psutil.Process) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backend = psutil.Process(cursor.fetchone()[0])
        self._postmaster = backend.parent()
        self._server = server

    def server(self) -> float:
        return _tree_seconds(self._server)

    def database(self) -> float:
        return _tree_seconds(self._postmaster) if self._postmaster else 0.0


def _tree_seconds(root: psutil.Process) -> float:
    seconds = 0.0
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            # The children's count is of those that ended: a pool replaces a backend now and then.
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds
