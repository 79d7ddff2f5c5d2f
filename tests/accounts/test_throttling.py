"""The limits of a key, counted in Redis, and the headers that tell of them."""

import re
import threading
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from rest_framework.test import APIClient

from apps.accounts import throttling
from apps.accounts.keys import issue_key
from apps.accounts.models import ApiKey, Business
from apps.accounts.throttling import charge
from tests.conftest import client_for

pytestmark = pytest.mark.django_db

EVENTS = "/v1/events"


@pytest.fixture(autouse=True)
def not_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "_paused_until", 0.0)


def limited(shop: Business, minute: int, day: int = 1000, scopes: list[str] | None = None) -> tuple[ApiKey, APIClient]:
    key, whole = issue_key(
        business=shop,
        name="till",
        scopes=scopes or ["audit:read"],
        by=None,
        requests_per_minute=minute,
        requests_per_day=day,
    )
    return key, client_for(whole)


def test_it_tells_the_limits_and_what_is_left_with_every_answer(shop: Business) -> None:
    _, client = limited(shop, 3, 10)
    answer = client.get(EVENTS)
    assert answer["RateLimit-Policy"] == '"minute";q=3;w=60, "day";q=10;w=86400'
    assert answer["RateLimit"] == '"minute";r=2;t=60, "day";r=9;t=86400'
    assert client.get(EVENTS)["RateLimit"].startswith('"minute";r=1;t=')


def test_one_too_many_is_refused_with_the_time_to_wait(shop: Business) -> None:
    _, client = limited(shop, 2)
    assert [client.get(EVENTS).status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get(EVENTS)
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert re.match(r'"minute";r=0;t=\d+, "day";r=998;', refused["RateLimit"])
    assert "2 requests a minute" in refused.json()["detail"]


def test_the_day_has_its_own_limit(shop: Business) -> None:
    _, client = limited(shop, 100, 2)
    assert [client.get(EVENTS).status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get(EVENTS)
    assert 86_000 < int(refused["Retry-After"]) <= 86_400
    assert "a day" in refused.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/events?since=yesterday", "/v1/events?cursor=nonsense"])
def test_refused_requests_carry_the_headers_too(shop: Business, path: str) -> None:
    _, client = limited(shop, 5)
    answer = client.get(path)
    assert answer.status_code in (404, 422)
    assert answer["RateLimit"].startswith('"minute";r=4;')


def test_a_request_without_the_scope_counts_and_carries_the_headers(shop: Business) -> None:
    _, client = limited(shop, 5, scopes=["goals:read"])
    answers = [client.get(EVENTS) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[1]["RateLimit"].startswith('"minute";r=3;')


def test_who_is_not_known_has_no_limits_told(shop: Business) -> None:
    assert "RateLimit" not in APIClient().get(EVENTS)


def test_keys_are_counted_apart(shop: Business) -> None:
    first, second = limited(shop, 1)[1], limited(shop, 1)[1]
    assert [first.get(EVENTS).status_code, second.get(EVENTS).status_code, first.get(EVENTS).status_code] == [
        200,
        200,
        429,
    ]


def test_a_changed_limit_holds_from_the_next_request(shop: Business) -> None:
    key, _ = limited(shop, 5)
    for _ in range(3):
        charge(key)
    key.requests_per_minute = 3
    refused = charge(key)
    assert refused is not None and not refused.allowed
    key.requests_per_minute = 4
    allowed = charge(key)
    assert allowed is not None and allowed.allowed and allowed.windows[0].left == 0


def test_many_at_once_get_exactly_what_is_there(shop: Business) -> None:
    key, _ = limited(shop, 50)
    charge(key)  # notes the use, which the threads below cannot write from their own connections
    answers: list[bool] = []

    def ask() -> None:
        for _ in range(20):
            allowance = charge(key)
            assert allowance is not None
            answers.append(allowance.allowed)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 100
    assert sum(answers) == 49


def test_a_window_ends(shop: Business) -> None:
    key, _ = limited(shop, 1)
    charge(key)
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    client.pexpire(f"throttle:{{{key.pk}}}:minute", 1)
    threading.Event().wait(0.02)
    again = charge(key)
    assert again is not None and again.allowed


def test_while_redis_is_away_nobody_is_turned_away(
    shop: Business, monkeypatch: pytest.MonkeyPatch, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "unix:///tmp/nobody-listens-here.sock"
    throttling._script.cache_clear()
    _, client = limited(shop, 1)
    try:
        answers = [client.get(EVENTS) for _ in range(3)]
    finally:
        throttling._script.cache_clear()
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "RateLimit" not in answers[0]
    assert caplog.text.count("rate limits are not counted") == 1


def test_the_last_use_is_noted_once_a_minute(shop: Business) -> None:
    key, client = limited(shop, 10)
    client.get(EVENTS)
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    client.get(EVENTS)
    key.refresh_from_db()
    assert key.last_used_at == first


def test_people_in_the_browser_are_not_counted(signed_in: Any, bob: Any) -> None:
    answer = signed_in(bob).get(EVENTS)
    assert answer.status_code == 200
    assert "RateLimit" not in answer
