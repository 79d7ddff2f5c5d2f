import json
import math
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.approvals.payloads import Change, canonical, changes, payload_hash, problem_of

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
NUMBERS = st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_the_hash_is_the_same_after_a_stay_in_the_database(payload: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s::jsonb)::text", [json.dumps(payload)])
        back = json.loads(cursor.fetchone()[0])

    assert payload_hash(back) == payload_hash(payload)


@given(JSON, JSON)
def test_what_differs_has_another_hash_and_is_found(one: Any, other: Any) -> None:
    differs = canonical(one) != canonical(other)

    assert (payload_hash(one) != payload_hash(other)) == differs
    assert bool(changes(one, other)) == differs


def test_spelling_does_not_count_but_value_does() -> None:
    assert payload_hash({"a": 1.0, "b": "é"}) == payload_hash({"b": "\u00e9", "a": 1})
    assert payload_hash({"a": 1}) != payload_hash({"a": "1"})
    assert payload_hash({"a": True}) != payload_hash({"a": 1})
    assert payload_hash({"a": None}) != payload_hash({})
    assert payload_hash({"a": 12345678901234567890}) != payload_hash({"a": 12345678901234567891})


def test_it_tells_what_changed_by_its_path() -> None:
    before = {"to": "a@x", "lines": [{"n": 1}, {"n": 2}], "cc": ["b"], "gone": 1}
    after = {"to": "a@x", "lines": [{"n": 1}, {"n": 3}], "cc": ["b", "c"], "new": None}

    assert changes(before, after) == [
        Change("cc", ["b"], ["b", "c"]),
        Change("gone", 1, None),
        Change("lines[1].n", 2, 3),
        Change("new", None, None),
    ]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ([], "an object"),
        ({"a": math.inf}, "cannot say"),
        ({"a": "\x00"}, "cannot say"),
        ({"\x00": 1}, "cannot say"),
        ({"a": "\udc00"}, "cannot say"),
        ({1: 1}, "cannot say"),
        ({"a": {1, 2}}, "cannot say"),
        ({"a": "x" * 600_000}, "At most 524288 bytes"),
        ({"a": 10**5000}, "cannot say"),
    ],
)
def test_it_says_why_something_is_no_payload(payload: Any, words: str) -> None:
    assert words in problem_of(payload)


def test_a_text_that_only_looks_like_the_null_character_is_fine() -> None:
    assert problem_of({"a": "\\u0000"}) == ""
