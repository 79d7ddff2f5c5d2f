"""RULE: every fact that a draft states points to where it is known from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from apps.drafts.guardrails.disguises import beyond_latin, disguised_in
from apps.drafts.guardrails.facts import Entity
from apps.drafts.guardrails.languages import language_of, unread
from apps.drafts.guardrails.names import Name, closing_of, names_in
from apps.drafts.guardrails.privacy import MASK, own_phones
from apps.drafts.guardrails.promises import Promise, promises_in
from apps.drafts.guardrails.reading import read_values
from apps.drafts.guardrails.sentences import Sentence, sentences_of
from apps.drafts.guardrails.sources import Sources
from apps.drafts.guardrails.statements import statements_in
from apps.drafts.guardrails.stating import support_of_statement
from apps.drafts.guardrails.statuses import Status, statuses_in
from apps.drafts.guardrails.sums import counted_together, worked_out
from apps.drafts.guardrails.supporting import Answer, Support
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.terms import Claim, Context, Finding, Pointer, StageVerdict
from apps.drafts.guardrails.values import Value, id_key
from apps.drafts.guardrails.weekdays import beside, days_later, right_day
from apps.drafts.states import Stage

MOST_READ = 20_000  # characters of a draft; a longer one fails for its form
MOST_CLAIMS = 400
_COURTEOUS_DAY = table(
    """
    thank thanks contact contacting reaching reach help assist writing having wonderful lovely nice great good rest
    """
)
_NEXT = 3  # characters behind a value: a space
_SIGNS = frozenset("+=")
# "Give us two or three days that suit you" asks; "send it to us within 60 days" sets a term.
_ASKED_FOR = re.compile(
    r"\b(?:us|me|uns|nous|nos|ons)\s(?:(?!within|in|innerhalb|binnen|dans|entro|for|after|up)\w+\s){0,3}$", re.I
)
_FEW_LETTERS = 4  # of another script: fewer may be a name or a sign
UNREAD = "In a language that cannot be checked."
_COUNTED_COURTESY = re.compile(
    r"\s{0,2}(?:\w+ )?(?:options?|ways?|steps?|things?|choices?|questions?|reasons?|possibilit|methods?"
    r"|photos?|pictures?|points?|minutes? of your|easy|simple|of (?:us|our|them))\b",
    re.I,
)
_THIS_DAY = frozenset({"today", "tonight", "heute"})
_DAY_MATTERS = table("arrive arrives deliver delivery ship ships refund appointment due collect visit")
_GIVEN = frozenset({"refund", "compensation", "replacement"})
_ON_ITS_WAY = frozenset({"delivered", "shipped", "received"})
_PAST_TROUBLE = table("delayed lost damaged failed out_of_stock pending held")


def judge_grounding(subject: str, body: str, context: Context) -> tuple[StageVerdict, tuple[Claim, ...]]:
    """(verdict, all facts that body and subject state, in order; those of the subject first)."""
    sources = Sources(context)
    support = Support(sources)
    claims = list(islice(_claims(body[:MOST_READ], sources, support), MOST_CLAIMS))
    titles = {_plain(message.subject) for message in context.thread if message.subject}
    echo = _plain(subject)
    if echo and echo not in titles:
        again = subject.lower().lstrip().startswith(("re:", "aw:", "sv:", "antw:", "rif:", "fwd:", "fw:"))
        claims = [
            Claim(c.kind, c.text, 0, 0, c.supported, c.source, c.words, "subject")
            for c in _claims(subject, sources, support, echoing=again)
            if c.kind not in ("name", "number")
        ] + claims
    bad = [claim for claim in claims if not claim.supported]
    findings = tuple(Finding(c.kind, c.start, c.end, c.text, c.words, place=c.place) for c in bad)
    if bad:
        words = f"{len(bad)} of {len(claims)} facts are not known from anywhere."
        return StageVerdict(Stage.GROUNDING, "fail", words, findings), tuple(claims)
    if language := unread(body):
        words = f"What it says in {language} was not checked beyond figures, names and links."
        return StageVerdict(Stage.GROUNDING, "warn", words, (Finding("language", 0, 0, language, words),)), tuple(
            claims
        )
    words = f"All {len(claims)} facts are known." if claims else "It states no facts."
    return StageVerdict(Stage.GROUNDING, "pass", words), tuple(claims)


def _plain(subject: str) -> str:
    text = re.sub(r"^(?:\s{0,3}(?:re|aw|fwd?|sv|antw|rif|tr|wg)\s{0,2}:\s{0,3}){1,9}", "", subject.lower()[:300])
    return " ".join(text.split())


def _claims(text: str, sources: Sources, support: Support, *, echoing: bool = False) -> Iterator[Claim]:
    sentences = sentences_of(text)
    masks = [m.span() for m in MASK.finditer(text)] if "[" in text else []
    masks += own_phones(text, sources.phones)
    closing = closing_of(text)
    values = [v for v in read_values(text, sources.now, sentences) if not any(a <= v.start < b for a, b in masks)]
    names = sorted(names_in(text, sentences, closing, english=_in_english(text, sources)), key=lambda name: name.start)
    for start, end in disguised_in(text):
        yield _claim("disguise", text, start, end, (False, None, "Written so that it cannot be read."))
    latin = beyond_latin(text) * 2 < len(text)
    about: frozenset[Entity] = frozenset()
    at = name_at = 0
    for sentence in sentences:
        first, first_name = at, name_at
        while at < len(values) and values[at].start < sentence.end:
            at += 1
        while name_at < len(names) and names[name_at].start < sentence.end:
            name_at += 1
        place = _Place(text, sentence, _mentions(sentence, sources), about)
        if latin and beyond_latin(sentence.raw) >= _FEW_LETTERS:
            yield _claim("language", text, sentence.start, sentence.end, (False, None, UNREAD))
        called = [name for name in names[first_name:name_at] if name.start < closing]
        yield from _quoted(_in_sentence(place, values[first:at], called, support, echoing=echoing), sentence, support)
        about = frozenset(e for e in place.marks[-1][1] if e[0][:1] != "=") if place.marks else about


def _in_english(text: str, sources: Sources) -> bool:
    """Whether words with a capital are names; a text too short to tell is taken to be in the customer's language."""
    language = language_of(text)
    if not language and sources.asked:
        language = language_of(sources.asked)
    return language in ("English", "")


class _Place(NamedTuple):
    """A sentence of a text, the records it names, and those that were spoken of before it."""

    text: str
    sentence: Sentence
    marks: list[tuple[int, frozenset[Entity]]]
    before: frozenset[Entity]

    def about(self, at: int, end: int = -9) -> frozenset[Entity]:
        """The record of which an offset speaks: the last named before it, else the first after, else the one before.

        end: of a value; what is named right behind it is what it counts: three hybrids.
        """
        if not self.marks:
            return self.before
        if end > 0 and not _SIGNS.isdisjoint(self.text[max(0, at - 3) : end + 3]):
            return frozenset()  # a sum is of several
        if counted := next((entities for place, entities in self.marks if 0 < place - end < _NEXT), None):
            return counted
        earlier = [entities for place, entities in self.marks if place <= at]
        return earlier[-1] if earlier else self.marks[0][1]


def _in_sentence(
    place: _Place, values: Sequence[Value], names: Sequence[Name], support: Support, *, echoing: bool
) -> Iterator[Claim]:
    text, sentence = place.text, place.sentence
    statuses = list(statuses_in(sentence))
    promises = [p for p in promises_in(sentence) if text[p.start : p.end].lower() not in support.sources.own_words]
    echo = bool(statuses or values) and (echoing or sentence.echo or sentence.question)
    for status in statuses:
        yield from _of_status(place, status, support, promises, echo=echo)
    for promise in promises:
        answer = support.of_promise(promise, sentence, place.about(promise.start))
        yield _claim("promise", text, promise.start, promise.end, answer)
    for value in values:
        if _stated(text, value, sentence, statuses, promises):
            firm = bool(promises) and not sentence.conditional(value.start)
            answer = _of_value(place, value, values, support, echo=echo and not firm)
            yield _claim(value.kind, text, value.start, value.end, answer)
    yield from _of_statements(place, support, [*statuses, *promises], echo=echoing)
    for name in names:
        yield _claim("name", text, name.start, name.end, support.of_name(name.text, greeted=name.greeted))


def _of_value(place: _Place, value: Value, values: Sequence[Value], support: Support, *, echo: bool) -> Answer:
    """A source, what can be worked out from sources, or what the calendar says of a day of the week."""
    sentence, sources = place.sentence, support.sources
    if dated := beside(value, place.text, values):
        return right_day(value, dated, sources.now)
    answer = support.of_value(value, sentence, place.about(value.start, value.end), echo=echo)
    if answer[0]:
        return answer
    how = worked_out(value, sentence, values, sources) or counted_together(value, sentence, values, sources)
    how = how or days_later(value, values, sources)
    return (True, how, "") if how else answer


def _quoted(claims: Iterable[Claim], sentence: Sentence, support: Support) -> Iterator[Claim]:
    """The facts of a sentence; what a snippet says word by word stands as it is, but for what became of one order."""
    for claim in claims:
        case = claim.kind == "status" and "your" in sentence.words
        source = None if claim.supported or case else support.of_sentence(sentence)
        yield claim if source is None else Claim(claim.kind, claim.text, claim.start, claim.end, True, source)


def _claim(kind: str, text: str, start: int, end: int, answer: Answer) -> Claim:
    supported, pointer, words = answer
    return Claim(kind, text[start:end][:120], start, end, supported, pointer, words)


def _of_status(
    place: _Place, status: Status, support: Support, promises: Sequence[Promise], *, echo: bool
) -> Iterator[Claim]:
    if status.future or any(p.start <= status.start < p.end and p.category in _GIVEN for p in promises):
        return
    sentence = place.sentence
    answer = support.of_status(status, sentence, place.about(status.start), echo=echo)
    trouble = status.family in _PAST_TROUBLE or (status.family in _ON_ITS_WAY and not status.positive)
    if not answer[0] and sentence.sorry and trouble and answer[1] is None:
        return  # "Sorry that it was delayed" says what the customer suffers, not what we know
    yield _claim("status", place.text, status.start, status.end, answer)


def _of_statements(place: _Place, support: Support, read: Sequence[Status | Promise], *, echo: bool) -> Iterator[Claim]:
    """What the sentence tells without a figure, where nothing else of it was read as a status or a promise."""
    for one in statements_in(place.sentence):
        if echo or place.sentence.echo or place.sentence.sorry:
            return
        if not any(one.start <= other.start < one.end for other in read):
            yield _claim("statement", place.text, one.start, one.end, support_of_statement(support.sources, one))


def _stated(
    text: str, value: Value, sentence: Sentence, statuses: Sequence[Status], promises: Sequence[Promise]
) -> bool:
    """Whether the value is said as a fact: not "today" in thanks for writing today, nor "two options"."""
    if value.kind == "number":
        return _COUNTED_COURTESY.match(text, value.end) is None
    if (
        value.kind == "duration"
        and sentence.request
        and _ASKED_FOR.search(sentence.lower, 0, value.start - sentence.start)
    ):
        return False
    if value.unit == "loose":
        return bool(statuses or promises) or sentence.ahead or not sentence.words.isdisjoint(_DAY_MATTERS)
    if value.kind != "date" or value.unit != "relative" or text[value.start : value.end].lower() not in _THIS_DAY:
        return True
    if not statuses and not promises and sentence.words.isdisjoint(_DAY_MATTERS):
        return False
    return sentence.words.isdisjoint(_COURTEOUS_DAY)


def _mentions(sentence: Sentence, sources: Sources) -> list[tuple[int, frozenset[Entity]]]:
    """Where the sentence names one of several records: (offset, its names), in order."""
    if not sources.competing:
        return []
    found: dict[int, set[Entity]] = {}
    lower = sentence.lower
    ids: dict[str, int] = {}
    if sources.numbered and any(map(lower.__contains__, "0123456789")):
        ids = {id_key(token.group()): token.start() for token in reversed(list(_ID_TOKEN.finditer(lower)))}
    for entity, text in sources.competing.items():
        at = _find_word(lower, text)
        if at < 0 and entity in sources.numbered:
            at = ids.get(entity[1], -1)
        elif at < 0 and text.rpartition(" ")[2] in lower:
            at = max(_find_word(lower, name) for name in sources.nicknames[entity])
        if at >= 0:
            found.setdefault(sentence.start + at, set()).add(entity)
    return [(at, frozenset(entities)) for at, entities in sorted(found.items())]


_ID_TOKEN = re.compile(r"[\w-]*\d[\w-]*")


def _find_word(text: str, word: str) -> int:
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not (at and text[at - 1].isalnum()) and not (end < len(text) and text[end].isalnum()):
            return at
        at = text.find(word, at + 1)
    return -1


__all__ = ["Pointer", "judge_grounding"]
