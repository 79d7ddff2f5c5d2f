"""RULE: the sentences of a text, and how each is meant: as a question, a condition, an echo of the customer's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from apps.drafts.guardrails.calendar_words import MONTHS
from apps.drafts.guardrails.roles import TOPIC_OF
from apps.drafts.guardrails.splitting import WORD, lowered, words_in
from apps.drafts.guardrails.stems import NOT, says_no, stems_of
from apps.drafts.guardrails.tables import table

_STOP = re.compile(r"[.!?…\n]")
_STOPS = frozenset(".!?…")
_SHORT = table("mr mrs ms dr no nr st e.g i.e etc vs approx ca ref tel inc ltd co bzw z.b usw inkl str p.s")
_ECHO = re.compile(
    r"\b(?:you(?:'ve| have)? (?:wrote|written|said|mention(?:ed)?|told|asked|reported|described?|stated"
    r"|noted|indicated|explained|requested|say|refer(?:red)?|were asking|are asking|ordered|quoted|provided"
    r"|gave|shared|sent|placed|paid|bought|returned|received)"
    r"|your (?:recent |latest |last |previous |kind )?(?:e-?mail|message|request|question|in?quiry|enquiry"
    r"|note|letter|mail|query|concern|report|complaint|feedback)"
    r"|as you|thank(?:s| you)(?: very much| so much)? (?:for|that)|sorry (?:to (?:hear|read|learn|see)|that"
    r"|about|for|you)|apologi[sz]e|(?:i|we) (?:can )?(?:understand|see|hear|gather|realise|realize"
    r"|appreciate)"
    r"|regarding|concerning|with regard|in regard|you(?:'re| are) (?:asking|writing|having|looking|waiting)"
    r"|ihre (?:anfrage|nachricht|mail|e-mail)|vielen dank|danke für|entschuldigen|tut (?:mir|uns) leid"
    r"|merci (?:pour|de)|votre (?:message|demande|e-?mail)|désolé|gracias por|su (?:mensaje|consulta)"
    r"|lamentamos|grazie per|bedankt voor|uw (?:bericht|vraag))\b",
    re.I,
)
_ECHOES = table(
    """
    you you've you're your yours thank thanks sorry apologise apologize understand see hear gather realise realize
    appreciate regarding concerning regard ihre vielen danke entschuldigen leid merci votre désolé gracias su
    lamentamos grazie bedankt uw e-mail
    """
)
_SORRY = re.compile(
    r"\b(?:sorry|apolog\w+|regret\w*|understand|frustrat\w+|inconvenien\w+|disappoint\w+|unfortunate\w*"
    r"|leid|entschuldig\w+|désolé\w*|lament\w+|spiace|excus\w+)\b",
    re.I,
)
_REQUEST = re.compile(
    r"^\W{0,3}(?:please (?!note|be|find|know|rest|see|accept|allow|expect|understand|remember|do not worry"
    r"|don't worry)|(?:could|can|would|will|may|might) (?:you|we|i)\b|kindly |bitte |let (?:us|me) know"
    r"|feel free|don't hesitate|do not hesitate)",
    re.I,
)
_ASKING = re.compile(
    r"\b(?:could|can|would) you\b|\bplease (?:send|provide|confirm|share|let|reply|tell|check|give|attach"
    r"|contact|reach|feel|include|return|visit|use|follow|keep)\b|\b(?:nennen|schicken|senden|schreiben"
    r"|teilen|geben) sie uns\b|\bsie uns bitte\b",
    re.I,
)
_IF = re.compile(
    r"\b(?:if|once|when|whenever|until|unless|whether|after|before|in case|as soon as|provided"
    r"|should (?:you|it|your|the|there|they)|in the event|wenn|sobald|falls|ob|nachdem|si|dès que|quand"
    r"|lorsque|cuando|una vez|als|zodra|se|quando|appena)\b",
    re.I,
)
_WILL = table("will shall wird werden sera seront será zal sarà")
_BOUND = re.compile(r"[,;:()–—]| - |\b(?:but|however|and then|so|aber|mais|pero|maar|ma)\b", re.I)


class once:  # noqa: N801
    """A property that is read once. That of functools takes a lock each time, which costs more than what it guards."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self.read, self.name, self.__doc__ = read, read.__name__, read.__doc__

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return self
        value = owner.__dict__[self.name] = self.read(owner)
        return value


class Sentence:
    """start, end: offsets in the text. lower: in lower case, as long as the sentence. The rest is read on demand."""

    def __init__(self, start: int, end: int, raw: str) -> None:
        self.start, self.end, self.raw = start, end, raw

    @once
    def lower(self) -> str:
        """In lower case, with plain apostrophes."""
        return lowered(self.raw)

    @once
    def words(self) -> frozenset[str]:
        """Its words, in lower case."""
        return words_in(self.lower)

    @once
    def plain(self) -> str:
        """Its words as they stand, without regard to case, spaces, a bullet before and a full stop behind."""
        return " ".join(self.lower.split()).lstrip("-*•–> ").rstrip(".! ")

    @once
    def topics(self) -> frozenset[str]:
        """What it is about: refund, return, delivery and so on; may be several or none."""
        return frozenset(TOPIC_OF[word] for word in self.words if word in TOPIC_OF)

    @once
    def question(self) -> bool:
        """Whether it asks."""
        return self.raw.rstrip("\"')]").endswith("?")

    @once
    def echo(self) -> bool:
        """Whether it gives back what the customer wrote."""
        return not _ECHOES.isdisjoint(self.words) and _ECHO.search(self.lower) is not None

    @once
    def ahead(self) -> bool:
        """Whether it says what will be."""
        return any(word in _WILL or word.endswith("'ll") for word in self.words)

    def ahead_at(self, at: int) -> bool:
        """Whether the clause in which the offset (of the whole text) lies says what will be."""
        if not self.ahead:
            return False
        begin, end = 0, len(self.lower)
        for bound in _APART.finditer(self.lower):
            if bound.start() >= at - self.start:
                end = bound.start()
                break
            begin = bound.end()
        return any(word in _WILL or word.endswith("'ll") for word in WORD.findall(self.lower, begin, end))

    @once
    def negative(self) -> bool:
        """Whether it says no, somewhere."""
        return not self.words.isdisjoint(NOT) or any(word.endswith("n't") for word in self.words)

    @once
    def stems(self) -> frozenset[str]:
        """What its words begin with, without those that say nothing on their own."""
        return stems_of(self.lower)

    @once
    def signs(self) -> frozenset[bool]:
        """Whether its clauses say no: one of them may, and another not."""
        return frozenset(says_no(part) for part in _CLAUSES.split(self.lower) if part.strip())

    @once
    def only_if(self) -> frozenset[str]:
        """The beginnings of the words that stand in its conditions and nowhere else."""
        if _IFS.isdisjoint(self.words):
            return frozenset()
        said = frozenset(word[:5] for word in WORD.findall(self.lower))
        return said - frozenset(word[:5] for word in WORD.findall(_CONDITION.sub(" ", self.lower)))

    @once
    def bounded(self) -> bool:
        """Whether it is said of some only, or on a condition."""
        return is_bounded(self.lower)

    @once
    def sorry(self) -> bool:
        """Whether it regrets."""
        return _SORRY.search(self.lower) is not None

    @once
    def request(self) -> bool:
        """Whether it asks the customer to do something."""
        return _REQUEST.search(self.lower) is not None or _ASKING.search(self.lower) is not None

    def conditional(self, at: int) -> bool:
        """Whether the clause in which the offset (of the whole text) lies states a condition."""
        if _IFS.isdisjoint(self.words):
            return False
        begin = 0
        for bound in _BOUND.finditer(self.lower, 0, at - self.start):
            begin = bound.end()
        return _IF.search(self.lower, begin, at - self.start) is not None


def is_bounded(lower: str) -> bool:
    """Whether what is said in lower case is said of some only, or on a condition."""
    return _BOUNDED.search(lower) is not None


_CONDITION = re.compile(
    r"\b(?:if|once|when|whenever|as soon as|unless|until|in case|provided|wenn|sobald|falls|si|dès que|lorsque|zodra"
    r"|als|quando|appena|cuando)\b[^,;.]*"
)
_BOUNDED = re.compile(
    r"\b(?:if|only|once|twice|unless|first|up to|at least|over|above|from|within|except|provided|members"
    r"|max(?:imum)?)\b"
)
_APART = re.compile(r";|, (?:and|but|while|the|it|we)\b|\b(?:but|while)\b")
_CLAUSES = re.compile(r"[;:.]|,? (?:but|and|though|however|aber|mais|pero|ma|maar)\b")
_IFS = table(
    """
    if once when whenever until unless whether after before case soon provided should event wenn sobald falls ob
    nachdem si dès quand lorsque cuando vez als zodra se quando appena
    """
)


def sentences_of(text: str) -> list[Sentence]:
    """The sentences, in order; what stands between them is white space. Linear in the length of the text."""
    found: list[Sentence] = []
    begin = 0
    line = 0
    for stop in _STOP.finditer(text):
        at = stop.start()
        if text[at] == "\n":
            length, line = at - line, at + 1
            if not _breaks(text, at + 1, length):
                continue
        elif not _ends(text, begin, at):
            continue
        _add(found, text, begin, at + 1)
        begin = at + 1
    _add(found, text, begin, len(text))
    return found


def _ends(text: str, begin: int, at: int) -> bool:
    """Whether the sentence ends with this full stop or other sign."""
    following = text[at + 1 : at + 2]
    if following and not following.isspace() and following not in "\"')]":
        return False
    single = text[at] == "." and not (at > begin and text[at - 1] in _STOPS)
    return not (single and _goes_on(text, begin, at))


def _breaks(text: str, at: int, length: int) -> bool:
    """Whether a line break ends a sentence: after a short line, before an empty line, a bullet or a number."""
    following = text[at : at + 3].lstrip(" \t")
    return length < 50 or not following or following[0] in "\n-*•–>|" or following[0].isdigit()


def _goes_on(text: str, begin: int, at: int) -> bool:
    before = text[max(begin, at - 6) : at].lower().rpartition(" ")[2]
    if before in _SHORT or (len(before) == 1 and before.isalpha() and before != "h"):
        return True
    if before.isdigit() and len(before) <= 2:
        following = WORD.match(text, at + 2)
        return text[max(begin, at - 8) : at].strip().isdigit() or bool(
            following and following.group().lower() in MONTHS
        )
    return False


def _add(found: list[Sentence], text: str, begin: int, end: int) -> None:
    raw = text[begin:end]
    start = begin + len(raw) - len(raw.lstrip())
    raw = raw.strip()
    if not raw:
        return
    found.append(Sentence(start, start + len(raw), raw))
