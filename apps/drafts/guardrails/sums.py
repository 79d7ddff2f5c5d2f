"""RULE: amounts that can be worked out from what is known: a sum, a difference, a price times a count, a share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from apps.drafts.guardrails.calendar_words import NUMBERS
from apps.drafts.guardrails.facts import Fact
from apps.drafts.guardrails.fitting import alike
from apps.drafts.guardrails.sentences import Sentence
from apps.drafts.guardrails.sources import Sources
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.terms import Pointer
from apps.drafts.guardrails.values import Value

MOST_AMOUNTS = 40
_ADDED = table(
    """
    together altogether both sum combined plus zusammen insgesamt summe ensemble somme juntos suma insieme somma
    samen
    """
)
_LESS = table(
    """
    difference remaining remainder left minus differenz restbetrag verbleiben bleiben reste différence diferencia
    restan resto restano differenza verschil resteert blijft over restbetrag
    """
)
_PARTS = {
    "half": 2,
    "third": 3,
    "quarter": 4,
    "fifth": 5,
    "tenth": 10,
    "twelfth": 12,
    "thirtieth": 30,
    "hälfte": 2,
    "moitié": 2,
    "mitad": 2,
    "metà": 2,
    "helft": 2,
}
_EACH = re.compile(
    r"\b(?:per|each|every|an?|the|je|pro|par|por|al|alla|price|rate|fee|cost|costs|le|la|kostet|coûte"
    r"|cuesta|costa|kost)\b",
    re.I,
)
# What stands before the result of a sum, with at most two words between: comes to, that is, =.
_RESULT = re.compile(
    r"(?:\b(?:comes?|came|add up|amounts?) to|\b(?:difference|sum|total) of|\b(?:would|will|'d|'ll) (?:pay"
    r"|cost|be)|\bserían|\b(?:is|are|be|was|makes?|totals?|equals?|sind|ist|macht"
    r"|ergibt|bleib(?:en|t)|est|sont|fait"
    r"|reste|restent|es|son|quedan?|restano?|è|sono|blijft|zijn)|=)\s(?:\w+\s){0,2}$"
)
_NEAR = 0.005


def worked_out(value: Value, sentence: Sentence, stated: Sequence[Value], sources: Sources) -> Pointer | None:
    """Where a figure of a sentence comes from when no source says it. stated: all values of the sentence."""
    prices = [(amount, fact) for amount, fact in _amounts(sources) if alike(value.unit, fact.unit)]
    counts = [float(str(v.keys[0][1])) for v in stated if v.kind == "number"] + list(_counted(stated, sentence))
    if value.kind == "number":
        count = float(str(value.keys[0][1]))
        totals = [float(str(v.keys[0][1])) for v in stated if v.kind == "amount"]
        return next(
            (
                _of(fact, f"{count:g} x {price:g}")
                for price, fact in prices
                for total in totals
                if _is(count * price, total) and _priced(fact)
            ),
            None,
        )
    if value.kind == "duration":
        return _multiplied(value, stated, prices)
    if value.kind != "amount" or not _is_result(value, sentence):
        return None
    said = [float(str(key[1])) for key in value.keys]
    return next((found for one in said for found in _ways(one, sentence, counts, prices)), None)


def _is_result(value: Value, sentence: Sentence) -> bool:
    """Whether the sentence says the amount as the outcome of a sum: it comes to that, that altogether, that each."""
    start, end = value.start - sentence.start, value.end - sentence.start
    return bool(_RESULT.search(sentence.lower, 0, start) or _SUMMED.match(sentence.lower, end))


def _multiplied(value: Value, stated: Sequence[Value], prices: Sequence[tuple[float, Fact]]) -> Pointer | None:
    """How long, where a price for each hour or day times it is an amount of the sentence: two hours would cost 44."""
    totals = [float(str(key[1])) for v in stated if v.kind == "amount" for key in v.keys]
    others = [1.0, *(float(str(v.keys[0][1])) for v in stated if v.kind == "number")]
    return next(
        (
            _of(fact, f"{count:g} x {price:g}")
            for count in _counts_of(value)
            for price, fact in prices
            for total in totals
            for times in others
            if _is(count * times * price, total) and _priced(fact)
        ),
        None,
    )


def counted_together(value: Value, sentence: Sentence, stated: Sequence[Value], sources: Sources) -> Pointer | None:
    """Where a number comes from that is the sum of the like fields of a list, or what is left of a number."""
    if value.kind != "number":
        return None
    said = float(str(value.keys[0][1]))
    others = [float(str(v.keys[0][1])) for v in stated if v.kind == "number" and v.start != value.start]
    for facts in _alike_in_lists(sources):
        figures = [float(fact.pointer.quote) for fact in facts]
        if len(figures) > 1 and _is(sum(figures), said) and all(one in others for one in figures if one > 1):
            return _of(facts[0], " + ".join(f"{one:g}" for one in figures))
    if sentence.words.isdisjoint(_LESS):
        return None
    for field in sources.fields:
        if _is_count(field.value) and any(_is(abs(other - field.value), said) for other in others):
            return _of(field.fact, f"less {field.value:g}")
    return None


def _alike_in_lists(sources: Sources) -> Iterable[list[Fact]]:
    """The numbers under one name in each list of records."""
    lists: dict[str, list[Fact]] = {}
    for field in sources.fields:
        if _is_count(field.value) and "[" in field.fact.pointer.path:
            lists.setdefault(_INDEX.sub("[]", field.fact.pointer.path), []).append(field.fact)
    return lists.values()


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_INDEX = re.compile(r"\[\d+\]")
_SUMMED = re.compile(
    r"\W{0,2}(?:altogether|together|in (?:all|total)|combined|each\b|apiece|an? (?:day|night|week|month"
    r"|hour|person|piece)\b"
    r"|per \w+|over\b|left\b|remaining|cada|chacun|insgesamt|zusammen|in totaal|in totale|en total|pro \w+|je \w+)"
)


def _ways(
    said: float, sentence: Sentence, counts: Sequence[float], prices: Sequence[tuple[float, Fact]]
) -> Iterator[Pointer]:
    for price, fact in prices:
        yield from (_of(fact, f"{price:g} / {n:g}") for n in counts if n > 1 and _is(round(price / n, 2), said))
        pairs = ((m, n) for m, n in combinations(counts, 2) if m > 1 and n > 1)
        yield from (
            _of(fact, f"{m:g} x {n:g} x {price:g}") for m, n in pairs if _is(price * m * n, said) and _priced(fact)
        )
        yield from (_of(fact, f"{n:g} x {price:g}") for n in counts if n > 1 and _is(price * n, said) and _priced(fact))
        parts = (_PARTS[word] for word in sentence.words & _PARTS.keys())
        yield from (_of(fact, f"{price:g} / {part}") for part in parts if _is(price / part, said))
    added, less = not sentence.words.isdisjoint(_ADDED), not sentence.words.isdisjoint(_LESS)
    for (one, fact), (two, other) in combinations(prices, 2) if added or less else ():
        alike_roles = ("total" in fact.roles) == ("total" in other.roles)
        if added and alike_roles and _is(one + two, said):
            yield _of(fact, f"{one:g} + {two:g}")
        if less and _is(abs(one - two), said):
            yield _of(fact, f"{max(one, two):g} - {min(one, two):g}")


def _amounts(sources: Sources) -> Iterator[tuple[float, Fact]]:
    """Amounts of money that tools or texts of the business say."""
    seen = 0
    for key, facts in sources.by_key.items():
        fact = next((f for f in facts if f.money and f.trust == "fact"), None) if key[0] == "n" else None
        if fact is not None and seen < MOST_AMOUNTS:
            seen += 1
            yield float(str(key[1])), fact


def _counted(stated: Sequence[Value], sentence: Sentence) -> Iterator[float]:
    """Of "three nights", three; of numbers in words that may be another word elsewhere, as dos, their number."""
    for value in stated:
        yield from _counts_of(value)
    yield from (float(NUMBERS[word]) for word in sentence.words & _ABROAD)


_ABROAD = frozenset({"dos", "tres", "due", "tre", "sept", "tien", "sieben"})


def _counts_of(value: Value) -> Iterator[float]:
    """How many days, and for a span shorter than one how many hours."""
    if value.kind == "duration" and value.keys[0][0] == "u":
        hours = float(str(value.keys[0][1]))
        unit = {"month": 720.0, "year": 8760.0}.get(str(value.keys[0][2]), 24.0)
        yield hours / unit
        if hours < 24:
            yield hours
        elif hours % 168 == 0:
            yield hours / 168


def _priced(fact: Fact) -> bool:
    """Whether the amount may be a price of one thing: its field or its sentence speaks of a price, or of each."""
    return _EACH.search(fact.line.lower if fact.line else fact.pointer.path.replace("_", " ")) is not None


def _is(one: float, other: float) -> bool:
    return abs(one - other) < _NEAR and other > 0


def _of(fact: Fact, how: str) -> Pointer:
    return Pointer(fact.pointer.kind, fact.pointer.id, fact.pointer.path, how)
