"""How quick are the pattern board and one page of performance with 10,000 patterns and 1,000,000 recommendations?

The board is asked for as the role of web processes, under row-level security, signed in, shell and all. Beside it in
the same run: a page of the same shell that shows nothing, and the board's own questions as plain SQL. The ratio to the
sum of both says what the page itself costs.

    make bench ARGS=patterns
    python -m bench.patterns --patterns 1000    # a quick look
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from bench import ground

TARGET_P95, TARGET_RATIO = 100.0, 3.0
AGENTS, TYPES, DAYS = 50, 5, 180
EMPTY = "no-op"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.patterns", description=__doc__.split("\n")[0])
    parser.add_argument("--patterns", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=60)
    asked = parser.parse_args()
    ground.set_up()
    business, person = fill(asked.patterns)
    raise SystemExit(0 if report(business, person, asked.rounds) else 1)


def fill(number: int) -> tuple[Any, Any]:
    """A business with agents, a year of tallies that stand for a million recommendations, and patterns."""
    from django.db import connection
    from django.utils import timezone

    from apps.accounts.models import Membership, User
    from apps.agents.models import Agent
    from apps.core.ids import new_id
    from apps.trust.models import DailyTally, Pattern, PatternEvent

    business, _ = ground.new_business("Patterns")
    person = User.objects.create_user(username=f"bench-{new_id().hex[-8:]}", email=f"{new_id().hex[-8:]}@example.com")
    Membership.objects.create(business=business, user=person, role="viewer")
    agents = Agent.objects.bulk_create(
        Agent(business=business, key=f"agent-{n}", name=f"Agent {n}", url="https://example.com") for n in range(AGENTS)
    )
    pick, now = random.Random(5), timezone.now()
    each = 1_000_000 / (AGENTS * TYPES * DAYS)
    tallies = [
        DailyTally(
            business=business, agent=agent, type=f"type-{kind}", day=now.date() - timedelta(days=back), asked=each,
            answered=each, on_time=each, judged=each * 0.8, weight=each * 0.8, weight2=each * 0.8, value=each * 0.6,
            value2=each * 0.6, approved=each * 0.6, rejected=each * 0.2, rated=each, quality=each * 80,
        )
        for agent in agents for kind in range(TYPES) for back in range(DAYS)
    ]  # fmt: skip
    DailyTally.objects.bulk_create(tallies, batch_size=5000)
    patterns = [
        Pattern(
            business=business, key=str(n), category=pick.choice(["consensus", "expert", "high_confidence"]),
            name=f"Pattern {n}", type=f"type-{n % TYPES}", trials=50, successes=45, rate=0.9, high=0.95,
            agent_keys=pick.sample([agent.key for agent in agents], 3), low=0.7 + 0.2 * pick.random(), base_rate=0.6,
            q_value=0.01, strength="strong", state=pick.choice(["found", "confirmed", "confirmed", "retired"]),
            found_at=now - timedelta(days=pick.uniform(0, 200)), confirmed_at=now,
        )
        for n in range(number)
    ]  # fmt: skip
    Pattern.objects.bulk_create(patterns, batch_size=2000)
    events = [
        PatternEvent(
            business=business, pattern=row, what=what, rate=0.9, trials=50, at=row.found_at + timedelta(days=n)
        )
        for row in patterns
        for n, what in enumerate(("found", "confirmed", "confirmed"))
    ]
    PatternEvent.objects.bulk_create(events, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE trust_pattern, trust_patternevent, trust_dailytally")
    return business, person


def report(business: Any, person: Any, rounds: int) -> bool:
    """Print what each took; whether the targets are met."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    browser = Client(headers={"host": "localhost"})
    browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    pages = {
        EMPTY: "/admin/password_change/done/",
        "board": "/admin/trust/patterns/",
        "board, one category": "/admin/trust/patterns/?category=expert",
        "performance, 13 weeks": "/admin/trust/performance/",
        "performance, 26 weeks": "/admin/trust/performance/?window=26w",
        "trust, 50 agents": "/admin/trust/",
    }
    took: dict[str, list[float]] = {}
    print(f"{'':28}{'queries':>8}{'p50 ms':>9}{'p95 ms':>9}")
    for name, address in pages.items():
        with CaptureQueriesContext(connection) as queries:
            if browser.get(address).status_code != 200:
                raise RuntimeError(f"{address} did not answer")
        asked = len(queries)
        took[name] = timed(partial(browser.get, address), rounds)
        print(f"{name:28}{asked:8}{statistics.median(took[name]):9.1f}{p95(took[name]):9.1f}")
    raw = timed(partial(plain_sql, business.pk), rounds)
    print(f"{'the board as plain SQL':28}{'':8}{statistics.median(raw):9.1f}{p95(raw):9.1f}")
    floor = statistics.median(raw) + statistics.median(took[EMPTY])
    ratio = statistics.median(took["board"]) / floor
    print(f"\nboard / (plain SQL + empty page): {ratio:.2f}, at most {TARGET_RATIO:g}")
    print(f"board p95: {p95(took['board']):.0f} ms, at most {TARGET_P95:.0f} ms")
    return ratio <= TARGET_RATIO and p95(took["board"]) <= TARGET_P95


def plain_sql(business_id: Any) -> None:
    """What the board shows, asked in the four plainest questions there are."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM trust_pattern WHERE business_id = %s AND state IN ('found', 'confirmed')"
            " ORDER BY low DESC, id LIMIT 25",
            [business_id],
        )
        cursor.fetchall()
        cursor.execute(
            "SELECT category, state, count(*) FROM trust_pattern WHERE business_id = %s GROUP BY 1, 2", [business_id]
        )
        cursor.fetchall()
        cursor.execute(
            "SELECT date_trunc('week', at), what, count(*) FROM trust_patternevent"
            " WHERE business_id = %s AND at > now() - interval '26 weeks' GROUP BY 1, 2",
            [business_id],
        )
        cursor.fetchall()


def timed(does: Callable[[], Any], rounds: int) -> list[float]:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        does()
        took.append((time.perf_counter() - began) * 1000)
    return took


def p95(took: list[float]) -> float:
    ordered = sorted(took)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


if __name__ == "__main__":
    main()
