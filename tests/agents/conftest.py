"""Agents and tools that the tests are told with, and servers that misbehave."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.accounts.models import Business
from apps.agents.models import Agent, Tool
from apps.core.sealing import seal
from apps.core.signing import new_secret
from tests.agents.unruly import Unruly, unruly_server

NUMBER = {"type": "object", "properties": {"order": {"type": "string", "minLength": 2}}, "required": ["order"]}


@pytest.fixture
def server() -> Iterator[Unruly]:
    with unruly_server() as running:
        yield running


@pytest.fixture
def agent(shop: Business, server: Unruly) -> Agent:
    """An agent of the shop at the unruly server, that is waited for a second."""
    return Agent.objects.create(
        business=shop,
        key="clerk",
        name="Clerk",
        url=f"{server.url}/clerk",
        secret=seal(new_secret()),
        timeout_seconds=1,
    )


@pytest.fixture
def make_tool(shop: Business, server: Unruly) -> Callable[..., Tool]:
    """make_tool(kind="http", ...) is a tool of the shop at the unruly server, with one required argument, order."""

    def make(**fields: Any) -> Tool:
        kind = fields.get("kind", "http")
        given: dict[str, Any] = {"kind": kind, "name": "find_order", "description": "Find it", "parameters": NUMBER}
        given |= {"returned": ["*"], "timeout_seconds": 1}
        if kind in ("http", "mcp"):
            given["url"] = f"{server.url}/tool"
        return Tool.objects.create(business=shop, **{**given, **fields})

    return make


def plan(body: dict[str, Any], *, work_id: str) -> dict[str, Any]:
    """An agent in Python, registered by the tests."""
    body["goal"] = "changed in its own copy"
    return {"result": f"Planned {work_id}", "confidence": 0.5}


def fails(body: dict[str, Any], *, work_id: str) -> None:
    raise RuntimeError("no paper\x00 left")


def sleeps(body: dict[str, Any], *, work_id: str) -> None:
    import time

    time.sleep(body.get("seconds", 1.5))


def no_json(body: dict[str, Any], *, work_id: str) -> Any:
    return {"result": object()}


def looks_up(arguments: dict[str, Any], *, work_id: str) -> Any:
    """A tool in Python, registered by the tests."""
    return {"order": arguments["order"], "secret": "kept back", "items": [{"sku": "A", "price": 3, "margin": 1}]}


@pytest.fixture
def entry_points(settings: Any) -> None:
    names = ["plan", "fails", "sleeps", "no_json"]
    settings.AGENT_ENTRY_POINTS = {name: f"{__name__}:{name}" for name in names} | {"gone": "nowhere.at:all"}
    settings.TOOL_ENTRY_POINTS = {"looks_up": f"{__name__}:looks_up", "fails": f"{__name__}:fails"}
