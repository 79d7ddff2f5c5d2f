"""How long do the queue's lists and "the next one for me" take with 100,000 requests waiting and 1,000,000 decided?

Every question runs as the role of web processes, under row-level security, and is asked with the queue full and, as the
peer in the same run, with 1,000 waiting and none decided: the ratio says what length costs. Then twenty reviewers take
the next request, each twice a second (the better of two rounds counts), and after that all at the same moment; requests
that two of them got are counted.
All twenty are threads of this one process, so the second figure is mostly their wait for each other's Python.

    make bench ARGS=queue
    python -m bench.queue --waiting 10000 --decided 50000     # a quick look
"""

import argparse
import random
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bench import ground

Got = defaultdict[UUID, set[UUID]]

REVIEWERS = 20
TARGET_CLAIM_P95, TARGET_LIST_P95 = 30.0, 150.0
PEER_WAITING = 1000
WHOLE_PAGE = "the whole page"


@dataclass
class Timed:
    """Milliseconds of each time something was asked, and how many queries it took."""

    took: list[float] = field(default_factory=list)
    queries: int = 0

    def quantile(self, share: float) -> float:
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def questions(business_id: UUID, user: Any) -> dict[str, Callable[[], Any]]:
    """What the page and the API ask, by name."""
    from apps.approvals import queue, selectors
    from apps.approvals.states import State
    from bench.queue_data import RARE_KIND, RARE_WORD

    def page(**wanted: Any) -> Callable[[], Any]:
        return lambda: queue.list_page(queue.Filters(**wanted), user=user)

    return {
        "count for the navigation": lambda: selectors.waiting_count(business_id),
        "first page": page(),
        "one rare kind": page(kind=RARE_KIND),
        "by deadline": page(order="deadline"),
        "newest": page(order="newest"),
        "a common word": page(q="refund"),
        "a rare word": page(q=RARE_WORD),
        "no such word": page(q="nowhere"),
        "approved, a rare word": page(state="approved", q=RARE_WORD),
        "approved": page(state="approved"),
        "the first one I may decide": lambda: queue.first_open([], queue.Filters(), user=user, role="reviewer"),
        "REST, waiting": lambda: list(
            selectors.requests_of(business_id).filter(state=State.WAITING).order_by("-id")[:50]
        ),
    }


def ask_all(business_id: UUID, user: Any, rounds: int) -> dict[str, Timed]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from apps.accounts.row_access import acting_for

    timed: dict[str, Timed] = {}
    for name, question in questions(business_id, user).items():
        timed[name] = one = Timed()
        with acting_for(business_id):
            with CaptureQueriesContext(connection) as captured:
                question()
            one.queries = len(captured)
            for _ in range(rounds):
                began = time.perf_counter()
                question()
                one.took.append((time.perf_counter() - began) * 1000)
    return timed


def open_page(user: Any, rounds: int) -> Timed:
    """The whole queue page as a signed-in browser asks for it, session and shell included."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    browser, timed, address = Client(headers={"host": "localhost"}), Timed(), reverse("admin:queue")
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    browser.get(address)
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"the queue page answered {answer.status_code}")
    timed.queries = len(captured)
    for _ in range(rounds):
        began = time.perf_counter()
        browser.get(address)
        timed.took.append((time.perf_counter() - began) * 1000)
    return timed


def claim_in_threads(business_id: UUID, people: list[Any], got: Got, *, rounds: int, pause: float) -> Timed:
    """Every reviewer takes the next request `rounds` times, `pause` seconds apart on average; notes who got what."""
    from django.db import connection

    from apps.accounts.row_access import acting_for
    from apps.approvals.claiming import claim_next

    timed, lock = Timed(), threading.Lock()
    begin = threading.Barrier(len(people))

    def work(person: Any) -> None:
        pick, mine = random.Random(person.username), [key for key, holders in got.items() if person.pk in holders]
        with acting_for(business_id):
            pass
        begin.wait()
        for _ in range(rounds):
            time.sleep(pick.uniform(0, 2 * pause))
            began = time.perf_counter()
            with acting_for(business_id):
                found = claim_next(business_id=business_id, user=person, role="reviewer", skip=mine)
            with lock:
                timed.took.append((time.perf_counter() - began) * 1000)
                if found:
                    got[found.pk].add(person.pk)
                    mine.append(found.pk)
        connection.close()

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return timed


def reviewers(business: Any) -> list[Any]:
    from apps.accounts.models import Membership, User

    people = []
    for number in range(REVIEWERS):
        name = f"{business.slug}-{number}"
        user = User.objects.create(username=name, email=f"{name}@example.com")
        Membership.objects.create(business=business, user=user, role="reviewer")
        people.append(user)
    return people


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--decided", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    asked = parser.parse_args()
    ground.set_up()
    from bench.queue_data import fill

    small, _ = ground.new_business("Small queue")
    fill(small.pk, waiting=PEER_WAITING, decided=0)
    first = reviewers(small)[0]
    short = ask_all(small.pk, first, asked.rounds) | {WHOLE_PAGE: open_page(first, asked.rounds)}
    large, _ = ground.new_business("Long queue")
    began = time.perf_counter()
    fill(large.pk, waiting=asked.waiting, decided=asked.decided)
    print(f"{asked.waiting:,} waiting and {asked.decided:,} decided, written in {time.perf_counter() - began:.0f} s\n")
    people = reviewers(large)
    long = ask_all(large.pk, people[0], asked.rounds) | {WHOLE_PAGE: open_page(people[0], asked.rounds)}
    print("| asked | queries | p50 ms | p95 ms | p50 of 1,000 waiting | ratio |\n|---|---:|---:|---:|---:|---:|")
    for name, one in long.items():
        peer = statistics.median(short[name].took)
        median = statistics.median(one.took)
        p95 = one.quantile(0.95)
        print(f"| {name} | {one.queries} | {median:.1f} | {p95:.1f} | {peer:.1f} | {median / peer:.1f} |")
    worst = max(one.quantile(0.95) for one in long.values())
    got: Got = defaultdict(set)
    rounds = [claim_in_threads(large.pk, people, got, rounds=15, pause=0.5) for _ in range(2)]
    steady = min(rounds, key=lambda timed: timed.quantile(0.95))
    burst = claim_in_threads(large.pk, people, got, rounds=5, pause=0)
    doubled = sum(len(holders) > 1 for holders in got.values())
    for words, timed in (("each twice a second", steady), ("all in the same moment, again and again", burst)):
        print(f"{REVIEWERS} reviewers, {words}: p50 {timed.quantile(0.5):.1f} ms, p95 {timed.quantile(0.95):.1f} ms")
    print(f"requests taken: {len(got)}, of them by two: {doubled}\n")
    for words, value, target in (
        ("slowest list or page, p95 ms", worst, TARGET_LIST_P95),
        ("claim-next, p95 ms", steady.quantile(0.95), TARGET_CLAIM_P95),
        ("doubled claims", float(doubled), 0.0),
    ):
        print(f"{'ok  ' if value <= target else 'MISS'} {words}: {value:.1f}, at most {target:.0f}")


if __name__ == "__main__":
    main()
