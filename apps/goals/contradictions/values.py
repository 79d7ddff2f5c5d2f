"""Two values for one field of one thing, where only one can hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apps.goals.contradictions.calendar_dates import Day
from apps.goals.contradictions.clauses import Clause
from apps.goals.contradictions.said_values import Said, values_said
from apps.goals.contradictions.word_lists import listed, stems_listed
from apps.goals.contradictions.words import concepts
from apps.goals.facts import Contradiction
from apps.goals.reading import stem

KIND = "two values for one thing"
ACROSS, WITHIN = 0.72, 0.7
NEAR = 3  # clauses
SHOWN = 160

_ALTERNATIVE = listed("""
    or till between either per each instead than rather another additional extra more further also too plus other then
    versus vs
""")
_RANGE = _ALTERNATIVE | listed("to until from")
_ANOTHER = listed("another additional second extra other or")
_ONE_ONLY = listed("only just exactly solely exclusively")
_FULL = listed("full whole total entire complete")
_SETTING = stems_listed("""
    send save export hold set keep start begin let ring last block schedule book write paint make pay
""")
_TAKING_PLACE = _SETTING | stems_listed("take place deliver arrive")
_ENDING = stems_listed("end finish stop close over leave depart checkout")
_GETTING = concepts(stems_listed("book buy order put need want reserve send add give invite expect hire rent"))
_GENERIC = stems_listed(
    "period duration length term amount size port level volume channel version grade speed number date value total"
)
_PEOPLE = stems_listed("guest person people")
_BY_PRONOUN = listed("day clock format currency colour language money place date")
_ON_A_DAY = listed("on for by until at")
_RULES = listed("must should please to")


def two_values_in(text: str, clauses: Sequence[Clause], days: Sequence[Day] = ()) -> list[Contradiction]:
    """Values of one field that differ, in clauses about the same thing or twice in one clause."""
    said = values_said(text, clauses, days)
    found: list[Contradiction] = []
    for place, clause in enumerate(clauses):
        if said[place] and _states(clause):
            found += _within(clause, said[place])
            for later in range(place + 1, min(place + 1 + NEAR, len(clauses))):
                if clauses[later].loose:
                    break  # a condition: what follows holds under it only
                if said[later] and _states(clauses[later]):
                    found += _across(clause, clauses[later], said[place], said[later])
    return found


def _states(clause: Clause) -> bool:
    return not (clause.loose or clause.asks or clause.negated)


def _words(clause: Clause) -> set[str]:
    return {token.text for token in clause.tokens}


def _pairs(one: Sequence[Said], other: Sequence[Said]) -> Iterator[tuple[Said, Said]]:
    """Differing values of a field that each side gives once."""
    for a in one:
        for b in other:
            if a.field == b.field and a.value != b.value:
                once = sum(x.field == a.field for x in one) == 1 == sum(x.field == a.field for x in other)
                if once:
                    yield a, b


def _within(clause: Clause, said: Sequence[Said]) -> list[Contradiction]:
    """ "at 9:15 on Tuesday at 11:40": the same preposition before two values of one field."""
    for place, one in enumerate(said):
        for other in said[place + 1 : place + 5]:
            if one.field == other.field and one.value != other.value and _twice(clause, one, other):
                return [Contradiction(KIND, one.text, other.text, WITHIN)]
    return []


def _twice(clause: Clause, one: Said, other: Said) -> bool:
    between = clause.tokens[one.at + 1 : other.at]
    words = {token.text for token in between}
    if one.field.startswith("count"):
        return "with" in words and 2 <= len(between) <= 6 and "and" not in words
    if words & _RANGE or any(token.stem in _ENDING for token in between) or one.preposition != other.preposition:
        return False
    if one.field == "format":
        return "only" in words
    return one.field in {"clock", "day"} and one.preposition in {"at", "on"} and len(between) <= 3


def _across(first: Clause, second: Clause, one: Sequence[Said], other: Sequence[Said]) -> list[Contradiction]:
    if {token.text for token in second.tokens[:3]} & _ALTERNATIVE or _words(second) & _ANOTHER:
        return []
    for a, b in _pairs(one, other):
        if _same_field(first, second, a, b):
            return [Contradiction(KIND, first.text[:SHOWN], second.text[:SHOWN], ACROSS)]
    return []


def _same_field(first: Clause, second: Clause, a: Said, b: Said) -> bool:
    """Whether both clauses give the field of the same thing, told by what they name besides the value."""
    if a.field.startswith("count") or a.field == "people":
        return _same_count(first, second, a, b)
    names_a, names_b = _names(first, a), _names(second, b)
    if names_a and names_b and not (names_a <= names_b or names_b <= names_a):
        return False
    about_b = _about(second, b)
    if not about_b or (not second.nouns and second.pronoun):
        return _said_of_it(first, second, a)
    if (a.field != "days" and (first.acts & _ENDING) != (second.acts & _ENDING)) or not _fits_field(first, a, b):
        return False
    return _same_subject(first, second, a, _about(first, a), about_b)


def _fits_field(first: Clause, a: Said, b: Said) -> bool:
    if a.field == "date":
        return {a.preposition, b.preposition} <= _ON_A_DAY
    return a.field != "money" or _orders(first)


def _said_of_it(first: Clause, second: Clause, a: Said) -> bool:
    """The second clause names nothing of its own: "it must be on Friday", "exactly 15"."""
    if not second.nouns and second.pronoun and second.acts and not second.acts & (first.acts | _TAKING_PLACE):
        return False
    if second.pronoun and a.field in _BY_PRONOUN and not second.bare:
        return True
    only = second.pronoun or not _ONE_ONLY.isdisjoint(_words(first) | _words(second))
    return only and second.join != "and" and (not second.bare or a.field == "format")


def _same_subject(first: Clause, second: Clause, a: Said, about_a: frozenset[str], about_b: frozenset[str]) -> bool:
    if a.field == "money" and first.acts & second.acts and _words(second) & _FULL:
        return True
    if a.field == "mode" and (about_a == first.acts or about_b == second.acts):
        return bool(first.acts & second.acts)
    shared = about_a & about_b
    heads = concepts({first.head, second.head})
    if second.bare and second.join == "and":
        return len(heads) == 1 and about_b <= about_a and "same" in _words(second)
    if about_b <= about_a:
        return bool(shared & (heads | second.acts)) or not second.head
    return about_a <= about_b and bool(shared & (heads | first.acts))


def _same_count(first: Clause, second: Clause, a: Said, b: Said) -> bool:
    """The same counted thing, and nothing beside it that tells two lots apart."""
    if second.bare and second.join in {"and", ","} and _ONE_ONLY.isdisjoint(_words(second)):
        return False
    rest_a, rest_b = _beside(first, a), _beside(second, b)
    alike = rest_a <= rest_b or rest_b <= rest_a
    if a.field == "people":
        return bool(rest_a & rest_b) and alike
    other_act = any(acts and not acts & _GETTING for acts in (first.acts, second.acts)) and first.acts != second.acts
    return alike and not other_act


def _beside(clause: Clause, said: Said) -> frozenset[str]:
    """Nouns beside the value."""
    own = {stem(word) for word in said.text.lower().split()}
    return clause.nouns - own - _GENERIC - _FULL - (_PEOPLE if said.field == "people" else frozenset())


def _orders(clause: Clause) -> bool:
    """An order or a rule, not an account of how things are."""
    return bool(concepts({clause.tokens[0].stem}) & clause.acts) or not _RULES.isdisjoint(_words(clause))


def _about(clause: Clause, said: Said) -> frozenset[str]:
    """Acts and nouns beside the value, without the verbs that only set it."""
    nouns = _beside(clause, said) - ({"file", "document"} if said.field == "format" else set())
    own = {stem(word) for word in said.text.lower().split()}
    acts = (clause.acts - _SETTING) if nouns else clause.acts
    return concepts(nouns | (acts - own - _GENERIC))


def _names(clause: Clause, said: Said) -> frozenset[str]:
    return clause.names - set(said.text.lower().split())
