"""How many requests a second does OFREP take, against an endpoint of the same server that does nothing?

The peer authenticates the key, counts it against its limits, and answers {}. All run for a short slice in each round,
one after another; a ratio is taken within its round, and the median round counts.

    make bench ARGS=ofrep
"""

import argparse
import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from bench import ground, load

if TYPE_CHECKING:
    from apps.accounts.models import Business

FEATURES = 100
TARGET_RATIO = 0.5
BULK = "/ofrep/v1/evaluate/flags"
ACTOR = "system:bench"


@dataclass
class Case:
    """One kind of request, what it must be answered, and its results, one a round."""

    name: str
    path: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    results: list[load.Result] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def fill(business: "Business") -> None:
    """A hundred features of the business's own, some with it on their list, some with a share."""
    from apps.accounts.row_access import across_businesses
    from apps.pilots.changing import change, holding
    from apps.pilots.defining import create_feature
    from apps.pilots.models import Feature
    from apps.pilots.switching import switch_on

    with across_businesses():
        Feature.objects.filter(key__startswith="BENCH_OFREP_").delete()
    for number in range(FEATURES):
        feature = create_feature(key=f"BENCH_OFREP_{number}", home_id=business.pk, actor=ACTOR)
        if number % 4 == 0:
            switch_on(feature_id=feature.pk, business_id=business.pk, actor=ACTOR)
        elif number % 4 == 1:
            with holding(feature.pk) as held:
                change(held, actor=ACTOR, share=50)


def cases(base: str, request: bytes, headers: Mapping[str, str]) -> list[Case]:
    tag = tag_now(base, request, headers)
    return [
        Case("peer: key, limits", "/v1/bench/key"),
        Case("one feature", f"{BULK}/BENCH_OFREP_1"),
        Case(f"all {FEATURES}", BULK),
        Case(f"all {FEATURES}, unchanged (304)", BULK, 304, {"If-None-Match": tag}),
    ]


def tag_now(base: str, body: bytes, headers: Mapping[str, str]) -> str:
    import httpx

    answer = httpx.post(base + BULK, content=body, headers=dict(headers)).raise_for_status()
    found = answer.json()["flags"]
    if len(found) != FEATURES:
        raise RuntimeError(f"{len(found)} features were answered")
    print(f"an answer with {FEATURES} features has {len(answer.content):,} bytes", file=sys.stderr)
    return answer.headers["ETag"]


def measure(
    case: Case, base: str, body: bytes, headers: Mapping[str, str], clock: ground.Clock, seconds: float
) -> None:
    request = load.request_bytes("POST", base + case.path, body=body, headers={**headers, **case.headers})
    load.run(base, lambda _: request, seconds=0.2)
    before = clock.server()
    result = load.run(base, lambda _: request, seconds=seconds)
    if not result.only(case.status):
        raise RuntimeError(f"{case.name}: not every request was answered as it should be: {result}")
    case.results.append(result)
    case.cpu.append((clock.server() - before) / result.answered * 1000)


def ratio(case: Case, peer: Case) -> float:
    return median(mine.rate / theirs.rate for mine, theirs in zip(case.results, peer.results, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.8, help="of each slice")
    asked = parser.parse_args()
    ground.set_up()
    business, key = ground.new_business()
    fill(business)
    body = json.dumps({"context": {"targetingKey": str(business.pk), "plan": "pro"}}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with ExitStack() as stack:
        base, server = stack.enter_context(ground.web())
        clock = ground.Clock(server)
        listed = cases(base, body, headers)
        for number in range(asked.rounds):
            print(f"round {number + 1} of {asked.rounds}", file=sys.stderr)
            for case in listed:
                measure(case, base, body, headers, clock, seconds=asked.seconds)
    peer, _, everything, _ = listed
    print("| request | requests/s | to peer | p50 ms | p95 ms | web cpu ms |\n|---|---:|---:|---:|---:|---:|")
    for case in listed:
        rate, half, most = (
            median(of(one) for one in case.results)
            for of in (lambda one: one.rate, lambda one: one.quantile(0.5), lambda one: one.quantile(0.95))
        )
        print(
            f"| {case.name} | {rate:,.0f} | {ratio(case, peer):.2f} | {half:.1f} | {most:.1f} "
            f"| {median(case.cpu):.2f} |"
        )
    found = ratio(everything, peer)
    words = f"{found:.2f} of the peer's requests/s for {FEATURES} features, target at least {TARGET_RATIO}"
    sys.exit(ground.verdict((words, found >= TARGET_RATIO)))


if __name__ == "__main__":
    main()
