"""OFREP in bulk: all answers at once, and tags that change when an answer does."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Business
from apps.pilots import flags, ofrep, ofrep_rules
from apps.pilots.changing import change, holding
from apps.pilots.defining import archive_feature
from apps.pilots.models import Feature
from apps.pilots.ofrep_rules import is_known
from apps.pilots.switching import switch_off, switch_on
from tests.pilots.asking import ACTOR, BULK, ask_all, body_of, make, send

# --- All -------------------------------------------------------------------------------------------------------------


def test_all_come_in_the_order_of_their_keys_with_a_stream_to_listen_to(
    api: APIClient, shop: Business, ours: Feature, open_to_all: Feature
) -> None:
    make("ALPHA", shop, kind="string", variants={"on": "ü🌍", "off": "x"})
    answer = ask_all(api, shop.pk)
    assert [flag["key"] for flag in answer.json()["flags"]] == ["ALPHA", "OPEN", "OURS"]
    (stream,) = answer.json()["eventStreams"]
    assert stream["type"] == "sse"
    assert stream["url"].startswith("http://testserver/ws/ofrep/events?token=")
    assert stream["inactivityDelaySec"] == 120
    assert ask_all(api, shop.pk).json()["eventStreams"] == [stream]


def test_without_a_feature_there_is_an_empty_list(api: APIClient, shop: Business) -> None:
    assert ask_all(api, shop.pk).json()["flags"] == []


def test_the_stream_is_where_the_websocket_is(api: APIClient, shop: Business, settings: Any) -> None:
    settings.LIVE_URL = "ws://{host}:8001"
    assert ask_all(api, shop.pk).json()["eventStreams"][0]["url"].startswith("http://testserver:8001/ws/")
    settings.LIVE_URL = "wss://live.example"
    assert ask_all(api, shop.pk).json()["eventStreams"][0]["url"].startswith("https://live.example/ws/")


def test_nothing_is_sent_again_that_the_client_has(api: APIClient, shop: Business, ours: Feature) -> None:
    first = ask_all(api, shop.pk)
    again = ask_all(api, shop.pk, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert "Content-Type" not in again


@pytest.mark.parametrize(
    "form, status",
    [
        ("{}", 304),
        ("W/{}", 304),
        ('"other", W/{}', 304),
        ('{},"other"', 304),
        ("*", 304),
        (" * ", 304),
        ('"other"', 200),
        ('W/"other"', 200),
        ("", 200),
        ("garbage", 200),
        ('"unended', 200),
    ],
)
def test_every_form_of_if_none_match_is_understood(
    api: APIClient, shop: Business, ours: Feature, form: str, status: int
) -> None:
    tag = ask_all(api, shop.pk)["ETag"]
    assert ask_all(api, shop.pk, HTTP_IF_NONE_MATCH=form.replace("{}", tag)).status_code == status


def test_a_tag_without_its_quotes_is_another_tag() -> None:
    assert not is_known('"abc"', "abc")
    assert is_known('"abc"', 'W/"x",  W/"abc"')


def test_the_tag_changes_when_an_answer_does_and_only_then(
    api: APIClient, shop: Business, other_shop: Business, ours: Feature
) -> None:
    tags = {who: ask_all(api, who)["ETag"] for who in (shop.pk, other_shop.pk)}
    switch_on(feature_id=ours.pk, business_id=shop.pk, actor=ACTOR)
    changed = ask_all(api, shop.pk, HTTP_IF_NONE_MATCH=tags[shop.pk])
    assert changed.status_code == 200
    assert changed["ETag"] != tags[shop.pk]
    # It was changed, but nothing about this one.
    assert ask_all(api, other_shop.pk, HTTP_IF_NONE_MATCH=tags[other_shop.pk]).status_code == 304
    switch_off(feature_id=ours.pk, business_id=shop.pk, actor=ACTOR)
    assert ask_all(api, shop.pk)["ETag"] == tags[shop.pk]


def test_the_tag_follows_share_archive_new_features_and_exposure(
    api: APIClient, other_api: APIClient, shop: Business, other_shop: Business, ours: Feature
) -> None:
    seen = [ask_all(api, shop.pk)["ETag"]]
    with holding(ours.pk) as held:
        change(held, actor=ACTOR, share=100)
    seen.append(ask_all(api, shop.pk)["ETag"])
    other = make("OTHER", shop)
    seen.append(ask_all(api, shop.pk)["ETag"])
    archive_feature(feature_id=ours.pk, actor=ACTOR)
    seen.append(ask_all(api, shop.pk)["ETag"])
    assert len(set(seen)) == 4
    before = ask_all(other_api, other_shop.pk)["ETag"]
    with holding(other.pk) as held:
        change(held, actor=ACTOR, exposed=True)
    assert ask_all(other_api, other_shop.pk)["ETag"] != before


# --- After an event of the stream ------------------------------------------------------------------------------------


def configuration_tag(business: Business) -> str:
    return ofrep_rules.configuration_tag(ofrep.sight_of(business.pk), business.pk)


def test_who_was_told_of_a_change_that_this_process_has_not_heard_of_gets_it_all_the_same(
    api: APIClient, shop: Business, ours: Feature, monkeypatch: Any
) -> None:
    monkeypatch.setattr(flags, "A_MOMENT", -1.0)
    tag = ask_all(api, shop.pk)["ETag"]
    # Another process changed it and told the stream; the push has not come here yet.
    Feature.objects.filter(pk=ours.pk).update(share=100, version=flags.features().known["OURS"].id)
    assert ask_all(api, shop.pk, HTTP_IF_NONE_MATCH=tag).status_code == 304
    told = api.post(
        f"{BULK}?flagConfigEtag=news", body_of(shop.pk), content_type="application/json", HTTP_IF_NONE_MATCH=tag
    )
    assert told.status_code == 200
    assert told.json()["flags"][0]["value"] is True


def test_who_was_told_what_is_known_here_is_answered_by_the_tag(
    api: APIClient, shop: Business, ours: Feature, django_assert_num_queries: Any
) -> None:
    tag = ask_all(api, shop.pk)["ETag"]
    with django_assert_num_queries(0):
        answer = send(api, f"{BULK}?flagConfigEtag={configuration_tag(shop)}", body_of(shop.pk), HTTP_IF_NONE_MATCH=tag)
    assert answer.status_code == 304


def test_saying_that_something_changed_does_not_make_us_read_again_and_again(
    api: APIClient, shop: Business, ours: Feature, django_assert_num_queries: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(flags, "A_MOMENT", 60.0)
    ask_all(api, shop.pk)
    with django_assert_num_queries(0):
        for _ in range(5):
            assert send(api, f"{BULK}?flagConfigEtag=made-up", body_of(shop.pk)).status_code == 200


def test_the_tag_of_the_configuration_is_silent_about_what_happens_to_others(
    shop: Business, other_shop: Business, open_to_all: Feature, more_shops: list[Business]
) -> None:
    theirs, home = configuration_tag(other_shop), configuration_tag(shop)
    switch_on(feature_id=open_to_all.pk, business_id=more_shops[0].pk, actor=ACTOR)
    assert configuration_tag(other_shop) == theirs
    assert configuration_tag(shop) != home
    switch_on(feature_id=open_to_all.pk, business_id=other_shop.pk, actor=ACTOR)
    assert configuration_tag(other_shop) != theirs
