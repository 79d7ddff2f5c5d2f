"""The published OpenFeature client, and plain HTTP, against the processes of `make run`."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

import httpx
import pytest
from openfeature import api as openfeature
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

from apps.accounts.keys import issue_key, revoke_key
from apps.accounts.models import ApiKey, Business
from apps.accounts.roles import Scope
from apps.pilots.defining import create_feature
from apps.pilots.models import Feature
from apps.pilots.switching import switch_off, switch_on
from tests.journeys.conftest import Served, wait_for_quiet

pytestmark = pytest.mark.django_db(transaction=True)

ACTOR = "user:root@example.com"
BULK = "/ofrep/v1/evaluate/flags"


@pytest.fixture(scope="module")
def served(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with django_db_blocker.unblock():
        running = Served(tmp_path_factory.mktemp("served"))
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def quiet(transactional_db: None) -> Iterator[None]:
    yield
    openfeature.clear_providers()
    wait_for_quiet()


def key_of(business: Business, **limits: Any) -> str:
    return issue_key(business=business, name="program", scopes=[Scope.FLAGS_EVALUATE], by=None, **limits)[1]


def client_of(served: Served, whole: str) -> OpenFeatureClient:
    headers = {"Authorization": f"Bearer {whole}"} if whole else {}
    openfeature.set_provider(OFREPProvider(served.url, headers_factory=lambda: headers))
    return openfeature.get_client()


def about(targeting_key: Any) -> EvaluationContext:
    return EvaluationContext(str(targeting_key), {"plan": "pro"})


def make(home: Business, key: str = "BULK_APPROVE", **given: Any) -> Feature:
    return create_feature(key=key, home_id=home.pk, actor=ACTOR, **given)


def soon(condition: Callable[[], bool]) -> float:
    """After how many seconds it is so. Slowness beside other tests is no failure."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < 15
        time.sleep(0.01)
    return time.monotonic() - started


# --- The published client --------------------------------------------------------------------------------------------


def test_every_type_is_resolved(served: Served, shop: Business) -> None:
    values = {
        "YES": ("boolean", True, False),
        "COLOUR": ("string", "blue", "grey"),
        "ROWS": ("number", 50, 10),
        "RATIO": ("number", 2.5, 1.0),
        "LIMITS": ("object", {"rows": 50, "of": ["a", "b"]}, {"rows": 0, "of": []}),
    }
    for key, (kind, on, off) in values.items():
        feature = make(shop, key, kind=kind, variants={"on": on, "off": off})
        switch_on(feature_id=feature.pk, business_id=shop.pk, actor=ACTOR)
    client = client_of(served, key_of(shop))
    ask: dict[str, Any] = {
        "YES": (client.get_boolean_value, False),
        "COLOUR": (client.get_string_value, ""),
        "ROWS": (client.get_integer_value, 0),
        "RATIO": (client.get_float_value, 0.0),
        "LIMITS": (client.get_object_value, {}),
    }
    for key, (resolve, default) in ask.items():
        assert resolve(key, default, about(shop.pk)) == values[key][1]
        assert resolve(key, default, about("somebody")) == values[key][2]


def test_it_is_told_variant_and_reason(served: Served, shop: Business) -> None:
    switch_on(feature_id=make(shop).pk, business_id=shop.pk, actor=ACTOR)
    client = client_of(served, key_of(shop))
    found = client.get_boolean_details("BULK_APPROVE", False, about(shop.pk))
    assert (found.value, found.variant, found.reason) == (True, "on", Reason.TARGETING_MATCH)
    found = client.get_boolean_details("BULK_APPROVE", True, about("somebody"))
    assert (found.value, found.variant, found.reason) == (False, "off", Reason.DEFAULT)


def test_it_falls_back_to_its_default_with_the_code_that_says_why(
    served: Served, shop: Business, other_shop: Business
) -> None:
    make(shop, exposed=True)
    client = client_of(served, key_of(shop))
    for context, key, code in (
        (about(shop.pk), "UNKNOWN", ErrorCode.FLAG_NOT_FOUND),
        (EvaluationContext(), "BULK_APPROVE", ErrorCode.TARGETING_KEY_MISSING),
        (EvaluationContext("x" * 300), "BULK_APPROVE", ErrorCode.INVALID_CONTEXT),
    ):
        found = client.get_boolean_details(key, True, context)
        assert (found.value, found.reason, found.error_code) == (True, Reason.ERROR, code)
        assert found.error_message
    client = client_of(served, key_of(other_shop))
    found = client.get_boolean_details("BULK_APPROVE", True, about(shop.pk))
    assert (found.value, found.error_code) == (True, ErrorCode.INVALID_CONTEXT)
    client = client_of(served, "")
    found = client.get_boolean_details("BULK_APPROVE", True, about(shop.pk))
    assert (found.value, found.error_code, found.error_message) == (True, ErrorCode.GENERAL, "unauthorized")


def test_a_value_of_another_type_is_a_mismatch(served: Served, shop: Business) -> None:
    make(shop)
    found = client_of(served, key_of(shop)).get_string_details("BULK_APPROVE", "mine", about(shop.pk))
    assert (found.value, found.error_code) == ("mine", ErrorCode.TYPE_MISMATCH)


def test_above_its_limit_it_waits_as_it_is_told(served: Served, shop: Business) -> None:
    make(shop)
    client = client_of(served, key_of(shop, requests_per_minute=1))
    client.get_boolean_details("BULK_APPROVE", True, about(shop.pk))
    limited = client.get_boolean_details("BULK_APPROVE", True, about(shop.pk))
    assert "Rate limited" in str(limited.error_message)
    assert "paused" in str(client.get_boolean_details("BULK_APPROVE", True, about(shop.pk)).error_message)


def test_a_toggle_here_changes_its_answer_within_a_second(served: Served, shop: Business, other_shop: Business) -> None:
    feature = make(shop)
    client = client_of(served, key_of(shop))

    def is_on(business: Business) -> bool:
        return client.get_boolean_value("BULK_APPROVE", False, about(business.pk))

    assert not is_on(other_shop)
    took = []
    for _ in range(3):
        switch_on(feature_id=feature.pk, business_id=other_shop.pk, actor=ACTOR)
        took.append(soon(lambda: is_on(other_shop)))
        assert not is_on(shop)
        switch_off(feature_id=feature.pk, business_id=other_shop.pk, actor=ACTOR)
        took.append(soon(lambda: not is_on(other_shop)))
    assert median(took) < 1.0


# --- Polling ---------------------------------------------------------------------------------------------------------


class Poller:
    """A client that keeps all answers, as browser providers do."""

    def __init__(self, served: Served, whole: str, targeting_key: Any) -> None:
        self.http = httpx.Client(base_url=served.url, headers={"X-API-Key": whole})
        self.body = {"context": {"targetingKey": str(targeting_key)}}
        self.tag, self.flags, self.streams = "", {}, []  # type: ignore[var-annotated]

    def poll(self, **query: str) -> int:
        headers = {"If-None-Match": self.tag} if self.tag else {}
        answer = self.http.post(BULK, json=self.body, headers=headers, params=query)
        if answer.status_code == 200:
            self.tag = answer.headers["ETag"]
            self.flags = {flag["key"]: flag["value"] for flag in answer.json()["flags"]}
            self.streams = answer.json()["eventStreams"]
        else:
            assert answer.content == b""
        return answer.status_code


def test_polling_by_tag_sends_answers_only_when_they_change(
    served: Served, shop: Business, other_shop: Business
) -> None:
    feature = make(shop, exposed=True)
    poller = Poller(served, key_of(other_shop), other_shop.pk)
    soon(lambda: poller.poll() == 200 and poller.flags == {"BULK_APPROVE": False})
    assert [poller.poll() for _ in range(3)] == [304] * 3
    switch_on(feature_id=feature.pk, business_id=shop.pk, actor=ACTOR)
    time.sleep(0.3)
    assert poller.poll() == 304
    switch_on(feature_id=feature.pk, business_id=other_shop.pk, actor=ACTOR)
    soon(lambda: poller.poll() == 200)
    assert poller.flags == {"BULK_APPROVE": True}


# --- The stream ------------------------------------------------------------------------------------------------------


@contextmanager
def listening(address: str, timeout: float = 2.0, **headers: str) -> Iterator[Iterator[dict[str, str]]]:
    with httpx.stream("GET", address, headers=headers, timeout=timeout) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events_of(answer.iter_lines())


def events_of(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif "data" in event:
            yield event
            event = {}
        else:
            event = {}


def test_the_stream_says_when_to_ask_anew_and_the_answer_is_new(served: Served, shop: Business) -> None:
    feature = make(shop)
    poller = Poller(served, key_of(shop), shop.pk)
    soon(lambda: poller.poll() == 200 and "BULK_APPROVE" in poller.flags)
    address = poller.streams[0]["url"]
    assert f":{served.live_port}/" in address
    with listening(address) as events:
        first = json.loads(next(events)["data"])
        assert first["type"] == "refetchEvaluation"
        assert poller.poll(flagConfigEtag=first["etag"]) == 304
        for turn, wanted in ((switch_on, True), (switch_off, False), (switch_on, True)):
            started = time.monotonic()
            turn(feature_id=feature.pk, business_id=shop.pk, actor=ACTOR)
            event = next(events)
            assert time.monotonic() - started < 1.0
            news = json.loads(event["data"])
            assert (event["event"], event["id"]) == ("message", news["etag"])
            # At once, although another process answers, which may not have heard of it by itself.
            assert poller.poll(flagConfigEtag=news["etag"]) == 200
            assert poller.flags == {"BULK_APPROVE": wanted}
        last = event["id"]
    with pytest.raises(httpx.ReadTimeout), listening(address, timeout=0.5, **{"Last-Event-ID": last}) as events:
        next(events)


def test_a_stream_is_silent_about_others(served: Served, shop: Business, other_shop: Business) -> None:
    feature = make(shop, exposed=True)
    poller = Poller(served, key_of(other_shop), other_shop.pk)
    soon(lambda: poller.poll() == 200)
    with listening(poller.streams[0]["url"], timeout=0.7) as events:
        next(events)
        switch_on(feature_id=feature.pk, business_id=shop.pk, actor=ACTOR)
        with pytest.raises(httpx.ReadTimeout):
            next(events)


def test_streams_hold_no_thread(served: Served, shop: Business) -> None:
    feature = make(shop)
    poller = Poller(served, key_of(shop), shop.pk)
    soon(lambda: poller.poll() == 200)
    with listening(poller.streams[0]["url"]) as one, several_listening(poller.streams[0]["url"], 15) as others:
        for events in (one, *others):
            next(events)
        switch_on(feature_id=feature.pk, business_id=shop.pk, actor=ACTOR)
        started = time.monotonic()
        for events in (one, *others):
            next(events)
        assert time.monotonic() - started < 1.0
        assert httpx.get(f"http://localhost:{served.live_port}/healthz").status_code in (200, 503)


@contextmanager
def several_listening(address: str, count: int) -> Iterator[list[Iterator[dict[str, str]]]]:
    with ExitStack() as stack:
        yield [stack.enter_context(listening(address)) for _ in range(count)]


def test_a_wrong_or_revoked_address_is_refused(served: Served, shop: Business) -> None:
    make(shop)
    whole = key_of(shop)
    poller = Poller(served, whole, shop.pk)
    poller.poll()
    address = poller.streams[0]["url"]
    for wrong in (address[:-1], address.split("?")[0], address.replace("token=", "token=ffffffff")):
        answer = httpx.get(wrong)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert httpx.post(address).status_code == 405
    revoke_key(key=ApiKey.objects.get(prefix=whole.split("_")[1]), by=None)
    assert httpx.get(address).status_code == 401
