"""A list of businesses as people paste it: lines, CSV of every make, and what is no list at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.pilots.pasted import MOST_BYTES, MOST_LINES, Entry, read_list, text_of


def named(text: str) -> list[tuple[str, str]]:
    return [(entry.named, entry.notes) for entry in read_list(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("corner-shop\nMiller & Sons", [("corner-shop", ""), ("Miller & Sons", "")]),
        ("\ufeffcorner-shop\r\n\r\n  Other Shop \r\n", [("corner-shop", ""), ("Other Shop", "")]),
        ("a\rb", [("a", ""), ("b", "")]),
        ("# of the spring\ncorner-shop\n  # and so on\n", [("corner-shop", "")]),
        ("Miller, Sons; and Daughters", [("Miller, Sons; and Daughters", "")]),
        ('"Miller ""the"" Baker"', [('Miller "the" Baker', "")]),
        ("Corner\u00a0 Shop", [("Corner Shop", "")]),
        ("business,notes\ncorner-shop,first\n", [("corner-shop", "first")]),
        ("Business;Notes\r\ncorner-shop;first, and best\r\n", [("corner-shop", "first, and best")]),
        ("notes\tbusiness\nfirst\tcorner-shop", [("corner-shop", "first")]),
        ("\ufeff# mine\nbusiness\ncorner-shop\n\n\nother-shop", [("corner-shop", ""), ("other-shop", "")]),
        ('business,notes\n"Miller, Sons","two\nlines"\nother,', [("Miller, Sons", "two\nlines"), ("other", "")]),
        (
            "id,business,plan,notes\n1,corner-shop,gold,hello\n2,other-shop",
            [("corner-shop", "hello"), ("other-shop", "")],
        ),
        ("business,notes\n,,,\n ; \ncorner-shop,", [("corner-shop", "")]),
    ],
)
def test_it_reads(text: str, found: list[tuple[str, str]]) -> None:
    assert [pair for pair in named(text) if pair[0] != ";"] == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at least one"),
        (" \n\t\n,,;\n# nothing", "at least one"),
        ("business,notes\n", "below the header"),
        ("x\n" * (MOST_LINES + 1), "10,001 lines"),
        ("x" * (MOST_BYTES + 1), "2 MB"),
    ],
)
def test_what_is_no_list_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_list(text)


@pytest.mark.parametrize(
    ("text", "number", "words"),
    [
        ("business,notes\na,b\n,no name\nc,d", 3, "No business is named"),
        ("a\nb\0c", 2, "no text"),
        (f"business,notes\na,{'x' * 501}\nb,", 2, "longer than 500"),
        ('business,notes\na,b\n"c,d\ne,f', 3, "never closed"),
        ('business,notes\na,b\n"c" d,e\nf,g', 3, "do not fit"),
    ],
)
def test_a_line_that_cannot_be_used_says_why_and_the_others_are_read(text: str, number: int, words: str) -> None:
    entries = read_list(text)
    wrong = [entry for entry in entries if entry.wrong]
    assert [entry.number for entry in wrong] == [number]
    assert words in wrong[0].wrong
    assert len(entries) > 1


def test_a_line_that_is_far_too_long_is_one_wrong_line() -> None:
    entries = read_list(f"business,notes\na,{'x' * 140_000}\nb,")
    assert [(bool(entry.wrong), entry.named) for entry in entries][1] == (False, "b")
    assert "too long" in entries[0].wrong


def test_numbers_are_those_of_the_text() -> None:
    text = 'business,notes\n\na,"over\nthree\nlines"\n# no\nb,'
    assert [(entry.number, entry.last, entry.named) for entry in read_list(text)] == [(3, 5, "a"), (7, 7, "b")]


def test_as_many_as_may_be_are_read() -> None:
    assert len(read_list("business\n" + "\n".join(f"shop-{n}" for n in range(MOST_LINES)))) == MOST_LINES


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\xef\xbb\xbfa\nb", "a\nb"),
        ("Müller".encode(), "Müller"),
        ("business\nMüller".encode("utf-16"), "business\nMüller"),
    ],
)
def test_a_file_is_text(raw: bytes, text: str) -> None:
    assert text_of(raw).removeprefix("\ufeff") == text


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"PK\x03\x04\0\0\0", "no text file"),
        ("Müller".encode("latin-1"), "UTF-8"),
        (b"x" * (MOST_BYTES + 1), "larger than 2 MB"),
        (b"\xff\xfea", "UTF-8"),
    ],
)
def test_a_file_that_is_none_is_said(raw: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        text_of(raw)


@given(st.text(max_size=400))
def test_whatever_is_pasted_is_read_or_refused_with_words(text: str) -> None:
    try:
        entries = read_list(text)
    except ValueError as error:
        assert str(error)[0].isupper() or str(error)[0].isdigit()
        return
    assert entries == sorted(entries, key=lambda entry: entry.number)
    assert all(isinstance(entry, Entry) and (entry.named or entry.wrong) for entry in entries)


@given(st.lists(st.tuples(st.text("abc, ;\"'é", min_size=1), st.text('xyz, ;"\n')), min_size=1, max_size=8))
def test_what_csv_writes_is_read_back(rows: list[tuple[str, str]]) -> None:
    import csv
    from io import StringIO

    rows = [(name, notes) for name, notes in rows if name.strip(" ;,")]
    out = StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("business", "notes"), *rows])
    if rows:
        assert named(out.getvalue()) == [(" ".join(name.split()), notes.strip()) for name, notes in rows]
