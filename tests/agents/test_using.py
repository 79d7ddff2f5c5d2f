"""Tools: arguments are checked before anything is sent, and nothing but the named fields comes back."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.agents.answers import Why
from apps.agents.models import Tool
from apps.agents.returning import keep, wrong_arguments, wrong_schema
from apps.agents.using import BadArguments, ToolFailed, use_tool
from apps.core.sealing import seal
from tests.agents.unruly import Unruly

pytestmark = pytest.mark.django_db
Make = Callable[..., Tool]
ORDER = b'{"order": "A-1", "secret": "kept back", "items": [{"sku": "A", "price": 3}, {"sku": "B"}]}'


def use(tool: Tool, **arguments: Any) -> Any:
    return use_tool(tool=tool, arguments=arguments or {"order": "A-1042"}, work_id="work-1").data


def failure(tool: Tool, **arguments: Any) -> ToolFailed:
    with pytest.raises(ToolFailed) as failed:
        use(tool, **arguments)
    return failed.value


def test_it_posts_the_arguments_and_gives_the_named_fields(make_tool: Make, server: Unruly) -> None:
    server.mode, server.body = "body", ORDER
    tool = make_tool(returned=["order", "items.price", "not.there"], headers=seal('{"X-Key": "s3cret"}'))
    assert use(tool) == {"order": "A-1", "items": [{"price": 3}, {}]}
    sent = server.received[0]
    assert sent.json() == {"order": "A-1042"}
    assert sent.headers["x-key"] == "s3cret"
    assert sent.headers["idempotency-key"] == "work-1"


def test_by_get_the_arguments_are_the_query(make_tool: Make, server: Unruly) -> None:
    tool = make_tool(method="GET", parameters={})
    tool.url += "?lang=en"
    use(tool, order="A & B", many=["x", 1], whole={"a": True})
    path = server.received[0].path
    assert path == "/tool?lang=en&order=A+%26+B&many=x&many=1&whole=%7B%22a%22%3Atrue%7D"
    assert server.received[0].body == b""


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"order": "A"}, "arguments.order"), ({"order": 7}, "arguments.order"), ({"other": "A-1"}, "arguments")],
)
def test_arguments_that_do_not_fit_are_not_sent(
    make_tool: Make, server: Unruly, arguments: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadArguments) as failed:
        use(make_tool(), **arguments)
    assert [error["field"] for error in failed.value.errors] == [field]
    assert failed.value.why is Why.BAD_ARGUMENTS
    assert not server.received


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("hang", Why.TIMEOUT),
        ("drip", Why.TIMEOUT),
        ("garbage", Why.NOT_JSON),
        ("huge", Why.TOO_LARGE),
        ("null_byte", Why.BAD_ANSWER),
        ("deep", Why.BAD_ANSWER),
        ("redirect", Why.STATUS),
        ("429", Why.STATUS),
        ("500", Why.STATUS),
    ],
)
def test_a_tool_that_misbehaves_is_one_failed_call(make_tool: Make, server: Unruly, mode: str, why: Why) -> None:
    server.mode = mode
    assert failure(make_tool()).why is why


def test_python_is_called_by_its_registered_name(make_tool: Make, entry_points: None) -> None:
    assert use(make_tool(kind="python", entry="looks_up", returned=["items.sku"])) == {"items": [{"sku": "A"}]}
    assert failure(make_tool(kind="python", name="b", entry="os:system")).why is Why.MISSING
    assert failure(make_tool(kind="python", name="c", entry="fails")).why is Why.ERROR


def test_a_tool_that_is_described_only_or_off_is_not_called(make_tool: Make, server: Unruly) -> None:
    assert failure(make_tool(kind="described", url="")).why is Why.MISSING
    off = make_tool(name="off", enabled=False)
    assert failure(off).why is Why.OFF
    assert not server.received
    assert use_tool(tool=off, arguments={"order": "A-1"}, work_id="1", trial=True).data


def test_it_calls_no_private_address(make_tool: Make, server: Unruly, settings: Any) -> None:
    tool = make_tool()
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    assert failure(tool).why is Why.REFUSED
    assert not server.received


DATA: dict[str, Any] = {"a": {"b": [{"c": 1, "d": 2}, {"d": 3}, "text", [{"c": 4}]], "e": 5}, "f": None, "g": []}


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        (["*"], DATA),
        ([], None),
        (["nothing"], None),
        (["a.nothing"], None),
        (["f"], {"f": None}),
        (["g"], {"g": []}),
        (["g.x"], None),
        (["a.e", "f"], {"a": {"e": 5}, "f": None}),
        (["a.b.c"], {"a": {"b": [{"c": 1}, {}, {}, [{"c": 4}]]}}),
        (["a", "a.b.c"], {"a": DATA["a"]}),
        (["a.e.deeper"], None),
    ],
)
def test_nothing_outside_of_the_named_fields_is_kept(paths: list[str], kept: Any) -> None:
    assert keep(DATA, paths) == kept


def test_an_answer_that_is_a_list_is_reduced_item_by_item() -> None:
    assert keep([{"a": 1, "b": 2}, {"b": 3}], ["a"]) == [{"a": 1}, {}]
    assert keep("text", ["a"]) is None
    assert keep("text", ["*"]) == "text"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"type": "array"},
        [],
        {"properties": {"a": {"$ref": "https://example.com/schema"}}},
        {"properties": {"a": {"$ref": "file:///etc/passwd"}}},
        {"description": "x" * 70_000},
    ],
    ids=["type", "array", "list", "remote", "file", "huge"],
)
def test_a_schema_must_be_one_of_an_object_and_whole_in_itself(schema: Any) -> None:
    assert wrong_schema(schema)


def test_a_schema_may_refer_into_itself() -> None:
    schema = {"$defs": {"id": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/id"}}}
    assert wrong_schema(schema) == ""
    assert wrong_arguments(schema, {"a": 1}) == [{"field": "arguments.a", "reason": "1 is not of type 'string'"}]


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"properties": {"a": {"$ref": "#/$defs/none"}}}])
def test_a_schema_that_leads_nowhere_lets_nothing_through(schema: Any) -> None:
    assert wrong_schema(schema) == ""
    assert "refers to" in wrong_arguments(schema, {"a": 1})[0]["reason"]


def test_a_pattern_that_would_take_for_ever_is_not_run() -> None:
    endless = {"type": "string", "pattern": "^(a+)+$"}
    schema = {"properties": {"a": endless}, "patternProperties": {"^(a+)+$": {}}, "additionalProperties": False}
    assert wrong_schema(schema) == ""
    assert wrong_arguments(schema, {"a": "a" * 60 + "!", "a" * 60 + "!": 1}) == []


def test_a_schema_nested_without_measure_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(5000):
        schema = {"properties": {"a": schema}}
    assert "nested" in wrong_schema(schema) or "bytes" in wrong_schema(schema)
