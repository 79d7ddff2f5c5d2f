"""What does asking for a switch cost, and how soon does another process see that it changed?

The cost stands beside its floor, a look-up in a dictionary through a function, in the same run; queries are counted.
The delay is measured from the commit in this process until another process, which does nothing but ask, gives the new
answer: with Redis pushing the change, and with the push lost (the other process cannot reach Redis).

    make bench ARGS=switches
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from uuid import UUID, uuid4

from bench import ground

SWITCH = "PHASE2_APPROVAL_GATES_ENABLED"
TARGET_MICROSECONDS, TARGET_SECONDS = 2.0, 1.0
# As many businesses with settings of their own, so that the look-up has something to find its way in.
BUSINESSES = 1000


def cost(call: Callable[[], object], *, times: int = 200_000, repeats: int = 5) -> float:
    """Microseconds a call, the best of several runs, less the loop itself."""

    def run(function: Callable[[], object] | None) -> float:
        start = time.perf_counter()
        if function is None:
            for _ in range(times):
                pass
        else:
            for _ in range(times):
                function()
        return time.perf_counter() - start

    return (min(run(call) for _ in range(repeats)) - min(run(None) for _ in range(repeats))) / times * 1e6


def look_up_cost(business_id: UUID) -> tuple[float, float, int]:
    """(microseconds of configuration_of, of the floor, queries made meanwhile)."""
    from django.db import connection

    from apps.goals.configuration import configuration_of

    queries = 0

    def count(execute: Callable[..., object], *arguments: object) -> object:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    configuration_of(business_id)
    time.sleep(1.5)  # until the subscription stands: what was read before it is read once more
    configurations = {business_id: configuration_of(business_id)}
    with connection.execute_wrapper(count):
        ours = cost(lambda: configuration_of(business_id))
    return ours, cost(lambda: configurations.get(business_id)), queries


WATCHER = """
import os, sys, time
from uuid import UUID
import django
django.setup()
from apps.goals.configuration import configuration_of
business, last = UUID(sys.argv[1]), None
print("ready", flush=True)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    now = configuration_of(business).switches.approval_gates
    if now != last:
        print(int(now), time.time(), flush=True)
        last = now
    time.sleep(0.0005)
"""


def delays(business_id: UUID, *, changes: int, pushed: bool) -> list[float]:
    """Seconds from commit until another process gave the new answer, for each change."""
    from apps.goals.switches import set_switch

    set_switch(name=SWITCH, on=False, business_id=business_id, actor="system:bench")
    environment = os.environ | {"DATABASE_POOL_SIZE": "0", "GATEHOUSE_DB_ROLE": "gatehouse_app"}
    if not pushed:
        environment["REDIS_URL"] = "redis://127.0.0.1:1/0"  # nobody listens there
    watcher = subprocess.Popen(
        [sys.executable, "-c", WATCHER, str(business_id), str(changes * 3 + 30)],
        cwd=ground.ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert watcher.stdout
    try:
        watcher.stdout.readline()
        watcher.stdout.readline()  # what it found at first
        time.sleep(1.5)  # until its subscription stands
        found, on = [], False
        for number in range(changes):
            on = not on
            set_switch(name=SWITCH, on=on, business_id=business_id, actor="system:bench")
            committed = time.time()
            told, at = watcher.stdout.readline().split()
            if bool(int(told)) != on:
                raise RuntimeError("The other process saw something else than what was set")
            found.append(max(0.0, float(at) - committed))
            time.sleep(0.1 + 0.137 * (number % 7))  # at other places within the polling interval
        return found
    finally:
        watcher.kill()
        watcher.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--changes", type=int, default=15)
    asked = parser.parse_args()
    ground.set_up()
    from django.utils import timezone

    from apps.accounts.models import Business
    from apps.core.snapshot import forget_everything
    from apps.goals.switches import set_switch
    from apps.pilots.models import Feature, PilotBusiness

    business = ground.new_business()[0]
    others = [Business(id=uuid4(), name="Other", slug=f"other-{uuid4().hex[:12]}") for _ in range(BUSINESSES)]
    Business.objects.bulk_create(others)
    set_switch(name=SWITCH, on=True, business_id=business.pk, actor="system:bench")
    feature, now = Feature.objects.get(key=SWITCH), timezone.now()
    PilotBusiness.objects.bulk_create(
        PilotBusiness(business=other, feature=feature, enabled_at=now, enabled_by="system:bench") for other in others
    )
    forget_everything()
    ours, floor, queries = look_up_cost(business.pk)
    push, poll = (delays(business.pk, changes=asked.changes, pushed=pushed) for pushed in (True, False))
    print(f"| a switch of one of {BUSINESSES + 1:,} businesses | |\n|---|---:|")
    print(f"| configuration_of | {ours:.2f} us |")
    print(f"| floor: a dictionary, through a function | {floor:.2f} us |")
    print(f"| ratio | {ours / floor:.1f} |")
    print(f"| queries in {200_000 * 5:,} look-ups | {queries} |")
    for words, found in (("pushed", push), ("push lost", poll)):
        print(f"| seen by another process, {words}: median | {median(found) * 1000:.0f} ms |")
        print(f"| longest | {max(found) * 1000:.0f} ms |")
    longest = max(*push, *poll)
    sys.exit(
        ground.verdict(
            (f"{ours:.2f} us, target under {TARGET_MICROSECONDS:.0f}", ours < TARGET_MICROSECONDS),
            (f"seen within {longest:.2f} s, target {TARGET_SECONDS:.0f}", longest < TARGET_SECONDS),
            (f"{queries} queries, target none", queries == 0),
        )
    )


if __name__ == "__main__":
    main()
