"""How many goals a second does POST /v1/goals take, against endpoints of the same server that insert one row?

Every case is run for a short slice in each round, one after another, and a ratio is taken within its round, so that
what else the machine does falls on all alike; the median round counts. "cpu" is processor time a request, of the web
processes and of PostgreSQL. Then an open loop at half of the highest rate for the latency. No worker runs beside it, so
nothing but the submission is measured; `--worker` lets one run.

The peer is the smallest endpoint this house can have: it authenticates a key, counts it against its limits, acts for
the key's business under row-level security, and inserts one row. The bare peer leaves out limits and row security.

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
from statistics import median
from typing import Any

from bench import goals, ground, load

PEER = "peer: key, limits, business, one row"
BARE = "bare peer: key, one row"
MIXED = "goals seen before"
TARGET_RATIO, TARGET_P95 = 0.5, 50.0
IDEMPOTENT = "Idempotency-Key"
STEADY_RUNS = 3


@dataclass(frozen=True)
class Slice:
    """One run of a case: what came back, and processor time a request in milliseconds."""

    result: load.Result
    web: float
    database: float

    @property
    def cpu(self) -> float:
        return self.web + self.database


@dataclass
class Case:
    """One kind of request and its slices, one a round. `bodies` gives the bodies to send, without end."""

    name: str
    method: str
    path: str
    bodies: Callable[[], Iterator[bytes | None]]
    key_each: bool = False
    slices: list[Slice] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)

    def ratio(self, peer: "Case", of: Callable[[Slice], float]) -> float:
        """The median over the rounds of this case's value against the peer's of the same round."""
        return median(of(mine) / of(other) for mine, other in zip(self.slices, peer.slices, strict=True))

    def middle(self, of: Callable[[Slice], float]) -> float:
        return median(of(one) for one in self.slices)

    @property
    def best(self) -> load.Result:
        return max((one.result for one in self.slices), key=lambda result: result.rate)


def again(bodies: list[goals.Body]) -> Callable[[], Iterator[bytes]]:
    """The same bodies over and over."""
    encoded = [json.dumps(body).encode() for body in bodies]
    return lambda: itertools.cycle(encoded)


def new(**options: Any) -> Callable[[], Iterator[bytes]]:
    """Bodies that nobody has sent before."""
    return lambda: (json.dumps(body).encode() for body in goals.fresh(**options))


def cases() -> list[Case]:
    each = [Case(f"goals: {kind}", "POST", "/v1/goals", again(goals.few(kind))) for kind in goals.KINDS]
    return [
        Case("floor: nothing", "GET", "/v1/bench/nothing", lambda: itertools.repeat(None)),
        Case(BARE, "POST", "/v1/bench/row", again(goals.few())),
        Case(PEER, "POST", "/v1/bench/tenant-row", again(goals.few())),
        *each,
        Case(MIXED, "POST", "/v1/goals", again(goals.few())),
        Case("seen before, each with an Idempotency-Key", "POST", "/v1/goals", again(goals.few()), key_each=True),
        Case("every goal's words new", "POST", "/v1/goals", new()),
        Case("every goal's words and tools new", "POST", "/v1/goals", new(new_tools=True)),
    ]


class Requests:
    """The n-th request of a case."""

    def __init__(self, base: str, key: str, case: Case) -> None:
        self._base, self._case, self._bodies = base, case, case.bodies()
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._run = f"{id(self):x}-{len(case.slices)}"

    def __call__(self, number: int) -> bytes:
        once = {IDEMPOTENT: f"{self._run}-{number}"} if self._case.key_each else {}
        url = self._base + self._case.path
        return load.request_bytes(self._case.method, url, body=next(self._bodies), headers=self._headers | once)


def measure(case: Case, base: str, key: str, clock: ground.Clock, *, seconds: float, connections: int) -> None:
    """One slice of a case, after a moment that warms it. Raises RuntimeError when an answer was not as wanted."""
    make = Requests(base, key, case)
    load.run(base, make, connections=connections, seconds=0.2)

    def look(number: int, status: int, body: bytes) -> None:
        if number % 50 < len(goals.KINDS) and b"execution_path" in body:
            case.verdicts[json.loads(body)["execution_path"]] += 1

    before = clock.server(), clock.database()
    result = load.run(base, lambda n: make(n + 10**6), connections=connections, seconds=seconds, on_answer=look)
    web, database = clock.server() - before[0], clock.database() - before[1]
    if not result.only(200 if case.method == "GET" else 201):
        raise RuntimeError(f"{case.name}: not every request was answered as it should be: {result}")
    case.slices.append(Slice(result, web / result.answered * 1000, database / result.answered * 1000))


def table(listed: list[Case]) -> str:
    """The result as a Markdown table."""
    by_name = {case.name: case for case in listed}
    peer, bare = by_name[PEER], by_name[BARE]
    lines = [
        "| request | requests/s | to peer | to bare peer | p50 ms | p95 ms | web cpu ms | database cpu ms"
        " | cpu: peer / this | bare / this | verdicts |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for case in listed:
        rates = [case.ratio(other, lambda one: one.result.rate) for other in (peer, bare)]
        cpu = [1 / case.ratio(other, lambda one: one.cpu) for other in (peer, bare)]
        lines.append(
            f"| {case.name} | {case.middle(lambda one: one.result.rate):,.0f} | {rates[0]:.2f} | {rates[1]:.2f} "
            f"| {case.middle(lambda one: one.result.quantile(0.5)):.1f} "
            f"| {case.middle(lambda one: one.result.quantile(0.95)):.1f} "
            f"| {case.middle(lambda one: one.web):.2f} | {case.middle(lambda one: one.database):.2f} "
            f"| {cpu[0]:.2f} | {cpu[1]:.2f} | {', '.join(sorted(case.verdicts)) or '-'} |"
        )
    return "\n".join(lines)


def steady(case: Case, base: str, key: str, *, seconds: float = 2.0) -> load.Result:
    """The case at half of its highest rate, requests falling due whether or not answers come."""
    return load.run(base, Requests(base, key, case), connections=64, seconds=seconds, rate=case.best.rate / 2)


def middle_of(results: list[load.Result]) -> load.Result:
    """The one whose 95th percentile lies in the middle."""
    return sorted(results, key=lambda result: result.quantile(0.95))[len(results) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.8, help="of each slice")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", nargs="*", help="parts of the names of cases; the peers are always measured")
    parser.add_argument("--worker", action="store_true", help="let a Celery worker run beside it")
    asked = parser.parse_args()
    ground.set_up()
    from bench.peers import make_table

    make_table()
    key = ground.new_business()[1]
    always = {PEER, BARE, MIXED}
    listed = [
        case
        for case in cases()
        if case.name in always or not asked.only or any(part in case.name for part in asked.only)
    ]
    with ExitStack() as stack:
        base, server = stack.enter_context(ground.web())
        if asked.worker:
            stack.enter_context(ground.worker())
        clock = ground.Clock(server)
        for number in range(asked.rounds):
            print(f"round {number + 1} of {asked.rounds}", file=sys.stderr)
            for case in listed:
                measure(case, base, key, clock, seconds=asked.seconds, connections=asked.connections)
        by_name = {case.name: case for case in listed}
        runs: dict[str, list[load.Result]] = {PEER: [], MIXED: []}
        for _ in range(STEADY_RUNS):
            for name, results in runs.items():
                results.append(steady(by_name[name], base, key))
    print(table(listed))
    print(f"\nAt half of the highest rate, the middle of {STEADY_RUNS} runs:")
    for name, results in runs.items():
        print(f"  {name}: {middle_of(results)}")
    ratio, p95 = by_name[MIXED].ratio(by_name[PEER], lambda one: one.result.rate), middle_of(runs[MIXED]).quantile(0.95)
    sys.exit(
        ground.verdict(
            (f"{ratio:.2f} of the peer's requests/s, target at least {TARGET_RATIO}", ratio >= TARGET_RATIO),
            (f"p95 {p95:.1f} ms at half of the highest rate, target under {TARGET_P95:.0f}", p95 < TARGET_P95),
        )
    )


if __name__ == "__main__":
    main()
