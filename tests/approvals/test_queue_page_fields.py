"""The typed editor: fields made from a payload, and the payload read back from them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.approvals.answer_fields import answer_fields, read_answers
from apps.approvals.payload_fields import Field, fields_of
from apps.approvals.payload_reading import is_edited, read_payload

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))
PAYLOADS = st.dictionaries(TEXTS, VALUES, max_size=6)


def sent_by_browser(fields: tuple[Field, ...], **typed: str | None) -> dict[str, str]:
    """What a browser sends for a form shown with these fields: line ends as CRLF, unticked boxes left out."""
    values = {field.name: field.text for field in fields if field.widget != "check" or field.checked}
    for name, text in typed.items():
        values.pop(f"p/{name}", None)
        if text is not None:
            values[f"p/{name}"] = text
    return {name: text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n") for name, text in values.items()}


@given(PAYLOADS)
def test_what_is_not_touched_comes_back_exactly(payload: dict[str, Any]) -> None:
    fields = fields_of(payload, None)
    assert len({field.name for field in fields}) == len(fields)
    read, seen = read_payload(fields, payload, None, sent_by_browser(fields).get)
    assert not is_edited(payload, read)
    assert not any(field.error for field in seen)


SCHEMA = {
    "type": "object",
    "required": ["amount", "tool"],
    "properties": {
        "tool": {"enum": ["refund", "voucher", 3]},
        "amount": {"type": "number", "maximum": 100},
        "count": {"type": "integer"},
        "tell": {"type": "boolean"},
        "due": {"type": "string", "format": "date"},
        "items": {"type": "array", "items": {"type": "string"}},
        "gone": {"type": ["string", "null"]},
        "limit": {"type": ["number", "null"]},
        "customer": {"type": "object", "properties": {"name": {"type": "string"}, "address": {"type": "object"}}},
    },
}
PAYLOAD = {
    "tool": "refund", "amount": 42.5, "count": 2, "tell": True, "due": "2026-12-01", "items": ["rope"], "gone": None,
    "limit": 3, "customer": {"name": "Jonas", "address": {"street": "Mole 4"}}, "other": [1, {"a": 2}],
}  # fmt: skip


def edit(**typed: str | None) -> tuple[Any, dict[str, str]]:
    fields = fields_of(PAYLOAD, SCHEMA)
    read, seen = read_payload(fields, PAYLOAD, SCHEMA, sent_by_browser(fields, **typed).get)
    return read, {"/".join(field.path): field.error for field in seen if field.error}


def test_the_schema_names_the_inputs() -> None:
    found = {"/".join(field.path): field.widget for field in fields_of(PAYLOAD, SCHEMA)}
    assert list(found)[:2] == ["amount", "tool"]
    assert found == {
        "amount": "number", "tool": "choice", "count": "number", "tell": "check", "due": "date", "items": "lines",
        "gone": "text", "limit": "number", "other": "json", "customer/name": "text", "customer/address": "json",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "path", "value"),
    [
        ({"amount": "30"}, "amount", 30),
        ({"amount": "30.5"}, "amount", 30.5),
        ({"count": "7"}, "count", 7),
        ({"tell": None}, "tell", False),
        ({"tool": "3"}, "tool", 3),
        ({"due": "2027-01-31"}, "due", "2027-01-31"),
        ({"items": "rope\r\n\r\n cleat \r\n"}, "items", ["rope", "cleat"]),
        ({"items": ""}, "items", []),
        ({"gone": "back"}, "gone", "back"),
        ({"limit": ""}, "limit", None),
        ({"other": '{"a": true}'}, "other", {"a": True}),
    ],
)
def test_each_type_is_read_as_such(typed: dict[str, str | None], path: str, value: Any) -> None:
    read, errors = edit(**typed)
    assert errors == {}
    assert json.dumps(read) == json.dumps(PAYLOAD | {path: value})


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"amount": "much"}, "A number"),
        ({"amount": "nan"}, "A number"),
        ({"amount": "1e999"}, "A number"),
        ({"amount": ""}, "A value is needed here"),
        ({"amount": "101"}, "101 is greater than the maximum of 100"),
        ({"count": "1.5"}, "A whole number"),
        ({"tool": "bribe"}, "Choose one of the values offered"),
        ({"due": "soon"}, "A date, as 2026-12-31"),
        ({"other": "{"}, "This is not JSON: Expecting property name"),
        ({"other": "NaN"}, "This is not JSON that can be kept"),
        ({"other": "[" * 100_000}, "This is not JSON that can be kept"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(typed: dict[str, str], words: str) -> None:
    _, errors = edit(**typed)
    assert list(errors) == list(typed)
    assert errors[next(iter(typed))].startswith(words)


def test_true_is_not_one() -> None:
    assert is_edited({"a": 1}, {"a": True})
    assert not is_edited({"a": 1, "b": 2}, {"b": 2, "a": 1})


def test_a_huge_payload_is_one_piece_of_json() -> None:
    (field,) = fields_of({f"k{n}": n for n in range(101)}, None)
    assert (field.widget, field.name) == ("json", "p")


def test_a_schema_that_is_none_does_not_stop_the_page() -> None:
    for schema in ({"type": 5}, {"properties": []}, {"properties": {"a": 1}}, {"$ref": "http://evil.example/"}):
        fields = fields_of({"a": "b"}, schema)
        read, _ = read_payload(fields, {"a": "b"}, schema, {"p/a": "c"}.get)
        assert read == {"a": "c"}


def test_questions_become_typed_inputs() -> None:
    fields = answer_fields(
        [
            {"field": "order", "question": "Which?", "type": "text"},
            {"field": "size", "question": "Size?", "options": ["S", "M"]},
            {"field": "many", "question": "How many?", "expected": "number", "required": False},
            {"field": "when", "question": "When?", "expected": "date"},
        ]
    )
    sent = {"a/order": "1182", "a/size": "M", "a/many": "", "a/when": "2026-12-01"}
    answers, seen = read_answers(fields, sent.get)
    assert answers == {"order": "1182", "size": "M", "when": "2026-12-01"}
    assert not any(field.error for field in seen)
