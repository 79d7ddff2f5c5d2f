"""Runs 200 workflows on processes of its own and kills each part in the middle: what test_workflow_kills looks at.

python -m tests.journeys.kills FOLDER

Starts PostgreSQL, Redis, both workers and beat as `make run` does. Four runs in five ask three agents, add up, and have
a fourth act; one in five reserves something, fails, and takes it back. The agents are an HTTP server here that
remembers by which Idempotency-Key it was asked for which step. Prints one JSON object of what was found at the end.
"""

import json
import sys
import threading
import time
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.journeys.parts import PATIENCE, Laps, insist, kill, running, wait_until

RUNS = 200
PARTS = ("steps", "worker", "beat", "redis", "postgres")
WORK_SECONDS = 0.1


class Agents:
    """An HTTP server that does each piece of work once per Idempotency-Key."""

    def __init__(self) -> None:
        self.keys: dict[str, set[str]] = defaultdict(set)
        self.calls: Counter[str] = Counter()
        lock, agents = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                work = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    agents.keys[work["what"]].add(self.headers["Idempotency-Key"])
                    agents.calls[work["what"]] += 1
                time.sleep(WORK_SECONDS)
                answer = json.dumps({"result": {"n": 1}}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *args: Any) -> None:
                """A caller that was killed hangs up: that is what is tried here."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


def begin(business: Any, number: int) -> Any:
    from tests.workflows import made

    def asks(agent: str, step: str) -> Any:
        return made.asks(agent, step, input={"what": f"{number}/{step}"})

    if number % 5:
        stages = [
            made.stage("gather", *(asks(f"agent-{n}", f"ask-{n}") for n in range(3))),
            made.stage("add", made.rule("up", "sum")),
            made.stage("act", asks("agent-3", "act")),
        ]
    else:
        undo = {"what": f"{number}/undo"}
        reserve = made.undoing(asks("agent-0", "reserve"), "agent-1", made.StepKind.AGENT, **undo)
        stages = [made.stage("reserve", reserve), made.stage("fail", made.rule("fail", "fail"))]
    return made.begin(business, *stages, key=f"run-{number}").pk


def play(folder: Path, agents: Agents, laps: Laps) -> dict[str, Any]:
    from apps.accounts.models import Business
    from apps.core.models import Event, Outbox
    from apps.workflows.models import Run, Stage, Step
    from apps.workflows.states import RUN_ENDS, STEP_OPEN
    from tests.workflows import made

    business = Business.objects.create(name="Kills", slug="kills")
    for number in range(4):
        made.an_agent(business, f"agent-{number}", agents.url, timeout_seconds=2, concurrency=50)
    ends = [state.value for state in RUN_ENDS]
    unended = Run.objects.exclude(state__in=ends)
    started = [insist(lambda number=number: begin(business, number)) for number in range(RUNS // 2)]
    ended_at_kill = {}
    for place, part in enumerate(PARTS):
        wanted = RUNS * (place + 1) // 12
        wait_until(lambda wanted=wanted: insist(lambda: len(started) - unended.count()) >= wanted, 60)
        ended_at_kill[part] = insist(lambda: len(started) - unended.count())
        killer = threading.Thread(target=kill, args=(folder, part))
        killer.start()
        # While a part is away, more is begun: each of them with its key, until it is there.
        for number in range(len(started), len(started) + RUNS // 10):
            started.append(insist(lambda number=number: begin(business, number)))
        killer.join()
    again = [insist(lambda number=number: begin(business, number)) for number in range(RUNS)]
    laps.lap("kills")
    wait_until(lambda: insist(lambda: not unended.exists()), PATIENCE)
    wait_until(lambda: insist(lambda: not Outbox.objects.exists()), 30)
    laps.lap("the rest")
    twice = Counter(Event.objects.filter(kind="run.ended").values_list("subject_id", flat=True))
    return {
        "runs": len(started),
        "begun_again": sum(one != two for one, two in zip(started, again, strict=True)),
        "rows": Run.objects.count(),
        "states": dict(Counter(Run.objects.values_list("state", flat=True))),
        "wrong": [
            f"{run.key} {run.state}: {run.error}"
            for run in Run.objects.all()
            if run.state != ("done" if int(run.key.split("-")[1]) % 5 else "failed") or "could not be" in run.error
        ],
        "ended_twice": [one for one, times in twice.items() if times > 1],
        "ends_told": len(twice),
        "open_steps": Step.objects.filter(state__in=[state.value for state in STEP_OPEN]).count(),
        "stages": Stage.objects.count(),
        "not_undelivered": Outbox.objects.count() == 0,
        "works": len(agents.keys),
        "under_two_keys": [what for what, keys in agents.keys.items() if len(keys) > 1],
        "calls": sum(agents.calls.values()),
        "ended_at_kill": ended_at_kill,
        "seconds": laps.seconds,
    }


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    agents = Agents()
    laps = Laps()
    with running(folder, PARTS, DJANGO_SETTINGS_MODULE="tests.journeys.kill_settings"):
        import django

        django.setup()
        laps.lap("up")
        found = play(folder, agents, laps)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
