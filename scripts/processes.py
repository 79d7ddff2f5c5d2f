"""Find and end what an earlier run left behind, and start one process in its place.

Every process of Gatehouse carries two environment variables: GATEHOUSE_DATA_DIR (whose it is) and GATEHOUSE_PROCESS
(which part it plays). After a SIGKILL of a parent its children live on and hold ports and files; they are recognised by
these two and ended before a new one starts. PostgreSQL and Redis write their titles over their environment, so they are
recognised by their working folder instead.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

DATA_DIR = "GATEHOUSE_DATA_DIR"
NAME = "GATEHOUSE_PROCESS"
SERVERS = ("postgres", "redis")


def leftovers(folder: Path, name: str | None = None) -> list[psutil.Process]:
    """Processes of the data folder `folder`, or only those that play the part `name`; never this one or its parents."""
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [
        process
        for process, part in _parts(folder.resolve())
        if process.pid not in mine and (name is None or part == name)
    ]


def _parts(folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    for process in psutil.process_iter(["name"]):
        try:
            part = _part(process, folder)
        except (psutil.Error, OSError):
            continue
        if part:
            yield process, part


def _part(process: psutil.Process, folder: Path) -> str | None:
    title = process.info["name"] or ""
    for server in SERVERS:
        if title.startswith((server, "valkey") if server == "redis" else server):
            return server if Path(process.cwd()) == folder / server else None
    environment = process.environ()
    if environment.get(DATA_DIR) != str(folder):
        return None
    return environment.get(NAME)


def end(processes: list[psutil.Process], *, patience: float = 5) -> None:
    """Ask `processes` to stop and, after `patience` seconds, kill those that still run."""
    for process in processes:
        _signal(process, "terminate")
    _, stubborn = psutil.wait_procs(processes, timeout=patience)
    for process in stubborn:
        _signal(process, "kill")
    psutil.wait_procs(stubborn, timeout=patience)


def _signal(process: psutil.Process, verb: str) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        getattr(process, verb)()


def spawn(name: str, folder: Path, command: list[str], **options: object) -> subprocess.Popen[bytes]:
    """Start `command` as part `name` of the data folder `folder`."""
    environment = {**os.environ, DATA_DIR: str(folder.resolve()), NAME: name}
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload, no-any-return]


def main() -> None:
    """`python -m scripts.processes COMMAND...`: become COMMAND once no leftover of the same part is alive."""
    # What is left of a killed parent has nobody to finish for: a short patience brings the part back sooner.
    end(leftovers(Path(os.environ[DATA_DIR]), os.environ[NAME]), patience=1)
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
