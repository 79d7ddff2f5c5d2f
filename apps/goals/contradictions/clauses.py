"""A text cut into clauses, each read for what it does, to what, when, and whether it is denied.

There is no parser behind this: clause_words.py says what a word is taken for, the object is the group of words beside
the act. That is enough to hold short orders against each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from apps.goals.contradictions.clause_tokens import Token, tokens_of
from apps.goals.contradictions.clause_words import (
    BOUNDS,
    EMPTY_ACTS,
    JOINS,
    LIGHT_VERBS,
    LOOSE,
    NO_HEADS,
    NUMBER_WORDS,
    PLACE_WORDS,
    PRONOUNS,
    TIME_WORDS,
    UNDONE,
    WITH_PARTICLE,
    denies_all,
    is_act,
    is_not,
    particle,
    tells,
)  # fmt: skip
from apps.goals.contradictions.words import ACTS, FIELDS, KNOWN_ACTS
from apps.goals.reading import FUNCTION_WORDS, stem

MAX_CLAUSES = 150

_BREAK = re.compile(r"[;!?\n]|\.(?=\s|$)|,(?!\d)|\s(?:-|\u2013|\u2014)\s|:(?=\s)")


class Clause(msgspec.Struct, frozen=True):
    """One clause. `acts` are concepts, `denied` those of them under a negation; `head` is the first group's last word.

    `nouns` are stems that are neither acts, names nor times, `denied_nouns` those after a negation; `names` are names,
    codes and numbers; `loose` when it is a condition, an alternative, a step in an order, or tells of the past; `join`
    is the word or mark before it; `bare` when it is a fragment that says nothing is done.
    """

    text: str
    start: int
    end: int
    join: str
    tokens: tuple[Token, ...]
    acts: frozenset[str]
    denied: frozenset[str]
    nouns: frozenset[str]
    denied_nouns: frozenset[str]
    names: frozenset[str]
    times: frozenset[str]
    head: str
    negated: bool
    loose: bool
    pronoun: bool
    asks: bool
    bare: bool


def clauses_of(text: str, tokens: Sequence[Token]) -> list[Clause]:
    """The clauses in order, at most MAX_CLAUSES. Cut at marks, at joining words and before "without"."""
    breaks = [match.start() for match in _BREAK.finditer(text)]
    found: list[Clause] = []
    part: list[Token] = []
    join, following = "", 0
    for token in tokens:
        mark = ""
        while following < len(breaks) and breaks[following] < token.start:
            mark = text[breaks[following]]
            following += 1
        joins = token.text in JOINS and not token.named
        cut = mark or ("without" if token.text == "without" and _says_something(part) else "")
        if (cut or joins) and part:
            found.append(_clause(text, part, join, asks=mark == "?"))
            part, join = [], ""
        join = token.text if joins else cut or join
        if not joins:
            part.append(token)
        if len(found) >= MAX_CLAUSES:
            return found
    if part:
        found.append(_clause(text, part, join, asks="?" in text[part[-1].end : part[-1].end + 3]))
    return found


def _says_something(part: Sequence[Token]) -> bool:
    return any(token.stem not in EMPTY_ACTS for token in part)


class _Reader:
    """Reads the words of one clause in order."""

    def __init__(self, part: Sequence[Token]) -> None:
        self.part = part
        self.negation = next((place for place in range(len(part)) if is_not(part, place)), len(part))
        self.acts: set[str] = set()
        self.denied: set[str] = set()
        self.nouns: set[str] = set()
        self.denied_nouns: set[str] = set()
        self.names: set[str] = set()
        self.times: set[str] = set()
        self.loose = False
        self._group: list[str] = []
        self._head = self._name = ""
        self._closed = False
        for place in range(len(part)):
            self._read(place)
        if self.negation < len(part):
            self.loose = self.loose or tells(part, self.negation)
            self.denied |= self.acts if denies_all(part, self.negation) else set()

    @property
    def head(self) -> str:
        return self._head or (self._group[-1] if self._group else self._name)

    def _read(self, place: int) -> None:
        token = self.part[place]
        following = self.part[place + 1] if place + 1 < len(self.part) else None
        self.loose = self.loose or _is_loose(token, following)
        if self._is_time(place):
            self.times.add(token.text)
        elif token.digit or (token.named and token.stem not in KNOWN_ACTS and token.text not in FIELDS):
            self._take_name(token)
        elif token.stem in WITH_PARTICLE and (together := particle(self.part, place)):
            self._take_act(together, place)
        elif token.text in FUNCTION_WORDS or (token.stem in EMPTY_ACTS and not token.text.endswith("ings")):
            self._close(at_preposition=token.text in PLACE_WORDS)
        elif is_act(self.part, place):
            self._take_act(ACTS.get(token.stem, token.stem), place, undone=UNDONE.match(token.text))
            self._close()
        else:
            self._take_noun(token, place)

    def _is_time(self, place: int) -> bool:
        token = self.part[place]
        if token.text in TIME_WORDS:
            return True
        return token.digit and (":" in token.text or (place > 0 and self.part[place - 1].text == "at"))

    def _take_name(self, token: Token) -> None:
        self.names.add(token.text)
        if not self._closed and not self._group and token.named and not token.digit:
            self._name = self._name or token.text

    def _take_act(self, act: str, place: int, undone: re.Match[str] | None = None) -> None:
        """ "Unanswered" is the act of answering, denied."""
        if undone:
            base = stem(undone.group(1))
            act = ACTS.get(base, base)
        self.acts.add(act)
        if undone or place >= self.negation:
            self.denied.add(act)

    def _take_noun(self, token: Token, place: int) -> None:
        self.nouns.add(token.stem)
        if place > self.negation:
            self.denied_nouns.add(token.stem)
        if not self._closed and token.text not in NO_HEADS:
            self._group.append(token.stem)

    def _close(self, *, at_preposition: bool = False) -> None:
        """The first group of nouns ends here: its last word is what the clause is about."""
        if self._group and not self._closed:
            self._head, self._closed = self._group[-1], True
        elif at_preposition and self._name:
            self._closed = True


def _is_loose(token: Token, following: Token | None) -> bool:
    """A condition, an alternative, a step, the past; but "before 5 pm" is only a time."""
    if token.text in BOUNDS and following is not None and _is_measure(following):
        return False
    told = token.text in {"have", "has"} and following is not None and following.text.endswith("ed")
    return told or token.text in LOOSE


def _is_measure(token: Token) -> bool:
    return token.digit or token.text in TIME_WORDS or token.text in NUMBER_WORDS


def _clause(text: str, part: Sequence[Token], join: str, *, asks: bool) -> Clause:
    read = _Reader(part)
    words = {token.text for token in part}
    return Clause(
        text=text[part[0].start : part[-1].end],
        start=part[0].start,
        end=part[-1].end,
        join=join,
        tokens=tuple(part),
        acts=frozenset(read.acts),
        denied=frozenset(read.denied),
        nouns=frozenset(read.nouns),
        denied_nouns=frozenset(read.denied_nouns),
        names=frozenset(read.names),
        times=frozenset(read.times),
        head=read.head,
        negated=read.negation < len(part) or bool(read.denied),
        loose=read.loose,
        pronoun=not words.isdisjoint(PRONOUNS),
        asks=asks,
        bare=not read.acts and words.isdisjoint(LIGHT_VERBS),
    )


def same_thing(first: Clause, second: Clause) -> bool:
    """Whether both speak of one thing: the same head and nothing that tells two of its kind apart, or a pronoun."""
    if not (first.nouns or first.names):
        return False
    if first.names and second.names and not (first.names <= second.names or second.names <= first.names):
        return False
    if not (second.nouns or second.names):
        return second.pronoun or second.bare or second.join in {"and", "but"}
    if first.nouns == second.nouns and len(first.nouns) > 1:
        return True
    if first.head != second.head and not (second.pronoun and not second.nouns):
        return False
    return first.nouns <= second.nouns or second.nouns <= first.nouns


__all__ = ["Clause", "Token", "clauses_of", "same_thing", "tokens_of"]
