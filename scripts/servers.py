"""The embedded servers together.

python -m scripts.servers run FOLDER [--scratch] [--env-file FILE]   both, until Ctrl-C
python -m scripts.servers postgres|redis FOLDER [--scratch]          one of them, in place of this process
"""

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.failures import Failed
from scripts.postgres import Postgres
from scripts.processes import SERVERS, end, leftovers, spawn
from scripts.redis_server import Redis, find_binary


def command(server: str, folder: Path, *, scratch: bool = False) -> list[str]:
    """The command line that becomes `server` ("postgres" or "redis") with its data in `folder`."""
    options = ["--scratch"] if scratch else []
    return [sys.executable, "-m", "scripts.servers", server, str(folder.resolve()), *options]


@contextlib.contextmanager
def running(folder: Path, *, scratch: bool = False, log: Path | None = None) -> Iterator[dict[str, str]]:
    """Both servers for the length of a `with` block; gives {"DATABASE_URL": ..., "REDIS_URL": ...}.

    Raises Failed, or TimeoutError when a server does not come up (the log says why).
    """
    folder.mkdir(parents=True, exist_ok=True)
    find_binary()
    postgres, redis = Postgres(folder, scratch), Redis(folder)
    log = log or folder / "servers.log"
    # A session of their own, so that Ctrl-C reaches them through us and in order.
    with log.open("ab") as output:
        options = {"stdout": output, "stderr": subprocess.STDOUT, "start_new_session": True}
        started = [spawn(name, folder, command(name, folder, scratch=scratch), **options) for name in SERVERS]
    try:
        postgres.wait(alive=lambda: started[0].poll() is None)
        redis.wait(alive=lambda: started[1].poll() is None)
        postgres.ensure_database()
    except TimeoutError as problem:
        _stop(folder, started)
        raise TimeoutError(f"{problem}\nThe end of {log}:\n{_tail(log)}") from problem
    try:
        yield {"DATABASE_URL": postgres.url(), "REDIS_URL": redis.url}
    finally:
        _stop(folder, started)


def _stop(folder: Path, started: list[subprocess.Popen[bytes]]) -> None:
    for process in started:
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        process.send_signal(signal.SIGINT)
    for process in started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
    end([process for name in SERVERS for process in leftovers(folder, name)])


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def stop_on_signals() -> None:
    """Turn SIGTERM and SIGHUP (the terminal was closed) into KeyboardInterrupt, as Ctrl-C is."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGHUP, interrupt)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.servers", description="Gatehouse's embedded servers.")
    parser.add_argument("what", choices=["run", *SERVERS])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scratch", action="store_true", help="for tests: quick, not safe against a power cut")
    parser.add_argument("--env-file", type=Path, help="with run: write the two URLs there as shell exports")
    asked = parser.parse_args()
    if asked.what == "run":
        _run(asked.folder, scratch=asked.scratch, env_file=asked.env_file)
    end(leftovers(asked.folder, asked.what))
    if asked.what == "postgres":
        Postgres(asked.folder, asked.scratch).become()
    Redis(asked.folder).become()


def _run(folder: Path, *, scratch: bool, env_file: Path | None) -> None:
    stop_on_signals()
    with contextlib.suppress(KeyboardInterrupt), running(folder, scratch=scratch) as addresses:
        lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in addresses.items())
        print(lines, end="", flush=True)
        if env_file:
            env_file.write_text(lines)
        signal.pause()
    sys.exit(0)


if __name__ == "__main__":
    os.umask(0o077)
    try:
        main()
    except (Failed, TimeoutError) as problem:
        sys.exit(f"Gatehouse: {problem}")
