"""One real worker and a backlog: what is critical is served first, then what is normal, then what is low."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.workflows.models import Run, Step
from apps.workflows.states import Priority
from apps.workflows.tasks import work_steps
from tests.fakes import Outsider
from tests.journeys.conftest import end
from tests.workflows.made import an_agent, asks, begin, stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue(transactional_db: None) -> Iterator[str]:
    """The queue of a worker with one thread, on the test database."""
    name = f"steps-{new_id()}"
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config.celery:app", "worker", "--queues", name, "--pool", "threads",
         "--concurrency", "1", "--hostname", f"{name}@localhost", "--without-gossip", "--without-mingle",
         "--include", "tests.workflows.made", "--loglevel", "ERROR"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": urlunsplit(url)},
    )  # fmt: skip
    yield name
    end(worker)


def test_a_backlog_is_served_by_priority_and_then_by_age(shop: Business, outside: Outsider, queue: str) -> None:
    agent = an_agent(shop, url=outside.url)
    for number in range(8):
        for priority in (Priority.LOW, Priority.CRITICAL, Priority.NORMAL):
            begin(shop, stage("a", asks(agent)), key=f"{priority} {number}", priority=priority)
    # Several wake-ups, as many as there would be: whichever comes first, the order is the database's.
    for _ in range(3):
        work_steps.apply_async(queue=queue)
    until = time.monotonic() + 60
    while Run.objects.exclude(state="done").exists() and time.monotonic() < until:
        time.sleep(0.1)
    served = list(Step.objects.order_by("started_at").values_list("run__key", flat=True))
    assert served == [f"{priority} {number}" for priority in Priority for number in range(8)]
