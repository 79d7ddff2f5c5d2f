"""What is read of answers, what is sent, and how long is waited: the rules by themselves."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.llm.bodies import NO_FORM, Wanted, body_of, refused_field, retry_after
from apps.llm.endpoints import Endpoint, seconds_for
from apps.llm.estimating import estimate
from apps.llm.reading import Unreadable, cost_of, read_completion, read_vectors, tokens_of
from apps.llm.responses import Form, Tokens, Turn, turns_of
from apps.llm.structured import NotFitting, object_in, without_fence

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 4}, Tokens(10, 0, 4)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}}, Tokens(4, 6, 4)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": None}, Tokens(10, 0, 4)),
        ({"prompt_tokens": 10, "prompt_cache_hit_tokens": 3, "prompt_cache_miss_tokens": 7}, Tokens(7, 3, 0)),
        ({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 99}}, Tokens(0, 10, 0)),
        ({"input_tokens": 10, "output_tokens": 4, "cache_read_input_tokens": 30}, Tokens(10, 30, 4)),
        (
            {
                "input_tokens": 10,
                "output_tokens": 4,
                "cache_read_input_tokens": 30,
                "cache_creation_input_tokens": 5,
            },
            Tokens(15, 30, 4),
        ),
        ({"input_tokens": 10, "output_tokens": 4, "input_tokens_details": {"cached_tokens": 6}}, Tokens(4, 6, 4)),
        ({}, None),
        (None, None),
        ([1], None),
        ({"prompt_tokens": "many"}, None),
        ({"prompt_tokens": True, "completion_tokens": -1}, None),
    ],
)
def test_cached_tokens_are_counted_once_whatever_the_shape(usage: Any, tokens: Tokens | None) -> None:
    assert tokens_of(usage) == tokens


@pytest.mark.parametrize(("told", "cost"), [(0.25, "0.25"), (0, "0"), (1e-9, "0"), (3, "3")])
def test_a_told_cost_is_taken(told: Any, cost: str) -> None:
    assert cost_of({"cost": told}) == Decimal(cost)


@pytest.mark.parametrize("told", ["free", -1, True, None, float("nan"), float("inf"), 10**9])
def test_a_cost_that_is_none_is_not(told: Any) -> None:
    assert cost_of({"cost": told}) is None


@given(JSON)
def test_no_answer_breaks_the_reader(value: Any) -> None:
    for body in (value, {"choices": value}, {"choices": [{"message": value}]}, {"data": value, "usage": value}):
        text = json.dumps(body).encode()
        for read in (read_completion, lambda raw: read_vectors(raw, 1)):
            with suppress(Unreadable):
                read(text)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_completion(b"!" + body)


@given(st.text(max_size=200))
def test_no_text_breaks_the_search_for_json(text: str) -> None:
    with suppress(NotFitting):
        assert isinstance(object_in(text), dict)


def test_a_text_full_of_braces_is_given_up_soon() -> None:
    with pytest.raises(NotFitting):
        object_in("{" * 1_000_000)


def test_a_schema_that_cannot_be_followed_is_a_failure() -> None:
    with pytest.raises(NotFitting):
        object_in("{}", {"$ref": "https://elsewhere.example/schema"})


def test_text_in_parts_is_put_together() -> None:
    parts = [{"type": "text", "text": "Dear "}, {"type": "image"}, {"type": "text", "text": "customer"}]
    assert read_completion(json.dumps({"choices": [{"message": {"content": parts}}]}).encode()).text == "Dear customer"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "999999999"}, 24 * 3600.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_it_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def test_a_schema_goes_as_far_down_as_it_must() -> None:
    wanted = Wanted("Be kind.", (Turn("user", "Hi"),), schema={"type": "object"})
    bodies = [body_of(wanted, form=form) for form in Form]
    assert [one.get("response_format", {}).get("type") for one in bodies] == ["json_schema", "json_object", None]
    assert "JSON Schema" not in bodies[0]["messages"][0]["content"]
    assert "JSON Schema" in bodies[2]["messages"][0]["content"]
    first = refused_field(b"json_schema is not supported", bodies[0], frozenset())
    lowered = body_of(wanted, form=Form.SCHEMA, quirks=frozenset({first}))
    assert lowered["response_format"] == {"type": "json_object"}
    second = refused_field(b"response_format?", lowered, frozenset({first}))
    assert second == NO_FORM
    assert "response_format" not in body_of(wanted, form=Form.SCHEMA, quirks=frozenset({first, second}))
    assert refused_field(b"response_format?", {"messages": []}, frozenset({first, second})) == ""
    assert refused_field(b"the context is too long", bodies[0], frozenset()) == ""


def test_newer_models_are_told_their_longest_in_their_own_words() -> None:
    wanted = Wanted("", (Turn("user", "Hi"),), max_tokens=9)
    body = body_of(wanted, form=Form.WORDS)
    quirk = refused_field(b"Use 'max_completion_tokens' instead", body, frozenset())
    assert body_of(wanted, form=Form.WORDS, quirks=frozenset({quirk}))["max_completion_tokens"] == 9


def test_a_provider_leaves_a_share_of_the_time_to_those_behind() -> None:
    from uuid import UUID

    one = Endpoint(UUID(int=1), "a", "https://a.example/v1", timeout=30, retries=1)
    assert seconds_for(one, 30, []) == 30
    assert seconds_for(one, 30, [one]) == 20
    assert seconds_for(one, 600, [one]) == 60
    assert seconds_for(one, 0, [one]) == 0
    assert "secret" not in repr(Endpoint(UUID(int=1), "a", "b", sealed_key="secret", plain_key="secret"))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("", 0, 0),
        ("Hello", 1, 1),
        ("Where is my order? It was promised for Friday.", 9, 12),
        ("Order #123456789 of 2026-11-21", 8, 16),
        ("Привет, где мой заказ?", 6, 12),
        ("我的订单在哪里", 5, 9),
        ("a" * 1000, 100, 300),
    ],
)
def test_the_estimate_is_of_the_right_size(text: str, low: int, high: int) -> None:
    assert low <= estimate(text) <= high


@given(st.text(max_size=300))
def test_the_estimate_counts_any_text(text: str) -> None:
    assert 0 <= estimate(text) <= 2 * len(text)


def test_turns_come_from_a_message_or_from_a_conversation() -> None:
    assert turns_of("Hi") == (Turn("user", "Hi"),)
    assert turns_of([("assistant", "Yes?")]) == (Turn("assistant", "Yes?"),)  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("text", "inner"), [("```json\n{}\n```", "{}"), (" {} ", "{}"), ("```", "```"), ("a ```b```", "a ```b```")]
)
def test_a_fence_is_taken_off(text: str, inner: str) -> None:
    assert without_fence(text) == inner
