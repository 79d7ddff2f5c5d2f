"""The processes of `make run` and how each is started (docs/decisions.md says why these servers and numbers)."""

import sys
from collections.abc import Set
from pathlib import Path

from scripts import servers
from scripts.supervision import Program

# Pages and the API connect as a role that row-level security binds; worker and beat serve every business.
BOUND_BY_ROW_SECURITY = {"GATEHOUSE_DB_ROLE": "gatehouse_app"}
SERVERS, WORK = 1, 2
# Of workflows. Each has a connection to the database while it works.
STEPS_AT_ONCE = 16


def programs_for(folder: Path, port: int, own: Set[str]) -> list[Program]:
    """Every process, given the `own` server addresses (DATABASE_URL, REDIS_URL) that we provide ourselves."""
    programs = [_web(port), _live(port + 1), _worker(), _steps(), _beat(), _mail()]
    if "REDIS_URL" in own:
        programs.insert(0, _server("redis", "Redis", folder, stop_signal="TERM"))
    if "DATABASE_URL" in own:
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        programs.insert(0, _server("postgres", "PostgreSQL", folder, stop_signal="INT"))
    return programs


def _server(name: str, title: str, folder: Path, *, stop_signal: str) -> Program:
    command = servers.command(name, folder)
    return Program(name, title, command, SERVERS, stop_signal=stop_signal, replaces_leftovers=True)


def _web(port: int) -> Program:
    options = "--workers 2 --blocking-threads 4 --backlog 1024 --backpressure 512 --workers-kill-timeout 15 --no-ws"
    return _granian("web", "wsgi", port, options, "config.wsgi:application")


def _live(port: int) -> Program:
    options = "--workers 1 --backlog 1024 --backpressure 1024 --workers-kill-timeout 5"
    return _granian("live", "asginl", port, options, "config.asgi:application")


def _granian(name: str, interface: str, port: int, options: str, application: str) -> Program:
    address = ["--host", "127.0.0.1", "--port", str(port), "--interface", interface]
    respawn = ["--respawn-failed-workers", "--respawn-interval", "0.5"]
    command = [
        sys.executable,
        "-m",
        "granian",
        *address,
        *options.split(),
        *respawn,
        "--log-level",
        "warning",
        application,
    ]
    return Program(name, name, command, WORK, {**BOUND_BY_ROW_SECURITY, "DATABASE_POOL_SIZE": "8"})


def _worker() -> Program:
    options = "--loglevel WARNING --concurrency 2 --without-gossip --without-mingle"
    return Program("worker", "worker", [*_CELERY, "worker", *options.split()], WORK)


def _steps() -> Program:
    # Steps wait for agents most of their time: threads wait side by side, and each takes the next step itself.
    options = (
        f"--queues steps --hostname steps@localhost --pool threads --concurrency {STEPS_AT_ONCE} --loglevel WARNING"
    )
    command = [*_CELERY, "worker", *options.split(), "--without-gossip", "--without-mingle"]
    # Pooled, since a worker that is woken for one step would spend more on connecting than on the step. A few more than
    # threads, for those that listen.
    return Program("steps", "steps", command, WORK, {"DATABASE_POOL_SIZE": str(STEPS_AT_ONCE + 4)})


def _beat() -> Program:
    return Program("beat", "beat", [*_CELERY, "beat", "--loglevel", "WARNING"], WORK)


def _mail() -> Program:
    return Program("mail", "mail", [sys.executable, "manage.py", "watch_mail"], WORK)


_CELERY = [sys.executable, "-m", "celery", "-A", "config.celery:app"]
