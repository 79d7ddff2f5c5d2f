"""What keeps the processes running: a supervisord of our own, configured here and spoken to over its XML-RPC socket."""

import contextlib
import http.client
import os
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from scripts.failures import Failed
from scripts.processes import DATA_DIR, NAME, end, leftovers, spawn
from scripts.sockets import socket_folder

ROOT = Path(__file__).resolve().parents[1]
PART = "supervisor"
# Longest wait for everything to stop in order: web and worker finish what they hold, then the servers close.
STOP_SECONDS = 45

MAIN_SECTION = """\
[supervisord]
nodaemon = true
silent = true
{user}
directory = {root}
logfile = {logs}/supervisor.log
logfile_maxbytes = 5MB
logfile_backups = 1
pidfile = {folder}/supervisor.pid
nocleanup = true

[unix_http_server]
file = {socket}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
# A program that keeps failing is tried again after 1, 2, 3, ... seconds; one that ran and ended, at once.
PROGRAM_SECTION = """
[program:{name}]
command = {command}
environment = {environment}
autostart = false
autorestart = true
startsecs = 2
startretries = 100
stopsignal = {stop_signal}
stopwaitsecs = 12
killasgroup = true
redirect_stderr = true
stdout_logfile = {logs}/{name}.log
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 2
"""


@dataclass(frozen=True)
class Program:
    """One supervised process. Programs of a higher `stage` start after, and stop before, those of a lower one."""

    name: str
    title: str
    command: list[str]
    stage: int
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    replaces_leftovers: bool = False

    def command_line(self) -> list[str]:
        """The command, started through scripts.processes unless it looks for its leftovers itself."""
        if self.replaces_leftovers:
            return self.command
        return [sys.executable, "-m", "scripts.processes", *self.command]


@dataclass(frozen=True)
class State:
    """What a program does now: `word` is supervisord's (RUNNING, BACKOFF, FATAL, ...), `pid` 0 when it does not run."""

    word: str
    pid: int
    description: str


class Supervisor:
    """A running supervisord of the data folder `folder`."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process

    def start(self, program: Program) -> None:
        """Start a program without waiting until it is up."""
        self._call("startProcess", f"stage{program.stage}:{program.name}", False)

    def states(self) -> dict[str, State]:
        """Every program's state by name. Raises OSError when supervisord itself is gone."""
        return {
            info["name"]: State(info["statename"], info["pid"], info["description"] or info["spawnerr"])
            for info in self._call("getAllProcessInfo")
        }

    def _call(self, method: str, *arguments: object) -> Any:
        # A connection each time: supervisor's transport cannot be used again after a failure.
        transport = SupervisorTransport(None, None, f"unix://{_socket(self.folder)}")
        server = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(server.supervisor, method)(*arguments)
        except http.client.HTTPException as problem:
            raise ConnectionError(f"supervisord does not answer: {problem}") from problem
        finally:
            transport.close()

    def is_running(self) -> bool:
        return self.process.poll() is None


@contextlib.contextmanager
def supervised(folder: Path, programs: list[Program]) -> Iterator[Supervisor]:
    """A supervisord that knows `programs`, none started yet, for a `with` block; then it stops them in order."""
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    config = folder / "supervisor.conf"
    config.touch(mode=0o600)
    config.write_text(configuration(folder, logs, programs))
    with (logs / "supervisor.out").open("wb") as output:
        # A session of its own: Ctrl-C and a closing terminal reach it through us, so that the order of stopping holds.
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)]
        options = {"stdout": output, "stderr": subprocess.STDOUT, "start_new_session": True, "cwd": ROOT}
        process = spawn(PART, folder, command, **options)
    try:
        _wait_for_socket(folder, process)
        yield Supervisor(folder, process)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STOP_SECONDS)
        end_everything(folder)


def end_everything(folder: Path) -> int:
    """End what runs for the data folder, the supervisor first as it would restart the rest; give their count."""
    supervisors = leftovers(folder, PART)
    end(supervisors, patience=STOP_SECONDS)
    rest = leftovers(folder)
    end(rest, patience=10)
    return len(supervisors) + len(rest)


def configuration(folder: Path, logs: Path, programs: list[Program]) -> str:
    """The text of supervisor.conf. Raises Failed for a path that its syntax cannot hold."""
    if any(sign in f"{ROOT}{folder}" for sign in '%";'):
        raise Failed(f"The path {folder} holds a '%', '\"' or ';', which the supervisor cannot read. Move the project.")
    user = f"user = {os.geteuid()}" if os.geteuid() == 0 else ""
    text = MAIN_SECTION.format(root=ROOT, folder=folder, logs=logs, socket=_socket(folder), user=user)
    for program in programs:
        variables = {**program.environment, NAME: program.name, DATA_DIR: str(folder)}
        text += PROGRAM_SECTION.format(
            name=program.name,
            command=shlex.join(program.command_line()),
            environment=",".join(f'{key}="{value}"' for key, value in variables.items()),
            stop_signal=program.stop_signal,
            logs=logs,
        )
    # One group a stage: supervisord stops groups one after another, the programs within one together.
    for stage in sorted({program.stage for program in programs}):
        names = ",".join(program.name for program in programs if program.stage == stage)
        text += f"\n[group:stage{stage}]\nprograms = {names}\npriority = {stage}\n"
    return text


def _socket(folder: Path) -> Path:
    return socket_folder(folder) / "supervisor.sock"


def _wait_for_socket(folder: Path, process: subprocess.Popen[bytes]) -> None:
    supervisor = Supervisor(folder, process)
    deadline = time.monotonic() + 15
    while True:
        try:
            supervisor.states()
            return
        except OSError as problem:
            if process.poll() is not None or time.monotonic() > deadline:
                said = (folder / "logs" / "supervisor.out").read_text(errors="replace")
                raise Failed(f"The supervisor did not start:\n{said[-2000:]}") from problem
            time.sleep(0.05)
