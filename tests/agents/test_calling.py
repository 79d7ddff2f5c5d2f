"""An agent that misbehaves is one failed call with a clear reason: no stuck worker, no row that cannot be kept."""

import time
from decimal import Decimal
from typing import Any

import pytest
from standardwebhooks import Webhook

from apps.agents.answers import Why
from apps.agents.calling import AgentFailed, Reply, call_agent
from apps.agents.models import Agent
from apps.agents.switching import disable_agent
from apps.core.sealing import seal, unseal
from tests.agents.unruly import GOOD, Unruly, wait_until

pytestmark = pytest.mark.django_db


def call(agent: Agent, **more: Any) -> Reply:
    return call_agent(agent=agent, work_id="work-1", body={"goal": "Refund it"}, **more)


def failure(agent: Agent, **more: Any) -> AgentFailed:
    with pytest.raises(AgentFailed) as failed:
        call(agent, **more)
    return failed.value


def test_it_signs_what_it_sends_and_reads_what_comes_back(agent: Agent, server: Unruly) -> None:
    agent.headers = seal('{"X-Key": "s3cret", "webhook-id": "forged"}')
    reply = call(agent)
    assert (reply.answer, reply.content) == (GOOD, "Refund it")
    assert (reply.confidence, reply.reasoning, reply.cost) == (0.9, "The parcel is lost", Decimal("0.002"))
    assert not reply.later
    sent = server.received[0]
    assert Webhook(unseal(agent.secret)).verify(sent.body, sent.headers)
    assert sent.headers["webhook-id"] == sent.headers["idempotency-key"] == "work-1"
    assert sent.headers["x-key"] == "s3cret"
    assert sent.json() == {"goal": "Refund it"}


@pytest.mark.parametrize(
    ("mode", "content"), [("text", "just a text"), ("list", [1, 2]), ("empty", None), ("no_content", None)]
)
def test_an_answer_without_a_result_is_the_content_itself(
    agent: Agent, server: Unruly, mode: str, content: Any
) -> None:
    server.mode = mode
    reply = call(agent)
    assert reply.content == reply.answer == content
    assert reply.confidence is None


def test_of_a_key_that_comes_twice_the_last_counts(agent: Agent, server: Unruly) -> None:
    server.mode = "duplicate_keys"
    assert (call(agent).content, call(agent).confidence) == ("second", 0.2)


@pytest.mark.parametrize("mode", ["later", "later_with_words"])
def test_an_agent_may_answer_later(agent: Agent, server: Unruly, mode: str) -> None:
    server.mode = mode
    assert call(agent).later
    assert call(agent).content is None


def test_the_price_hint_counts_where_the_answer_names_no_cost(agent: Agent, server: Unruly) -> None:
    agent.price_per_call = Decimal("0.5")
    assert call(agent).cost == Decimal("0.002")
    server.mode = "text"
    assert call(agent).cost == Decimal("0.5")


@pytest.mark.parametrize(
    ("mode", "why", "again"),
    [
        ("hang", Why.TIMEOUT, True),
        ("drip", Why.TIMEOUT, True),
        ("drip_headers", Why.TIMEOUT, True),
        ("truncated", Why.UNREACHABLE, True),
        ("reset", Why.UNREACHABLE, True),
        ("huge", Why.TOO_LARGE, False),
        ("endless", Why.TOO_LARGE, False),
        ("over_256_kb", Why.TOO_LARGE, False),
        ("garbage", Why.NOT_JSON, False),
        ("wrong_content", Why.NOT_JSON, False),
        ("truncated_json", Why.NOT_JSON, False),
        ("bomb", Why.NOT_JSON, False),
        ("confidence_nan", Why.NOT_JSON, False),
        ("lone_surrogate", Why.NOT_JSON, False),
        ("confidence_infinite", Why.BAD_ANSWER, False),
        ("confidence_7", Why.BAD_ANSWER, False),
        ("confidence_negative", Why.BAD_ANSWER, False),
        ("confidence_high", Why.BAD_ANSWER, False),
        ("confidence_true", Why.BAD_ANSWER, False),
        ("reasoning_list", Why.BAD_ANSWER, False),
        ("cost_text", Why.BAD_ANSWER, False),
        ("cost_negative", Why.BAD_ANSWER, False),
        ("deep", Why.BAD_ANSWER, False),
        ("very_deep", Why.BAD_ANSWER, False),
        ("null_byte", Why.BAD_ANSWER, False),
        ("null_byte_key", Why.BAD_ANSWER, False),
        ("long_number", Why.BAD_ANSWER, False),
        ("redirect", Why.STATUS, False),
        ("400", Why.STATUS, False),
        ("404", Why.STATUS, False),
        ("408", Why.STATUS, True),
        ("429", Why.STATUS, True),
        ("500", Why.STATUS, True),
    ],
)
def test_it_says_what_was_wrong_and_whether_to_try_again(
    agent: Agent, server: Unruly, mode: str, why: Why, again: bool
) -> None:
    server.mode = mode
    error = failure(agent)
    assert (error.why, error.again) == (why, again), str(error)
    assert str(error)
    assert len(server.received) == 1, "nothing was sent anywhere else"


def test_it_hangs_up_on_an_answer_that_is_too_large(agent: Agent, server: Unruly) -> None:
    server.mode = "endless"
    failure(agent)
    wait_until(lambda: server.in_flight == 0)
    assert server.sent < 64 * 1024 * 1024, "it could go on only until the connection was closed"


@pytest.mark.parametrize("mode", ["hang", "drip", "drip_headers"])
def test_the_time_it_is_given_holds_for_everything(agent: Agent, server: Unruly, mode: str) -> None:
    server.mode = mode
    agent.timeout_seconds = 30
    began = time.monotonic()
    assert "No answer within 0.3 s" in str(failure(agent, timeout=0.3))
    assert time.monotonic() - began < 3


def test_no_time_at_all_is_no_call(agent: Agent, server: Unruly) -> None:
    assert failure(agent, timeout=0).why is Why.TIMEOUT
    assert not server.received


def test_no_caller_waits_longer_than_the_agent_says(agent: Agent, server: Unruly) -> None:
    server.mode = "hang"
    assert "No answer within 1 s" in str(failure(agent, timeout=60))


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://[::1]:1/"])
def test_it_calls_no_private_address(agent: Agent, settings: Any, url: str) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    agent.url = url
    error = failure(agent)
    assert (error.why, error.again) == (Why.REFUSED, False)


def test_an_agent_that_is_off_is_called_for_a_trial_only(agent: Agent, server: Unruly) -> None:
    disable_agent(agent_id=agent.pk, reason="It shouts", by="person", actor="user:bob")
    agent.refresh_from_db()
    error = failure(agent)
    assert error.why is Why.OFF
    assert "It shouts" in str(error)
    assert not server.received
    assert call(agent, trial=True).content == "Refund it"


def test_python_is_called_by_its_registered_name(agent: Agent, entry_points: None) -> None:
    agent.kind, agent.entry = "python", "plan"
    body = {"goal": "Refund it"}
    reply = call_agent(agent=agent, work_id="work-1", body=body)
    assert (reply.content, reply.confidence) == ("Planned work-1", 0.5)
    assert body == {"goal": "Refund it"}


@pytest.mark.parametrize(
    ("entry", "why", "words"),
    [
        ("os:system", Why.MISSING, "Nothing is registered"),
        ("gone", Why.MISSING, "cannot be loaded"),
        ("fails", Why.ERROR, "RuntimeError: no paper"),
        ("sleeps", Why.TIMEOUT, "No answer within 1 s"),
        ("no_json", Why.BAD_ANSWER, "JSON"),
    ],
)
def test_python_that_fails_says_how(agent: Agent, entry_points: None, entry: str, why: Why, words: str) -> None:
    agent.kind, agent.entry = "python", entry
    error = failure(agent)
    assert error.why is why
    assert words in str(error)
    assert "\x00" not in str(error)


def test_python_that_never_ends_is_not_started_for_ever(agent: Agent, entry_points: None, settings: Any) -> None:
    settings.AGENT_BREAKER_FAILURES = 100
    agent.kind, agent.entry = "python", "sleeps"
    told = [call_failure(agent, {"seconds": 2.0}) for _ in range(6)]
    assert [error.why for error in told].count(Why.BUSY) >= 1
    assert told[-1].why is Why.BUSY


def call_failure(agent: Agent, body: dict[str, Any]) -> AgentFailed:
    with pytest.raises(AgentFailed) as failed:
        call_agent(agent=agent, work_id="work-1", body=body, timeout=0.05)
    return failed.value
