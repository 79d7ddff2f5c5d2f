"""How much was changed says what an approval with an edit is worth."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.trust.edits import canonical, digest_of, judge_edit
from apps.trust.verdicts import Verdict

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("original", "final"),
    [
        ("Buy bread", "Buy bread"),
        ("two\r\nlines ", "two  \nlines\n"),
        ({"a": 1, "b": [2.0]}, {"b": [2], "a": 1.0}),
        (None, None),
        ("", ""),
    ],
)
def test_what_was_not_changed_is_approved(original: Any, final: Any) -> None:
    assert judge_edit(original, final) == (Verdict.APPROVED, 1.0, 0.0)


def test_what_was_left_out_is_rejected() -> None:
    assert judge_edit({"a": 1}, None) == (Verdict.REJECTED, 0.0, 1.0)


def test_the_share_edited_is_the_edit_distance_by_the_longer_length() -> None:
    verdict, value, edited = judge_edit("kitten", "sitting")
    assert verdict is Verdict.PARTIAL
    assert edited == pytest.approx(3 / 7)
    assert value == pytest.approx(4 / 7)


def test_a_field_of_an_object_counts_by_its_share_of_the_whole() -> None:
    _, small, _ = judge_edit({"text": "a" * 100, "n": 1}, {"text": "a" * 100, "n": 2})
    _, large, _ = judge_edit({"text": "a" * 100, "n": 1}, {"text": "b" * 100, "n": 1})
    assert small > 0.98
    assert large < 0.2


@pytest.mark.parametrize("words", [6_000, 60_000])
def test_long_texts_are_compared_by_words(words: int) -> None:
    text = "word " * words
    verdict, value, _ = judge_edit(text, text + "other " * (words // 9))
    assert verdict is Verdict.PARTIAL
    assert value == pytest.approx(0.9, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(JSON, JSON)
def test_it_stays_within_bounds_and_does_not_mind_which_came_first(one: Any, other: Any) -> None:
    verdict, value, edited = judge_edit(one, other)
    assert 0 <= value <= 1
    assert edited == pytest.approx(1 - value)
    assert judge_edit(one, one)[0] is Verdict.APPROVED
    if one is not None and other is not None:
        assert judge_edit(other, one) == (verdict, value, edited)


def test_canonical_json_knows_no_order_and_no_fractions_of_nothing() -> None:
    assert (
        canonical({"b": 1.0, "a": [True, None]}) == canonical({"a": [True, None], "b": 1}) == '{"a":[true,null],"b":1}'
    )
    assert digest_of(2**80) != digest_of(2**80 + 1)
    assert digest_of(True) != digest_of(1)
