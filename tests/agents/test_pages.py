"""The pages of agents and tools: a form for each kind, trials, reasons, breakers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import Business, User
from apps.agents.models import Agent, Tool
from apps.agents.registering import register_tool
from apps.core import breaking
from apps.core.models import Event
from apps.core.sealing import seal, unseal
from tests.agents.unruly import Unruly

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]
ADD, ADD_TOOL = "/admin/agents/agent/add/", "/admin/agents/tool/add/"
COMMON = {"name": "Clerk", "key": "clerk", "description": "", "types": "research, analysis", "concurrency": "4"}
COMMON |= {"timeout_seconds": "5", "price_per_call": "0.01"}
TOOL = {"name": "find", "description": "Find it", "risk": "0.1", "enabled": "on", "parameters": "{}"}
TOOL |= {"timeout_seconds": "5", "method": "GET", "returned": "id\nitems.sku"}


@pytest.fixture
def browser(signed_in: SignIn, bob: User) -> Any:
    return signed_in(bob)


def text(page: Any) -> str:
    return str(page.content.decode())


@pytest.mark.parametrize(
    ("kind", "shown", "hidden"),
    [
        ("http", {"url", "given_headers"}, {"prompt", "model", "entry", "drop_headers"}),
        ("model", {"prompt", "model"}, {"url", "given_headers", "entry"}),
        ("python", {"entry"}, {"url", "prompt"}),
        ("nonsense", {"url"}, {"prompt"}),
    ],
)
def test_the_form_has_the_fields_of_its_kind_alone(browser: Any, kind: str, shown: set[str], hidden: set[str]) -> None:
    page = browser.get(f"{ADD}?kind={kind}")
    fields = set(page.context["adminform"].form.fields)
    assert shown | {"name", "key", "types", "concurrency"} <= fields
    assert not hidden & fields
    assert "?kind=model" in text(page)


def test_an_agent_of_each_kind_is_added(browser: Any, entry_points: None) -> None:
    page = browser.post(f"{ADD}?kind=http", {**COMMON, "url": "https://e.com/", "given_headers": "X-Key: s3cret"})
    agent = Agent.objects.get(key="clerk")
    assert unseal(agent.secret) in text(page)
    assert unseal(agent.headers) == '{"X-Key": "s3cret"}'
    assert agent.types == ["research", "analysis"]
    assert browser.post(f"{ADD}?kind=model", {**COMMON, "key": "m", "prompt": "Be brief"}).status_code == 302
    assert browser.post(f"{ADD}?kind=python", {**COMMON, "key": "p", "entry": "plan"}).status_code == 302
    assert set(Agent.objects.values_list("kind", "url", "prompt", "entry")) == {
        ("http", "https://e.com/", "", ""),
        ("model", "", "Be brief", ""),
        ("python", "", "", "plan"),
    }
    told = Event.objects.filter(kind="agent.enlisted")
    assert told.count() == 3
    assert "s3cret" not in str(told.values_list("data", flat=True))


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("http", {"url": ""}, "url"),
        ("http", {"url": "http://10.0.0.1/"}, "url"),
        ("http", {"url": "https://e.com", "given_headers": "no colon"}, "given_headers"),
        ("http", {"url": "https://e.com", "given_headers": "Host: x"}, "given_headers"),
        ("http", {"url": "https://e.com", "types": "Not Good"}, "types"),
        ("http", {"url": "https://e.com", "concurrency": "0"}, "concurrency"),
        ("http", {"url": "https://e.com", "timeout_seconds": "999"}, "timeout_seconds"),
        ("http", {"url": "https://e.com", "price_per_call": "-1"}, "price_per_call"),
        ("python", {"entry": "os:system"}, "entry"),
        ("python", {"entry": ""}, "entry"),
    ],
)
def test_what_is_wrong_is_told_beside_the_field(
    browser: Any, entry_points: None, kind: str, given: dict[str, str], field: str
) -> None:
    page = browser.post(f"{ADD}?kind={kind}", {**COMMON, **given})
    assert page.status_code == 200
    assert set(page.context["adminform"].form.errors) == {field}
    assert not Agent.objects.exists()


def test_changing_keeps_the_headers_until_others_are_entered(browser: Any, agent: Agent) -> None:
    Agent.objects.update(headers=seal('{"X-Key": "s3cret"}'))
    address = reverse("admin:agents_agent_change", args=[agent.pk])
    page = browser.get(address)
    assert "X-Key" in text(page) or "x-key" in text(page)
    assert "s3cret" not in text(page)
    given = {**COMMON, "url": "https://e.com/", "types": "review"}
    browser.post(address, given)
    agent.refresh_from_db()
    assert (agent.types, unseal(agent.headers)) == (["review"], '{"X-Key": "s3cret"}')
    browser.post(address, {**given, "given_headers": "X-Other: b"})
    agent.refresh_from_db()
    assert unseal(agent.headers) == '{"X-Other": "b"}'
    browser.post(address, {**given, "drop_headers": "on"})
    agent.refresh_from_db()
    assert (agent.headers, agent.key) == ("", "clerk")


def test_it_is_disabled_with_a_reason_and_enabled(browser: Any, agent: Agent) -> None:
    disable, enable = (reverse(f"admin:agents_agent_{name}", args=[agent.pk]) for name in ("disable", "enable"))
    assert "Why" in text(browser.get(disable))
    browser.post(disable, {"reason": "  "})
    agent.refresh_from_db()
    assert agent.enabled
    page = browser.post(disable, {"reason": "It shouts"}, follow=True)
    assert "It shouts" in text(page)
    assert "user:bob@example.com" in text(page)
    browser.get(enable)
    agent.refresh_from_db()
    assert not agent.enabled
    browser.post(enable)
    agent.refresh_from_db()
    assert agent.enabled


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("good", "The parcel is lost"),
        ("500", "The agent answered 500"),
        ("confidence_7", "confidence outside of 0 to 1: 7"),
        ("hang", "No answer within 1 s"),
        ("huge", "larger than"),
        ("redirect", "answered 307"),
    ],
)
def test_a_trial_shows_the_answer_or_the_failure(
    browser: Any, agent: Agent, server: Unruly, mode: str, words: str
) -> None:
    server.mode = mode
    address = reverse("admin:agents_agent_try_out", args=[agent.pk])
    browser.get(address)
    assert not server.received, "looking at the page calls nobody"
    assert words in text(browser.post(address))
    assert server.received[0].json()["trial"] is True
    assert Event.objects.get(kind="agent.tried").data["answered"] is (mode == "good")


def test_what_an_agent_answers_cannot_become_markup(browser: Any, agent: Agent, server: Unruly) -> None:
    server.mode, server.body = "body", b'{"result": "<script>alert(1)</script>"}'
    assert "<script>alert" not in text(browser.post(reverse("admin:agents_agent_try_out", args=[agent.pk])))


def test_a_tool_is_tried_with_arguments(browser: Any, server: Unruly, make_tool: Callable[..., Tool]) -> None:
    tool = make_tool(returned=["result"])
    address = reverse("admin:agents_tool_try_out", args=[tool.pk])
    assert "&quot;order&quot;" in text(browser.get(address))
    assert "Refund it" in text(browser.post(address, {"arguments": '{"order": "A-1"}'}))
    for arguments, words in [("{", "not JSON"), ("[]", "must be an object"), ('{"order": 1}', "arguments.order")]:
        assert words in text(browser.post(address, {"arguments": arguments}))
    assert len(server.received) == 1


def test_a_broken_one_is_shown_and_may_be_called_again(
    browser: Any, agent: Agent, django_capture_on_commit_callbacks: Any
) -> None:
    address = reverse("admin:agents_agent_close", args=[agent.pk])
    change = reverse("admin:agents_agent_change", args=[agent.pk])
    assert address not in text(browser.get(change))
    for _ in range(5):
        breaking.note(agent.pk, ok=False, why="status", told="The agent answered 500")
    assert "failing" in text(browser.get("/admin/agents/agent/"))
    page = text(browser.get(change))
    assert address in page
    assert "The agent answered 500" in page
    browser.get(address)
    assert breaking.standing(agent.pk).light == "open"
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(address)
    assert breaking.standing(agent.pk).light == "closed"


@pytest.mark.parametrize(
    ("kind", "given", "errors"),
    [
        ("http", {"url": "https://e.com/t"}, set()),
        ("mcp", {"url": "https://e.com/mcp", "remote_name": "find_order"}, set()),
        ("python", {"entry": "looks_up"}, set()),
        ("described", {}, set()),
        ("http", {"url": ""}, {"url"}),
        ("http", {"url": "https://e.com/t", "returned": ""}, {"returned"}),
        ("http", {"url": "https://e.com/t", "returned": "a b"}, {"returned"}),
        ("mcp", {"url": "http://169.254.169.254/mcp"}, {"url"}),
        ("described", {"parameters": '{"type": "nonsense"}'}, {"parameters"}),
        ("described", {"name": "with space"}, {"name"}),
    ],
)
def test_a_tool_of_each_kind_is_added(
    browser: Any, entry_points: None, kind: str, given: dict[str, str], errors: set[str]
) -> None:
    page = browser.post(f"{ADD_TOOL}?kind={kind}", {**TOOL, **given})
    assert (set(page.context["adminform"].form.errors) if page.status_code == 200 else set()) == errors
    assert Tool.objects.count() == (0 if errors else 1)
    if not errors:
        assert Tool.objects.get().kind == kind


def test_the_lists_ask_as_little_for_many_as_for_one(
    browser: Any, shop: Business, agent: Agent, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    register_tool(business_id=shop.pk, actor="user:bob", name="first", description="T")
    for path in ("/admin/agents/agent/", "/admin/agents/tool/"):
        browser.get(path)
        with CaptureQueriesContext(
            connection,
        ) as one:
            browser.get(path)
        for number in range(20):
            Agent.objects.create(business=shop, key=f"{path[-6]}{number}", name="A", url="https://e.com", secret="x")
            Tool.objects.create(business=shop, name=f"{path[-6]}{number}", description="T")
        with django_assert_num_queries(len(one)):
            browser.get(path)


def test_a_page_of_one_asks_little(browser: Any, agent: Agent, django_assert_max_num_queries: Any) -> None:
    address = reverse("admin:agents_agent_change", args=[agent.pk])
    browser.get(address)
    with django_assert_max_num_queries(18):
        browser.get(address)


@pytest.mark.parametrize("name", ["change", "try_out", "disable", "enable", "renew", "close"])
def test_another_business_reaches_none_of_it(signed_in: SignIn, mallory: User, agent: Agent, name: str) -> None:
    browser = signed_in(mallory)
    address = reverse(f"admin:agents_agent_{name}", args=[agent.pk])
    assert browser.get(address).status_code in (302, 403, 404)
    assert browser.post(address, {"reason": "Mine"}).status_code in (302, 403, 404)
    agent.refresh_from_db()
    assert agent.enabled


@pytest.mark.parametrize("name", ["try_out", "disable", "renew"])
def test_a_reviewer_may_not(signed_in: SignIn, alice: User, agent: Agent, server: Unruly, name: str) -> None:
    address = reverse(f"admin:agents_agent_{name}", args=[agent.pk])
    assert signed_in(alice).post(address, {"reason": "No"}).status_code == 403
    agent.refresh_from_db()
    assert agent.enabled
    assert not server.received
