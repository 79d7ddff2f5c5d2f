"""The judge's call, against a real HTTP server that can misbehave."""

import json
import time
from typing import Any

import pytest

from apps.llm.judging import MAX_MATERIAL, JsonModel
from tests.fakes import Outsider

pytestmark = pytest.mark.django_db


def completion(content: str | None) -> tuple[int, bytes, dict[str, str]]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    body: dict[str, Any] = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return 200, json.dumps(body).encode(), {"Content-Type": "application/json"}


def model(outside: Outsider, timeout: float = 5.0) -> JsonModel:
    return JsonModel(base_url=outside.url, api_key="k", model="m", timeout=timeout)


def test_the_object_comes_back_and_the_key_is_sent(outside):
    outside.answer = completion('{"checks": []}')
    assert model(outside).answer("Judge.", "material") == {"checks": []}
    sent = outside.received[0]
    assert sent.path.endswith("/chat/completions")
    assert sent.headers["authorization"] == "Bearer k"
    assert [one["role"] for one in sent.json()["messages"]] == ["system", "user"]


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
def test_any_other_answer_is_no_answer(outside, answer):
    outside.answer = answer
    assert model(outside).answer("Judge.", "material") is None


def test_a_slow_provider_is_not_waited_for(outside):
    outside.slow, outside.answer = 2.0, completion("{}")
    start = time.monotonic()
    assert model(outside, timeout=0.3).answer("Judge.", "material") is None
    assert time.monotonic() - start < 1.5


def test_nobody_listening_is_no_answer():
    nobody = JsonModel(base_url="http://127.0.0.1:9/v1", api_key="", model="m", timeout=1.0)
    assert nobody.answer("Judge.", "material") is None


def test_too_much_material_is_not_sent(outside):
    assert model(outside).answer("Judge.", "x" * (MAX_MATERIAL + 1)) is None
    assert outside.received == []
