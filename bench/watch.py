"""How long does the Watch page take with 1,000,000 goals of 30 days, and what would counting them anew cost?

Every window is looked at under row-level security, with the hours counted as the beat task leaves them; the floor, in
the same run, is the same two statements over the goals themselves. Then the lists behind the numbers, also those that
hold nothing: what an index alone cannot answer.

    make bench ARGS=watch
    python -m bench.watch --goals 100000      # a quick look
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bench import ground

TARGET_FIGURES, TARGET_LIST, TARGET_PAGE = 150.0, 150.0, 400.0

# What a goal of the bench has in each column; the rest is what the model's fields start with.
_COLUMNS = {
    "id": "uuidv7(-interval '30 days' * ((n - random()) / %(count)s))",
    "business_id": "%(business)s::uuid",
    "text": "'Refund 39.90 euros for order HP-' || n || ' because the lamp shade arrived cracked'",
    "context": "jsonb_build_object('order_id', 'HP-' || n, 'note', repeat('The customer wrote twice. ', 20))",
    "checks": "jsonb_build_object('status', 'pass', 'checks', jsonb_build_array(repeat('All is there. ', 100)))",
    "factors": "jsonb_build_array(repeat('The words of goal and tool are close. ', 20))",
    "submitted_by": "'key:bench'",
    "execution_path": "(ARRAY['executed', 'approved', 'clarification', 'rejected'])[1 + n %% 4]",
    "state": "CASE WHEN n %% 400 = 0 THEN 'failed' WHEN n %% 4 = 3 THEN 'rejected' ELSE 'done' END",
    "approval_state": "CASE WHEN n %% 17 = 1 THEN 'rejected' ELSE 'not_required' END",
    "confidence": "((n::bigint * 7919) %% 9973) / 9973.0",
    "check_marks": "CASE WHEN n %% 5 = 0 THEN n %% 1024 ELSE 0 END",
    "timings": "ARRAY[200 + n %% 100, 3000 + (n * 31) %% 9000, NULL, 400 + n %% 300, 5000 + (n * 37) %% 20000]",
    "created_at": "now() - interval '30 days' * (n::float / %(count)s)",
    "updated_at": "now()",
}


def fill(business_id: Any, count: int) -> None:
    """Write the goals (about a minute a million) and have the planner learn of them."""
    from django.contrib.postgres.fields import ArrayField
    from django.db import connection, models

    from apps.goals.models import Goal

    def start(field: Any) -> str:
        if field.null:
            return f"NULL::{field.db_type(connection)}"
        if isinstance(field, models.JSONField):
            return "'[]'::jsonb" if field.default is list else "'{}'::jsonb"
        if isinstance(field, models.BooleanField):
            return "false"
        if isinstance(field, models.IntegerField | models.FloatField):
            return "0"
        return "'none'" if field.name == "callback_state" else "'{}'" if isinstance(field, ArrayField) else "''"

    fields = Goal._meta.concrete_fields
    names = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_COLUMNS.get(field.column or "") or start(field) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO goals_goal ({names}) SELECT {values} FROM generate_series(1, %(count)s) AS n",
            {"business": business_id, "count": count},
        )
        cursor.execute("VACUUM ANALYZE goals_goal")


def timed(rounds: int, act: Callable[[], Any]) -> float:
    """The median of so many rounds, in milliseconds, after one to warm up."""
    took = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took[1:])


def lists(business_id: Any, rounds: int) -> dict[str, float]:
    from django.utils import timezone

    from apps.watch.listing import Wanted, list_goals
    from apps.watch.windows import named

    wanted = {
        "ran alone": Wanted("executed"),
        "turned out bad without a warning": Wanted("missed"),
        "while the gate was off: none": Wanted("ungated"),
        "one bin of confidence": Wanted(confidence=3),
        "slower than all: none": Wanted(slower=900_000_000),
    }
    return {
        name: timed(rounds, partial(list_goals, business_id, named("30d", timezone.now()), one))
        for name, one in wanted.items()
    }


def page(business: Any, rounds: int) -> dict[str, float]:
    """The whole page as a signed-in browser asks for it."""
    from django.test import Client

    from apps.accounts.models import Membership, User

    user = User.objects.create(username=business.slug, email=f"{business.slug}@example.com")
    Membership.objects.create(business=business, user=user, role="admin")
    browser = Client(headers={"host": "localhost"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return {name: timed(rounds, partial(browser.get, f"/admin/watch/?window={name}")) for name in ("1h", "30d")}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--goals", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=10)
    asked = parser.parse_args()
    ground.set_up()
    from django.utils import timezone

    from apps.accounts.row_access import acting_for
    from apps.watch.alerting import evaluate
    from apps.watch.counting import count_between
    from apps.watch.folding import fold
    from apps.watch.watching import watch
    from apps.watch.windows import NAMED, named

    business, _ = ground.new_business("Watched")
    began = time.perf_counter()
    fill(business.pk, asked.goals)
    written = time.perf_counter()
    hours = 0
    while done := fold(business_id=business.pk, now=timezone.now(), seconds=600):
        hours += done
    print(f"{asked.goals:,} goals written in {written - began:.0f} s")
    print(f"{hours} hours counted in {time.perf_counter() - written:.1f} s\n")
    print("| window | goals | figures ms | counted anew ms | ratio |\n|---|---:|---:|---:|---:|")
    slowest = 0.0
    for name in NAMED:
        now = timezone.now()
        window = named(name, now)
        with acting_for(business.pk):
            goals = watch(business.pk, window).counts.goals
            took = timed(asked.rounds, partial(watch, business.pk, window))
            floor = timed(1, partial(count_between, business.pk, window.before, window.end))
        slowest = max(slowest, took)
        print(f"| {name} | {goals:,} | {took:.0f} | {floor:.0f} | {took / floor:.2f} |")
    with acting_for(business.pk):
        listed = lists(business.pk, asked.rounds)
    print("\n| list of 30 days | ms |\n|---|---:|")
    for words, took in listed.items():
        print(f"| {words} | {took:.0f} |")
    pages = page(business, asked.rounds)
    alarm = timed(asked.rounds, lambda: evaluate(business_id=business.pk, now=timezone.now()))
    print(f"\nthe whole page, 1 h: {pages['1h']:.0f} ms, 30 days: {pages['30d']:.0f} ms")
    print(f"alerts of one business: {alarm:.0f} ms\n")
    for words, value, target in (
        ("slowest figures, ms", slowest, TARGET_FIGURES),
        ("slowest list, ms", max(listed.values()), TARGET_LIST),
        ("slowest page, ms", max(pages.values()), TARGET_PAGE),
    ):
        print(f"{'ok  ' if value <= target else 'MISS'} {words}: {value:.0f}, at most {target:.0f}")


if __name__ == "__main__":
    main()
