"""Places where a goal points at a thing without saying which: "a specific file", "some shares", "my friend".

What is named right there ("my friend Bob", "a particular stock, 'ACME'") or was mentioned before is not open. Mass
nouns ("some help", "some advice") name no particular thing and are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from enum import StrEnum

import msgspec

from apps.goals.reading import FUNCTION_WORDS, stem
from apps.goals.values import Value
from apps.goals.vocabulary import Kind

_WHEN = frozenset({Kind.DATE, Kind.TIME})  # says when, not which
REACH, REACH_OF_A_NAME = 25, 12  # characters between a thing and the value that names it

_PEOPLE_TEXT = """
friend cousin brother sister mother father mom dad parent son daughter wife husband partner spouse boss manager
colleague coworker teammate team assistant client customer contact neighbor neighbour roommate uncle aunt family buddy
pal associate supervisor director advisor broker agent doctor teacher professor student follower recipient sender guest
host person someone somebody
"""
_PEOPLE = frozenset(stem(word) for word in _PEOPLE_TEXT.split())
_MASS_TEXT = """
help assistance advice information info time insight clarity guidance support thought idea fun research detail progress
way reason point extent kind sort type thing stuff recommendation suggestion option good great day trouble bit lot case
order rest work sense step consideration inspiration feedback money attention confidence
"""
_MASS = frozenset(stem(word) for word in _MASS_TEXT.split())

_INDEFINITE = re.compile(
    r"\b(?:(?:a|an|one|the|any|this|that)\s+)?"
    r"(?:some|certain|specific|particular|several|unspecified|random|special|different|given|few|couple of|number of"
    r"|various|arbitrary)\s+((?:[a-z][\w'-]*\s+){0,2}?)([a-z][\w'-]*)",
    re.I,
)
_SOMEONES = re.compile(r"\b(?:my|our|his|her|their|your)\s+(?:[a-z]+\s+)??([a-z]+)\b")
_ARTICLE = re.compile(r"\b(?:an?|any|another|one)\s+((?:[a-z][\w-]*\s+)?)([a-z][\w-]*)")
_ELSEWHERE = re.compile(
    r"\b(?:we|i|you)(?:'ve| have| had)?\s+(?:just |previously |already |earlier |last )?"
    r"(?:discussed|mentioned|drafted|talked|agreed|said|told|described|specified|provided|gave|sent|wrote|prepared"
    r"|decided|chose|wanted)\b|\bas (?:discussed|before|usual|mentioned|agreed)\b|\bthe usual\b"
    r"|\bpreviously (?:discussed|mentioned)\b",
    re.I,
)
_NAMED = re.compile(
    r"^\W*(?:(?:is|are|namely|called|named|titled|labelled|labeled|with|of|in|for|from|to|at|being|such as|like"
    r"|including)\W*){0,3}$",
    re.I,
)


class Open(StrEnum):
    """What leaves it open."""

    INDEFINITE = "indefinite"
    PERSON = "person"
    ARTICLE = "article"
    ELSEWHERE = "elsewhere"


class Reference(msgspec.Struct, frozen=True, gc=False):
    """One open place, as written."""

    kind: Open
    text: str


def open_references(text: str, values: Sequence[Value], wanted: Collection[str] = ()) -> tuple[Reference, ...]:
    """Open places in order of kind. `wanted` are stems of the things that fitting tools need named: "a file" is open
    only where a file must be named."""
    quoted = [(value.start, value.end) for value in values if value.kind is Kind.QUOTED]
    found = []
    for kind, pattern, is_open in _KINDS:
        for match in pattern.finditer(text):
            if not any(start <= match.start() < end for start, end in quoted) and is_open(text, match, values, wanted):
                found.append(Reference(kind, match.group().strip()))
    return tuple(found)


def _indefinite(text: str, match: re.Match[str], values: Sequence[Value], _wanted: Collection[str]) -> bool:
    noun = match.group(2).lower()
    told = {stem(noun), *(stem(word) for word in match.group(1).lower().split())}
    return not (told & _MASS or noun in FUNCTION_WORDS or _named(text, match, values, REACH))


def _person(text: str, match: re.Match[str], values: Sequence[Value], _wanted: Collection[str]) -> bool:
    return stem(match.group(1)) in _PEOPLE and not _named(text, match, values, REACH_OF_A_NAME)


def _article(text: str, match: re.Match[str], values: Sequence[Value], wanted: Collection[str]) -> bool:
    told = {stem(match.group(2)), *(stem(word) for word in match.group(1).split())}
    near = any(value.start < match.end() + REACH_OF_A_NAME and value.end > match.end() - REACH_OF_A_NAME
               for value in values)  # fmt: skip
    return bool(told & set(wanted)) and not near


def _elsewhere(*_: object) -> bool:
    return True


_KINDS = (
    (Open.INDEFINITE, _INDEFINITE, _indefinite),
    (Open.PERSON, _SOMEONES, _person),
    (Open.ARTICLE, _ARTICLE, _article),
    (Open.ELSEWHERE, _ELSEWHERE, _elsewhere),
)


def _named(text: str, match: re.Match[str], values: Sequence[Value], reach: int) -> bool:
    """A value stands in it, right before it or after it."""
    for value in values:
        if value.kind in _WHEN:
            continue
        between = text[value.end : match.start()]
        before = value.end <= match.start() <= value.end + 3 and not re.search(r"[.,;!?]", between)
        inside = match.start() <= value.start < match.end()
        after = match.end() <= value.start <= match.end() + reach and _NAMED.match(text[match.end() : value.start])
        if before or inside or after:
            return True
    return False
