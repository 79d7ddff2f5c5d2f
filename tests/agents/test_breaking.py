"""What keeps failing is left in peace; one call finds out whether it is back, and a person may say so."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from apps.agents.answers import Why
from apps.agents.calling import AgentFailed, call_agent
from apps.agents.models import Agent, Tool
from apps.agents.registering import close_breaker
from apps.agents.using import ToolFailed, use_tool
from apps.core import breaking
from apps.core.breaking import Light
from apps.core.ids import new_id
from tests.agents.unruly import Unruly

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.AGENT_BREAKER_FAILURES, settings.AGENT_BREAKER_SECONDS = 3, 0.4


def try_once(agent: Agent) -> Why | None:
    try:
        call_agent(agent=agent, work_id="work-1", body={})
    except AgentFailed as error:
        return error.why
    return None


def fail(agent: Agent, server: Unruly, mode: str = "500", times: int = 3) -> None:
    server.mode = mode
    for _ in range(times):
        try_once(agent)


@pytest.mark.parametrize("mode", ["500", "garbage", "reset", "huge", "429"])
def test_it_opens_after_so_many_failures_in_a_row(agent: Agent, server: Unruly, mode: str) -> None:
    fail(agent, server, mode)
    server.mode = "good"
    with pytest.raises(AgentFailed) as failed:
        call_agent(agent=agent, work_id="work-1", body={})
    assert (failed.value.why, failed.value.again) == (Why.BREAKER_OPEN, True)
    assert len(server.received) == 3, "it was not called any more"
    shown = breaking.standing(agent.pk)
    assert (shown.light, shown.failures) == (Light.OPEN, 3)
    assert shown.last_words
    assert shown.failed_at is not None
    assert 0 < shown.tries_again_in <= 0.4


@pytest.mark.parametrize("mode", ["400", "404", "confidence_7", "later"])
def test_an_answer_that_is_merely_no_good_does_not_open_it(agent: Agent, server: Unruly, mode: str) -> None:
    fail(agent, server, mode, times=5)
    assert breaking.standing(agent.pk).light is Light.CLOSED


def test_a_success_in_between_starts_the_count_anew(agent: Agent, server: Unruly) -> None:
    fail(agent, server, times=2)
    fail(agent, server, "good", times=1)
    fail(agent, server, times=2)
    assert breaking.standing(agent.pk).light is Light.CLOSED


def test_after_the_pause_one_call_closes_it_again(agent: Agent, server: Unruly) -> None:
    fail(agent, server)
    time.sleep(0.45)
    assert breaking.standing(agent.pk).light is Light.HALF_OPEN
    server.mode = "good"
    assert try_once(agent) is None
    assert breaking.standing(agent.pk).light is Light.CLOSED
    assert try_once(agent) is None


def test_after_the_pause_one_failure_opens_it_for_another(agent: Agent, server: Unruly) -> None:
    fail(agent, server)
    time.sleep(0.45)
    assert try_once(agent) is Why.STATUS
    assert try_once(agent) is Why.BREAKER_OPEN
    assert len(server.received) == 4


def test_of_many_who_ask_after_the_pause_one_is_let_through(agent: Agent, server: Unruly) -> None:
    fail(agent, server)
    time.sleep(0.45)
    server.mode, server.seconds = "slow", 0.3
    ended: list[Why | None] = []
    threads = [threading.Thread(target=lambda: ended.append(try_once(agent))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended.count(None) == 1
    assert ended.count(Why.BREAKER_OPEN) == 7


def test_one_who_was_finding_out_and_died_is_followed_by_another() -> None:
    owner = new_id()
    for _ in range(3):
        breaking.note(owner, ok=False, why="status", told="The agent answered 500")
    time.sleep(0.45)
    assert breaking.may_call(owner, probe_seconds=0.2) == 0
    assert breaking.may_call(owner, probe_seconds=0.2) > 0
    time.sleep(0.25)
    assert breaking.may_call(owner, probe_seconds=0.2) == 0


def test_a_person_may_close_it(agent: Agent, server: Unruly) -> None:
    fail(agent, server)
    server.mode = "good"
    assert call_agent(agent=agent, work_id="work-1", body={}, trial=True).content == "Refund it"
    fail(agent, server)
    breaking.close(agent.pk)
    server.mode = "good"
    assert try_once(agent) is None


@pytest.mark.django_db(transaction=True)
def test_closing_it_is_told_to_the_audit(agent: Agent, server: Unruly) -> None:
    from apps.core.models import Event

    fail(agent, server)
    close_breaker(owner=agent, actor="user:bob")
    assert breaking.standing(agent.pk).light is Light.CLOSED
    assert Event.objects.filter(kind="agent.breaker_closed", actor="user:bob").exists()


def test_tools_have_breakers_of_their_own(make_tool: Callable[..., Tool], server: Unruly, agent: Agent) -> None:
    tool = make_tool()
    server.mode = "500"
    whys = []
    for _ in range(4):
        with pytest.raises(ToolFailed) as failed:
            use_tool(tool=tool, arguments={"order": "A-1"}, work_id="1")
        whys.append(failed.value.why)
    assert whys == [Why.STATUS, Why.STATUS, Why.STATUS, Why.BREAKER_OPEN]
    server.mode = "good"
    assert try_once(agent) is None


def test_without_redis_every_call_goes_through(agent: Agent, server: Unruly, settings: Any, monkeypatch: Any) -> None:
    fail(agent, server)
    server.mode = "good"
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for kept in (breaking._client, breaking._script):
        kept.cache_clear()
    monkeypatch.setattr(breaking, "_paused_until", 0.0)
    try:
        assert try_once(agent) is None
        assert breaking.standings([agent.pk])[agent.pk].light is Light.CLOSED
        breaking.close(agent.pk)
    finally:
        for kept in (breaking._client, breaking._script):
            kept.cache_clear()
