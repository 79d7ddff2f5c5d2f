"""Five hundred goals, six agents, one strict reviewer: who is trusted at the end is who deserved it.

The processes are those of `make run`: web, worker, beat. Goals come in over REST, the agents answer over HTTP, the
reviewer decides over REST, learning cycles are started over REST.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command

from apps.accounts.keys import issue_key
from apps.accounts.models import Business
from apps.accounts.roles import Scope
from apps.accounts.row_access import acting_for
from apps.agents.models import Agent
from apps.alerts.connecting import add_channel
from apps.alerts.models import Notice
from apps.approvals.models import ApprovalRequest
from apps.goals.models import GateSettings, Goal
from apps.trust.models import LearningCycle, Recommendation, TrustScore
from apps.trust.routing import standing_of
from apps.workflows.defining import create_workflow
from apps.workflows.models import Run, Step
from tests.fakes import Outsider
from tests.journeys.conftest import Served, end
from tests.journeys.crew import QUALITIES, Crew, crew_of_six, decision_about, enlist

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GOALS, BATCH = 500, 100
PATIENCE = 240.0
MOVE = {
    "research": {"types": ["research"], "agents": 0, "barrier": "all"},
    "strategy": {"types": ["strategy"], "agents": 2, "barrier": "all"},
    "review": {"types": ["review"], "agents": 1, "every_type": False},
    "person": {"when": "always"},
}


class House(Served):
    """Web and live process, and a worker and beat on a broker of their own. pager: where PagerDuty would be."""

    def __init__(self, folder: Path, pager: str) -> None:
        super().__init__(folder, broker=own_broker())
        celery = [sys.executable, "-m", "celery", "-A", "config.celery:app"]
        # Those serve every business, so row security does not bind them.
        env = {name: value for name, value in self.env.items() if name != "GATEHOUSE_DB_ROLE"}
        env["PAGERDUTY_EVENTS_URL"] = pager
        options = {"env": env, "stdout": self.log, "stderr": self.log, "cwd": settings.BASE_DIR}
        threads = ["worker", "--pool", "threads", "--concurrency", "12", "--queues", "celery,steps"]
        self.worker = subprocess.Popen([*celery, *threads, "--loglevel", "WARNING"], **options)
        self.beat = subprocess.Popen([*celery, "beat", "--loglevel", "WARNING"], **options)

    def stop(self) -> None:
        for process in (self.beat, self.worker):
            end(process)
        super().stop()


def own_broker() -> str:
    """A database of the tests' Redis that no other worker of the tests listens to."""
    number = 4 + int("".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", "0"))) or 0) % 11
    address = settings.REDIS_URL
    if address.startswith("unix://"):
        return f"redis+socket://{address.removeprefix('unix://')}?virtual_host={number}"
    return f"{address.rsplit('/', 1)[0]}/{number}"


@pytest.fixture
def house(transactional_db: None, tmp_path: Path, outside: Outsider) -> Iterator[House]:
    call_command("seed_schedule", verbosity=0)
    outside.answer = (202, b'{"status": "success"}', {})
    running = House(tmp_path, outside.url)
    yield running
    running.stop()


@pytest.fixture
def crew() -> Iterator[Crew]:
    with crew_of_six() as running:
        yield running


def client(house: House, shop: Business, name: str) -> httpx.Client:
    scopes = [scope.value for scope in Scope]
    whole = issue_key(business=shop, name=name, scopes=scopes, by=None, requests_per_minute=1_000_000)[1]
    return httpx.Client(base_url=house.url, headers={"Authorization": f"Bearer {whole}"}, timeout=60)


def within(seconds: float, what: Any) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


def submit(caller: httpx.Client, number: int) -> None:
    body = {"goal": f"Win back customers of shelf {number % 40} who have not ordered this year", "workflow": "move"}
    answer = caller.post("/v1/goals", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["execution_path"] == "executed", answer.text


def review(reviewer: httpx.Client, request: ApprovalRequest) -> None:
    verdict, payload = decision_about(request.payload)
    body = {"verdict": verdict, "payload_hash": request.payload_hash, "payload": payload}
    if verdict == "reject":
        body["reason"] = "Nothing of it is sound"
    answer = reviewer.post(f"/v1/approvals/{request.pk}/decide", json=body)
    assert answer.status_code == 200, answer.text


def review_all(pool: ThreadPoolExecutor, reviewer: httpx.Client, shop: Business, *, until: int) -> None:
    """Decide whatever comes up until so many goals have ended."""
    deadline = time.monotonic() + PATIENCE
    decided: set[Any] = set()
    while True:
        with acting_for(shop.pk):
            waiting = list(ApprovalRequest.objects.filter(kind="step", state="awaiting_approval"))
            ended = Goal.objects.filter(state__in=["done", "failed"]).count()
        if ended >= until:
            return
        fresh = [request for request in waiting if request.pk not in decided]
        list(pool.map(lambda request: review(reviewer, request), fresh))
        decided |= {request.pk for request in fresh}
        assert time.monotonic() < deadline, f"{ended} of {until} goals have ended"
        time.sleep(0.05)


def learn(caller: httpx.Client, shop: Business) -> None:
    answer = caller.post("/v1/learning/cycles", json={})
    assert answer.status_code in (201, 202), answer.text

    def over() -> bool:
        with acting_for(shop.pk):
            return not LearningCycle.objects.filter(state="running").exists()

    within(60, over)
    with acting_for(shop.pk):
        newest = LearningCycle.objects.order_by("-id")[0]
    assert newest.state == "done", newest.error


def test_after_five_hundred_goals_trust_knows_who_is_good(
    house: House, crew: Crew, shop: Business, outside: Outsider, capsys: pytest.CaptureFixture[str]
) -> None:
    add_channel(business_id=shop.pk, kind="pagerduty", name="On call", secret="k" * 32, actor="user:bob@example.com")
    with acting_for(shop.pk):
        enlist(shop, crew, ["research", "strategy"])
        create_workflow(
            business_id=shop.pk, key="move", name="Win customers back", pattern="move_creation", config=MOVE,
            actor="user:bob@example.com",
        )  # fmt: skip
        GateSettings.objects.create(business=shop, high=0.02, medium=0.01)
    caller, reviewer = client(house, shop, "caller"), client(house, shop, "reviewer")
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        for begin in range(0, GOALS, BATCH):
            list(pool.map(lambda number: submit(caller, number), range(begin, begin + BATCH)))
            review_all(pool, reviewer, shop, until=begin + BATCH)
            learn(caller, shop)
    took = time.monotonic() - began

    with acting_for(shop.pk):
        assert Goal.objects.filter(state="done").count() + Goal.objects.filter(state="failed").count() == GOALS
        assert Run.objects.count() == GOALS
        agents = {agent.key: agent for agent in Agent.objects.all()}
        scores = list(TrustScore.objects.filter(type="").select_related("agent").order_by("-overall"))
        with capsys.disabled():
            print(f"\n{GOALS} goals, {Step.objects.count()} steps, {sum(crew.calls.values())} calls, {took:.0f} s")
            for one in scores:
                print(
                    f"  {one.agent.key:5} true {QUALITIES[one.agent.key]:.2f}  trust {one.overall:.3f}"
                    f" [{one.low:.3f}, {one.high:.3f}]  accuracy {one.accuracy:.3f}  n {one.judged:4}"
                    f"  boost {one.boost:+.2f}  {'' if one.agent.enabled else 'switched off'}"
                )
        assert [one.agent.key for one in scores] == list(QUALITIES)
        assert all(one.enough for one in scores)
        assert Recommendation.objects.exclude(verdict="pending").count() > 3 * GOALS
        priorities = {key: standing_of(shop.pk, agent.pk, "research").priority for key, agent in agents.items()}
        assert (priorities["ada"], priorities["ben"]) == (0, 0), priorities
        assert priorities["dov"] == 1, priorities
        assert not agents["fay"].enabled
        assert [key for key, agent in agents.items() if not agent.enabled] == ["fay"]
        newest = Run.objects.order_by("-id")[0]
        assert set(
            newest.steps.filter(does__in=["ada", "ben"], type="research").values_list("priority", flat=True)
        ) == {0}
        assert not newest.steps.filter(does="fay").exists()
        assert Notice.objects.filter(severity="critical", source="trust").exists()
    within(30, lambda: any(b"Fay" in told.body and b'"trigger"' in told.body for told in outside.received))
    accuracy = caller.get("/v1/learning/cycles").json()["results"][0]["accuracy"]
    with capsys.disabled():
        print(f"  model accuracy of the last cycle: {json.dumps(accuracy)[:300]}")
