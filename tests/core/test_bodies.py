"""Request bodies read into typed structs."""

from typing import Any

import msgspec
import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from apps.core.bodies import TooLarge, check_storable, read
from apps.core.errors import Invalid, Malformed


class Tool(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class Body(msgspec.Struct, forbid_unknown_fields=True):
    goal: str
    tools: list[Tool] = []
    confidence: float | None = None
    context: Any = None


def request(body: bytes) -> Request:
    return Request(APIRequestFactory().post("/", body, content_type="application/json"))


def test_it_reads_a_body() -> None:
    body = read(request(b'{"goal": "Restock", "tools": [{"name": "order"}]}'), Body)
    assert (body.goal, body.tools[0].name) == ("Restock", "order")


@pytest.mark.parametrize(
    "body", [b"{", b"nonsense", b'{"goal": "\xff"}', b'{"goal": "x", "context": ' + b"[" * 100_000]
)
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(request(body), Body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "goal"),
        (b"{}", "goal"),
        (b'{"goal": 7}', "goal"),
        (b'{"goal": "x", "gaol": 1}', "gaol"),
        (b'{"goal": "x", "tools": [{"name": "a"}, {"name": 1}]}', "tools[1].name"),
        (b'{"goal": "x", "tools": [{}]}', "tools[0].name"),
        (b'{"goal": "x", "tools": {}}', "tools"),
        (b'{"goal": "x", "confidence": "high"}', "confidence"),
        (b"[]", ""),
    ],
)
def test_it_names_the_field_that_is_wrong(body: bytes, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(request(body), Body)
    assert refused.value.errors[0]["field"] == field


def test_it_refuses_a_body_that_is_too_large(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    with pytest.raises(TooLarge):
        read(request(b'{"goal": "Restock the shelf"}'), Body)


@pytest.mark.parametrize(
    ("value", "path"),
    [("a\x00b", ""), ({"a": ["x", {"b": "\x00"}]}, "a[1].b"), ({"a\x00": 1}, ""), ({"a": "\ud800"}, "a")],
)
def test_it_refuses_what_the_database_cannot_hold(value: Any, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_storable(value)
    assert refused.value.errors[0]["field"] == path


def test_everything_else_can_be_held() -> None:
    check_storable({"a": [1, 2.5, None, True, "ünïcödé 🎈", {"b": []}]})
