"""RULE: cut a document into passages that can be found and read on their own.

Headings first (Markdown's, both kinds), then paragraphs, then sentences; a sentence that is too long is cut between
words. A passage never crosses a heading; within a section passages overlap by whole sentences.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

MOST = 200  # tokens in a passage: with its title and headings it fits the local model's 256
OVERLAP = 40  # tokens of the passage before, at most
FULL_ENOUGH = 0.6  # of MOST: from here on the end of a paragraph ends the passage
LONGEST_HEADING = 300

Counter = Callable[[Sequence[str]], list[int]]

_HEADING = re.compile(r"^(?:(#{1,6})[ \t]+(.+?)[ \t]*#*|([^\n]*\S[^\n]*)\n(={3,}|-{3,}))[ \t]*$", re.MULTILINE)
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])[\"'\u201d\u2019)\]]*\s+|(?<=[\u3002\uff01\uff1f])|\n+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage: text[start:end] of its document, under `heading` ("Returns > Damaged goods")."""

    start: int
    end: int
    heading: str
    tokens: int


@dataclass(frozen=True, slots=True)
class _Unit:
    start: int
    end: int
    tokens: int
    closes: bool  # a paragraph ends here


def cut(text: str, count: Counter, most: int = MOST, overlap: int = OVERLAP) -> list[Piece]:
    """The passages in order; none of a text without words. count: tokens of each of some texts."""
    pieces: list[Piece] = []
    for heading, start, end in sections(text):
        units = list(_units(text, start, end, count, most))
        pieces += [
            Piece(group[0].start, group[-1].end, heading, sum(unit.tokens for unit in group))
            for group in _grouped(units, most, overlap)
        ]
    return pieces


def sections(text: str) -> Iterator[tuple[str, int, int]]:
    """(headings above it, start, end) of each stretch of text without a heading."""
    path: list[tuple[int, str]] = []
    begin = 0
    for match in _HEADING.finditer(text):
        if match[4] and "|" in match[3]:
            continue  # the rule below the head of a table
        if text[begin : match.start()].strip():
            yield _path(path), begin, match.start()
        level = len(match[1]) if match[1] else 1 if match[4].startswith("=") else 2
        path = [*(above for above in path if above[0] < level), (level, (match[2] or match[3]).strip())]
        begin = match.end()
    if text[begin:].strip():
        yield _path(path), begin, len(text)


def _path(path: Sequence[tuple[int, str]]) -> str:
    return " > ".join(words for _, words in path)[-LONGEST_HEADING:]


def _units(text: str, start: int, end: int, count: Counter, most: int) -> Iterator[_Unit]:
    """Sentences; where one is too long, stretches of words."""
    spans: list[tuple[int, int, bool]] = []
    for first, last in _between(text, start, end, _PARAGRAPH):
        sentences = list(_between(text, first, last, _SENTENCE))
        spans += [(a, b, number == len(sentences) - 1) for number, (a, b) in enumerate(sentences)]
    counted = count([text[a:b] for a, b, _ in spans])
    for (a, b, closes), tokens in zip(spans, counted, strict=True):
        if tokens <= most:
            yield _Unit(a, b, tokens, closes)
        else:
            yield from _long(text, a, b, tokens, most, closes)


def _between(text: str, start: int, end: int, border: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """What lies between borders, without the white space around it."""
    places = [(match.start(), match.end()) for match in border.finditer(text, start, end)]
    begins = [start, *(last for _, last in places)]
    ends = [*(first for first, _ in places), end]
    for first, last in zip(begins, ends, strict=True):
        stretch = text[first:last]
        if stretch.strip():
            yield first + len(stretch) - len(stretch.lstrip()), last - len(stretch) + len(stretch.rstrip())


def _long(text: str, start: int, end: int, tokens: int, most: int, closes: bool) -> Iterator[_Unit]:
    """Stretches of about half of `most`, by characters a token, cut at white space where there is any."""
    step = max(1, (end - start) * most // (2 * tokens))
    while start < end:
        stop = min(end, start + step)
        if stop < end:
            space = max(text.rfind(" ", start + step // 2, stop), text.rfind("\n", start + step // 2, stop))
            stop = space if space > start else stop
        yield _Unit(start, stop, max(1, most // 2), closes and stop == end)
        start = stop
        while start < end and text[start].isspace():
            start += 1


def _grouped(units: Sequence[_Unit], most: int, overlap: int) -> Iterator[list[_Unit]]:
    group: list[_Unit] = []
    size = fresh = 0
    for unit in units:
        if fresh and (size + unit.tokens > most or (group[-1].closes and size >= FULL_ENOUGH * most)):
            yield group
            group = _tail(group, min(overlap, most - unit.tokens))
            size, fresh = sum(one.tokens for one in group), 0
        group.append(unit)
        size += unit.tokens
        fresh += 1
    if fresh:
        yield group


def _tail(group: Sequence[_Unit], most: int) -> list[_Unit]:
    """The last units that together have at most so many tokens."""
    tail: list[_Unit] = []
    for unit in reversed(group):
        most -= unit.tokens
        if most < 0 or len(tail) == len(group) - 1:
            break
        tail.insert(0, unit)
    return tail


def estimate(texts: Sequence[str]) -> list[int]:
    """Tokens of each text, without a tokenizer: rather too many than too few."""
    return [max(len(text.split()) * 4 // 3, len(text.encode("utf-8", "replace")) // 4) + 1 for text in texts]
