"""Documents are cut where a reader would."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.knowledge.chunking import cut, estimate, sections
from apps.knowledge.passages import NewDocument, clean, content_hash, passages_of


def words(texts: Any) -> Any:
    return [len(text.split()) for text in texts]


def test_a_short_text_is_one_passage() -> None:
    assert [(p.start, p.end, p.heading) for p in cut("Hello there.\n\nAll is well.", words)] == [(0, 26, "")]


def test_passages_stand_under_their_headings_and_never_cross_one() -> None:
    text = "# Returns\n\nSend it back.\n\n## Damaged goods\n\nSend a photo.\n\nShipping\n--------\n\nTwo days."
    found = [(p.heading, text[p.start : p.end]) for p in cut(text, words)]
    assert found == [
        ("Returns", "Send it back."),
        ("Returns > Damaged goods", "Send a photo."),
        ("Returns > Shipping", "Two days."),
    ]


def test_the_rule_below_the_head_of_a_table_is_no_heading() -> None:
    text = "a | b\n-----\n1 | 2"
    assert [heading for heading, _, _ in sections(text)] == [""]


def test_passages_overlap_by_whole_sentences_and_stay_within_their_size() -> None:
    text = " ".join(f"Sentence number {n} has six words." for n in range(100))
    pieces = cut(text, words, most=60, overlap=12)
    assert len(pieces) > 10
    assert all(piece.tokens <= 60 for piece in pieces)
    for before, after in pairwise(pieces):
        assert after.start < before.end, "the end of one is the beginning of the next"
        assert text[after.start : after.end].startswith("Sentence")


def test_a_sentence_that_is_too_long_is_cut_between_words() -> None:
    text = "word " * 1000
    pieces = cut(text, words, most=50, overlap=10)
    assert all(words([text[p.start : p.end]])[0] <= 60 for p in pieces)
    assert " ".join(text[p.start : p.end] for p in pieces).count("wor d") == 0


def test_one_endless_word_is_cut_too() -> None:
    pieces = cut("x" * 50_000, estimate, most=200)
    assert pieces and max(p.end - p.start for p in pieces) <= 1000


@given(st.text(max_size=400), st.integers(min_value=5, max_value=50))
def test_nothing_but_white_space_and_headings_is_lost(text: Any, most: Any) -> None:
    pieces = cut(text, estimate, most=most, overlap=most // 4)
    kept: set[int] = set()
    for piece in pieces:
        assert 0 <= piece.start < piece.end <= len(text)
        kept.update(range(piece.start, piece.end))
    for _, start, end in sections(text):
        assert all(
            place in kept or not text[place].strip() or text[place] in "\"'\u201d\u2019)]"
            for place in range(start, end)
        )


@pytest.mark.parametrize("text", ["", "   \n\n ", "\u200b"[:0]])
def test_of_nothing_there_are_no_passages(text: Any) -> None:
    assert passages_of(NewDocument("k", "", text), words) == []


def test_a_document_of_a_heading_only_is_found_by_its_title() -> None:
    [passage] = passages_of(NewDocument("k", "Opening hours", "", whole=True), words)
    assert passage.embedded == "Opening hours"


def test_what_is_searched_may_be_another_text() -> None:
    [passage] = passages_of(NewDocument("k", "Re: lamp", "We are sorry.", searchable="The lamp is broken"), words)
    assert (passage.text, passage.embedded) == ("We are sorry.", "The lamp is broken")


def test_what_postgresql_does_not_take_is_taken_out() -> None:
    assert clean("a\x00b\ud800") == "ab?"


def test_the_hash_knows_title_text_and_what_is_searched_apart() -> None:
    parts = [("a", "b", None), ("ab", "", None), ("", "ab", None), ("a", "", "b")]
    hashes = {content_hash(NewDocument("k", title, text, searched)) for title, text, searched in parts}
    assert len(hashes) == 4
