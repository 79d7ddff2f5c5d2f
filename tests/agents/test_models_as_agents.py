"""A model of the provider as an agent: its answer counts like any other's, and so do its failures."""

import json
from decimal import Decimal
from typing import Any

import pytest

from apps.agents.answers import Why
from apps.agents.calling import AgentFailed, Reply, call_agent
from apps.agents.models import Agent
from tests.agents.unruly import GOOD, Unruly

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(agent: Agent, server: Unruly, settings: Any) -> Agent:
    settings.LLM_BASE_URL, settings.LLM_MODEL = f"{server.url}/v1", "house-model"
    agent.kind, agent.prompt = "model", "You are a clerk."
    writes(server, json.dumps(GOOD))
    return agent


def writes(server: Unruly, text: Any, **usage: Any) -> None:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    whole = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    server.mode, server.body = "body", json.dumps(whole).encode()


def call(agent: Agent) -> Reply:
    return call_agent(agent=agent, work_id="work-1", body={"goal": "Refund it"})


def failure(agent: Agent) -> AgentFailed:
    with pytest.raises(AgentFailed) as failed:
        call(agent)
    return failed.value


def test_it_is_told_its_instructions_and_the_work(model: Agent, server: Unruly) -> None:
    model.model = "small-model"
    assert call(model).content == "Refund it"
    sent = server.received[0].json()
    assert sent["model"] == "small-model"
    assert sent["messages"][0]["content"].startswith("You are a clerk.")
    assert json.loads(sent["messages"][1]["content"]) == {"goal": "Refund it"}


def test_without_a_model_of_its_own_it_is_the_one_of_the_settings(model: Agent, server: Unruly) -> None:
    call(model)
    assert server.received[0].json()["model"] == "house-model"


@pytest.mark.parametrize("fence", ["```json\n{}\n```", "```\n{}\n```", "  {}  "])
def test_a_fence_around_the_answer_is_taken_off(model: Agent, server: Unruly, fence: str) -> None:
    writes(server, fence.replace("{}", json.dumps(GOOD)))
    assert call(model).confidence == 0.9


def test_its_cost_is_told_or_counted_or_hinted_at(model: Agent, server: Unruly, settings: Any) -> None:
    plain = json.dumps({"result": 1})
    writes(server, plain, cost=0.25, prompt_tokens=1000, completion_tokens=100)
    assert call(model).cost == Decimal("0.25")
    writes(server, plain, prompt_tokens=1000, completion_tokens=100)
    assert call(model).cost is None
    model.price_per_call = Decimal("0.5")
    assert call(model).cost == Decimal("0.5")
    settings.LLM_INPUT_PRICE, settings.LLM_OUTPUT_PRICE = 2.0, 10.0
    assert call(model).cost == Decimal("0.003")


@pytest.mark.parametrize("setting", ["LLM_BASE_URL", "LLM_MODEL"])
def test_it_says_that_no_provider_is_set_up(model: Agent, settings: Any, setting: str) -> None:
    setattr(settings, setting, "")
    error = failure(model)
    assert error.why is Why.MISSING
    assert setting in str(error)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I would refund it.", Why.NOT_JSON),
        ("", Why.NOT_JSON),
        (None, Why.NOT_JSON),
        (json.dumps(GOOD | {"confidence": 7}), Why.BAD_ANSWER),
        ('{"result": "a\\u0000b"}', Why.BAD_ANSWER),
        ("\ud800", Why.NOT_JSON),
    ],
    ids=["words", "nothing", "null", "confidence", "null_byte", "surrogate"],
)
def test_what_it_writes_is_checked_like_any_answer(model: Agent, server: Unruly, text: Any, why: Why) -> None:
    writes(server, text)
    assert failure(model).why is why


@pytest.mark.parametrize(
    ("mode", "why", "again"),
    [
        ("hang", Why.TIMEOUT, True),
        ("drip", Why.TIMEOUT, True),
        ("endless", Why.STATUS, False),
        ("truncated", Why.UNREACHABLE, True),
        ("reset", Why.UNREACHABLE, True),
        ("garbage", Why.STATUS, False),
        ("good", Why.STATUS, False),
        ("text", Why.STATUS, False),
        ("401", Why.STATUS, False),
        ("429", Why.STATUS, True),
        ("500", Why.STATUS, True),
    ],
)
def test_a_provider_that_misbehaves_is_one_failed_call(
    model: Agent, server: Unruly, mode: str, why: Why, again: bool
) -> None:
    server.mode = mode
    error = failure(model)
    assert (error.why, error.again) == (why, again), str(error)
    assert len(server.received) == 1
