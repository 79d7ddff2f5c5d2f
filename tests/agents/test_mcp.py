"""Tools of an MCP server: a real one is understood, a bad one is one failed call, and no way leads inside."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.agents.answers import Why
from apps.agents.models import Tool
from apps.agents.using import ToolFailed, use_tool
from apps.core.sealing import seal
from tests.agents.mcp_servers import Running, mcp_server
from tests.agents.unruly import Unruly

pytestmark = pytest.mark.django_db
Make = Callable[..., Tool]


@pytest.fixture(scope="module")
def orders() -> Iterator[Running]:
    with mcp_server() as running:
        yield running


def use(tool: Tool) -> Any:
    return use_tool(tool=tool, arguments={"order": "A-1042"}, work_id="work-1").data


def failure(tool: Tool) -> ToolFailed:
    with pytest.raises(ToolFailed) as failed:
        use(tool)
    return failed.value


def test_it_calls_the_tool_and_gives_only_the_named_fields(make_tool: Make, orders: Running) -> None:
    tool = make_tool(kind="mcp", url=orders.url, returned=["order", "items.price"], headers=seal('{"X-Key": "s3cret"}'))
    assert use(tool) == {"order": "A-1042", "items": [{"price": 3}]}
    assert orders.calls[-1] == "A-1042"
    assert orders.headers[-1]["x-key"] == "s3cret"
    assert orders.headers[-1]["idempotency-key"] == "work-1"


@pytest.mark.parametrize(("stateless", "json_response"), [(True, True), (True, False), (False, True)])
def test_it_speaks_with_each_kind_of_server(make_tool: Make, stateless: bool, json_response: bool) -> None:
    with mcp_server(stateless=stateless, json_response=json_response) as other:
        assert use(make_tool(kind="mcp", url=other.url, returned=["order"])) == {"order": "A-1042"}


@pytest.mark.parametrize(
    ("name", "data"),
    [("plain", {"text": "Order A-1042 is on its way"}), ("as_json", {"order": "A-1042", "secret": "kept back"})],
)
def test_a_text_is_read_as_json_where_it_is(make_tool: Make, orders: Running, name: str, data: Any) -> None:
    assert use(make_tool(kind="mcp", url=orders.url, remote_name=name)) == data


@pytest.mark.parametrize(
    ("name", "why", "again"),
    [
        ("broken", Why.STATUS, False),
        ("not_there", Why.STATUS, False),
        ("hang", Why.TIMEOUT, True),
        ("huge", Why.TOO_LARGE, False),
        ("null", Why.BAD_ANSWER, False),
    ],
)
def test_a_tool_that_fails_says_how(make_tool: Make, orders: Running, name: str, why: Why, again: bool) -> None:
    began = time.monotonic()
    error = failure(make_tool(kind="mcp", url=orders.url, remote_name=name))
    assert (error.why, error.again) == (why, again), str(error)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("hang", {Why.TIMEOUT}),
        ("drip", {Why.TIMEOUT}),
        ("drip_headers", {Why.TIMEOUT}),
        ("huge", {Why.TOO_LARGE}),
        ("endless", {Why.TOO_LARGE}),
        ("bomb", {Why.NOT_JSON}),
        ("garbage", {Why.NOT_JSON}),
        ("wrong_content", {Why.NOT_JSON}),
        ("truncated_json", {Why.NOT_JSON}),
        ("good", {Why.NOT_JSON}),
        ("very_deep", {Why.NOT_JSON}),
        ("later", {Why.STATUS}),
        ("truncated", {Why.UNREACHABLE}),
        ("reset", {Why.UNREACHABLE}),
        ("redirect", {Why.REFUSED}),
        ("401", {Why.STATUS}),
        ("404", {Why.STATUS}),
        ("429", {Why.STATUS}),
        ("500", {Why.STATUS}),
    ],
)
def test_a_server_that_is_none_is_a_failed_call(make_tool: Make, server: Unruly, mode: str, why: set[Why]) -> None:
    server.mode = mode
    began = time.monotonic()
    error = failure(make_tool(kind="mcp"))
    assert error.why in why, f"{error.why}: {error}"
    assert time.monotonic() - began < 5


def test_a_packed_answer_is_refused_whatever_its_last_header_says(make_tool: Make, server: Unruly) -> None:
    server.mode = "hidden_bomb"
    assert "not one of an MCP server" in str(failure(make_tool(kind="mcp")))


def test_it_follows_no_redirect_even_to_an_address_that_may_be_called(make_tool: Make, server: Unruly) -> None:
    server.mode, server.redirect_to = "redirect", f"{server.url}/elsewhere"
    assert failure(make_tool(kind="mcp")).why is Why.REFUSED
    assert {received.path for received in server.received} == {"/tool"}


@pytest.mark.parametrize("url", ["http://10.0.0.1/mcp", "http://127.0.0.1:1/mcp", "http://localhost:1/mcp"])
def test_it_connects_to_no_private_address(make_tool: Make, settings: Any, url: str) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    error = failure(make_tool(kind="mcp", url=url))
    assert error.why is Why.REFUSED
    assert "may not be called" in str(error)


def test_the_connection_itself_is_guarded(make_tool: Make, orders: Running, monkeypatch: Any, settings: Any) -> None:
    """A name that passed a check and leads inside when it is connected to."""
    from apps.agents import asking_mcp

    monkeypatch.setattr(asking_mcp.outbound, "check_url", lambda url: url)
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    before = len(orders.headers)
    assert failure(make_tool(kind="mcp", url=orders.url)).why is Why.REFUSED
    assert len(orders.headers) == before


def test_the_servers_own_schema_cannot_hold_us(make_tool: Make, orders: Running) -> None:
    began = time.monotonic()
    assert use(make_tool(kind="mcp", url=orders.url, remote_name="evil", returned=["order"]))["order"].startswith("aaa")
    assert time.monotonic() - began < 2
