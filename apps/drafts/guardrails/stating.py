"""RULE: whether a source says what a sentence tells without a figure: in like words, with the same yes or no."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from apps.drafts.guardrails.facts import Field
from apps.drafts.guardrails.fitting import NOWHERE, Answer
from apps.drafts.guardrails.sources import Sources
from apps.drafts.guardrails.statements import Statement
from apps.drafts.guardrails.stems import says_no, stems_of_value
from apps.drafts.guardrails.terms import Pointer

ENOUGH = 0.6  # of the words that carry a statement, as many must stand in one source


class _Said(NamedTuple):
    """What a source says: as words, and whether it says yes or no; None when that is open."""

    stems: frozenset[str]
    negative: bool | None
    pointer: Pointer


def support_of_statement(sources: Sources, statement: Statement) -> Answer:
    """A source that says the same; else in words why there is none. A source that says the contrary is named."""
    known = sources.names_stems
    wanted = statement.stems - known
    if not wanted:
        return True, Pointer("own", ""), ""
    lines = list(_of_lines(sources))
    plain = next(
        (said for said in lines if said.negative == statement.negative and _all_of(said, statement, wanted)), None
    )
    if plain:
        return True, plain.pointer, ""
    fields = [_of_field(field) for field in sources.fields]
    best, contrary = _weighed([*lines, *fields], statement, wanted, _of_record(fields))
    if _rank(contrary) > _rank(best):
        return False, contrary[2].pointer, f"It is said otherwise: {contrary[2].pointer.quote[:80]}"
    return (True, best[2].pointer, "") if best[0] else (False, None, NOWHERE)


_Found = tuple[float, bool, _Said]  # how much of the words it has, whether it says yes or no, what it says


def _all_of(said: _Said, statement: Statement, wanted: frozenset[str]) -> bool:
    return wanted <= said.stems and statement.act <= said.stems


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
            best = max(best, (covered, True, said), key=_rank)
        else:
            flat = said.pointer.kind == "tool" and said.stems <= wanted
            contrary = max(contrary, (1.0 if flat else covered, True, said), key=_rank)
    return best, contrary


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
                yield _Said(line.sentence.stems, negative, line.pointer)


def _of_field(field: Field) -> _Said:
    value = field.value.lower() if isinstance(field.value, str) else ""
    negative = field.says_no or (bool(value) and says_no(value))
    return _Said(stems_of_value(" ".join([*field.words, value])), negative, field.fact.pointer)


def _of_record(fields: Sequence[_Said]) -> _Said:
    """All fields together, which say neither yes nor no."""
    return _Said(frozenset().union(*(field.stems for field in fields)), None, Pointer("tool", ""))
