import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.goals.references import Open, Reference, open_references
from apps.goals.values import values_of


def found(text: str, *wanted: str) -> set[tuple[Open, str]]:
    return {(one.kind, one.text) for one in open_references(text, values_of(text), wanted)}


@pytest.mark.parametrize(
    ("text", "wanted", "kind", "shown"),
    [
        ("Restart a specific server tonight", (), Open.INDEFINITE, "a specific server"),
        ("Order some mugs", (), Open.INDEFINITE, "some mugs"),
        ("Print the first several pages", (), Open.INDEFINITE, "several pages"),
        ("Forward it to my manager", (), Open.PERSON, "my manager"),
        ("Archive a folder", ("folder",), Open.ARTICLE, "a folder"),
        ("Use the wording we agreed on", (), Open.ELSEWHERE, "we agreed"),
        ("Ship it to the usual address", (), Open.ELSEWHERE, "the usual"),
    ],
)
def test_what_points_without_saying_which_is_open(text, wanted, kind, shown):
    assert (kind, shown) in found(text, *wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Restart a specific server, namely 'atlas-3'", ()),
        ("Forward it to my manager Ruth Lang", ()),
        ("Archive a folder called 'Invoices'", ("folder",)),
        ("Archive a folder", ("order",)),  # nothing needs a folder named
        ("I would like some help with order 1042", ()),
        ("Write 'some words' on the card", ()),  # quoted: the words themselves are wanted
    ],
)
def test_what_is_named_or_needs_no_name_is_not(text, wanted):
    assert found(text, *wanted) == set()


@given(st.text(max_size=400))
def test_any_text_can_be_read(text):
    for one in open_references(text, values_of(text), {"order"}):
        assert isinstance(one, Reference)
        assert one.text in text
