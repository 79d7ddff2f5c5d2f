"""Is anything lost or done twice when a part of the running product is killed in the middle of 500 submissions?

Starts the whole product as `make run` does, in a folder and on ports of its own. In each round eight clients submit
500 goals over REST, each with an Idempotency-Key, and repeat what failed with the same key until it is accepted. In the
middle one part, with all its processes, is killed with SIGKILL: web, worker, the worker of steps, beat, Redis,
PostgreSQL, and at last all of them at once. Two goals in five run at an agent (an HTTP server here, which remembers
what it has carried out by the Idempotency-Key it is sent), one is approved over REST and then runs there, one ends at
once, one is rejected.

Then it waits until every accepted goal has reached its end and its audit events have reached their consumers. Counted:

    lost      accepted, but not there, not ended, or ended otherwise than it should have; or an event not delivered
    doubled   two goals for one key; two ends of one goal; one goal carried out by the agent under two keys

An agent that was called again with a key it knows is told apart: so work survives a worker that dies after the call and
before it could note the answer.

    make bench ARGS=faults
"""

import argparse
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psutil
import psycopg

from bench import goals
from scripts.ports import free_pair
from scripts.postgres import Postgres
from scripts.preparation import secrets_of
from scripts.processes import leftovers
from scripts.redis_server import Redis
from scripts.servers import stop_on_signals
from scripts.supervision import ROOT, end_everything

PARTS = ("web", "worker", "steps", "beat", "redis", "postgres")
EVERYTHING = "all at once"
CLIENTS = 8
# How long the agent takes, so that a worker is killed between the call and its answer.
WORK_SECONDS = 0.02
START_SECONDS, END_SECONDS, PATIENCE_SECONDS = 120.0, 75.0, 60.0
# Settings of the surrounding shell that would have the run use other servers than its own.
NOT_OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "DJANGO_SETTINGS_MODULE",
    "SECRET_KEY",
    "FIELD_ENCRYPTION_KEY",
    "GATEHOUSE_DB_ROLE",
)
# Per kind of goal: the body's kind, whether the agent carries it out, and the state it must end in.
MIX = (("executed", True, "done"), ("approved", True, "done"), ("executed", True, "done"), ("executed", False, "done"),
       ("rejected", False, "rejected"))  # fmt: skip


class Agent:
    """An HTTP agent that carries work out once per Idempotency-Key and answers repetitions from memory."""

    def __init__(self) -> None:
        self.carried_out: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.keys_of: dict[str, set[str]] = {}
        self._lock = threading.Lock()
        agent = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                work = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                agent.take(self.headers["Idempotency-Key"], work["goal_id"])
                time.sleep(WORK_SECONDS)
                answer = json.dumps({"carried_out": work["goal_id"]}).encode()
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

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, key: str, goal_id: str) -> None:
        with self._lock:
            self.calls[key] += 1
            self.keys_of.setdefault(goal_id, set()).add(key)
            if self.calls[key] == 1:
                self.carried_out[goal_id] += 1

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Product:
    """`python -m scripts.run` in a folder and on ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_pair()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = Postgres(folder).url()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        environment |= {"GATEHOUSE_DATA_DIR": str(self.folder), "GATEHOUSE_PORT": str(self.port)}
        environment["GATEHOUSE_ENV_FILE"] = os.devnull
        said = self.folder.with_suffix(".out")
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "scripts.run"], cwd=ROOT, env=environment, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
            try:
                deadline = time.monotonic() + START_SECONDS
                while "Gatehouse is up." not in said.read_text():
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise SystemExit(f"The product did not come up:\n{said.read_text()[-3000:]}")
                    time.sleep(0.2)
                yield
            finally:
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(60)
                if process.poll() is None:
                    process.kill()
                end_everything(self.folder)

    def prepare(self, agent_url: str) -> tuple[UUID, tuple[str, str]]:
        """A business with an agent at `agent_url`; (its id, two keys without limits: who asks may not decide)."""
        os.environ |= {"DATABASE_URL": self.database, "REDIS_URL": Redis(self.folder).url, **secrets_of(self.folder)}
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.local"
        os.environ.pop("GATEHOUSE_DB_ROLE", None)
        import django

        django.setup()
        from apps.agents.models import Agent as AgentRow
        from apps.core.sealing import seal
        from apps.core.signing import new_secret
        from bench.ground import new_business, new_key

        business, key = new_business("Faults")
        AgentRow.objects.create(
            business=business,
            key="counter",
            name="Counter",
            url=agent_url,
            secret=seal(new_secret()),
            timeout_seconds=3,
        )
        return business.pk, (key, new_key(business))

    def kill(self, part: str) -> None:
        """SIGKILL to a part and all its children, the parent first so that it cannot replace them."""
        for name in PARTS if part == EVERYTHING else (part,):
            for process in leftovers(self.folder, name):
                for victim in (process, *_children(process)):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        victim.kill()

    def alive(self) -> bool:
        """Whether every part runs and /healthz is content."""
        if not all(leftovers(self.folder, part) for part in PARTS):
            return False
        status, _ = Client(self.url, "").ask("GET", "/healthz")
        return status == 200

    def rows(self, statement: str, *values: object) -> list[Any]:
        with psycopg.connect(self.database, connect_timeout=5) as connection:
            return connection.execute(statement, values).fetchall()


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


class Client:
    """One caller on one keep-alive connection; `ask` gives status 0 when no answer came."""

    def __init__(self, url: str, key: str) -> None:
        self._address = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        try:
            self._connection = self._connection or http.client.HTTPConnection(self._address, timeout=10)
            content = None if body is None else json.dumps(body)
            self._connection.request(method, path, content, self._headers | headers)
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            if self._connection:
                self._connection.close()
            self._connection = None
            return 0, None

    def insist(self, ask: Callable[[], tuple[int, Any]], good: tuple[int, ...]) -> tuple[int, Any]:
        """Ask again, as careful callers do, on no answer, 5xx, 429 and 409. Raises RuntimeError on another refusal."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            status, answer = ask()
            if status in good:
                return status, answer
            if (0 < status < 500 and status not in (409, 429)) or time.monotonic() > deadline:
                raise RuntimeError(f"refused for good: {status} {answer}")
            time.sleep(0.1)


@dataclass
class Round:
    """What became of one round. Times in seconds."""

    part: str
    accepted: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> (goal id, the state it must end in)
    refused: list[str] = field(default_factory=list)
    repeated: int = 0
    away: float = 0.0
    ended: float = 0.0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    called_again: int = 0


class Submitting:
    """The clients of one round."""

    def __init__(self, product: Product, keys: tuple[str, str], result: Round, count: int) -> None:
        self._product, self._keys, self._result = product, keys, result
        self._next = iter(range(count))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._submit_all, daemon=True) for _ in range(CLIENTS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS * 3)

    def _submit_all(self) -> None:
        asking, deciding = (Client(self._product.url, key) for key in self._keys)
        while (number := self._take()) is not None:
            name = f"{self._result.part}-{number}"
            try:
                self._submit(asking, deciding, name, number)
            except RuntimeError as error:
                with self._lock:
                    self._result.refused.append(f"{name}: {error}")

    def _take(self) -> int | None:
        with self._lock:
            return next(self._next, None)

    def _submit(self, client: Client, decider: Client, name: str, number: int) -> None:
        kind, at_agent, end = MIX[number % len(MIX)]
        body = goals.few(kind)[number % 40]
        body = body | {"context": body.get("context", {}) | {"bench": name}, "agent_id": "counter" if at_agent else ""}
        asked = 0

        def ask() -> tuple[int, Any]:
            nonlocal asked
            asked += 1
            return client.ask("POST", "/v1/goals", body, **{"Idempotency-Key": name})

        _, answer = client.insist(ask, good=(201,))
        with self._lock:
            self._result.accepted[name] = answer["goal_id"], end
            self._result.repeated += asked > 1
        if answer["soul_request_id"] and answer["state"] == "waiting":
            self._approve(decider, answer["soul_request_id"])

    def _approve(self, client: Client, request_id: str) -> None:
        path = f"/v1/approvals/{request_id}"
        _, request = client.insist(lambda: client.ask("GET", path), good=(200,))
        verdict = {"verdict": "approve", "payload_hash": request["payload_hash"]}

        def decide() -> tuple[int, Any]:
            status, answer = client.ask("POST", f"{path}/decide", verdict)
            # The answer to a decision that stood may have been lost on the way: then it is there to be read.
            if status == 409:
                status, answer = client.ask("GET", path)
                status = status if status != 200 or answer["state"] == "approved" else 409
            return status, answer

        client.insist(decide, good=(200,))


def play(product: Product, keys: tuple[str, str], business_id: UUID, agent: Agent, part: str, count: int) -> Round:
    """One round: submit, kill in the middle, wait for the ends, count."""
    result = Round(part)
    before = sum(agent.calls.values()) - len(agent.calls)
    submitting = Submitting(product, keys, result, count)
    submitting.start()
    wait_until(lambda: len(result.accepted) >= count * 2 // 5, END_SECONDS)
    killed = time.monotonic()
    product.kill(part)
    # The parts' deaths must be noticed before their being back means anything.
    time.sleep(0.3)
    wait_until(product.alive, START_SECONDS)
    result.away = time.monotonic() - killed
    submitting.join()
    submitted = time.monotonic()
    wait_until(lambda: not unfinished(product, business_id), END_SECONDS)
    result.ended = time.monotonic() - submitted
    count_up(product, business_id, agent, result)
    result.called_again = sum(agent.calls.values()) - len(agent.calls) - before
    return result


def unfinished(product: Product, business_id: UUID) -> int:
    """How many goals have not ended, and events not been delivered; 1 while the database cannot be asked."""
    try:
        return int(
            product.rows(
                "SELECT (SELECT count(*) FROM goals_goal WHERE business_id = %s"
                " AND state NOT IN ('done', 'failed', 'rejected', 'expired', 'cancelled'))"
                " + (SELECT count(*) FROM core_outbox o JOIN core_event e ON e.id = o.event_id"
                " WHERE e.business_id = %s)",
                business_id,
                business_id,
            )[0][0]
        )
    except psycopg.OperationalError:
        return 1


def count_up(product: Product, business_id: UUID, agent: Agent, result: Round) -> None:
    """Compare what was accepted with what is there."""
    mine = f"{result.part}-%"
    rows = product.rows(
        "SELECT context->>'bench', id::text, state, error, attempts FROM goals_goal"
        " WHERE business_id = %s AND context->>'bench' LIKE %s",
        business_id,
        mine,
    )
    ends = product.rows(
        "SELECT e.subject_id, count(*) FROM core_event e WHERE e.business_id = %s AND e.subject_type = 'goal'"
        " AND e.kind IN ('goal.done', 'goal.failed', 'goal.expired', 'goal.cancelled') GROUP BY 1 HAVING count(*) > 1",
        business_id,
    )
    waiting = product.rows(
        "SELECT e.kind, e.subject_id FROM core_outbox o JOIN core_event e ON e.id = o.event_id"
        " WHERE e.business_id = %s",
        business_id,
    )
    result.lost += [f"refused for good: {words}" for words in result.refused]
    found = {goal_id: (name, state, error, attempts) for name, goal_id, state, error, attempts in rows}
    for name, (goal_id, end) in result.accepted.items():
        _, state, error, attempts = found.get(goal_id, (name, "missing", "", 0))
        if state != end:
            result.lost.append(f"{name} {goal_id} is {state}, not {end}, after {attempts} attempts: {error}")
        if MIX[int(name.rsplit("-", 1)[1]) % len(MIX)][1] and not agent.carried_out[goal_id]:
            result.lost.append(f"{name} {goal_id} is {state} but never reached the agent")
    result.lost += [f"event {kind} of {subject} was not delivered" for kind, subject in waiting]
    result.doubled += [f"{name}: {n} goals" for name, n in Counter(row[0] for row in rows).items() if n > 1]
    result.doubled += [f"{goal_id} ended {n} times" for goal_id, n in ends if goal_id in found]
    result.doubled += [
        f"{goal_id} was carried out {n} times" for goal_id, n in agent.carried_out.items() if n > 1 and goal_id in found
    ]


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def table(rounds: list[Round]) -> str:
    lines = [
        "| killed | accepted | lost | doubled | repeated by clients | back after s | all ended after s"
        " | agent called again |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in rounds:
        lines.append(
            f"| {one.part} | {len(one.accepted)} | {len(one.lost)} | {len(one.doubled)} | {one.repeated} "
            f"| {one.away:.1f} | {one.ended:.1f} | {one.called_again} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", nargs="*", choices=[*PARTS, EVERYTHING], default=[*PARTS, EVERYTHING])
    parser.add_argument("--goals", type=int, default=500, help="in each round")
    parser.add_argument("--keep", action="store_true", help="keep the folder with its logs")
    asked = parser.parse_args()
    stop_on_signals()
    agent, rounds = Agent(), []
    with contextlib.ExitStack() as stack:
        place = Path(tempfile.mkdtemp(prefix="gatehouse-faults-")).resolve()
        stack.callback(_clear, place, asked.keep)
        product = Product(place / "data")
        product.folder.mkdir(exist_ok=True)
        stack.enter_context(product.running())
        stack.callback(agent.stop)
        business_id, keys = product.prepare(agent.url)
        for part in asked.only:
            print(f"killing {part}", file=sys.stderr, flush=True)
            rounds.append(play(product, keys, business_id, agent, part, asked.goals))
            for line in (rounds[-1].lost + rounds[-1].doubled)[:20]:
                print(f"  {line}", file=sys.stderr, flush=True)
    print(table(rounds))
    lost, doubled = sum(len(one.lost) for one in rounds), sum(len(one.doubled) for one in rounds)
    print(f"\n{lost} lost, {doubled} doubled of {sum(len(one.accepted) for one in rounds)} accepted")
    sys.exit(1 if lost or doubled else 0)


def _clear(place: Path, keep: bool) -> None:
    if keep:
        print(f"kept: {place}", file=sys.stderr)
        return
    import shutil

    shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
