"""What does asking for a feature cost in process, against a floor, django-waffle with its Redis cache, and the SDK?

10,000 businesses, 200 features: a quarter with a list of 50 businesses, one with all 10,000 on its list, a quarter at
10 %, a quarter at 50 % with a list of 200, the rest off. All are asked the same pairs of feature and business, drawn
beforehand, in turn within each round; a ratio is taken within its round, the median round counts. What is in
favour of the others is left so: waffle's requests and users are made beforehand and used again, and the SDK's features
have a fixed value that nobody targets. Queries are counted.

    make bench ARGS=flags
"""

import argparse
import itertools
import random
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from uuid import UUID

from bench import ground

BUSINESSES, FEATURES = 10_000, 200
TARGET_WAFFLE, TARGET_SDK = 500.0, 5.0
ACTOR = "system:bench"
Pair = tuple[str, str]


@dataclass
class Case:
    """A way of asking, what it is given in each call, and microseconds a call, one figure a round."""

    name: str
    call: Callable[..., object]
    given: list[tuple[Any, ...]]
    found: list[float] = field(default_factory=list)

    def measure(self) -> None:
        best = min(self._once() for _ in range(3))
        self.found.append(best / len(self.given) * 1e6)

    def _once(self) -> float:
        call, given = self.call, self.given
        start = time.perf_counter()
        for one in given:
            call(*one)
        whole = time.perf_counter() - start
        start = time.perf_counter()
        for _ in given:
            pass
        return whole - (time.perf_counter() - start)


def terms(number: int) -> tuple[int, int]:
    """(share in percent, businesses on the list) of the feature of this number."""
    if number == 0:
        return 0, BUSINESSES
    return ((0, 50), (10, 0), (50, 200), (0, 0))[number % 4]


def fill() -> list[UUID]:
    """Businesses, features and lists in the database; the ids of the businesses."""
    from django.utils import timezone

    from apps.accounts.models import Business
    from apps.accounts.row_access import across_businesses
    from apps.core.ids import new_id
    from apps.pilots.defining import create_feature
    from apps.pilots.models import Feature, PilotBusiness

    drawn = new_id().hex[-8:]
    made = [Business(name=f"Business {n}", slug=f"flags-{drawn}-{n}") for n in range(BUSINESSES)]
    ids = [business.pk for business in Business.objects.bulk_create(made, batch_size=2000)]
    with across_businesses():
        Feature.objects.filter(key__startswith="BENCH_FLAG_").delete()
        for number in range(FEATURES):
            share, listed = terms(number)
            feature = create_feature(key=name_of(number), actor=ACTOR)
            Feature.objects.filter(pk=feature.pk).update(share=share)
            PilotBusiness.objects.bulk_create(
                [
                    PilotBusiness(business_id=pk, feature=feature, enabled_at=timezone.now(), enabled_by=ACTOR)
                    for pk in ids[:listed]
                ],
                batch_size=2000,
            )
    return ids


def name_of(number: int) -> str:
    return f"BENCH_FLAG_{number}"


def drawn_pairs(ids: list[UUID], count: int) -> list[tuple[int, UUID]]:
    draw = random.Random(7)
    return [(draw.randrange(FEATURES), draw.choice(ids)) for _ in range(count)]


def floor_of(ids: list[UUID]) -> Callable[[str, str], bool]:
    """A dictionary and a checksum, through a function."""
    listed = {str(pk): True for pk in ids[:200]}

    def ask(key: str, who: str) -> bool:
        return listed.get(who) or zlib.crc32(who.encode()) < 2**31

    return ask


def waffle_cases(ids: list[UUID], pairs: Iterable[tuple[int, UUID]]) -> Case:
    """The same features as waffle has them: a user stands for each business, a list is a list of users."""
    from django.contrib.auth import get_user_model
    from django.core.cache import cache
    from django.core.management import call_command
    from django.http import HttpRequest
    from waffle import flag_is_active
    from waffle.models import Flag

    call_command("migrate", "waffle", verbosity=0)
    users = get_user_model()
    users.objects.filter(username__startswith="bench-flag-").delete()
    Flag.objects.all().delete()
    cache.clear()
    made = users.objects.bulk_create(
        [users(username=f"bench-flag-{n}", email=f"bench-flag-{n}@example.com") for n in range(BUSINESSES)]
    )
    for number in range(FEATURES):
        share, listed = terms(number)
        flag = Flag.objects.create(name=name_of(number), percent=share or None, superusers=False)
        flag.users.set(made[:listed])
    requests = {}
    for pk, user in zip(ids, made, strict=True):
        requests[pk] = HttpRequest()
        requests[pk].user = user
    given = [(requests[pk], name_of(number)) for number, pk in pairs]
    for one in given:
        flag_is_active(*one)
    return Case("django-waffle, Redis cache", flag_is_active, given)


def sdk_case(pairs: Iterable[tuple[int, UUID]]) -> Case:
    from openfeature import api
    from openfeature.evaluation_context import EvaluationContext
    from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

    values = {"on": True, "off": False}
    api.set_provider(InMemoryProvider({name_of(n): InMemoryFlag("off", values) for n in range(FEATURES)}))
    contexts: dict[UUID, EvaluationContext] = {}
    given = [(name_of(number), False, contexts.setdefault(pk, EvaluationContext(str(pk)))) for number, pk in pairs]
    return Case("OpenFeature SDK, in memory", api.get_client().get_boolean_value, given)


def loading() -> tuple[float, float, float]:
    """(seconds to load everything, seconds to load after a change of one feature, megabytes in memory)."""
    from apps.core.ids import new_id
    from apps.pilots import flags
    from apps.pilots.models import Feature

    def load_all() -> None:
        flags._held = flags.Features()
        flags._load()

    def load_one() -> None:
        Feature.objects.filter(key=name_of(1)).update(version=new_id())
        begun = time.perf_counter()
        flags._load()
        once.append(time.perf_counter() - begun)

    once: list[float] = []
    every = []
    for _ in range(3):
        begun = time.perf_counter()
        load_all()
        every.append(time.perf_counter() - begun)
        load_one()
    flags._held = flags.Features()
    tracemalloc.start()
    flags._load()
    kept = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    return median(every), median(once), kept


def ask_all(cases: list[Case], rounds: int) -> int:
    """Measure all cases in turn; how many queries ours made."""
    from django.db import connection

    queries = 0

    def count(execute: Callable[..., object], *arguments: object) -> object:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for case in cases:
            if case.name.startswith("Gatehouse"):
                with connection.execute_wrapper(count):
                    case.measure()
            else:
                case.measure()
    return queries


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    from bench import settings

    # For this process alone.
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "waffle"]
    ground.set_up()
    from apps.core.snapshot import forget_everything
    from apps.pilots import flags

    ids = fill()
    everything, one, megabytes = loading()
    pairs = drawn_pairs(ids, 20_000)
    by_text = [(name_of(number), str(pk)) for number, pk in pairs]
    waffle = waffle_cases(ids, itertools.islice(pairs, 400))
    sdk = sdk_case(itertools.islice(pairs, 4000))
    ours = Case("Gatehouse, evaluate", flags.evaluate, by_text)
    by_id = Case("Gatehouse, is_on (a UUID)", flags.is_on, [(name_of(number), pk) for number, pk in pairs])
    floor = Case("floor: a dictionary and a crc32", floor_of(ids), by_text)
    forget_everything()
    flags.features()
    time.sleep(1.5)  # until the subscription stands: what was read before it is read once more
    flags.features()
    cases = [floor, ours, by_id, sdk, waffle]
    queries = ask_all(cases, asked.rounds)
    print("| asked in process | us | to the floor | to Gatehouse |\n|---|---:|---:|---:|")
    for case in cases:
        to_floor, to_ours = ratio(case, floor), ratio(case, ours)
        print(f"| {case.name} | {median(case.found):,.2f} | {to_floor:,.1f} | {to_ours:,.1f} |")
    print(f"\nqueries while Gatehouse was asked {asked.rounds * 6 * len(pairs):,} times: {queries}")
    print(f"loading all: {everything * 1000:.0f} ms, after a change of one: {one * 1000:.1f} ms; {megabytes:.1f} MB")
    faster, sdk_faster = ratio(waffle, ours), ratio(sdk, ours)
    sys.exit(
        ground.verdict(
            (f"{faster:,.0f} x faster than waffle, target {TARGET_WAFFLE:.0f}", faster >= TARGET_WAFFLE),
            (f"{sdk_faster:.1f} x faster than the SDK, target {TARGET_SDK:.0f}", sdk_faster >= TARGET_SDK),
            (f"{queries} queries, target none", queries == 0),
        )
    )


def ratio(case: Case, other: Case) -> float:
    return median(mine / theirs for mine, theirs in zip(case.found, other.found, strict=True))


if __name__ == "__main__":
    main()
