"""RULE: Markdown to plain text: headings stay as lines that begin with #, everything else loses its marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from apps.knowledge.formats.entries import MOST_TITLE

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
# Levels of lists and quotes in one another; what lies deeper the parser would drop.
_DEEPEST = 100
# A parser that reads 100 kB a second is kept from books, and from brackets that it must look for the ends of.
MOST_PARSED = 1_000_000
_MOST_BRACKETS = 20_000
_GAPS = re.compile(r"\n{3,}")
_AFTER = {
    "paragraph_close": "\n\n",
    "heading_close": "\n\n",
    "table_open": "\n\n",
    "table_close": "\n\n",
    "th_close": " | ",
    "td_close": " | ",
    "tr_close": "\n",
}
_BREAKS = frozenset({"softbreak", "hardbreak"})


def read_markdown(text: str) -> tuple[str, str]:
    """(title or "", plain text). The title is the front matter's, or the first heading. Links keep their address."""
    title = ""
    if front := _FRONT.match(text):
        found = _FRONT_TITLE.search(front[1])
        title = found[1].strip("\"'") if found else ""
        text = text[front.end() :]
    tokens = _parsed(text)
    plain = _GAPS.sub("\n\n", "".join(_lines(tokens))).strip() or text.strip()
    return (title or _first_heading(tokens))[:MOST_TITLE], plain


def is_parsed(text: str) -> bool:
    """Whether `read_markdown` may be asked: larger texts keep their marks, which are readable as they stand."""
    return len(text) <= MOST_PARSED and text.count("[") <= _MOST_BRACKETS


def _parsed(text: str) -> list[Token]:
    from markdown_it import MarkdownIt

    # Raw HTML is left as the text it is: nobody renders this, and nothing that was written is lost.
    return MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST}).enable("table").parse(text)


def _first_heading(tokens: Sequence[Token]) -> str:
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            return _inline(tokens[place + 1]).replace("\n", " ").strip()
    return ""


def _lines(tokens: Sequence[Token]) -> Iterator[str]:
    """Pieces of plain text, with blank lines between blocks."""
    numbers: list[int | None] = []
    for token in tokens:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            numbers.append(int(token.attrs.get("start", 1)) if kind.startswith("ordered") else None)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            numbers.pop()
            yield "\n"
        elif kind == "list_item_open":
            yield f"{'  ' * (len(numbers) - 1)}{_numbered(numbers)} "
        else:
            yield _piece(token)


def _piece(token: Token) -> str:
    """What a block that is no list adds."""
    kind = token.type
    if kind == "inline":
        return _inline(token)
    if kind == "heading_open":
        return f"\n\n{'#' * int(token.tag[1])} "
    if kind == "paragraph_close" and token.hidden:
        return "\n"
    if kind in ("fence", "code_block", "html_block"):
        return f"\n\n{token.content.rstrip()}\n\n"
    return _AFTER.get(kind, "")


def _numbered(numbers: list[int | None]) -> str:
    number = numbers[-1]
    if number is None:
        return "-"
    numbers[-1] = number + 1
    return f"{number}."


def _inline(token: Token) -> str:
    parts: list[str] = []
    links: list[str] = []
    for child in token.children or ():
        if child.type in _BREAKS:
            parts.append("\n")
        elif child.type == "link_open":
            links.append(str(child.attrs.get("href", "")))
        elif child.type == "link_close":
            address = links.pop()
            if address.startswith(("http://", "https://", "mailto:")) and parts[-1:] != [address]:
                parts.append(f" ({address.removeprefix('mailto:')})")
        else:
            parts.append(child.content)
    return "".join(parts)
