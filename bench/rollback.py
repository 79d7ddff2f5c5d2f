"""What does taking a feature back from 10,000 businesses cost, and how soon does it hold on other processes?

In the database: the whole act with its commit, beside its floor in the same round, a bare DELETE of the same rows; also
the rehearsal and the undoing. The effect: from the commit until the last of four other processes, which hold the
features in memory and keep asking, gives the new answer; beside it what Gatehouse itself wrote down.

    make bench ARGS=rollback
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import IO, Any
from uuid import UUID

from bench import ground

TARGET_DATABASE_MS, TARGET_EFFECT_MS = 1000.0, 1000.0
KEY = "BENCH_ROLLBACK"
ACTOR = "system:bench"

WATCHER = """
import sys, time
from uuid import UUID
import django
django.setup()
from apps.pilots.flags import is_on
key, business, last = sys.argv[1], UUID(sys.argv[2]), None
while True:
    now = is_on(key, business)
    if now != last:
        print(int(now), time.time(), flush=True)
        last = now
    time.sleep(0.0005)
"""


@contextmanager
def watchers(count: int, business_id: UUID) -> Iterator[list[IO[str]]]:
    """So many processes that keep asking, as the role of web processes; what each of them says."""
    environment = os.environ | {"DATABASE_POOL_SIZE": "0", "GATEHOUSE_DB_ROLE": "gatehouse_app"}
    command = [sys.executable, "-c", WATCHER, KEY, str(business_id)]
    started = [
        subprocess.Popen(
            command, cwd=ground.ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for _ in range(count)
    ]
    try:
        yield [one.stdout for one in started if one.stdout]
    finally:
        for one in started:
            one.kill()
            one.wait()


def heard(lines: list[IO[str]], *, on: bool) -> float:
    """When the last of the processes gave this answer. Raises RuntimeError for one that ended."""
    last = 0.0
    for line in lines:
        while True:
            words = line.readline().split()
            if not words:
                raise RuntimeError("A process that asks has ended")
            if bool(int(words[0])) == on:
                last = max(last, float(words[1]))
                break
    return last


def enlist(feature: Any, businesses: list[UUID]) -> None:
    """Put all of them on the list, as if by hand."""
    from django.utils import timezone

    from apps.pilots.changing import change, holding
    from apps.pilots.models import PilotBusiness

    with holding(feature.pk) as held:
        now = timezone.now()
        PilotBusiness.objects.bulk_create(
            (PilotBusiness(feature=held, business_id=pk, enabled_at=now, enabled_by=ACTOR) for pk in businesses),
            batch_size=2000,
        )
        change(held, actor=ACTOR)


def floor(feature: Any) -> float:
    """Milliseconds of deleting all rows of the list and nothing else, with the commit."""
    from django.db import connection, transaction

    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM pilots_pilotbusiness WHERE feature_id = %s", [feature.pk])
    return (time.perf_counter() - began) * 1000


def timed(act: Callable[[], Any]) -> tuple[Any, float]:
    """(what the act gives, milliseconds)."""
    began = time.perf_counter()
    found = act()
    return found, (time.perf_counter() - began) * 1000


def measure(feature: Any, businesses: list[UUID], lines: list[IO[str]], rounds: int) -> dict[str, list[float]]:
    from apps.pilots.ladder import Level
    from apps.pilots.rollback import confirm_effect, roll_back
    from apps.pilots.undoing import undo

    named: dict[str, Any] = {
        "feature_id": feature.pk,
        "level": Level.EVERYTHING,
        "reason": "A benchmark",
        "actor": ACTOR,
    }
    names = ("floor", "rehearsal", "took", "whole", "effect", "told", "undone")
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        enlist(feature, businesses)
        heard(lines, on=True)
        found["rehearsal"].append(timed(lambda: roll_back(**named, rehearse=True))[1])
        rollback, whole = timed(lambda: roll_back(**named))
        committed = time.time()
        if rollback.affected != len(businesses):
            raise RuntimeError(f"It took it from {rollback.affected} businesses")
        confirm_effect(rollback)
        found["effect"].append((heard(lines, on=False) - committed) * 1000)
        found["took"].append(rollback.took_ms)
        found["whole"].append(whole)
        if rollback.effect_ms is not None:
            found["told"].append(rollback.effect_ms)
        again = partial(undo, rollback_id=rollback.pk, reason="Again", actor=ACTOR)
        found["undone"].append(timed(again)[1])
        heard(lines, on=True)
        found["floor"].append(floor(feature))
        # What was deleted past the acts is told to the processes by a change that is one.
        enlist(feature, businesses[:1])
        roll_back(**named)
        heard(lines, on=False)
    return found


WORDS = {
    "floor": "floor: DELETE of the same rows, with commit",
    "rehearsal": "rehearsed",
    "took": "rolled back, as written down (took_ms)",
    "whole": "rolled back, with commit",
    "undone": "undone, with commit",
    "effect": "after commit, until the last process answered anew",
    "told": "the same as written down (effect_ms)",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--businesses", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=4)
    asked = parser.parse_args()
    ground.set_up()
    from apps.accounts.models import Business
    from apps.core.ids import new_id
    from apps.pilots.defining import create_feature
    from apps.pilots.models import Feature

    home = ground.new_business()[0]
    made = [Business(name="Listed", slug=f"listed-{new_id().hex}") for _ in range(asked.businesses)]
    businesses = [one.pk for one in Business.objects.bulk_create(made, batch_size=2000)]
    Feature.objects.filter(key=KEY).delete()
    feature = create_feature(key=KEY, home_id=home.pk, actor=ACTOR)
    with watchers(asked.processes, businesses[0]) as lines:
        heard(lines, on=False)
        time.sleep(2.5)  # until their subscriptions stand and they have said that they listen
        found = measure(feature, businesses, lines, asked.rounds)
    print(f"| everything, {asked.businesses:,} businesses listed, {asked.processes} processes | median | longest |")
    print("|---|---:|---:|")
    for name, words in WORDS.items():
        print(f"| {words} | {median(found[name]):.0f} ms | {max(found[name]):.0f} ms |")
    print(f"| rolled back / floor | {median(found['whole']) / median(found['floor']):.1f} | |")
    database, effect = max(found["whole"]), max(found["effect"])
    sys.exit(
        ground.verdict(
            (
                f"{database:.0f} ms in the database, target under {TARGET_DATABASE_MS:.0f}",
                database < TARGET_DATABASE_MS,
            ),
            (f"{effect:.0f} ms more on all processes, target under {TARGET_EFFECT_MS:.0f}", effect < TARGET_EFFECT_MS),
            (f"written down in {len(found['told'])} of {asked.rounds}", len(found["told"]) == asked.rounds),
        )
    )


if __name__ == "__main__":
    main()
