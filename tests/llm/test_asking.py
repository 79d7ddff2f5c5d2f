"""Asking real servers that misbehave: an answer, a fallback or a clear failure, and one row for each request."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Business
from apps.core import breaking
from apps.core.ids import new_id
from apps.llm.asking import ask, has_provider
from apps.llm.models import Provider, Usage
from apps.llm.responses import NO_PROVIDER, LLMResponse, Turn, Why
from tests.llm.conftest import KEY
from tests.llm.providers import BODIES
from tests.llm.providers import Provider as Server

pytestmark = pytest.mark.django_db

Make = Callable[..., Provider]
SCHEMA = {
    "type": "object",
    "properties": {"subject": {"type": "string"}, "body": {"type": "string", "minLength": 2}},
    "required": ["subject", "body"],
}


def say(shop: Business, **wanted: Any) -> LLMResponse:
    given: dict[str, Any] = {"purpose": "test", "system": "Be kind.", "user": "Where is my parcel?", "timeout": 3.0}
    return ask(business_id=shop.pk, **(given | wanted))


def test_an_answer_tells_everything_about_itself(shop: Business, server: Server, make_provider: Make) -> None:
    provider = make_provider(server)
    server.usage = {
        "prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 60}, "cost": 0.002,
    }  # fmt: skip
    done = say(shop)
    assert done.ok
    assert (done.text, done.model, done.provider) == ("Good day", "house-model", provider.name)
    assert (done.tokens_in, done.tokens_cached, done.tokens_out) == (40, 60, 20), "cached tokens count once"
    assert (done.cost, done.finish_reason, done.error, done.status) == (Decimal("0.002"), "stop", "", 200)
    assert done.latency_ms >= 0
    row = Usage.objects.get()
    assert row.pk == done.usage_id
    assert (row.business_id, row.purpose, row.provider_id, row.priced) == (shop.pk, "test", provider.pk, "told")
    assert (row.tokens_in, row.tokens_cached, row.tokens_out, row.estimated) == (40, 60, 20, False)


def test_what_is_sent_is_what_was_asked(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server)
    turns = [Turn("user", "Hello"), Turn("assistant", "Yes?"), Turn("user", "My parcel")]
    say(shop, user=turns, max_tokens=77, temperature=0.2)
    sent = server.asked[0]
    assert [one["role"] for one in sent["messages"]] == ["system", "user", "assistant", "user"]
    assert (sent["max_tokens"], sent["temperature"], sent["model"]) == (77, 0.2, "house-model")
    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"
    assert server.received[0].headers["accept-encoding"] == "identity"


def test_extra_headers_of_a_gateway_are_sent(shop: Business, server: Server, make_provider: Make) -> None:
    from apps.core.sealing import seal

    make_provider(server, headers=seal(json.dumps({"x-gateway-key": "gw-secret", "x-team": "mail"})))
    say(shop)
    headers = server.received[0].headers
    assert (headers["x-gateway-key"], headers["x-team"]) == ("gw-secret", "mail")


def test_the_environment_of_the_process_is_not_told(
    shop: Business, server: Server, make_provider: Make, monkeypatch: Any
) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "of-the-operator")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-operator: of-the-operator")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    make_provider(server, key="")
    assert say(shop).ok
    assert "of-the-operator" not in str(server.received[0].headers)


def test_without_a_provider_it_says_so_and_writes_nothing(shop: Business) -> None:
    done = say(shop)
    assert (done.error, done.why, done.ok) == (NO_PROVIDER, Why.MISSING, False)
    assert not has_provider(shop.pk)
    assert Usage.objects.count() == 0


@pytest.mark.parametrize(
    ("mode", "why", "again"),
    [
        ("hang", Why.TIMEOUT, True),
        ("drip", Why.TIMEOUT, True),
        ("drip_headers", Why.TIMEOUT, True),
        ("drop", Why.UNREACHABLE, True),
        ("truncated", Why.UNREACHABLE, True),
        ("reset", Why.UNREACHABLE, True),
        ("400", Why.STATUS, False),
        ("401", Why.STATUS, False),
        ("404", Why.STATUS, False),
        ("429", Why.STATUS, True),
        ("500", Why.STATUS, True),
        ("503", Why.STATUS, True),
        ("redirect", Why.STATUS, False),
        ("huge", Why.TOO_LARGE, False),
        ("endless", Why.TOO_LARGE, False),
        ("bomb", Why.BAD_ANSWER, False),
        ("bomb_twice", Why.BAD_ANSWER, False),
        ("empty", Why.BAD_ANSWER, False),
        *((name, Why.BAD_ANSWER, False) for name in BODIES if not name.startswith("usage")),
    ],
)
def test_a_provider_that_misbehaves_is_a_clear_failure(
    shop: Business, server: Server, make_provider: Make, mode: str, why: Why, again: bool
) -> None:
    make_provider(server)
    server.mode = mode
    start = time.monotonic()
    done = say(shop, timeout=0.6 if why is Why.TIMEOUT else 5)
    assert time.monotonic() - start < (2 if why is Why.TIMEOUT else 5)
    assert (done.why, done.again) == (why, again), done.error
    assert not done.ok
    assert done.text == ""
    row = Usage.objects.get()
    assert (row.why, row.error, row.tokens_in, row.cost) == (why, done.error, 0, None)
    assert KEY not in done.error + repr(done)


@pytest.mark.parametrize("mode", [name for name in BODIES if name.startswith("usage")])
def test_nonsense_about_its_tokens_costs_nobody_the_answer(
    shop: Business, server: Server, make_provider: Make, mode: str
) -> None:
    make_provider(server)
    server.mode = mode
    done = say(shop)
    assert (done.text, done.error) == ("ok", "")
    assert Usage.objects.get().estimated
    assert done.tokens_in > 0


@pytest.mark.parametrize("mode", ["hang", "drop", "401", "429", "500", "not_json", "huge", "reset"])
def test_the_next_provider_answers_when_one_does_not(
    shop: Business, server: Server, spare: Server, make_provider: Make, mode: str
) -> None:
    first, second = make_provider(server), make_provider(spare, model="other-model")
    server.mode = mode
    spare.reply = lambda asked: "From the spare"
    done = say(shop, timeout=1.5)
    assert (done.text, done.provider, done.model) == ("From the spare", second.name, "other-model")
    assert [one.provider for one in done.attempts] == [first.name, second.name]
    rows = list(Usage.objects.order_by("attempt"))
    assert [row.provider for row in rows] == [first.name, second.name]
    assert rows[0].call == rows[1].call
    assert rows[0].why
    assert not rows[1].why


def test_the_order_is_of_the_business_then_of_the_house_then_of_the_settings(
    shop: Business, server: Server, spare: Server, make_provider: Make, settings: Any
) -> None:
    settings.LLM_BASE_URL, settings.LLM_MODEL = server.base_url, "settings-model"
    make_provider(spare, business=None, position=0, name="house")
    make_provider(spare, position=9, name="later")
    make_provider(spare, position=3, name="sooner")
    make_provider(spare, position=1, name="off", enabled=False)
    spare.mode = server.mode = "401"
    done = say(shop)
    assert [one.provider for one in done.attempts] == ["sooner", "later", "house", "settings"]


def test_a_named_model_is_asked_where_it_is_known(
    shop: Business, server: Server, spare: Server, make_provider: Make
) -> None:
    make_provider(server, serves=["house-model", "large"], model="house-model")
    make_provider(spare, serves=["tiny"], model="tiny")
    server.mode = "401"
    say(shop, model="large")
    assert server.asked[0]["model"] == "large"
    assert spare.asked[0]["model"] == "tiny", "the fallback takes its own"


def test_it_tries_again_where_that_may_help(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server, retries=2)
    server.queue = ["500", "reset"]
    done = say(shop)
    assert done.ok
    assert [one.why for one in done.attempts] == [Why.STATUS, Why.UNREACHABLE, Why.NONE]
    assert Usage.objects.count() == 3


def test_it_does_not_try_again_where_it_may_not(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server, retries=3)
    server.mode = "401"
    say(shop)
    assert len(server.received) == 1


def test_it_waits_as_long_as_it_is_asked_to(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server, retries=1)
    server.queue, server.headers = ["429"], {"Retry-After": "1"}
    start = time.monotonic()
    assert say(shop).ok
    assert 1.0 <= time.monotonic() - start < 2.5


def test_a_wait_beyond_its_time_goes_to_the_next_at_once(
    shop: Business, server: Server, spare: Server, make_provider: Make
) -> None:
    make_provider(server, retries=3)
    make_provider(spare)
    server.mode, server.headers = "429", {"Retry-After": "60"}
    start = time.monotonic()
    done = say(shop)
    assert (done.ok, len(server.received)) == (True, 1)
    assert time.monotonic() - start < 1


def test_one_that_hangs_leaves_time_for_those_behind(
    shop: Business, server: Server, spare: Server, make_provider: Make
) -> None:
    make_provider(server, timeout_seconds=60)
    make_provider(spare)
    server.mode = "hang"
    start = time.monotonic()
    assert say(shop, timeout=1.2).ok
    assert time.monotonic() - start < 1.2


def test_its_own_timeout_holds(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server, timeout_seconds=1)
    server.mode = "hang"
    start = time.monotonic()
    done = say(shop, timeout=20)
    assert done.why is Why.TIMEOUT
    assert time.monotonic() - start < 2


def test_one_that_keeps_failing_is_left_in_peace(
    shop: Business, server: Server, spare: Server, make_provider: Make, settings: Any
) -> None:
    settings.AGENT_BREAKER_FAILURES, settings.AGENT_BREAKER_SECONDS = 3, 0.4
    provider = make_provider(server)
    make_provider(spare)
    server.mode = "500"
    for _ in range(5):
        assert say(shop).ok
    assert len(server.received) == 3
    held_back = say(shop).attempts[0]
    assert held_back.why is Why.RESTING
    assert breaking.standing(provider.pk).light is breaking.Light.OPEN
    time.sleep(0.45)
    server.mode = "good"
    assert say(shop).provider == provider.name
    assert breaking.standing(provider.pk).light is breaking.Light.CLOSED


def test_when_all_rest_it_says_so_and_may_be_asked_again(
    shop: Business, server: Server, make_provider: Make, settings: Any
) -> None:
    settings.AGENT_BREAKER_FAILURES, settings.AGENT_BREAKER_SECONDS = 1, 30
    make_provider(server)
    server.mode = "500"
    say(shop)
    done = say(shop)
    assert (done.why, done.again) == (Why.RESTING, True)
    assert len(server.received) == 1
    assert [row.why for row in Usage.objects.order_by("id")] == [Why.STATUS, Why.RESTING]


@pytest.mark.parametrize("mode", ["400", "401", "404"])
def test_one_that_refuses_is_there(
    shop: Business, server: Server, make_provider: Make, settings: Any, mode: str
) -> None:
    settings.AGENT_BREAKER_FAILURES = 2
    provider = make_provider(server)
    server.mode = mode
    for _ in range(3):
        say(shop)
    assert breaking.standing(provider.pk).light is breaking.Light.CLOSED


@pytest.mark.parametrize(
    "text",
    [
        '{"subject": "Hi", "body": "Dear you"}',
        '```json\n{"subject": "Hi", "body": "Dear you"}\n```',
        'Here you are:\n```\n{"subject": "Hi", "body": "Dear you"}\n```\nAnything else?',
        'I {think} this: {"subject": "Hi", "body": "Dear you"} and {that}',
        '\ufeff {"subject": "Hi", "body": "Dear you"}',
    ],
    ids=["plain", "fenced", "words_and_fence", "braces_before", "byte_order_mark"],
)
def test_json_is_found_in_what_was_written(shop: Business, server: Server, make_provider: Make, text: str) -> None:
    make_provider(server)
    server.reply = lambda asked: text
    assert say(shop, schema=SCHEMA).data == {"subject": "Hi", "body": "Dear you"}


@pytest.mark.parametrize(
    "text",
    [
        "Dear customer",
        '{"subject": "Hi"}',
        '{"subject": "Hi", "body": 7}',
        '{"subject": "Hi", "body": "Dear y',
        "[]",
        '{"subject": "Hi", "body": "a\\u0000b"}',
        '{"subject": "Hi", "body": "\\ud800x"}',
        '{"subject": "Hi", "body": "x", "n": NaN}',
        '{"a":' * 500 + "1" + "}" * 500,
    ],
    ids=["words", "missing", "type", "cut", "list", "null_byte", "surrogate", "nan", "deep"],
)
def test_json_that_does_not_fit_is_a_clear_failure(
    shop: Business, server: Server, make_provider: Make, text: str
) -> None:
    make_provider(server)
    server.reply = lambda asked: text
    done = say(shop, schema=SCHEMA)
    assert (done.why, done.data) == (Why.SCHEMA, None)
    assert "Dear" not in done.error
    assert done.tokens_out == 5, "it was written, and is paid for"


def test_a_schema_goes_in_the_way_the_provider_knows(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server)
    server.refuses = ("json_schema",)
    server.reply = lambda asked: {"subject": "Hi", "body": "Dear you"}
    done = say(shop, schema=SCHEMA)
    assert done.ok
    assert [one["response_format"]["type"] for one in server.asked] == ["json_schema", "json_object"]
    assert "minLength" in server.asked[1]["messages"][0]["content"]
    say(shop, schema=SCHEMA)
    assert len(server.asked) == 3, "it is remembered"


def test_fields_a_model_refuses_are_left_out(shop: Business, server: Server, make_provider: Make) -> None:
    provider = make_provider(server)
    server.refuses = ("temperature", "response_format")
    server.reply = lambda asked: {"subject": "Hi", "body": "Dear you"}
    assert say(shop, schema=SCHEMA, temperature=0.5).ok
    assert "response_format" not in server.asked[-1]
    assert breaking.standing(provider.pk).failures == 0


@pytest.mark.parametrize(
    ("reason", "words"), [("length", "used up"), ("content_filter", "filter"), ("stop", "nothing")]
)
def test_nothing_written_is_no_answer(
    shop: Business, server: Server, make_provider: Make, reason: str, words: str
) -> None:
    make_provider(server)
    server.reply, server.finish_reason = (lambda asked: "  "), reason
    done = say(shop)
    assert done.why is Why.EMPTY
    assert words in done.error


def test_what_cannot_be_stored_is_taken_out_of_a_text(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server)
    server.reply = lambda asked: "a\x00b \ud800"
    assert say(shop).text == "ab ?"


def test_the_cost_is_told_or_of_the_provider_or_listed(shop: Business, server: Server, make_provider: Make) -> None:
    provider = make_provider(server, model="gpt-4o-mini")
    server.usage = {
        "prompt_tokens": 1000, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 200},
    }  # fmt: skip
    assert say(shop).cost == Decimal("0.000195"), "800 x 0.15 + 200 x 0.075 + 100 x 0.60, by the list"
    Provider.objects.filter(pk=provider.pk).update(price_in=1, price_cached="0.5", price_out=10)
    from apps.llm.providing import providers_changed

    providers_changed()
    assert say(shop).cost == Decimal("0.0019")
    server.usage |= {"cost": 0.5}
    assert say(shop).cost == Decimal("0.5")
    assert list(Usage.objects.order_by("id").values_list("priced", flat=True)) == ["list", "own", "told"]


def test_what_it_is_for_is_noted_and_what_was_said_is_not(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server)
    draft = new_id()
    say(shop, subject=("draft", draft), user="a very private question")
    row = Usage.objects.values().get()
    assert (row["subject_type"], row["subject_id"]) == ("draft", draft)
    assert "private" not in str(row)
    assert "Good day" not in str(row)


def test_a_private_address_is_not_asked(shop: Business, server: Server, make_provider: Make, settings: Any) -> None:
    provider = make_provider(server)
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    done = say(shop)
    assert done.why is Why.REFUSED
    assert server.received == []
    assert breaking.standing(provider.pk).failures == 0


def test_the_operators_own_provider_may_lie_anywhere(shop: Business, server: Server, settings: Any) -> None:
    settings.LLM_BASE_URL, settings.LLM_MODEL, settings.LLM_API_KEY = server.base_url, "m", KEY
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    assert say(shop).provider == "settings"
    assert has_provider(None)
    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"


def test_nobody_elses_provider_is_asked(
    shop: Business, other_shop: Business, server: Server, make_provider: Make
) -> None:
    make_provider(server)
    assert say(other_shop).error == NO_PROVIDER
    assert server.received == []


def test_a_key_that_cannot_be_opened_is_a_clear_failure(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server, key="not sealed")
    done = say(shop)
    assert done.why is Why.SEALED
    assert server.received == []


def test_it_costs_no_query_to_know_that_there_is_one(
    shop: Business, server: Server, make_provider: Make, django_assert_num_queries: Any
) -> None:
    make_provider(server)
    assert has_provider(shop.pk)
    with django_assert_num_queries(0):
        assert has_provider(shop.pk)


def test_importing_it_loads_no_client() -> None:
    code = """
import sys
import django
django.setup()
import apps.llm.asking, apps.llm.streaming, apps.llm.embedders, apps.llm.tokens
heavy = ("openai", "genai_prices", "tiktoken", "httpx2", "httpcore2", "tenacity", "numpy", "pydantic")
print([name for name in heavy if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert ran.stdout.strip() == "[]"
