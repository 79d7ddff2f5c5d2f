"""kill -9 in the middle: of a guard that takes a feature back, and of a person's rollback."""

import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.alerts.models import Notice
from apps.core.models import Event
from apps.pilots.models import Feature, HeldBack, Incident, PilotBusiness, Rollback
from apps.pilots.selectors import businesses_on
from apps.pilots.watching import watch_guards
from tests.pilots.guarded import Decide, guard_on, out_for

pytestmark = pytest.mark.django_db(transaction=True)

# Everything is written and nothing committed: there the process waits for its end.
DOING = """
import time, django
django.setup()
from django.utils import timezone
from apps.pilots import incidents, rollback, watching
from apps.pilots.models import Feature
def last_step(*args, **named):
    print("there", flush=True)
    time.sleep(60)
"""
BY_GUARD = """
incidents.raise_notice = last_step
watching.watch_guards(now=timezone.now())
"""
BY_PERSON = """
rollback.tell = last_step
feature = Feature.objects.get(key="BULK_APPROVE")
rollback.roll_back(feature_id=feature.pk, level="everything", reason="Wrong facts", actor="user:bob@example.com")
"""


def die_doing(what: str) -> None:
    """Do it in a process of its own, which is killed at its last step before the commit."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    process = subprocess.Popen(
        [sys.executable, "-c", DOING + what],
        env=os.environ | {"DATABASE_URL": urlunsplit(url)},
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline() == b"there\n"
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()


def wait_until_gone() -> None:
    """Until the database has noticed that nobody is there any more."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), pg_sleep(0.01) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
            )
            if cursor.fetchone()[0] == 0:
                return
    raise AssertionError("the transaction of the dead is still open")


def nothing_is_left(switch: Feature, shop: Business) -> None:
    with across_businesses():
        assert businesses_on(switch) == [shop.pk]
        assert PilotBusiness.objects.count() == 1
        for model in (Rollback, HeldBack, Incident, Notice):
            assert not model.objects.exists()
        assert not Event.objects.filter(kind__in=["feature.rolled_back", "feature.incident_opened"]).exists()


def test_a_guard_that_is_killed_leaves_nothing_and_the_next_look_acts(
    switch: Feature, shop: Business, decided: Decide
) -> None:
    guard_on(switch, armed=out_for(switch, shop))
    decided(shop, rejected=100)
    die_doing(BY_GUARD)
    wait_until_gone()
    nothing_is_left(switch, shop)
    assert watch_guards(now=timezone.now()) == 1
    with across_businesses():
        assert Rollback.objects.count() == Incident.objects.count() == Notice.objects.count() == 1
        assert businesses_on(switch) == []


def test_a_rollback_that_is_killed_leaves_nothing(switch: Feature, shop: Business) -> None:
    out_for(switch, shop)
    die_doing(BY_PERSON)
    wait_until_gone()
    nothing_is_left(switch, shop)
