"""RULE: names that a draft says: who is greeted, which carrier it is, and other proper names in English text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from apps.drafts.guardrails.calendar_words import MONTHS, WEEKDAYS
from apps.drafts.guardrails.masking import names_greeted
from apps.drafts.guardrails.privacy import MASK
from apps.drafts.guardrails.sentences import Sentence
from apps.drafts.guardrails.splitting import words_of
from apps.drafts.guardrails.tables import table


class Name(NamedTuple):
    """Offsets of the whole text. greeted: it is who the reply speaks to."""

    text: str
    start: int
    end: int
    greeted: bool = False


_CARRIER = re.compile(
    r"\b(?:DHL(?: Express)?|UPS|FedEx|USPS|Royal Mail|DPD|Hermes|Evri|GLS|TNT|Parcelforce|Yodel|Canada Post"
    r"|Australia Post|PostNL|bpost|La Poste|Colissimo|Chronopost|Correos|Deutsche Post|Swiss Post|PostNord"
    r"|OnTrac|LaserShip|Purolator|Aramex|InPost|Amazon Logistics|An Post|SEUR|MRW|Poste Italiane|Bring"
    r"|Mondial Relay|Klarna|PayPal|Stripe|Afterpay|Apple Pay|Google Pay|Visa|Mastercard|American Express"
    r"|Amex)\b"
)
_CARRIER_CUES = frozenset(word.lower() for word in re.findall(r"[A-Z]\w+", _CARRIER.pattern)) | {"bpost", "an"}
_PROPER = re.compile(r"[A-Z](?<=[a-z,;] [A-Z])[a-zà-ÿ]{2,24}(?:[ -][A-Z][a-zà-ÿ]{2,24}){0,3}")
_TITLED = re.compile(
    r"(?<!\w)(?:Mr|Mrs|Ms|Miss|Dr|Herr|Frau|Monsieur|Madame|Mme"
    r"|Prof)\.? (?P<name>[A-ZÀ-Ý][\w'’-]{1,24}(?: [A-ZÀ-Ý][\w'’-]{1,24})?)"
)
_TITLES = table("mr mrs ms miss dr herr frau monsieur madame mme prof")
# Words by which one article differs from the next: they are in what is known, or invented.
_ATTRIBUTES = table(
    """
    red blue green yellow purple pink brown black white grey gray beige turquoise violet navy maroon crimson teal
    oak walnut pine beech birch maple bamboo teak mahogany leather wooden ceramic porcelain steel aluminium
    aluminum copper brass plastic cotton wool silk linen polyester nylon denim suede velvet marble granite xs xl
    xxl xxxl rot blau grün gelb schwarz weiß braun rouge bleu vert noir blanc rojo azul verde negro blanco
    """
)
_CLOSING = re.compile(
    r"^[ \t>]{0,4}(?:(?:kind(?:est)?|best|warm(?:est)?|many|with (?:kind|best|warm))(?: regards| wishes)?"
    r"|regards|sincerely|yours(?: sincerely| faithfully| truly)?|cheers|thanks(?: again)?|thank you|best"
    r"|all the best|take care|"
    r"mit freundlichen grüßen|viele grüße|freundliche grüße|liebe grüße|cordialement|bien à vous"
    r"|saludos(?: cordiales)?|atentamente|cordiali saluti|met vriendelijke groet(?:en)?"
    r"|atenciosamente)[,.!]?[ \t]*$",
    re.I | re.M,
)
_GENERAL = table(
    """
    i we you monday tuesday customer support service team care department centre center help desk dear sir madam mr
    mrs ms miss dr hi hello thank thanks regards best kind warm sincerely yours order orders number status tracking
    refund refunds return returns policy policies shipping delivery payment account settings page section button
    link email mail phone app website site store shop online terms conditions privacy faq faqs contact us christmas
    easter new year black friday cyber holiday bank english german french spanish italian dutch european europe
    british american us uk eu usa internet google apple android windows mac safari chrome firefox iphone ipad login
    log sign sign-in submit continue checkout cart basket profile menu dashboard home my your our the this that
    these if once please note also however and but or so as at by for from in of on to with let should would could
    will can may do does did is are was were has have had it its they he she there here what when where which who
    why how standard express premium gold silver plus pro basic free trial management manager sales billing
    accounts technical warehouse returns logistics invoice receipt statement credit debit card gift voucher code
    pin id saturday sunday wednesday thursday january february march april may june july august september october
    november december spring summer autumn winter gmt utc cet est pst bst am pm vat gst tax track item items
    product products details history options request form claim claims warranty guarantee agent agents
    representative specialist centre live chat whatsapp facebook instagram twitter telegram messenger sms
    """
)


def names_in(text: str, sentences: list[Sentence], closing: int, *, english: bool) -> Iterator[Name]:
    """Who is greeted, carriers, and (in English) what has a capital within a sentence, before the closing."""
    words = words_of(text)
    head = text[:160]
    for greeted in names_greeted(head):
        at = head.find(greeted)
        yield Name(greeted, at, at + len(greeted), True)
        break
    for found in _CARRIER.finditer(text, 0, closing) if not _CARRIER_CUES.isdisjoint(words) else ():
        yield Name(found.group(), found.start(), found.end())
    yield from _titled(text, closing) if not _TITLES.isdisjoint(words) else ()
    for sentence in sentences if not _ATTRIBUTES.isdisjoint(words) else ():
        for word in sentence.words & _ATTRIBUTES if sentence.start < closing else ():
            at = sentence.lower.find(word)
            yield Name(word, sentence.start + at, sentence.start + at + len(word))
    yield from _proper(text, closing) if english else ()


def _titled(text: str, closing: int) -> Iterator[Name]:
    """Names behind Mr, Dr and so on, but for that of who is greeted."""
    for found in _TITLED.finditer(text, 0, closing):
        before = text[: found.start()]
        if before.strip() or text[found.end() : found.end() + 1] not in (",", ":", "\n", ""):
            first = before.rsplit("\n", 1)[-1].strip().lower().rstrip(",")
            if first not in _GREETINGS:
                yield Name(found["name"], found.start("name"), found.end("name"))


def _proper(text: str, closing: int) -> Iterator[Name]:
    masks = [m.span() for m in MASK.finditer(text)] if "[" in text else []
    greeted = _GREETED.match(text)
    greeting = greeted.end() if greeted else 0
    for found in _PROPER.finditer(text, 0, closing):
        if any(start <= found.start() < end for start, end in masks) or _CARRIER.match(text, found.start()):
            continue
        words = [word for word in re.split(r"[ -]", found.group()) if not _is_common(word.lower())]
        if words and found.start() >= greeting:
            yield Name(" ".join(words), found.start(), found.end())


def _is_common(word: str) -> bool:
    return word in _GENERAL or word in MONTHS or word in WEEKDAYS


_GREETED = re.compile(r"(?:dear|hi|hello|hey|good)\b[^\n,!:.]{0,60}", re.I)
_GREETINGS = ("dear", "hello", "hi", "hey", "sehr geehrter", "sehr geehrte", "cher", "chère")


def closing_of(text: str) -> int:
    """Where the closing of a letter begins (kind regards, ...); its length when it has none."""
    last = len(text)
    for found in _CLOSING.finditer(text, max(0, len(text) - 600)):
        return found.start()
    return last
