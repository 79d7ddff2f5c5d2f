"""A real browser on real processes: the web and the live process of `make run`, on the test database."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest
from apps.core import outbox
from scripts.outside import BROWSER
from tests.approvals.conftest import ask_in
from tests.conftest import PASSWORD

STARTS_WITHIN = 30.0
# Two cores carry the tests, the servers and the browsers: a page that is right but late must not fail a test.
expect.set_options(timeout=20_000)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """The two processes a browser talks to. `live` can be stopped and started again.

    broker: where web puts work; nobody consumes the usual one, as a test drains the outbox itself.
    """

    def __init__(self, folder: Path, broker: str = "memory://") -> None:
        self.web_port, self.live_port = free_port(), free_port()
        self.url = f"http://localhost:{self.web_port}"
        parts = urlsplit(os.environ["DATABASE_URL"])
        self.env = os.environ | {
            "DATABASE_URL": urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}")),
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
            "GATEHOUSE_DB_ROLE": "gatehouse_app",
            "GATEHOUSE_DATA_DIR": str(folder),
            "GATEHOUSE_LIVE_URL": f"ws://{{host}}:{self.live_port}",
            "CELERY_BROKER_URL": broker,
        }
        self.log = (folder / "served.log").open("a")
        collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
        subprocess.run(collect, env=self.env, stdout=self.log, stderr=self.log, cwd=settings.BASE_DIR, check=True)
        self.web = self.start("wsgi", self.web_port, "config.wsgi:application", "--blocking-threads", "4", "--no-ws")
        self.start_live()
        self.wait_for(self.web_port)
        urlopen(f"{self.url}/admin/login/", timeout=STARTS_WITHIN).close()

    def start_live(self) -> None:
        self.live = self.start("asginl", self.live_port, "config.asgi:application")
        self.wait_for(self.live_port)

    def stop_live(self) -> None:
        end(self.live)

    def stop(self) -> None:
        for process in (self.web, self.live):
            end(process)
        self.log.close()

    def start(self, interface: str, port: int, target: str, *more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "granian", "--interface", interface, "--workers", "1", "--backlog", "256"]
        command += ["--backpressure", "256", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
        command += ["--workers-kill-timeout", "2", *more, target]
        return subprocess.Popen(command, env=self.env, stdout=self.log, stderr=self.log, cwd=settings.BASE_DIR)

    def wait_for(self, port: int) -> None:
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"nothing listens on {port}; see {self.log.name}")


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="session")
def served(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with django_db_blocker.unblock():
        running = Served(folder)
    yield running
    running.stop()


# For this package only: while it is open its event loop lives in this thread, where others want one of their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # The browser's event loop lives in this thread, where Django would refuse to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER.ensure(), args=["--no-sandbox"])
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """What the Celery worker does for a page: drain the outbox."""
    stop = threading.Event()

    def drain() -> None:
        while not stop.wait(0.03):
            outbox.drain()
        connection.close()

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(10)


OpenAs = Callable[..., Page]


@pytest.fixture
def open_as(served: Served, browser: Browser, worker: None) -> Iterator[OpenAs]:
    """open_as(alice) signs alice in through the form, in a browser of her own, and shows her the queue."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_queue(user: User, path: str = "/admin/queue/", *, js: bool = True, **view: Any) -> Page:
        size = {"viewport": {"width": 1280, "height": 800}} | view
        context = browser.new_context(java_script_enabled=js, base_url=served.url, **size)
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"/admin/login/?next={path}")
        page.fill("[name=username]", user.username)
        page.fill("[name=password]", PASSWORD)
        page.locator("[name=password]").press("Enter")
        page.wait_for_url(f"**{path}**")
        if js:
            page.wait_for_selector("#gh-live[data-state=live]", state="attached")
        return page

    yield open_queue
    for context in contexts:
        context.close()
    wait_for_quiet()
    assert faults == []


def wait_for_quiet() -> None:
    """Wait for what the closed pages had asked last: the tables cannot be emptied under a request that reads them."""
    until, quiet = time.monotonic() + STARTS_WITHIN, 0
    while quiet < 3 and time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'"
            )
            quiet = quiet + 1 if cursor.fetchone() == (0,) else 0
        time.sleep(0.05)


@pytest.fixture
def put(shop: Business, transactional_db: None) -> Callable[..., ApprovalRequest]:
    def put_one(**changes: Any) -> ApprovalRequest:
        with acting_for(shop.pk):
            return ask_in(shop, **changes)

    return put_one


@pytest.fixture
def now_of(shop: Business) -> Callable[[ApprovalRequest], ApprovalRequest]:
    def read(row: ApprovalRequest) -> ApprovalRequest:
        with acting_for(shop.pk):
            return ApprovalRequest.objects.prefetch_related("decisions").get(pk=row.pk)

    return read
