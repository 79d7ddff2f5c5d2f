"""How many goals a second does POST /v1/goals take, against endpoints of the same server that insert one row?

Closed loop for the rates; then an open loop at half of the highest rate for the latency. Rounds are interleaved and the
best of each case counts. "cpu" is processor time a request, of the web processes and of PostgreSQL: it says the same
when other work shares the machine. No worker runs, so nothing but the submission is measured; what it leaves for the
workers to do is shown by `--worker`.

    make bench ARGS=submission
"""

import argparse
import itertools
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench import goals, ground, load

PEER = "peer: key, one row"
MIXED = "goals seen before, all verdicts"
TARGET_RATIO, TARGET_P95 = 0.5, 50.0


@dataclass
class Case:
    """One kind of request, and the best that was measured of it."""

    name: str
    method: str
    path: str
    bodies: Callable[[], Iterator[goals.Body | None]]
    key_each: bool = False
    best: load.Result | None = None
    server_ms: float = float("inf")
    database_ms: float = float("inf")
    verdicts: Counter[str] = field(default_factory=Counter)


def cases() -> list[Case]:
    def cycled(*kinds: str) -> Callable[[], Iterator[goals.Body]]:
        return lambda: itertools.cycle([body for kind in kinds for body in goals.few(kind)])

    every = list(goals.KINDS)
    listed = [
        Case("floor: nothing", "GET", "/v1/bench/nothing", lambda: itertools.repeat(None)),
        Case(PEER, "POST", "/v1/bench/row", cycled(*every)),
        Case("peer: key, limit, tenant, one row", "POST", "/v1/bench/tenant-row", cycled(*every)),
        *(Case(f"goals: {kind}", "POST", "/v1/goals", cycled(kind)) for kind in every),
        Case(MIXED, "POST", "/v1/goals", lambda: itertools.cycle(goals.few())),
        Case("the same, each with an Idempotency-Key", "POST", "/v1/goals", lambda: itertools.cycle(goals.few()), True),
        Case("every goal's words new", "POST", "/v1/goals", goals.fresh),
        Case("every goal's words and tools new", "POST", "/v1/goals", lambda: goals.fresh(new_tools=True)),
    ]
    return listed


class Requests:
    """Builds the n-th request of a case. Bodies that repeat are encoded once."""

    def __init__(self, base: str, key: str, case: Case) -> None:
        self._base, self._case, self._bodies = base, case, case.bodies()
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._encoded: dict[int, bytes] = {}
        self._keys = itertools.count()

    def __call__(self, number: int) -> bytes:
        body = next(self._bodies)
        headers = self._headers
        if self._case.key_each:
            headers = headers | {"Idempotency-Key": f"{id(self)}-{next(self._keys)}"}
        content = None
        if body is not None:
            # The bodies of `few` live as long as the case; those of `fresh` do not, and are never asked for again.
            content = self._encoded.get(id(body)) if self._case.bodies is not goals.fresh else None
            if content is None:
                content = json.dumps(body).encode()
                if isinstance(self._bodies, itertools.cycle):
                    self._encoded[id(body)] = content
        return load.request_bytes(self._case.method, self._base + self._case.path, body=content, headers=headers)


def measure(case: Case, base: str, key: str, clock: ground.Clock, *, seconds: float, connections: int) -> None:
    """One run of a case, after a short one that warms it. Raises RuntimeError when an answer was not as wanted."""
    make = Requests(base, key, case)
    load.run(base, make, connections=connections, seconds=0.4)
    seen: Counter[str] = Counter()

    def look(number: int, status: int, body: bytes) -> None:
        if number % 50 < len(goals.KINDS) and status == 201 and b"execution_path" in body:
            seen[json.loads(body)["execution_path"]] += 1

    before = clock.server(), clock.database()
    result = load.run(base, make, connections=connections, seconds=seconds, on_answer=look)
    used = clock.server() - before[0], clock.database() - before[1]
    if not result.only(200 if case.method == "GET" else 201):
        raise RuntimeError(f"{case.name}: not every request was answered as it should be: {result}")
    if case.best is None or result.rate > case.best.rate:
        case.best = result
    case.server_ms = min(case.server_ms, used[0] / result.answered * 1000)
    case.database_ms = min(case.database_ms, used[1] / result.answered * 1000)
    case.verdicts = seen


def table(listed: list[Case]) -> str:
    """The rates as a Markdown table; ratios are to the peer."""
    peer = next(case for case in listed if case.name == PEER)
    lines = [
        "| request | requests/s | ratio | p50 ms | p95 ms | web cpu ms | database cpu ms | cpu ratio | verdicts seen |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for case in listed:
        if case.best is None or peer.best is None:
            continue
        cpu = (peer.server_ms + peer.database_ms) / (case.server_ms + case.database_ms)
        lines.append(
            f"| {case.name} | {case.best.rate:,.0f} | {case.best.rate / peer.best.rate:.2f} "
            f"| {case.best.quantile(0.5):.1f} | {case.best.quantile(0.95):.1f} | {case.server_ms:.2f} "
            f"| {case.database_ms:.2f} | {cpu:.2f} | {', '.join(sorted(case.verdicts)) or '-'} |"
        )
    return "\n".join(lines)


def latency(case: Case, base: str, key: str, *, seconds: float) -> load.Result:
    """The case at half of its highest rate, requests falling due whether or not answers come."""
    rate = case.best.rate / 2 if case.best else 100.0
    return load.run(base, Requests(base, key, case), connections=64, seconds=seconds, rate=rate)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", nargs="*", help="parts of the names of cases; the peer is always measured")
    parser.add_argument("--worker", action="store_true", help="let a Celery worker run beside it")
    asked = parser.parse_args()
    ground.set_up()
    from bench.peers import make_table

    make_table()
    key = ground.new_business()[1]
    listed = [
        case for case in cases() if not asked.only or case.name == PEER or any(part in case.name for part in asked.only)
    ]
    with ExitStack() as stack:
        base, server = stack.enter_context(ground.web())
        if asked.worker:
            stack.enter_context(ground.worker())
        clock = ground.Clock(server)
        for number in range(asked.rounds):
            for case in listed:
                print(f"round {number + 1}: {case.name}", file=sys.stderr)
                measure(case, base, key, clock, seconds=asked.seconds, connections=asked.connections)
        print(table(listed) + "\n")
        for case in listed:
            if case.name in (PEER, MIXED):
                print(f"at half of its rate, {case.name}: {latency(case, base, key, seconds=asked.seconds)}")
    judge(listed)


def judge(listed: list[Case]) -> None: ...


if __name__ == "__main__":
    main()
