"""RULE: the language of a text, by its commonest small words."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.drafts.guardrails.splitting import words_of

_SMALL = {
    "English": "the and is are was you your we our have has will this that with for not please thank thanks can would "
    "from been my it i to of in on when where",
    "German": "der die das und ist sind war sie ihr ihre wir unser haben hat wird werden dieser mit für nicht bitte "
    "danke kann von ich zu den dem ein eine auf wann wo mein es im bei",
    "French": "le la les et est sont était vous votre nous notre avons a sera ce cette avec pour pas merci peut je "
    "de du des un une dans où quand mon ma sur bonjour au en que",
    "Spanish": "el la los las y es son usted su nosotros nuestro hemos ha será este esta con para no gracias puede yo "
    "de del un una en dónde cuándo mi por favor hola que se lo",
    "Italian": "il lo gli e è sono era lei suo noi nostro abbiamo ha sarà questo questa con per non grazie può io di "
    "del un una in dove quando mio buongiorno che si la",
    "Dutch": "de het en is zijn was u uw wij onze hebben heeft wordt deze met voor niet bedankt kan ik van een in "
    "waar wanneer mijn op te dat bij",
    "Portuguese": "o os as e é são era você seu nós nosso temos tem será este esta com para não obrigado obrigada pode "
    "eu de do da um uma em onde quando meu por que ao",
}
_WHOLE = 420  # points of a word that one language alone has; it can be shared evenly by up to seven
_OF: dict[str, tuple[str, ...]] = {}
for _name, _words in _SMALL.items():
    for _word in _words.split():
        _OF[_word] = (*_OF.get(_word, ()), _name)
_KNOWN = frozenset(_OF)
_BEYOND_LATIN = re.compile("[\u0370-\U0010ffff]")
_SCRIPTS = (
    (0x0400, 0x052F, "Cyrillic"),
    (0x0590, 0x05FF, "Hebrew"),
    (0x0600, 0x06FF, "Arabic"),
    (0x0900, 0x097F, "Devanagari"),
    (0x3040, 0x30FF, "Japanese"),
    (0xAC00, 0xD7AF, "Korean"),
    (0x4E00, 0x9FFF, "Chinese"),
    (0x0370, 0x03FF, "Greek"),
    (0x0E00, 0x0E7F, "Thai"),
)


def language_of(text: str) -> str:
    """Its name in English, or of its script; empty when the text is too short or mixed to say."""
    return _judged(text)[0]


def unread(text: str) -> str:
    """The language in which the rules read no statements, in words; empty when they do, or when the text is short."""
    language, strange = _judged(text)
    return "an unknown language" if strange else language if language not in _SMALL else ""


@lru_cache(maxsize=256)
def _judged(text: str) -> tuple[str, bool]:
    """(the language, whether hardly any word of a text of some length is of one that is known)."""
    head = text[:2000]
    script = "" if head.isascii() else _script_of(head)
    if script:
        return script, False
    points = dict.fromkeys(_SMALL, 0)
    words = words_of(head)
    for word in words & _KNOWN:
        names = _OF[word]
        for name in names:
            points[name] += _WHOLE // len(names)
    (first, best), (_, second) = sorted(points.items(), key=lambda pair: -pair[1])[:2]
    enough = best >= 2.5 * _WHOLE and best >= second * 1.5 and best >= len(words) * 0.09 * _WHOLE
    return first if len(words) >= 5 and enough else "", len(words) >= 12 and best < len(words) * 0.06 * _WHOLE


def _script_of(head: str) -> str:
    """The script, other than Latin, of more than a third of the letters; empty when there is none."""
    high = list(map(ord, _BEYOND_LATIN.findall(head)))
    if not high:
        return ""
    counts = {name: sum(low <= n <= top for n in high) for low, top, name in _SCRIPTS}
    name, most = max(counts.items(), key=lambda pair: pair[1])
    return name if most and most * 3 > sum(map(str.isalpha, head)) else ""
