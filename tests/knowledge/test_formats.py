"""Files that people bring: what is read of them, and the words for what cannot be."""

from __future__ import annotations

import pytest

from apps.knowledge.formats.entries import MOST_BYTES, MOST_ROWS, Unreadable
from apps.knowledge.formats.reading import file_key, read_file, title_of


def only(name: str, raw: bytes) -> tuple[str, str]:
    (entry,) = read_file(name, raw).entries
    return entry.title, entry.text


# --- Markdown ---------------------------------------------------------------------------------------------------------


def test_markdown_loses_its_marks_and_keeps_its_headings() -> None:
    title, text = only(
        "a.md", b"# Returns\n\nYou *may* send it [here](https://x.example/a).\n\n## When\n\n- soon\n- now\n"
    )
    assert title == "Returns"
    assert text == "# Returns\n\nYou may send it here (https://x.example/a).\n\n## When\n\n- soon\n- now"


def test_front_matter_gives_the_title_and_is_no_text() -> None:
    assert only("a.md", b"---\ntitle: 'Opening hours'\ntags: [a]\n---\nFrom nine.") == ("Opening hours", "From nine.")


def test_a_list_in_a_list_and_numbers_stay_readable() -> None:
    assert only("a.md", b"3. one\n4. two\n   - deep\n")[1] == "3. one\n4. two\n  - deep"


def test_tables_and_code_keep_their_words() -> None:
    text = only("a.md", b"|a|b|\n|-|-|\n|1|2|\n\n```\ncode\n```\n<b>raw</b>")[1]
    assert all(word in text for word in ("a | b", "1 | 2", "code", "raw"))


@pytest.mark.parametrize(
    "raw", [b"> " * 5000 + b"deep", b"[" * 50_000, b"x\n\n" * 400_000], ids=["nested", "[", "book"]
)
def test_hostile_markdown_is_kept_as_it_stands(raw: bytes) -> None:
    assert len(only("a.md", raw)[1]) > 1000


# --- HTML -------------------------------------------------------------------------------------------------------------


def test_html_becomes_what_a_reader_sees() -> None:
    page = b"<html><head><title>T &amp; x</title><style>a{}</style></head><body><h1>One</h1><p>a <b>bold</b> word</p>"
    title, text = only("a.html", page + b"<script>evil()</script><ul><li>x<li>y</ul><h2>Two</h2>end")
    assert title == "T & x"
    assert text.splitlines()[0] == "# One"
    assert "a bold word" in text and "## Two" in text and "evil" not in text and "a{}" not in text


def test_html_in_a_declared_charset_is_read_in_it() -> None:
    raw = '<meta charset="windows-1251"><p>Привет</p>'.encode("cp1251")
    assert "Привет" in only("a.html", raw)[1]


def test_html_that_declares_nonsense_is_still_read() -> None:
    assert "café" in only("a.html", '<meta charset="rot13"><p>café</p>'.encode())[1]


def test_html_nested_beyond_reason_keeps_its_words() -> None:
    assert only("a.html", b"<div>" * 100_000 + b"deep")[1] == "deep"


def test_a_text_file_that_is_html_is_read_as_html() -> None:
    assert only("a.txt", b"<!DOCTYPE html><p>hello") == ("A", "hello")


# --- Text and bytes ---------------------------------------------------------------------------------------------------


def test_a_title_is_a_short_first_line_with_an_empty_one_below() -> None:
    assert only("x.txt", b"Opening hours\n\nFrom nine.")[0] == "Opening hours"
    assert only("our-opening_hours.txt", b"From nine.\n\nTo five.")[0] == "Our opening hours"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_text_is_read_in_whatever_encoding(encoding: str) -> None:
    text = "A caf\u00e9 opens at nine, and this is long enough to be guessed."
    assert only("a.txt", text.encode(encoding))[1] == text


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"%PDF-1.4 x", "a PDF"),
        (b"PK\x03\x04aaaa", "office document"),
        (b"abc\0def", "null bytes"),
        (b"\xff\xfe\x00\xd8", "UTF-16"),
        (bytes(range(1, 32)) * 50 + b"\xff", "no text"),
    ],
    ids=["empty", "blank", "pdf", "zip", "null", "surrogate", "controls"],
)
def test_what_is_no_text_is_refused_by_name(raw: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_file("a.txt", raw)


def test_a_file_too_large_or_of_another_kind_is_refused() -> None:
    with pytest.raises(Unreadable, match="at most 10"):
        read_file("a.txt", b"a" * (MOST_BYTES + 1))
    with pytest.raises(Unreadable, match=r"\.docx"):
        read_file("a.docx", b"text")


def test_the_key_of_a_file_is_its_name_alone() -> None:
    assert file_key("C:\\docs\\a.md") == file_key("/x/a.md") == "a.md"
    assert file_key("../\0\ud800") == "file"
    assert title_of("returns-and_refunds.md") == "Returns and refunds"


# --- Snippets ---------------------------------------------------------------------------------------------------------


def test_snippets_of_a_table() -> None:
    found = read_file("s.csv", b'title,text,tags,intent\nHours,"Nine, to five","Shop, Time",Opening hours\n')
    (entry,) = found.entries
    assert (entry.title, entry.text, entry.tags, entry.intent) == (
        "Hours", "Nine, to five", ("shop", "time"), "opening_hours",
    )  # fmt: skip
    assert entry.is_snippet and entry.line == 2 and not found.errors


@pytest.mark.parametrize(
    "raw",
    [
        b"title;text\nHours;Nine\n",
        b"Title\tText\r\nHours\tNine\r\n",
        b"sep=|\nname|body\nHours|Nine",
        "\ufeffQuestion, Answer\nHours, Nine\n".encode(),
        "Titel;Antwort\nHours;Nine\n".encode("utf-16"),
        b"text,title\nNine,Hours\n",
        b"\n\nsnippet_title,Snippet Text,unknown\nHours,Nine,\n",
        b"Hours,Nine\n",
    ],
    ids=["semicolon", "tab", "sep", "bom", "utf16", "order", "names", "headless"],
)
def test_any_dialect_and_any_header(raw: bytes) -> None:
    (entry,) = read_file("s.csv", raw).entries
    assert (entry.title, entry.text) == ("Hours", "Nine")


def test_rows_that_are_wrong_are_told_by_line_and_the_others_kept() -> None:
    raw = b'title,text,tags\nA,one,\nB,,\nC,"open,x\nD,four,\nE,a,b,c\nF,"two\nlines",\nG\n'
    found = read_file("s.csv", raw)
    assert [(one.title, one.line) for one in found.entries] == [("A", 2), ("D", 5), ("F", 7)]
    assert [(error.line, error.words.split()[0]) for error in found.errors] == [
        (3, "There"), (4, "A"), (6, "4"), (9, "There"),
    ]  # fmt: skip


def test_a_text_alone_gets_its_first_words_as_title() -> None:
    found = read_file("s.csv", b"text\n" + b"word " * 30 + b"\n")
    assert found.entries[0].title.endswith("…") and len(found.entries[0].title) <= 62


def test_two_snippets_of_one_title_are_two_and_keys_are_stable() -> None:
    raw = b"title,text\nHours,a\nhours ,b\n"
    first, again = read_file("s.csv", raw), read_file("s.csv", raw)
    assert first == again
    assert len({entry.key for entry in first.entries}) == 2


def test_a_header_without_a_text_says_what_is_missing() -> None:
    with pytest.raises(Unreadable, match="no column for the text"):
        read_file("s.csv", b"title,foo\na,b\n")


def test_a_header_alone_is_nothing() -> None:
    with pytest.raises(Unreadable, match="no row"):
        read_file("s.csv", b"title,text\n")


@pytest.mark.parametrize("raw", [b'"' + b"a,b\n" * 50_000, b'a,"b\n' * 20_000], ids=["one", "each"])
def test_quotes_left_open_do_not_swallow_the_table(raw: bytes) -> None:
    found = read_file("s.csv", raw)
    assert len(found.entries) + len(found.errors) >= 1_000


def test_only_so_many_rows_are_read_and_it_is_told_from_where() -> None:
    found = read_file("s.csv", b"title,text\n" + b"a,b\n" * (MOST_ROWS + 5))
    assert len(found.entries) == MOST_ROWS
    assert found.errors[-1].line == MOST_ROWS + 2
