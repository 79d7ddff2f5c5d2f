"""The things a goal asks for: its text cut where one request ends and the next begins.

Without a parser the cuts are careful rather than complete: at sentence ends and list items, at words of order
("then", "also"), and at "and" where a verb people give orders with follows. Sentences that only tell the background
are left out.
"""

from __future__ import annotations

import re

from apps.goals.reading import sentences_of, words_of

MAX_ASKS = 12

_ORDERS_TEXT = """
add adjust analyse analyze apply approve archive arrange ask assign attach authenticate block book build buy
calculate call cancel change charge check close collect compare compile complete compose compute confirm contact
convert copy count create deactivate delete deliver describe determine disable dispatch display download draft edit
email enable ensure estimate evaluate explain export extend extract fetch file fill filter find finish fix flag
forward gather generate give go grant handle hold identify import include increase inform inspect install invite
invoice issue keep list locate lock log look lower mail mark measure merge message modify monitor move notify open
order organize organise pause pay perform place plan play post prepare present print process produce provide publish
purchase put raise read rebook recommend record reduce refund register reject release remind remove rename repair
replace reply report request reschedule reserve reset resolve respond restart restore retrieve return reverse review
revise run save schedule search select sell send set share ship show sign sort split start stop store submit
subscribe suggest summarise summarize switch take tell test text track transfer translate turn undo unlock update
upgrade upload use validate verify view void wait warn withdraw write
"""
_ORDERS = frozenset(_ORDERS_TEXT.split())
_CUT = re.compile(
    r"(?:,|;|\.)?\s+(?:and\s+)?(?:then|also|afterwards|finally|additionally|in addition|after that|plus)\s*,?\s+"
    r"|;\s+|(?:,\s*)?\band\s+|,\s+",
    re.I,
)
_BULLET = re.compile(r"(?m)^\s*(?:[-*\u2022]|\d+[.)])\s+")
_WISH = re.compile(
    r"\?|^(?:please|kindly|can|could|would|will|may|let|help)\b"
    r"|\b(?:i|we)(?:\s+(?:\w+\s+)?(?:want|need|like|wish|hope|require)|'d like|\u2019d like)\b"
    r"|\b(?:can|could|would|will) you\b|\bplease\b"
    r"|^(?:what|when|where|which|who|whom|whose|why|how|is|are|was|were|do|does|did|has|have)\b",
    re.I,
)


def asks_in(goal: str) -> tuple[str, ...]:
    """The asks in order, at most MAX_ASKS; the whole goal when no part of it is plainly an ask."""
    asks: list[str] = []
    for line in sentences_of(_BULLET.sub("\n", goal)):
        parts = _parts(line)
        if asks or _is_ask(parts[0]) or len(parts) > 1:
            asks += [part for place, part in enumerate(parts) if place or _is_ask(part)]
    kept = [ask for ask in asks if _has_content(ask)]
    return tuple(kept[:MAX_ASKS]) or ((goal.strip(),) if goal.strip() else ())


def _parts(sentence: str) -> list[str]:
    """The sentence cut before each order that follows "and", a comma or a word of order."""
    parts, start = [], 0
    for cut in _CUT.finditer(sentence):
        if _first_word(sentence[cut.end() :]) in _ORDERS and cut.start() > start:
            parts.append(sentence[start : cut.start()].strip())
            start = cut.end()
    parts.append(sentence[start:].strip())
    return [part for part in parts if part] or [sentence]


def _first_word(text: str) -> str:
    match = re.match(r"\W*(\w+)", text)
    return match.group(1).lower() if match else ""


def _is_ask(text: str) -> bool:
    return _first_word(text) in _ORDERS or bool(_WISH.search(text))


def _has_content(text: str) -> bool:
    return any(word.content for word in words_of(text))
