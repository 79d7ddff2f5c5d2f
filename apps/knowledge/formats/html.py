"""RULE: HTML to plain text: what a reader would see, headings as lines that begin with #."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from apps.knowledge.formats.entries import MOST_TITLE, Unreadable

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_GAPS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")
_ENDS = re.compile(r"[ \t]+$", re.MULTILINE)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_HIDDEN = re.compile(r"<(script|style|title)\b[^>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[!/?a-zA-Z][^<>]*>")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "object", "head")


def read_html(text: str) -> tuple[str, str]:
    """(title or "", plain text). Raises Unreadable."""
    tree = _tree(text)
    if tree is None:
        return "", _without_tags(text)
    title = _words(tree.findtext(".//title")) or next(
        (words for level in _HEADINGS for found in tree.iter(level) if (words := _words(found.text_content()))), ""
    )
    _strip(tree)
    for level, name in enumerate(_HEADINGS, start=1):
        for heading in list(tree.iter(name)):
            _mark(heading, level)
    plain = _GAPS.sub("\n\n", _ENDS.sub("", _seen(tree))).strip()
    # What is nested too deep the parser drops.
    return title[:MOST_TITLE], plain or _without_tags(text)


def _tree(text: str) -> HtmlElement | None:
    from lxml.etree import LxmlError, ParserError
    from lxml.html import HTMLParser, document_fromstring

    try:
        # The parser gives up its address book and the network: nothing outside of the text is read.
        return document_fromstring(_DECLARATION.sub("", text), parser=HTMLParser(no_network=True, remove_comments=True))
    except ParserError:
        return None
    except (LxmlError, ValueError, AssertionError) as error:
        raise Unreadable(f"The HTML could not be read: {str(error)[:120]}") from None


def _strip(tree: HtmlElement) -> None:
    for name in _UNSEEN:
        for element in list(tree.iter(name)):
            if element.getparent() is not None:
                element.drop_tree()


def _mark(heading: HtmlElement, level: int) -> None:
    words = _words(heading.text_content())
    tail = heading.tail
    heading.clear()
    heading.tail = tail
    heading.text = f"{'#' * level} {words}" if words else ""


def _seen(tree: HtmlElement) -> str:
    from inscriptis.html_engine import Inscriptis

    try:
        text: Any = Inscriptis(tree).get_text()
    except RecursionError:
        text = tree.text_content()
    return str(text)


def _without_tags(text: str) -> str:
    return _words(unescape(_TAG.sub(" ", _HIDDEN.sub(" ", text))))


def _words(text: str | None) -> str:
    return " ".join((text or "").split())
