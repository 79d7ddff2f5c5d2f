"""What does learning cost: who tracks, who asks for a standing, and a cycle over a million recommendations?

A million recommendations of 50 agents with three types over 180 days. Tracking is measured within a caller's
transaction that inserts one row of its own, beside the same transaction with a bare INSERT in its place, in turn. The
full recalculation (everything summed anew, constants learned, trust computed and put in force) stands beside one plain
decayed aggregate over the same table, in turn within each round; incremental cycles take in 1,000 new outcomes each.

    make bench ARGS="trust --rows 200000 --rounds 3"
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any
from uuid import UUID

from bench import ground

AGENTS, TYPES, DAYS = 50, ("research", "strategy", "review"), 180
TARGET_TRACK_MS, TARGET_STANDING_US, TARGET_FULL, TARGET_INCREMENTAL = 1.0, 20.0, 3.0, 0.02
CALLS = 2000
NEW_OUTCOMES = 1000
ACTOR = "system:bench"

# In the order in which they would have come. Agents differ; a third of the answers of a group agree; two thirds of the
# last three days are still undecided.
FILL = """
INSERT INTO trust_recommendation (
    id, business_id, agent_id, type, correlation_id, "group", digest, confidence, reasoning, latency_ms, on_time,
    failure, expected, average, verdict, value, quality, weight, created_at, decided_at
)
SELECT gen_random_uuid(), %(business)s, agent, type, 'matter-' || n / 3, 'group-' || n / 3,
    md5((n / 3)::text || CASE WHEN agree < 0.33 THEN '' ELSE agent::text END), 0.5 + 0.5 * sure, '', 400, late > 0.05,
    failure, 0.5 + 0.4 * skill, 0.6, CASE WHEN failure <> '' OR undecided THEN 'pending' WHEN good THEN 'approved'
    ELSE 'rejected' END, CASE WHEN failure = '' AND NOT undecided THEN good::int END, NULL, 1, at,
    CASE WHEN failure = '' AND NOT undecided THEN at + interval '1 hour' END
FROM (
    SELECT n, agent, type, at, skill, agree, sure, late, CASE WHEN fail < 0.02 THEN 'timeout' ELSE '' END AS failure,
        luck < 0.35 + 0.6 * skill AS good, at > now() - interval '3 days' AND late < 0.66 AS undecided
    FROM (
        SELECT n, agents[1 + place] AS agent, types[1 + kind] AS type, now() - age * interval '1 day' AS at,
            place / 50.0 AS skill, random() AS agree, random() AS sure, random() AS late, random() AS fail,
            random() AS luck
        FROM (
            SELECT n, floor(random() * 50)::int AS place, floor(random() * 3)::int AS kind,
                %(days)s * (1 - n / %(rows)s::float8) AS age
            FROM generate_series(1, %(rows)s) AS n
        ) drawn, (SELECT %(agents)s::uuid[] AS agents, %(types)s::text[] AS types) named
    ) spread
) judged
"""
# Half-life of 28 days; date_part gives float8, which extract does not.
PLAIN = """
SELECT agent_id, type, sum(value * weight * f) / nullif(sum(weight * f), 0) FROM (
    SELECT agent_id, type, value, weight,
        exp(-0.6931471805599453 / 28 * date_part('epoch', now() - created_at) / 86400) AS f
    FROM trust_recommendation WHERE business_id = %(business)s AND value IS NOT NULL
) decayed GROUP BY agent_id, type
"""


def fill(business_id: UUID, rows: int) -> list[UUID]:
    """Agents and their recommendations; the agents' ids."""
    from django.db import connection

    from apps.agents.models import Agent

    made = [
        Agent(
            business_id=business_id, key=f"agent-{n:02}", name=f"Agent {n}", url="https://agent.example.com", secret="x"
        )
        for n in range(AGENTS)
    ]
    agents = [agent.pk for agent in Agent.objects.bulk_create(made)]
    with connection.cursor() as cursor:
        given: dict[str, Any] = {
            "business": business_id,
            "rows": rows,
            "agents": agents,
            "types": list(TYPES),
            "days": DAYS,
        }
        cursor.execute(FILL, given)
        cursor.execute("VACUUM ANALYZE trust_recommendation")
    return agents


def timed(call: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def tracking(business_id: UUID, agents: list[UUID]) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Milliseconds of a caller's transaction and of what it holds besides its own row, by what that is, in turn."""
    from django.db import connection, transaction

    from apps.core.ids import new_id
    from apps.trust.recommending import flush_buffer, track

    content = {
        "title": "Plan for spring",
        "steps": [{"step": n, "text": "Ask three suppliers for offers"} for n in range(20)],
    }
    draw = random.Random(5)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_work (id uuid PRIMARY KEY, said text)")
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_bare (id uuid PRIMARY KEY, business_id uuid, facts jsonb)")

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_bare VALUES (%s, %s, %s::jsonb)", [new_id(), business_id, '{"a": 1}'])

    def ours() -> None:
        told = track(
            business_id=business_id, agent_id=draw.choice(agents), type="research", content=content,
            correlation_id="matter", confidence=0.8, latency_ms=200,
        )  # fmt: skip
        assert told is not None

    def caller(beside: Callable[[], None]) -> float:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO bench_work VALUES (%s, 'done')", [new_id()])
            return timed(beside)

    cases: dict[str, Callable[[], None]] = {"nothing": lambda: None, "a bare INSERT": bare, "track": ours}
    whole: dict[str, list[float]] = {name: [] for name in cases}
    alone: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(CALLS + 100):
        for name, beside in cases.items():
            began = time.perf_counter()
            own = caller(beside)
            if number >= 100:
                whole[name].append((time.perf_counter() - began) * 1000)
                alone[name].append(own)
    flush_buffer()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_work, bench_bare")
    return whole, alone


def looking_up(business_id: UUID, agents: list[UUID]) -> tuple[float, float, int]:
    """Microseconds a standing and a dictionary take, best of five, and the queries made meanwhile."""
    from django.db import connection

    from apps.trust.routing import standing_of

    draw = random.Random(6)
    pairs = [(draw.choice(agents), draw.choice(TYPES)) for _ in range(20_000)]
    plain = dict.fromkeys(pairs, 0.5)
    standing_of(business_id, *pairs[0])
    time.sleep(1.5)  # until the subscription stands: what was read before it is read once more
    standing_of(business_id, *pairs[0])
    queries = 0

    def count(execute: Callable[..., object], *arguments: object) -> object:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    def all_standings() -> None:
        for agent, kind in pairs:
            standing_of(business_id, agent, kind)

    def all_plain() -> None:
        for pair in pairs:
            plain.get(pair)

    with connection.execute_wrapper(count):
        ours = min(timed(all_standings) for _ in range(5))
        floor = min(timed(all_plain) for _ in range(5))
    return ours * 1000 / len(pairs), floor * 1000 / len(pairs), queries


def judge_some(business_id: UUID, number: int) -> None:
    """So many of the newest recommendations without an outcome get one."""
    from apps.trust.evaluating import record_outcome
    from apps.trust.models import Recommendation
    from apps.trust.verdicts import Source, Verdict

    waiting = Recommendation.objects.filter(business_id=business_id, value=None, failure="")
    for place, pk in enumerate(waiting.order_by("-created_at").values_list("pk", flat=True)[:number]):
        good = place % 3 > 0
        record_outcome(
            business_id=business_id, recommendation_id=pk, source=Source.APPROVAL,
            verdict=Verdict.APPROVED if good else Verdict.REJECTED, value=float(good), judged_by=ACTOR,
        )  # fmt: skip


def recalculate(business_id: UUID) -> None:
    """Everything trust is made of, from the recommendations themselves."""
    from apps.trust import phases
    from apps.trust.models import LearningCycle

    cycle = LearningCycle.objects.create(business_id=business_id, kind="full", started_by=ACTOR, **_now())
    for phase in (phases.fold, phases.sum_anew, phases.learn, phases.score, phases.steer):
        phase(cycle)
    LearningCycle.objects.filter(pk=cycle.pk).delete()


def _now() -> dict[str, Any]:
    from django.utils import timezone

    return {"started_at": timezone.now(), "seen_at": timezone.now()}


def cycle(business_id: UUID, kind: str) -> float:
    """Milliseconds of a whole cycle."""
    from apps.trust.learning import run_cycle

    return timed(lambda: run_cycle(business_id=business_id, kind=kind, started_by=ACTOR))


def plain_aggregate(business_id: UUID) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(PLAIN, {"business": business_id})
        cursor.fetchall()


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    ground.set_up()
    business, _ = ground.new_business("Learned")
    agents = fill(business.pk, asked.rows)
    print(f"{asked.rows:,} recommendations of {AGENTS} agents\n", file=sys.stderr)
    first = cycle(business.pk, "full")
    full, plain, whole, trust, incremental = [], [], [], [], []
    for number in range(asked.rounds):
        print(f"round {number + 1} of {asked.rounds}", file=sys.stderr)
        plain.append(timed(lambda: plain_aggregate(business.pk)))
        full.append(timed(lambda: recalculate(business.pk)))
        judge_some(business.pk, NEW_OUTCOMES)
        trust.append(cycle(business.pk, "trust"))
        judge_some(business.pk, NEW_OUTCOMES)
        incremental.append(cycle(business.pk, "incremental"))
        judge_some(business.pk, NEW_OUTCOMES)
        whole.append(cycle(business.pk, "full"))
    standing, dictionary, queries = looking_up(business.pk, agents)
    tracked, alone = tracking(business.pk, agents)
    print("| cycle | ms |\n|---|---:|")
    for words, times in (
        ("plain decayed aggregate", plain),
        ("full recalculation of trust", full),
        ("full cycle, patterns and all", whole),
        ("trust cycle after 1,000 new outcomes", trust),
        ("incremental cycle after 1,000 new outcomes", incremental),
    ):
        print(f"| {words} | {median(times):,.0f} |")
    print(f"| the very first full cycle | {first:,.0f} |\n")
    print("| a caller's transaction with | p50 ms | p95 ms | of which itself p50 | p95 |\n|---|---:|---:|---:|---:|")
    for words, times in tracked.items():
        itself = alone[words]
        print(f"| {words} | {median(times):.2f} | {p95(times):.2f} | {median(itself):.3f} | {p95(itself):.3f} |")
    print(f"\na standing {standing:.2f} us, a dictionary {dictionary:.2f} us; {queries} queries\n")
    added = p95(alone["track"]) - p95(alone["nothing"])
    over_bare = p95(alone["track"]) - p95(alone["a bare INSERT"])
    to_plain = median(ours / theirs for ours, theirs in zip(full, plain, strict=True))
    of_trust = median(some / everything for some, everything in zip(trust, full, strict=True))
    of_first = median(trust) / first
    print(f"trust cycle: {of_trust:.1%} of the full recalculation of trust, {of_first:.1%} of a first full cycle\n")
    share = median(incremental) / first
    sys.exit(
        ground.verdict(
            (f"track adds {added:.2f} ms at p95 ({over_bare:+.2f} to a bare INSERT), target {TARGET_TRACK_MS:g}",
             added < TARGET_TRACK_MS),
            (f"a standing takes {standing:.1f} us, target {TARGET_STANDING_US:g}", standing < TARGET_STANDING_US),
            (f"{queries} queries, target none", queries == 0),
            (f"full recalculation {to_plain:.2f} x a plain aggregate, target {TARGET_FULL:g}", to_plain <= TARGET_FULL),
            (f"incremental cycle, patterns and all, {share:.1%} of a first full cycle, target {TARGET_INCREMENTAL:.0%}",
             share < TARGET_INCREMENTAL),
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
