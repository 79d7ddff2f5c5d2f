"""Agents and tools: taken on with a secret shown once, called only where it is allowed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import Business, User
from apps.agents.calling import AgentFailed, call_agent
from apps.agents.enlisting import enlist_agent, renew_secret
from apps.agents.models import Agent, Tool
from apps.core.errors import Invalid
from apps.core.models import Event
from apps.core.sealing import unseal

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]
FORM = {
    "name": "Clerk",
    "key": "clerk",
    "description": "",
    "types": "research, analysis",
    "concurrency": "4",
    "timeout_seconds": "5",
    "price_per_call": "0",
}


def test_an_admin_takes_an_agent_on_and_sees_its_secret_once(signed_in: SignIn, bob: User) -> None:
    browser = signed_in(bob)
    page = browser.post("/admin/agents/agent/add/", {**FORM, "url": "https://agents.example.com/clerk"})
    agent = Agent.objects.get()
    secret = unseal(agent.secret)
    assert secret.startswith("whsec_")
    assert secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert secret not in browser.get(f"/admin/agents/agent/{agent.pk}/change/").content.decode()
    assert secret not in str(Event.objects.values_list("data", flat=True))


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "ftp://example.com/", "https://user:pass@example.com/"])
def test_it_refuses_an_address_that_may_not_be_called(signed_in: SignIn, bob: User, url: str) -> None:
    page = signed_in(bob).post("/admin/agents/agent/add/", {**FORM, "url": url})
    assert page.status_code == 200
    assert not Agent.objects.exists()


def test_a_reviewer_may_not_take_agents_on(signed_in: SignIn, alice: User) -> None:
    assert signed_in(alice).post("/admin/agents/agent/add/", {**FORM, "url": "https://e.com/"}).status_code == 403


def test_a_new_secret_is_made_by_post_only(signed_in: SignIn, bob: User, shop: Business) -> None:
    agent, secret = enlist_agent(business_id=shop.pk, actor="user:bob", key="clerk", name="Clerk", url="https://e.com/")
    browser = signed_in(bob)
    address = reverse("admin:agents_agent_renew", args=[agent.pk])
    browser.get(address)
    agent.refresh_from_db()
    assert unseal(agent.secret) == secret
    browser.post(address)
    agent.refresh_from_db()
    assert unseal(agent.secret) != secret


def test_a_key_is_taken_once_a_business(shop: Business, other_shop: Business) -> None:
    for business in (shop, other_shop):
        enlist_agent(business_id=business.pk, actor="user:bob", key="clerk", name="Clerk", url="https://e.com/")
    with pytest.raises(Invalid):
        enlist_agent(business_id=shop.pk, actor="user:bob", key="clerk", name="Clerk", url="https://e.com/")


def test_it_says_that_an_agent_is_not_there(shop: Business) -> None:
    agent, _ = enlist_agent(business_id=shop.pk, actor="user:bob", key="a", name="A", url="http://127.0.0.1:1/")
    with pytest.raises(AgentFailed) as failed:
        call_agent(agent=agent, work_id="1", body={})
    assert failed.value.again


def test_renewing_is_told_to_the_audit(shop: Business) -> None:
    agent, _ = enlist_agent(business_id=shop.pk, actor="user:bob", key="a", name="A", url="https://e.com/")
    renew_secret(agent=agent, actor="user:bob")
    assert list(Event.objects.order_by("id").values_list("kind", flat=True)) == [
        "agent.enlisted",
        "agent.secret_renewed",
    ]


def test_a_tools_parameters_must_be_a_schema(signed_in: SignIn, bob: User) -> None:
    body = {"name": "find", "description": "Find it", "risk": "0.1", "enabled": "on"}
    browser = signed_in(bob)
    browser.post("/admin/agents/tool/add/", {**body, "parameters": '{"type": "nonsense"}'})
    assert not Tool.objects.exists()
    browser.post("/admin/agents/tool/add/", {**body, "parameters": '{"type": "object", "properties": {}}'})
    assert Tool.objects.get().name == "find"
