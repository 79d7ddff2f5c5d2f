"""OFREP as its specification has it, one feature: who may ask what, and every code."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.accounts.keys import revoke_key
from apps.accounts.models import ApiKey, Business
from apps.accounts.roles import Scope
from apps.pilots import ofrep
from apps.pilots.defining import archive_feature
from apps.pilots.models import Feature
from apps.pilots.ofrep_rules import ErrorCode, Refused, targeting_key_of
from apps.pilots.switching import switch_on
from tests.pilots.asking import ACTOR, BULK, PROBLEM, ask, ask_all, body_of, key_of, make, send

# --- One -------------------------------------------------------------------------------------------------------------


def test_one_feature_is_answered_with_value_variant_and_reason(
    api: APIClient, shop: Business, other_shop: Business, ours: Feature
) -> None:
    switch_on(feature_id=ours.pk, business_id=other_shop.pk, actor=ACTOR)
    answer = ask(api, "OURS", other_shop.pk)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {"key": "OURS", "value": True, "variant": "on", "reason": "TARGETING_MATCH"}
    assert ask(api, "OURS", "user-42").json() == {
        "key": "OURS", "value": False, "variant": "off", "reason": "DEFAULT"
    }  # fmt: skip


@pytest.mark.parametrize(
    "kind, on, off",
    [
        ("boolean", True, False),
        ("string", "blue", ""),
        ("number", 3, 0),
        ("number", 2.5, 1.0),
        ("object", {"rows": 10, "of": ["a"]}, {}),
    ],
)
def test_every_kind_of_value_comes_as_it_is(api: APIClient, shop: Business, kind: str, on: Any, off: Any) -> None:
    feature = make("VALUE", shop, kind=kind, variants={"on": on, "off": off})
    switch_on(feature_id=feature.pk, business_id=shop.pk, actor=ACTOR)
    for targeting_key, value in ((shop.pk, on), ("somebody", off)):
        found = ask(api, "VALUE", targeting_key).json()["value"]
        assert found == value
        assert type(found) is type(value)


def test_asking_takes_no_query(api: APIClient, shop: Business, ours: Feature, django_assert_num_queries: Any) -> None:
    for _ in range(2):
        ask(api, "OURS", shop.pk)
    with django_assert_num_queries(0):
        assert ask(api, "OURS", shop.pk).status_code == 200
        assert ask_all(api, shop.pk).status_code == 200
        assert ask(api, "UNKNOWN", shop.pk).status_code == 404


@pytest.mark.parametrize("key", ["UNKNOWN", "a/b", "ÄÖ ü", "%", "..", "x" * 500, "nul\0", "flags?", '"quoted"\n'])
def test_an_unknown_feature_is_not_found_by_the_key_that_was_asked_for(
    api: APIClient, shop: Business, key: str
) -> None:
    answer = ask(api, quote(key, safe=""), shop.pk)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["key"] == key
    assert answer.json()["errorCode"] == "FLAG_NOT_FOUND"
    assert answer.json()["errorDetails"]


def test_a_key_that_is_percent_encoded_is_found(api: APIClient, shop: Business) -> None:
    make("checkout.v2-a_b", shop)
    assert ask(api, "checkout%2Ev2%2Da%5Fb", shop.pk).json()["key"] == "checkout.v2-a_b"


def test_an_archived_feature_is_not_found(api: APIClient, shop: Business, ours: Feature) -> None:
    archive_feature(feature_id=ours.pk, actor=ACTOR)
    assert ask(api, "OURS", shop.pk).json()["errorCode"] == "FLAG_NOT_FOUND"
    assert ask_all(api, shop.pk).json()["flags"] == []


# --- Who may ask -----------------------------------------------------------------------------------------------------


def test_another_business_may_ask_for_what_is_exposed_about_itself(
    other_api: APIClient, shop: Business, other_shop: Business, open_to_all: Feature
) -> None:
    switch_on(feature_id=open_to_all.pk, business_id=other_shop.pk, actor=ACTOR)
    assert ask(other_api, "OPEN", other_shop.pk).json()["value"] is True
    assert [flag["key"] for flag in ask_all(other_api, other_shop.pk).json()["flags"]] == ["OPEN"]


def test_it_learns_nothing_about_others(
    other_api: APIClient, shop: Business, other_shop: Business, open_to_all: Feature
) -> None:
    switch_on(feature_id=open_to_all.pk, business_id=shop.pk, actor=ACTOR)
    answers = [
        ask(other_api, "OPEN", targeting_key)
        for targeting_key in (shop.pk, "no-such-business", str(other_shop.pk).upper(), other_shop.slug)
    ]
    assert {answer.status_code for answer in answers} == {400}
    (said,) = {answer.content for answer in answers}
    assert json.loads(said)["errorCode"] == "INVALID_CONTEXT"
    assert ask_all(other_api, shop.pk).status_code == 400
    assert ask_all(other_api, shop.pk).json()["errorCode"] == "INVALID_CONTEXT"


def test_what_is_not_exposed_does_not_exist_for_it(other_api: APIClient, other_shop: Business, ours: Feature) -> None:
    hidden, unknown = ask(other_api, "OURS", other_shop.pk), ask(other_api, "NOPE", other_shop.pk)
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.content.replace(b"OURS", b"NOPE") == unknown.content
    assert ask_all(other_api, other_shop.pk).json()["flags"] == []


def test_a_feature_without_a_home_is_seen_when_it_is_exposed(api: APIClient, shop: Business) -> None:
    make("NOBODYS", None)
    make("EVERYBODYS", None, exposed=True)
    assert ask(api, "NOBODYS", shop.pk).status_code == 404
    assert ask(api, "EVERYBODYS", shop.pk).status_code == 200
    assert ask(api, "EVERYBODYS", "user-1").status_code == 400


def test_a_home_that_asks_about_somebody_else_is_refused_only_what_is_not_its_own(
    other_api: APIClient, shop: Business, other_shop: Business, open_to_all: Feature
) -> None:
    make("A_THEIRS", other_shop)
    about_themselves = ask_all(other_api, other_shop.pk).json()["flags"]
    assert [flag["key"] for flag in about_themselves] == ["A_THEIRS", "OPEN"]
    assert all("errorCode" not in flag for flag in about_themselves)
    own, foreign = ask_all(other_api, "user-42").json()["flags"]
    assert own == {"key": "A_THEIRS", "value": False, "variant": "off", "reason": "DEFAULT"}
    assert (foreign["key"], foreign["errorCode"]) == ("OPEN", "INVALID_CONTEXT")


def test_either_header_shows_the_key(shop: Business, ours: Feature) -> None:
    whole = key_of(shop)
    for headers in ({"HTTP_AUTHORIZATION": f"Bearer {whole}"}, {"HTTP_X_API_KEY": whole}):
        assert ask(APIClient(), "OURS", shop.pk, **headers).status_code == 200
        assert ask_all(APIClient(), shop.pk, **headers).status_code == 200
    assert APIClient().get("/v1/goals", HTTP_X_API_KEY=whole).status_code == 401


@pytest.mark.parametrize("headers", [{}, {"HTTP_X_API_KEY": "gh_nonsense"}, {"HTTP_AUTHORIZATION": "Bearer gh_no"}])
def test_without_a_key_there_is_no_answer(shop: Business, ours: Feature, headers: dict[str, str]) -> None:
    for path in (BULK, f"{BULK}/OURS"):
        answer = send(APIClient(), path, body_of(shop.pk), **headers)
        assert answer.status_code == 401
        assert answer["Content-Type"] == PROBLEM
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_key_without_the_scope_may_not(shop: Business, ours: Feature) -> None:
    client = APIClient(HTTP_X_API_KEY=key_of(shop, Scope.GOALS_READ))
    assert [ask(client, "OURS", shop.pk).status_code, ask_all(client, shop.pk).status_code] == [403, 403]


def test_a_revoked_key_is_refused_within_a_second(shop: Business, ours: Feature, monkeypatch: Any) -> None:
    whole = key_of(shop)
    client = APIClient(HTTP_X_API_KEY=whole)
    assert ask(client, "OURS", shop.pk).status_code == 200
    revoke_key(key=ApiKey.objects.get(prefix=whole.split("_")[1]), by=None)
    monkeypatch.setattr("apps.accounts.authentication.CACHE_SECONDS", 0.0)
    assert ask(client, "OURS", shop.pk).status_code == 401


def test_above_its_limit_a_key_is_told_when_to_come_back(shop: Business, ours: Feature) -> None:
    client = APIClient(HTTP_X_API_KEY=key_of(shop, requests_per_minute=1))
    assert ask(client, "OURS", shop.pk).status_code == 200
    for answer in (ask(client, "OURS", shop.pk), ask_all(client, shop.pk)):
        assert answer.status_code == 429
        assert 1 <= int(answer["Retry-After"]) <= 60
    cache.clear()


def test_a_browser_session_is_no_key(signed_in: Any, bob: Any, ours: Feature, shop: Business) -> None:
    assert send(signed_in(bob), BULK, body_of(shop.pk)).status_code == 401


# --- What is wrong with a request ------------------------------------------------------------------------------------

BAD = [
    (b"", "PARSE_ERROR"),
    (b"{", "PARSE_ERROR"),
    (b"[]", "PARSE_ERROR"),
    (b'"x"', "PARSE_ERROR"),
    (b"null", "PARSE_ERROR"),
    (b"\xff\xfe", "PARSE_ERROR"),
    (b'{"context": {"targetingKey": "\\ud800"}}', "PARSE_ERROR"),
    (b'{"context": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "PARSE_ERROR"),
    (b"{}", "TARGETING_KEY_MISSING"),
    (b'{"context": {}}', "TARGETING_KEY_MISSING"),
    (b'{"context": {"targetingKey": ""}}', "TARGETING_KEY_MISSING"),
    (b'{"context": {"targetingKey": null}}', "TARGETING_KEY_MISSING"),
    (b'{"context": null}', "INVALID_CONTEXT"),
    (b'{"context": []}', "INVALID_CONTEXT"),
    (b'{"context": "user"}', "INVALID_CONTEXT"),
    (b'{"context": {"targetingKey": 7}}', "INVALID_CONTEXT"),
    (b'{"context": {"targetingKey": {"id": 7}}}', "INVALID_CONTEXT"),
    (b'{"context": {"targetingKey": "' + b"x" * 300 + b'"}}', "INVALID_CONTEXT"),
    (b'{"context": {"targetingKey": "a\\u0000b"}}', "INVALID_CONTEXT"),
]


@pytest.mark.parametrize("body, code", BAD, ids=lambda value: str(value)[:40])
def test_what_is_wrong_with_a_request_is_told_in_the_protocols_words(
    api: APIClient, ours: Feature, body: bytes, code: str
) -> None:
    one, all_ = send(api, f"{BULK}/OURS", body), send(api, BULK, body)
    assert one.status_code == all_.status_code == 400
    assert one["Content-Type"] == all_["Content-Type"] == "application/json"
    assert set(one.json()) == {"key", "errorCode", "errorDetails"}
    assert set(all_.json()) == {"errorCode", "errorDetails"}
    assert one.json()["key"] == "OURS"
    assert one.json()["errorCode"] == all_.json()["errorCode"] == code
    assert one.json()["errorDetails"]


def test_what_a_context_holds_besides_is_taken_and_ignored(api: APIClient, shop: Business, ours: Feature) -> None:
    body = body_of(shop.pk, plan="pro", nested={"deep": [1, {"targetingKey": 7}]}, when="2026-11-21T00:00:00Z")
    assert send(api, f"{BULK}/OURS", body).status_code == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_read(api: APIClient, ours: Feature, settings: Any) -> None:
    answer = send(api, BULK, b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1))
    assert answer.status_code == 413
    assert answer["Content-Type"] == PROBLEM


def test_other_methods_and_addresses_are_refused(api: APIClient) -> None:
    assert [api.get(BULK).status_code, api.put(f"{BULK}/OURS").status_code] == [405, 405]
    assert api.get(BULK)["Content-Type"] == PROBLEM
    missing = api.post("/ofrep/v2/evaluate/flags")
    assert (missing.status_code, missing["Content-Type"]) == (404, PROBLEM)


def test_what_nobody_foresaw_is_told_in_the_protocols_shape(
    api: APIClient, shop: Business, ours: Feature, monkeypatch: Any
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(ofrep, "answers", fail)
    answer = ask_all(api, shop.pk)
    assert answer.status_code == 500
    assert set(answer.json()) == {"errorDetails"}
    assert b"secret" not in answer.content


@given(st.binary(max_size=200))
def test_no_body_is_too_odd(body: bytes) -> None:
    try:
        assert targeting_key_of(body)
    except Refused as refused:
        assert refused.code in set(ErrorCode)
        assert json.loads(refused.wire("key"))["errorDetails"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["context", "targetingKey", "x"]), inner),
        max_leaves=8,
    )
)
def test_no_json_is_too_odd(value: Any) -> None:
    try:
        assert targeting_key_of(json.dumps(value).encode())
    except Refused as refused:
        assert refused.code in set(ErrorCode)
