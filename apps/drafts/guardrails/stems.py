"""RULE: what carries the meaning of a clause: the beginnings of its words, and whether it says no."""

from __future__ import annotations

from functools import lru_cache

from apps.drafts.guardrails.calendar_words import CURRENCIES, MONTHS, NUMBERS, UNITS, WEEKDAYS
from apps.drafts.guardrails.splitting import WORD
from apps.drafts.guardrails.tables import table

NOT = table(
    """
    not never no cannot neither nor without unable yet nothing none nicht kein keine keinen keiner keinem nie noch
    pas ne jamais aucun aucune nunca niet geen nooit non mai ohne sans sin senza zonder nessun nessuna ningún
    ninguna
    """
)
_SAME: dict[str, str] = {}
for _row in (
    "free charge cost fee costs fees charges charged gratis gratuit kostenlos",
    "allowed permitted welcome accepted may possible können erlaubt",
    "order commande bestelling bestellung pedido ordine purchase parcel package shipment delivery "
    "goods item product article",
    "refund refunded refunds money reimburse reimbursed credited",
    "arrive arrived arrives",
    "begin begins start starts",
    "pay paid payment",
    "stored hosted kept region",
    "full entire whole complete",
    "return returned returns returning send sent retour",
    "receive received ontvangen erhalten reçu recibido",
):
    for _word in _row.split():
        _SAME[_word] = _row.split()[0][:5]
_EMPTY = table(
    """
    a left remaining carry carries comes comprises bring take about above after again all also always an and any
    are as at be because been before being below between both
    but by can cannot could did do does doing done down during each either else even ever every few for from
    further had has have having he her here hers him his how however i if in into is it its itself just kind later
    like made make many may me might mine more most much must my need needs never no nor not nothing now of off on
    once one only onto or other our ours out over own per please quite rather really same she should since so some
    soon still such than that the their them then there these they this those through to together too under until
    up upon us very via was we well were what when where which while who whole whom whose why will with within
    without would yes yet you your yours dear hello hi i'm i've i'll we're we've we'll you're you've you'll it's
    that's there's isn't aren't don't doesn't didn't can't won't currently already indeed unfortunately gladly
    happily normally usually course sure able going case way thing things today tomorrow yesterday day days week
    weeks month
    months year years hour hours time times date let confirm confirmed know tell said says say see find contact
    reply message mail e-mail email letter question questions help service customer customers afraid right quindi
    donc pues daher deshalb dus long back ways options steps available possible disponible verfügbar möglich
    beschikbaar hebben heb haben der die das den dem des ein eine einen einem einer und oder ist sind war waren
    wird werden wurde haben hat habe sie ihr ihre ihren ihrem wir uns unser unsere ich für mit von zu zum zur auf
    im in bei an am aus nach noch nicht kein keine es le la les un une et ou est sont était vous votre vos nous
    notre nos je pour avec de du des à au aux en dans ne pas que qui se ce cette il elle el los las una y o es son
    su sus nuestro nuestra por para con del al en que se lo no il gli i di e è sono suo sua nostro nostra per con
    del della nel nella che si non het een en of zijn uw onze wij ik voor met van op te bij dat er niet geen u
    """
)


_FIGURES = frozenset((*NUMBERS, *MONTHS, *WEEKDAYS, *UNITS, *CURRENCIES, *NOT))


@lru_cache(maxsize=4096)
def stems_of_value(lower: str) -> frozenset[str]:
    """The same of a field of a tool: words for a status or an article come back with order after order."""
    return stems_of(lower)


def stems_of(lower: str) -> frozenset[str]:
    """What its words begin with, words of the same meaning as one; without those that say nothing on their own."""
    words = (word for word in WORD.findall(lower) if len(word) > 2 and word not in _EMPTY and word not in _FIGURES)
    return frozenset(_SAME.get(word) or stem for word in words for stem in _stems(word))


def _stems(word: str) -> tuple[str, ...]:
    plain = word.replace("'s", "").replace("’s", "")
    parts = plain.split("-") if "-" in plain else (plain,)
    return tuple(_stem(part) for part in parts if len(part) > 2 and part not in _EMPTY)


def _stem(part: str) -> str:
    """The first five letters, without the s of many and the letter that "scanned" has twice."""
    stem = part[:5]
    return stem[:4] if len(stem) == 5 and stem[3] == stem[4] else stem.rstrip("s") if len(part) > 3 else stem


def says_no(lower: str) -> bool:
    """Whether a clause says that something is not so. Twice no is yes; "ne ... pas" counts once."""
    return sum(word in _COUNTED_NOT or word.endswith("n't") for word in WORD.findall(lower)) % 2 == 1


_COUNTED_NOT = NOT - {"yet", "ne", "nor", "noch"}
