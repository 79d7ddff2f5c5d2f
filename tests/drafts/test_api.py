"""Threads, drafts and their settings over REST."""

import json
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from apps.accounts.keys import issue_key
from apps.accounts.models import Business, User
from apps.agents.models import Tool
from apps.core.ids import new_id
from apps.core.models import Event
from apps.drafts.composing import make_draft
from apps.drafts.models import DraftSettings, IntentTool, Message
from tests.conftest import client_for
from tests.drafts.letters import ORDER, Outside, a_mail, an_order_tool, draft_of, later_mail, request_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(shop: Business, world: Outside) -> Message:
    world.says("/orders", ORDER)
    an_order_tool(shop, world)
    message = a_mail(shop)
    make_draft(draft_id=draft_of(message).pk)
    return message


def test_threads_are_listed_newest_first(shop: Business, api: APIClient) -> None:
    first, second = a_mail(shop), a_mail(shop, sender="karl@example.com")
    found = api.get("/v1/threads").json()["results"]
    assert [one["id"] for one in found] == [str(second.thread_id), str(first.thread_id)]
    [only] = api.get("/v1/threads", {"customer": "KARL@example.com"}).json()["results"]
    assert only["customer"]["address"] == "karl@example.com"


def test_a_thread_shows_its_mails_and_drafts_with_the_data_of_others_masked(shop: Business, api: APIClient) -> None:
    message = a_mail(shop, "My card is 4111 1111 1111 1111")
    later_mail(message, "Are you there?")
    found = api.get(f"/v1/threads/{message.thread_id}").json()
    assert [one["direction"] for one in found["messages"]] == ["in", "in"]
    assert [one["state"] for one in found["drafts"]] == ["queued", "stale"]
    assert "4111 1111" not in json.dumps(found)


def test_drafts_are_listed_and_filtered(made: Message, api: APIClient) -> None:
    draft = draft_of(made)
    for query in ({}, {"state": "waiting"}, {"intent": "ORDER"}, {"thread": str(made.thread_id)}):
        assert [one["id"] for one in api.get("/v1/drafts", query).json()["results"]] == [str(draft.pk)]
    assert api.get("/v1/drafts", {"state": "sent"}).json()["results"] == []
    for query in ({"state": "nonsense"}, {"intent": "order"}, {"thread": "7"}):
        answer = api.get("/v1/drafts", query)
        assert (answer.status_code, answer["content-type"]) == (422, "application/problem+json")


def test_a_draft_shows_its_versions_and_the_request_it_waits_by(made: Message, api: APIClient) -> None:
    found = api.get(f"/v1/drafts/{draft_of(made).pk}").json()
    [version] = found["versions"]
    assert found["request"] == str(request_of(made).pk) and found["blocked"] is False
    assert version["body"] == request_of(made).payload["body"]
    assert version["material"]["tools"][0]["data"]["order"]["status"] == "shipped"
    assert found["newer_messages"] == 0
    later_mail(made, "Are you there?")
    found = api.get(f"/v1/drafts/{draft_of(made).pk}").json()
    assert (found["state"], found["newer_messages"], found["request"]) == ("stale", 1, None)


def test_regenerating_is_asked_for_and_answered_at_once(made: Message, api: APIClient) -> None:
    url = f"/v1/drafts/{draft_of(made).pk}/regenerate"
    answer = api.post(url, {"instruction": "Shorter"}, format="json")
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    again = api.post(url, {"instruction": "Shorter"}, format="json")
    assert (again.status_code, again["content-type"]) == (409, "application/problem+json")
    make_draft(draft_id=draft_of(made).pk)
    assert api.get(f"/v1/drafts/{draft_of(made).pk}").json()["version"] == 2


@pytest.mark.parametrize(
    "body", [{}, {"instruction": ""}, {"instruction": "x" * 1001}, {"instruction": 7}, {"instruction": "a", "to": "b"}]
)
def test_a_wrong_wish_names_its_field(made: Message, api: APIClient, body: dict[str, Any]) -> None:
    answer = api.post(f"/v1/drafts/{draft_of(made).pk}/regenerate", body, format="json")
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"]


def test_the_drafts_of_others_are_not_there(made: Message, other_api: APIClient) -> None:
    pk = draft_of(made).pk
    assert other_api.get("/v1/drafts").json()["results"] == other_api.get("/v1/threads").json()["results"] == []
    for url in (f"/v1/drafts/{pk}", f"/v1/threads/{made.thread_id}"):
        assert other_api.get(url).status_code == 404
    assert other_api.post(f"/v1/drafts/{pk}/regenerate", {"instruction": "x"}, format="json").status_code == 404
    assert draft_of(made).state == "waiting"


def test_what_a_key_may_is_told_by_its_scopes(shop: Business, made: Message) -> None:
    reader = client_for(issue_key(business=shop, name="reader", scopes=["drafts:read"], by=None)[1])
    assert reader.get("/v1/drafts").status_code == 200
    url = f"/v1/drafts/{draft_of(made).pk}/regenerate"
    assert reader.post(url, {"instruction": "x"}, format="json").status_code == 403
    assert reader.patch("/v1/drafts/settings", {"enabled": False}, format="json").status_code == 403
    nobody = client_for(issue_key(business=shop, name="other", scopes=["goals:read"], by=None)[1])
    assert nobody.get("/v1/drafts").status_code == 403


def test_settings_begin_with_the_defaults_and_change_one_by_one(shop: Business, api: APIClient) -> None:
    first = api.get("/v1/drafts/settings").json()
    assert (first["enabled"], first["token_budget"], first["keep_prompts"]) == (True, 4000, False)
    assert not DraftSettings.objects.exists(), "reading wrote a row"
    changed = api.patch("/v1/drafts/settings", {"token_budget": 2000, "guidance": "Be kind"}, format="json").json()
    assert (changed["token_budget"], changed["guidance"], changed["enabled"]) == (2000, "Be kind", True)
    event = Event.objects.get(kind="draft_settings.changed")
    assert event.data["after"] == {"token_budget": 2000, "guidance": "Be kind"}


@pytest.mark.parametrize(
    "body",
    [
        {"token_budget": 499},
        {"control_share": 100},
        {"keep_days": 0},
        {"enabled": "yes"},
        {"guidance": "x" * 4001},
        {"guidance": "a\x00b"},
        {"nonsense": 1},
        {"intent_tools": [{"intent": "NONSENSE", "tool": str(UUID(int=1))}]},
    ],
    ids=lambda body: next(iter(body)),
)
def test_settings_that_cannot_be_are_refused(shop: Business, api: APIClient, body: dict[str, Any]) -> None:
    answer = api.patch("/v1/drafts/settings", body, format="json")
    assert answer.status_code == 422, answer.content
    assert not DraftSettings.objects.exists()


def test_tools_are_mapped_to_intents(shop: Business, api: APIClient, world: Outside) -> None:
    tool = an_order_tool(shop, world)
    wanted = {"intent": "TRACKING", "tool": str(tool.pk), "arguments": {"number": "order_number"}}
    answer = api.patch("/v1/drafts/settings", {"intent_tools": [wanted]}, format="json")
    [row] = IntentTool.objects.all()
    assert (row.intent, answer.json()["intent_tools"][0]["id"]) == ("TRACKING", str(row.pk))
    for wrong in ({"number": "password"}, {"strange": "order_number"}):
        bad = api.patch("/v1/drafts/settings", {"intent_tools": [wanted | {"arguments": wrong}]}, format="json")
        assert bad.status_code == 422 and bad.json()["errors"][0]["field"].startswith("arguments.")
    twice = api.patch("/v1/drafts/settings", {"intent_tools": [wanted, wanted]}, format="json")
    assert twice.status_code == 422
    assert IntentTool.objects.get() == row


def test_a_tool_of_another_business_cannot_be_mapped(shop: Business, other_shop: Business, api: APIClient) -> None:
    foreign = Tool.objects.create(business=other_shop, name="tool", description="A tool")
    for tool in (str(foreign.pk), str(new_id())):
        body = {"intent_tools": [{"intent": "ORDER", "tool": tool}]}
        assert api.patch("/v1/drafts/settings", body, format="json").status_code == 404


def test_lists_cost_the_same_however_long_they_are(
    made: Message, shop: Business, api: APIClient, django_assert_max_num_queries: Any
) -> None:
    api.get("/v1/drafts")
    for number in range(5):
        a_mail(shop, f"Do you sell kettles? {number}")
    for url in ("/v1/drafts", "/v1/threads"):
        with django_assert_max_num_queries(6):
            assert len(api.get(url).json()["results"]) == 6
    with django_assert_max_num_queries(10):
        api.get(f"/v1/drafts/{draft_of(made).pk}")
    with django_assert_max_num_queries(9):
        api.get(f"/v1/threads/{made.thread_id}")


def test_a_reviewer_in_the_browser_reads_drafts(made: Message, alice: User, signed_in: Any) -> None:
    assert signed_in(alice).get(f"/v1/drafts/{draft_of(made).pk}").status_code == 200
