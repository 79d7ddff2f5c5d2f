from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.goals.asks import DIRECT, Ask, asks_in
from apps.goals.reading import name_words, words_of
from apps.goals.values import values_of
from apps.goals.vocabulary import Kind


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("refund order 1042", Kind.NUMBER, "1042"),
        ("refund $35.50 now", Kind.MONEY, "$35.50"),
        ("pay 20 euros", Kind.MONEY, "20 euros"),
        ("write to anna@example.com", Kind.EMAIL, "anna@example.com"),
        ("open https://example.com/a?b=1", Kind.URL, "https://example.com/a?b=1"),
        ("by next Friday", Kind.DATE, "next Friday"),
        ("on 2026-12-01", Kind.DATE, "2026-12-01"),
        ("on 3 March 2027", Kind.DATE, "3 March 2027"),
        ("at 7:30 pm", Kind.TIME, "7:30 pm"),
        ("say 'hello there' to her", Kind.QUOTED, "'hello there'"),
        ("for Anna Berg", Kind.NAME, "Anna Berg"),
        ("sku MUG-7 is out", Kind.CODE, "MUG-7"),
        ("read notes/today.txt", Kind.FILE, "notes/today.txt"),
    ],
)
def test_particulars_are_found_by_their_form(text, kind, value):
    assert (kind, value) in [(one.kind, one.text) for one in values_of(text)]


def test_the_first_word_of_a_sentence_is_not_a_name():
    assert values_of("Refund the order. Cancel the rest.") == ()


@given(st.text(max_size=300))
def test_values_lie_in_the_text_and_do_not_overlap(text):
    found = values_of(text)
    assert all(text[one.start : one.end].strip() == one.text for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


def read_asks(goal: str) -> tuple[Ask, ...]:
    return asks_in(goal, words_of(goal), values_of(goal))


@pytest.mark.parametrize(
    ("goal", "count"),
    [
        ("Cancel order 1055", 1),
        ("Cancel order 1055 and refund order 1042", 2),
        ("I bought a vase and a mug last week. Please refund both.", 1),
        ("Cancel the order, then email Anna; finally update the stock", 3),
        ("1. Check the stock\n2. Order more mugs", 2),
    ],
)
def test_asks_are_counted_as_a_reader_would(goal, count):
    assert sum(ask.weight == DIRECT for ask in read_asks(goal)) == count


@given(st.text(max_size=300))
def test_asks_come_from_the_text(goal):
    assert all(0 <= ask.start < ask.end <= len(goal) for ask in read_asks(goal))
    assert bool(read_asks(goal)) == bool(goal.strip())


def test_identifiers_fall_into_words():
    assert name_words("Buses_3_FindBus") == ["buses", "find", "bus"]
    assert name_words("order_id") == ["order", "id"]
    assert name_words("getHTTPStatus") == ["get", "http", "status"]
