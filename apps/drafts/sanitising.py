"""RULE: HTML of a stranger to HTML that runs nothing and loads nothing, and to plain text.

No images, styles, forms or frames are left, so that opening a mail tells its sender nothing. Links stay links to where
they lead, with that target written out beside the words, and are opened without a referrer.
"""

import html as entities
import re

import nh3

MOST_HTML = 400_000
MOST_OPEN = 20_000
# Nobody nests deeper by hand, and parsers take time with the square of the depth.
MOST_DEPTH = 300

_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "dd", "del", "div", "dl", "dt", "em"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span"),
    *("strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul"),
}
_DROPPED_WHOLE = {"script", "style", "title", "head", "noscript", "template", "svg", "math", "iframe", "object"}
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}}
_LINK = re.compile(r'<a href="([^"]{0,4000})"[^>]{0,200}>(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_OPENING = re.compile(r"<(/?)([a-z][a-z0-9-]{0,20})", re.IGNORECASE)
# Never closed, or closed by what follows.
_SHALLOW = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
    *("p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "option"),
}
_BLOCKS = re.compile(r"</?(?:p|div|br|tr|li|h[1-6]|table|blockquote|ul|ol|hr)\b[^<>]{0,2000}>", re.IGNORECASE)
_SILENT = re.compile(r"<(/?)(?:script|style|title)\b[^<>]{0,2000}>", re.IGNORECASE)
_MANY_BREAKS = re.compile(r"\n{3,}")
_ENDS = re.compile(r"[ \t]+\n")


def safe_html(html: str) -> str:
    """`html` without anything that runs or is loaded from elsewhere; well-formed, at most about MOST_HTML long."""
    if too_deep(html):
        return ""
    kept = nh3.clean(
        html[:MOST_HTML],
        tags=_TAGS - {"center"},
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return _LINK.sub(_with_target, kept)


def too_deep(html: str) -> bool:
    """Whether its elements are too many, or lie too deep in each other, to be taken apart in fair time."""
    if html.count("<") > MOST_OPEN:
        return True
    depth = 0
    for closing, tag in _OPENING.findall(html[:MOST_HTML]):
        if tag.lower() not in _SHALLOW:
            depth = max(0, depth + (-1 if closing else 1))
            if depth > MOST_DEPTH:
                return True
    return False


def text_of_html(html: str) -> str:
    """What a person would read of `html`, as plain text; links are followed by their targets."""
    kept = safe_html(html)
    if not kept:
        return _bare(html)
    try:
        return _trimmed(_laid_out(kept))
    except Exception:
        # lxml and what builds on it give up in many ways over what is nested without end.
        return _bare(html)


def _laid_out(kept: str) -> str:
    # Both are big, and only workers need them.
    from inscriptis import get_text
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.model.config import ParserConfig

    return str(get_text(kept, ParserConfig(css=CSS_PROFILES["strict"])))


def _bare(html: str) -> str:
    """All words and none of the markup: for what is too long or too deep to be laid out."""
    marked = _BLOCKS.sub("\n", _without_silent(html[:MOST_HTML]))
    return _trimmed(entities.unescape(_TAG.sub(" ", marked)))


def _without_silent(html: str) -> str:
    """Without what lies between the tags of scripts and styles, in one pass."""
    kept: list[str] = []
    at, silent = 0, False
    for match in _SILENT.finditer(html):
        if not silent:
            kept.append(html[at : match.start()])
        at, silent = match.end(), not match[1]
    return "".join(kept) + ("" if silent else html[at:])


def _trimmed(text: str) -> str:
    return _MANY_BREAKS.sub("\n\n", _ENDS.sub("\n", text)).strip()


def _with_target(match: re.Match[str]) -> str:
    target, words = entities.unescape(match[1]), entities.unescape(_TAG.sub("", match[2])).strip()
    if words.rstrip("/") in (target.rstrip("/"), target.removeprefix("mailto:")):
        return match[0]
    shown = target if len(target) <= 200 else target[:199] + "…"
    return f"{match[0]} [{entities.escape(shown)}]"
