"""RULE: whether a source says what a sentence tells without a figure: in like words, with the same yes or no."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from apps.drafts.guardrails.facts import Field
from apps.drafts.guardrails.fitting import NOWHERE, Answer
from apps.drafts.guardrails.sentences import is_bounded
from apps.drafts.guardrails.sources import Sources
from apps.drafts.guardrails.statements import Statement
from apps.drafts.guardrails.stems import says_no, stems_of_value
from apps.drafts.guardrails.terms import Pointer

ENOUGH = 0.6  # of the words that carry a statement, as many must stand in one source


_NOTHING_DUE = re.compile(
    r"\b(?:nothing (?:is )?(?:left|more|else|further|outstanding|due)|no(?:thing)? (?:\w+ )?(?:due|outstanding))\b"
)
_DUE = frozenset({"outstanding", "balance", "due", "remaining", "unpaid"})


def _settled(sources: Sources, statement: Statement) -> Answer | None:
    """Of "there is nothing left to pay": what a tool gives as outstanding, when it gives that."""
    if not _NOTHING_DUE.search(statement.words):
        return None
    for field in sources.fields:
        if not _DUE.isdisjoint(field.words) and not isinstance(field.value, bool):
            if field.says_no or _ZERO.fullmatch(str(field.value)):
                return True, field.fact.pointer, ""
            return False, field.fact.pointer, f"It is said otherwise: {field.fact.pointer.quote[:80]}"
    return None


_ZERO = re.compile(r"[^\d]{0,4}0+(?:[.,]0+)?[^\d]{0,4}")


MOST = 0.75  # of the words of a statement, as many in all sources together


class _Said(NamedTuple):
    """What a source says: as words, and whether it says yes or no; None when that is open."""

    stems: frozenset[str]
    negative: bool | None
    pointer: Pointer
    only_if: frozenset[str] = frozenset()  # beginnings of words that stand in its conditions alone
    bounded: bool = False  # it is said of some, or on a condition


def support_of_statement(sources: Sources, statement: Statement) -> Answer:
    """A source that says the same; else in words why there is none. A source that says the contrary is named."""
    if settled := _settled(sources, statement):
        return settled
    known = sources.names_stems
    wanted = statement.stems - known
    if not wanted:
        return True, Pointer("own", ""), ""
    if "lines" not in sources.kept:
        fields = [_of_field(field) for field in sources.fields]
        sources.kept |= {"lines": list(_of_lines(sources)), "fields": fields}
        sources.kept["record"] = _of_record(sources.fields, fields)
    lines: list[_Said] = sources.kept["lines"]
    plain = next(
        (said for said in lines if said.negative == statement.negative and _all_of(said, statement, wanted)), None
    )
    if plain:
        return True, plain.pointer, ""
    best, contrary = _weighed([*lines, *sources.kept["fields"]], statement, wanted, sources.kept["record"])
    if _rank(contrary) > _rank(best):
        return False, contrary[2].pointer, f"It is said otherwise: {contrary[2].pointer.quote[:80]}"
    if statement.loose and not best[0] and not contrary[0]:
        best = _pieced(lines, statement, wanted, best[2])
    return (True, best[2].pointer, "") if best[0] else (False, None, NOWHERE)


_Found = tuple[float, bool, _Said]  # how much of the words it has, whether it says yes or no, what it says


def _all_of(said: _Said, statement: Statement, wanted: frozenset[str]) -> bool:
    return wanted <= said.stems and statement.act <= said.stems and not _beyond(said, statement)


def _beyond(said: _Said, statement: Statement) -> bool:
    """Whether the statement leaves out on what condition, or of which, its source says it."""
    if statement.state in said.only_if:
        return True
    return said.bounded and _OF_ALL.search(statement.words) is not None and not is_bounded(statement.words)


_OF_ALL = re.compile(
    r"\b(?:always|all|every|any|unlimited|fully|completely|entirely|as (?:often|many|much|long) as you)\b"
)


def _weighed(
    sayings: Sequence[_Said], statement: Statement, wanted: frozenset[str], whole: _Said
) -> tuple[_Found, _Found]:
    """The source that says most of it, and the one that says most of the contrary."""
    best = (_coverage(whole, wanted, statement.act, whole.stems) * ENOUGH, False, whole)
    contrary = (0.0, False, whole)
    for said in sayings:
        if wanted.isdisjoint(said.stems):
            continue
        covered = _coverage(said, wanted, statement.act, whole.stems)
        if said.negative == statement.negative:
            if _beyond(said, statement):
                continue
            best = max(best, (covered, True, said), key=_rank)
        else:
            flat = said.pointer.kind == "tool" and said.stems <= wanted
            contrary = max(contrary, (1.0 if flat else covered, True, said), key=_rank)
    return best, contrary


def _pieced(lines: Sequence[_Said], statement: Statement, wanted: frozenset[str], whole: _Said) -> _Found:
    """All that is known together, for what it is made of."""
    near = [said for said in lines if said.negative == statement.negative and not _beyond(said, statement)]
    known = whole.stems.union(*(said.stems for said in near))
    enough = statement.act <= known and len(wanted & known) >= MOST * len(wanted)
    return (ENOUGH if enough else 0.0, False, whole)


def _rank(found: _Found) -> tuple[float, bool]:
    return found[:2]


def _coverage(said: _Said, wanted: frozenset[str], act: frozenset[str], record: frozenset[str]) -> float:
    """The share of the words that a source has, alone or with what the customer's record is called; 0 for too few."""
    if not act <= said.stems:
        return 0.0
    share = len(wanted & said.stems) / len(wanted)
    rest = wanted - record
    if rest and rest <= said.stems:
        return 1.0
    return share if share >= ENOUGH else 0.0


def _of_lines(sources: Sources) -> Iterator[_Said]:
    for line in sources.lines:
        if line.trust == "fact":
            for negative in sorted(line.sentence.signs):
                yield _Said(line.sentence.stems, negative, line.pointer, line.sentence.only_if, line.sentence.bounded)


def _of_field(field: Field) -> _Said:
    value = field.value.lower() if isinstance(field.value, str) else ""
    negative = field.says_no or (bool(value) and says_no(value))
    return _Said(stems_of_value(" ".join([*field.words, value])), negative, field.fact.pointer)


def _called(field: Field) -> frozenset[str]:
    """What the tool and the path are called, which is what a reply calls the thing of which it speaks."""
    pointer = field.fact.pointer
    return stems_of_value(_NO_LETTER.sub(" ", f"{pointer.id} {pointer.path}".lower()))


_NO_LETTER = re.compile(r"[\W\d_]+")


def _of_record(fields: Sequence[Field], read: Sequence[_Said]) -> _Said:
    """All fields together, which say neither yes nor no."""
    called = frozenset({"order"}) if fields else frozenset()
    stems = called.union(*(said.stems for said in read), *(_called(field) for field in fields[:_MOST_FIELDS]))
    return _Said(stems, None, Pointer("tool", ""))


_MOST_FIELDS = 100
