"""How many durable steps a second do the workers of workflows work off, against bare tasks that do nothing?

One process as `make run` starts it for steps, on one broker and one database, in turn: bare Celery tasks that wait in
its queue, and runs whose steps do nothing but are rows of the database: claimed, kept, and the run brought on. The
queue is filled before the process starts, so that sending costs neither side. Rates are from the first to the last that
is done. Three shapes of runs:

    fan-out   20 rules side by side in each of 2 stages
    chain     10 stages of one rule each: every step opens the next stage
    agents    10 Python agents side by side, each call with its breaker and its tracked recommendation

Then a stage of ten HTTP agents that take one second each, from the start of the run to its end.

    make bench ARGS=orchestrator
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench import ground
from scripts.programs import programs_for

AGENTS, AGENT_SECONDS, MOST_SECONDS = 10, 1.0, 1.3
SHARE = 0.5
QUEUE = "steps"
PATIENCE = 180.0


@contextlib.contextmanager
def steps_worker() -> Iterator[None]:
    """The process of `make run` that works off steps, knowing what is measured here besides."""
    program = next(one for one in programs_for(ground.ROOT, 0, set()) if one.name == "steps")
    process = subprocess.Popen(
        [*program.command, "--include", "bench.orchestrating"],
        cwd=ground.ROOT,
        env=os.environ | dict(program.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        ground.end_group(process)


def bare(count: int) -> float:
    """Bare tasks a second."""
    import redis
    from django.conf import settings

    from bench.orchestrating import nothing

    client = redis.Redis.from_url(settings.REDIS_URL)
    # What woke workers that had ended would be counted.
    client.delete(QUEUE, "unacked", "unacked_index")
    for _ in range(count):
        nothing.apply_async(queue=QUEUE)

    def left() -> int:
        return int(client.llen(QUEUE)) + int(client.hlen("unacked"))  # type: ignore[arg-type]

    with steps_worker():
        until = time.monotonic() + PATIENCE
        while left() == count and time.monotonic() < until:
            time.sleep(0.001)
        began, first = time.monotonic(), left()
        while left() and time.monotonic() < until:
            time.sleep(0.005)
        return first / (time.monotonic() - began)


def durable(business: Any, stages: list[dict[str, Any]], runs: int) -> tuple[float, int]:
    """(steps a second, steps) of so many runs of these stages."""
    from django.db import connection

    from apps.workflows.models import Run
    from apps.workflows.reconciling import reconcile

    ids = [start(business, stages) for _ in range(runs)]
    with steps_worker():
        reconcile()
        until = time.monotonic() + PATIENCE
        while Run.objects.filter(pk__in=ids).exclude(state="done").exists():
            if time.monotonic() > until:
                raise SystemExit(f"Not done: {Run.objects.filter(pk__in=ids).exclude(state='done').count()} runs")
            time.sleep(0.1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), extract(epoch FROM max(finished_at) - min(started_at))::float8 FROM workflows_step"
            " WHERE run_id = ANY(%s)",
            [ids],
        )
        count, seconds = cursor.fetchone()
    return count / seconds, count


def start(business: Any, stages: list[dict[str, Any]]) -> Any:
    from django.db import transaction

    from apps.core.ids import new_id
    from apps.workflows.starting import start_run
    from bench.orchestrating import NAME

    with transaction.atomic():
        return start_run(
            business_id=business.pk, pattern=NAME, config={"stages": stages}, input={}, title="Bench",
            key=str(new_id()), correlation_id="", started_by="system:bench",
        ).pk  # fmt: skip


def stage(key: str, kind: str, names: list[str]) -> dict[str, Any]:
    steps = [{"key": f"{n}", "kind": kind, "does": name, "type": "bench"} for n, name in enumerate(names)]
    return {"key": key, "name": key, "steps": steps}


def shapes(business: Any, scale: float) -> dict[str, tuple[list[dict[str, Any]], int]]:
    """The stages and the number of runs of each shape."""
    from apps.agents.models import Agent

    names = [f"nothing-{n}" for n in range(10)]
    for name in names:
        Agent.objects.create(
            business=business, key=name, name=name, kind="python", entry="bench-nothing", concurrency=100
        )
    return {
        "fan-out": ([stage(f"s{n}", "compute", ["nothing"] * 20) for n in range(2)], round(100 * scale)),
        "chain": ([stage(f"s{n}", "compute", ["nothing"]) for n in range(10)], round(200 * scale)),
        "agents": ([stage("s", "agent", names)], round(150 * scale)),
    }


class _Slow(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(AGENT_SECONDS)
        answer = json.dumps({"result": "done"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def side_by_side(business: Any, rounds: int) -> list[float]:
    """Seconds from the start to the end of runs that ask ten agents of one second each."""
    from apps.agents.models import Agent
    from apps.core.sealing import seal
    from apps.core.signing import new_secret
    from apps.workflows.models import Run

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url, secret = f"http://127.0.0.1:{server.server_port}/", seal(new_secret())
    names = [f"slow-{n}" for n in range(AGENTS)]
    for name in names:
        Agent.objects.create(business=business, key=name, name=name, url=url, secret=secret, timeout_seconds=10)
    took = []
    with steps_worker():
        for number in range(rounds + 1):
            began = time.monotonic()
            run_id = start(business, [stage("s", "agent", names)])
            while Run.objects.get(pk=run_id).state != "done":
                if time.monotonic() - began > PATIENCE:
                    raise SystemExit("Ten agents side by side did not end")
                time.sleep(0.005)
            # The first finds a worker that is still starting.
            if number:
                took.append(time.monotonic() - began)
    server.shutdown()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of tasks and runs")
    asked = parser.parse_args()
    ground.set_up()
    import bench.orchestrating  # noqa: F401

    business, _ = ground.new_business()
    work = shapes(business, asked.scale)
    rates: dict[str, list[float]] = {name: [] for name in ("bare", *work)}
    for _ in range(asked.rounds):
        rates["bare"].append(bare(round(4000 * asked.scale)))
        for name, (stages, runs) in work.items():
            rate, _count = durable(business, stages, runs)
            rates[name].append(rate)
    middle = {name: statistics.median(found) for name, found in rates.items()}
    print("| shape | a second, median | lowest | highest | of bare tasks |")
    print("|---|---:|---:|---:|---:|")
    for name, found in rates.items():
        share = middle[name] / middle["bare"]
        print(f"| {name} | {middle[name]:.0f} | {min(found):.0f} | {max(found):.0f} | {share:.2f} x |")
    took = side_by_side(business, asked.rounds)
    print(f"\n{AGENTS} agents of {AGENT_SECONDS:g} s: {', '.join(f'{one:.2f} s' for one in took)}\n")
    targets = [
        (f"{name}: at least {SHARE} x the bare tasks a second", middle[name] >= SHARE * middle["bare"])
        for name in ("fan-out", "chain")
    ]
    targets.append((f"{AGENTS} agents of {AGENT_SECONDS:g} s end within {MOST_SECONDS} s", max(took) <= MOST_SECONDS))
    raise SystemExit(ground.verdict(*targets))


if __name__ == "__main__":
    main()
