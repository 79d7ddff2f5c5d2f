"""`make run`: everything Gatehouse needs on this machine, until Ctrl-C.

Servers, migrations, demo data, then web, live, worker, steps, beat and mail; a process that dies is started again.
Settings come from the environment and `.env`; with DATABASE_URL or REDIS_URL set, that server is yours and none is
started here.
"""

import argparse
import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import environ
import httpx
import psutil

from scripts.failures import Failed
from scripts.ports import check_port, is_taken, parse_port
from scripts.postgres import Postgres
from scripts.preparation import load_demo, prepare, secrets_of, write_privately
from scripts.programs import programs_for
from scripts.redis_server import Redis, find_binary
from scripts.servers import stop_on_signals
from scripts.supervision import ROOT, Program, State, Supervisor, end_everything, supervised

START_SECONDS = 90
TRIES = 3


class AlreadyRunning(Failed):
    """Another run holds the folder; `pid` is 0 while that one is only just starting."""

    def __init__(self, pid: int, address: str) -> None:
        where = f" at {address} (process {pid})" if pid else ""
        super().__init__(f"It already runs from this folder{where}. `make stop` stops it.")
        self.pid = pid


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.run", description="Run Gatehouse on this machine.")
    parser.add_argument("--stop", action="store_true", help="stop the Gatehouse that runs from this folder")
    asked = parser.parse_args()
    os.umask(0o077)
    read_settings()
    folder = data_folder()
    try:
        if asked.stop:
            stop(folder)
        else:
            run(folder, parse_port(os.environ.get("GATEHOUSE_PORT") or "8000"))
    except (Failed, TimeoutError) as problem:
        sys.exit(f"\nGatehouse could not run. {problem}")


def run(folder: Path, port: int) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP. Raises Failed with what to do when something stands in the way."""
    stop_on_signals()
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(KeyboardInterrupt), only_one(folder) as lock:
        recovered = end_everything(folder)
        if recovered:
            say(f"Ended {recovered} processes that an earlier run had left behind.")
        for wanted in (port, port + 1):
            check_port(wanted)
        own = own_addresses()
        programs = programs_for(folder, port, own)
        lock.write(f"{os.getpid()} {url(port)}")
        lock.flush()
        os.environ.update(settings(folder, port, own))
        with supervised(folder, programs) as supervisor, uninterrupted_end():
            bring_up(supervisor, programs, port)
            watch(supervisor)
    say("Gatehouse has stopped. Your data is kept; `make run` goes on from here.")


def read_settings() -> None:
    """Take over what `.env` says and the environment does not."""
    environ.Env.read_env(os.environ.get("GATEHOUSE_ENV_FILE") or ROOT / ".env", overwrite=False)


def data_folder() -> Path:
    return Path(os.environ.get("GATEHOUSE_DATA_DIR") or ROOT / "var").resolve()


def own_addresses() -> set[str]:
    """Which of DATABASE_URL and REDIS_URL are not set, so that the server behind them is ours to run."""
    return {name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)}


def settings(folder: Path, port: int, own: set[str]) -> dict[str, str]:
    """The environment of every child: what is set already wins, except the addresses of our own servers."""
    if "REDIS_URL" in own:
        find_binary()
    addresses = {"DATABASE_URL": lambda: Postgres(folder).url(), "REDIS_URL": lambda: Redis(folder).url}
    defaults = {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "PUBLIC_URL": url(port),
        "GATEHOUSE_LIVE_URL": f"ws://{{host}}:{port + 1}",
        **secrets_of(folder),
    }
    return {
        **{name: os.environ.get(name) or value for name, value in defaults.items()},
        **{name: address() for name, address in addresses.items() if name in own},
        "GATEHOUSE_DATA_DIR": str(folder),
        "GATEHOUSE_PORT": str(port),
    }


def bring_up(supervisor: Supervisor, programs: list[Program], port: int) -> None:
    """Start everything in order, wait until it answers, and tell how to get in."""
    folder = supervisor.folder
    servers = [program for program in programs if program.stage == 1]
    if servers:
        say("Starting " + " and ".join(program.title for program in servers) + " ...")
    for program in servers:
        supervisor.start(program)
    for program in servers:
        server = Postgres(folder) if program.name == "postgres" else Redis(folder)
        server.wait(START_SECONDS, alive=supervisor.is_running)
        if isinstance(server, Postgres):
            server.ensure_database()
    prepare(folder, say)
    access = {"url": url(port), **load_demo(folder, say)}
    say("Starting web, live, worker, steps, beat and mail ...")
    for program in programs:
        if program.stage > 1:
            supervisor.start(program)
    wait_until_healthy(supervisor, port)
    write_privately(folder / "run.json", json.dumps(access, indent=2) + "\n")
    announce(access, folder)


def wait_until_healthy(supervisor: Supervisor, port: int) -> None:
    """Return once /healthz and the live process answer.

    Raises Failed with the end of the logs after START_SECONDS, or once a process has ended TRIES times.
    """
    deadline = time.monotonic() + START_SECONDS
    tried: dict[str, set[int]] = {}
    while not (_answers(f"{url(port)}/healthz") and is_taken(port + 1)):
        for name, state in supervisor.states().items():
            tried.setdefault(name, set()).add(state.pid)
        hopeless = [name for name, pids in tried.items() if len(pids - {0}) > TRIES]
        if hopeless or time.monotonic() > deadline:
            what = f"{hopeless[0]} keeps failing" if hopeless else f"It did not come up within {START_SECONDS} s"
            raise Failed(f"{what}. See {supervisor.folder / 'logs'}:\n{_ends(supervisor)}")
        time.sleep(0.2)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _ends(supervisor: Supervisor) -> str:
    logs = (supervisor.folder / "logs" / f"{name}.log" for name in ("web", "live", "worker", "steps", "beat", "mail"))
    texts = ((log.name, log.read_text(errors="replace").strip().splitlines()[-6:]) for log in logs if log.exists())
    return "\n".join(f"--- {name}\n" + "\n".join(lines) for name, lines in texts if lines)


def watch(supervisor: Supervisor) -> None:
    """Say when a process dies and comes back, until the terminal closes. Raises Failed if the supervisor ends."""
    known = supervisor.states()
    had_terminal = os.isatty(0)
    # A terminal that closes tells its first process only, and when that is make, make keeps it to itself.
    while os.isatty(0) or not had_terminal:
        time.sleep(1)
        try:
            now = supervisor.states()
        except OSError as problem:
            raise Failed(f"The supervisor ended. See {supervisor.folder / 'logs' / 'supervisor.log'}.") from problem
        for line in news(known, now):
            say(line)
        known = now


def news(before: dict[str, State], now: dict[str, State]) -> list[str]:
    """What is worth telling about the step from one reading of the states to the next."""
    lines = []
    for name, state in now.items():
        if state.word == "FATAL" != before[name].word:
            lines.append(f"{name} cannot be started: {state.description}. See its log.")
        elif before[name].pid and state.pid != before[name].pid:
            lines.append(f"{name} ended unexpectedly; " + ("started again." if state.pid else "starting it again."))
    return lines


@contextlib.contextmanager
def uninterrupted_end() -> Iterator[None]:
    """From the moment the block ends, further signals are ignored: stopping in order is under way."""
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        say("\nStopping ...")


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[TextIO]:
    """Hold the folder's lock. The kernel drops it with our process however that ends, so it cannot go stale."""
    with (folder / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid, _, address = lock.read().partition(" ")
            raise AlreadyRunning(int(pid or 0), address) from None
        lock.truncate(0)
        yield lock


def stop(folder: Path) -> None:
    """Stop the run that holds the folder's lock, or what a killed one left behind."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with only_one(folder):
            count = end_everything(folder)
            say(
                f"Ended {count} processes that an earlier run had left behind."
                if count
                else "Gatehouse is not running."
            )
    except AlreadyRunning as running:
        if running.pid:
            runner = psutil.Process(running.pid)
            runner.terminate()
            runner.wait(timeout=90)
        say("Gatehouse has stopped.")


def url(port: int) -> str:
    return f"http://localhost:{port}"


def announce(access: dict[str, str], folder: Path) -> None:
    say(
        f"""
Gatehouse is up.

  Open      {access["url"]}
  Login     {access["username"]}
  Password  {access["password"]}
  API key   {access["api_key"]}

The same is in {folder / "run.json"}; logs are in {folder / "logs"}. Ctrl-C stops everything and keeps the data.
"""
    )


def say(text: str) -> None:
    """Print, and carry on when the terminal is gone."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


if __name__ == "__main__":
    main()
