"""The judge's call, against a real HTTP server that can misbehave."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import Business
from apps.core import breaking
from apps.llm.judging import MAX_MATERIAL, Opinion, ask_for_opinion
from apps.llm.models import Provider, Usage
from tests.fakes import Outsider
from tests.llm.providers import Provider as Server

pytestmark = pytest.mark.django_db

Make = Callable[..., Provider]


@pytest.fixture
def named(settings: Any, outside: Outsider) -> Outsider:
    """Only the settings name a provider."""
    settings.LLM_BASE_URL, settings.LLM_API_KEY, settings.LLM_MODEL = outside.url, "k", "m"
    return outside


def opinion(business: Business, material: str = "material", timeout: float = 5.0) -> Opinion | None:
    return ask_for_opinion(business_id=business.pk, instructions="Judge.", material=material, timeout=timeout)


def completion(content: str | None) -> tuple[int, bytes, dict[str, str]]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    body: dict[str, Any] = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return 200, json.dumps(body).encode(), {"Content-Type": "application/json"}


def test_the_object_comes_back_and_the_key_is_sent(shop: Business, named: Outsider) -> None:
    named.answer = completion('{"checks": []}')
    assert opinion(shop) == Opinion({"checks": []}, "m")
    sent = named.received[0]
    assert sent.path.endswith("/chat/completions")
    assert sent.headers["authorization"] == "Bearer k"
    assert [one["role"] for one in sent.json()["messages"]] == ["system", "user"]
    assert (sent.json()["response_format"], sent.json()["temperature"]) == ({"type": "json_object"}, 0)


@pytest.mark.parametrize(
    "answer",
    [
        completion("not json"),
        completion("[1]"),
        completion(None),
        (500, b"no", {}),
        (200, b"<html>", {}),
        (200, b"{}", {}),
    ],
)
def test_any_other_answer_is_no_answer_and_is_asked_for_once(shop: Business, named: Outsider, answer: Any) -> None:
    named.answer = answer
    assert opinion(shop) is None
    assert len(named.received) == 1


def test_a_slow_provider_is_not_waited_for(shop: Business, named: Outsider) -> None:
    named.slow, named.answer = 2.0, completion("{}")
    start = time.monotonic()
    assert opinion(shop, timeout=0.3) is None
    assert time.monotonic() - start < 1.5


def test_nobody_listening_is_no_answer(shop: Business, settings: Any) -> None:
    settings.LLM_BASE_URL, settings.LLM_MODEL = "http://127.0.0.1:9/v1", "m"
    assert opinion(shop, timeout=1.0) is None


def test_too_much_material_is_not_sent(shop: Business, named: Outsider) -> None:
    assert opinion(shop, "x" * (MAX_MATERIAL + 1)) is None
    assert named.received == []


def test_nobody_to_ask_is_no_answer_and_writes_nothing(shop: Business) -> None:
    assert opinion(shop) is None
    assert not Usage.objects.exists()


def test_the_businesss_own_is_asked_before_that_of_the_settings(
    shop: Business, other_shop: Business, server: Server, named: Outsider, make_provider: Make
) -> None:
    make_provider(server)
    server.reply = lambda asked: {"checks": ["own"]}
    named.answer = completion('{"checks": ["house"]}')
    assert opinion(shop) == Opinion({"checks": ["own"]}, "house-model")
    assert opinion(other_shop) == Opinion({"checks": ["house"]}, "m")
    assert set(Usage.objects.values_list("purpose", "business_id")) == {("judge", shop.pk), ("judge", other_shop.pk)}


def test_the_next_is_asked_when_one_does_not_answer_and_later_it_is_left_in_peace(
    shop: Business, server: Server, spare: Server, make_provider: Make, settings: Any
) -> None:
    settings.AGENT_BREAKER_FAILURES = 2
    first, second = make_provider(server, retries=3), make_provider(spare)
    breaking.close(first.pk)
    server.mode, spare.reply = "500", lambda asked: {"checks": []}
    assert [opinion(shop) for _ in range(3)] == [Opinion({"checks": []}, "house-model")] * 3
    assert len(server.asked) == 2, "each provider once, and one that keeps failing not at all"
    rows = Usage.objects.order_by("pk").values_list("provider_id", "why")
    assert list(rows)[-2:] == [(first.pk, "resting"), (second.pk, "")]


def test_one_that_hangs_leaves_time_for_the_next(
    shop: Business, server: Server, spare: Server, make_provider: Make
) -> None:
    make_provider(server)
    make_provider(spare)
    server.mode, spare.reply = "hang", lambda asked: {"checks": []}
    begun = time.monotonic()
    assert opinion(shop, timeout=1.5) is not None
    assert time.monotonic() - begun < 1.5
