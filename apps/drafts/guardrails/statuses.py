"""RULE: what a text says happened: shipped, delivered, cancelled, refunded and the like, or that it did not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from apps.drafts.guardrails.sentences import WORD, Sentence


class Status(NamedTuple):
    """family: what happened. positive: False when the text says that it did not. Offsets of the whole text."""

    family: str
    positive: bool
    start: int
    end: int
    future: bool = False


def _families(table: dict[str, str]) -> dict[str, str]:
    return {word: family for family, words in table.items() for word in words.split()}


STATUS_WORDS = _families({
    "shipped": "shipped dispatched despatched posted mailed versendet verschickt versandt expédié expédiée envoyé envoyée enviado enviada verzonden verstuurd spedito spedita",
    "delivered": "delivered arrived zugestellt geliefert angekommen livré livrée arrivé arrivée entregado entregada llegado geleverd bezorgd aangekomen consegnato consegnata arrivato arrivata",
    "cancelled": "cancelled canceled storniert annulliert abgesagt annulé annulée cancelado cancelada anulado anulada geannuleerd annullato annullata",
    "refunded": "refunded reimbursed credited erstattet zurückerstattet gutgeschrieben rückerstattet remboursé remboursée reembolsado reembolsada terugbetaald rimborsato rimborsata",
    "confirmed": "confirmed booked scheduled bestätigt gebucht confirmé confirmée confirmado confirmada bevestigd confermato confermata",
    "rescheduled": "rescheduled postponed rebooked verschoben reporté reprogramado verplaatst",
    "paid": "paid bezahlt payé payée pagado pagada betaald pagato pagata",
    "failed": "declined failed bounced fehlgeschlagen",
    "charged": "charged billed invoiced debited",
    "processing": "processing processed packed prepared picked assembled",
    "pending": "pending outstanding",
    "held": "held suspended blocked",
    "delayed": "delayed verspätet retardé retrasado vertraagd",
    "lost": "lost missing verloren perdu perdido",
    "damaged": "damaged broken faulty beschädigt",
    "out_of_stock": "backordered unavailable discontinued ausverkauft",
    "in_stock": "restocked available vorrätig lieferbar verfügbar",
    "returned": "returned zurückgesendet",
    "received": "received",
    "replaced": "replaced exchanged resent reshipped ersetzt",
    "approved": "approved accepted authorised authorized granted genehmigt",
    "rejected": "rejected denied refused",
    "updated": "updated changed corrected amended modified geändert aktualisiert",
    "activated": "activated reactivated enabled unlocked reinstated",
    "deactivated": "deactivated disabled closed deleted removed terminated",
    "expired": "expired",
    "extended": "extended",
    "renewed": "renewed",
    "upgraded": "upgraded",
    "waived": "waived",
    "applied": "applied added",
    "issued": "issued generated created",
    "initiated": "initiated started requested submitted placed",
    "completed": "completed finalised finalized resolved fixed finished settled",
    "collected": "collected",
    "reserved": "reserved",
    "registered": "registered enrolled",
    "repaired": "repaired",
    "sent": "sent",
})  # fmt: skip
_PHRASES = {
    "on its way": "shipped", "on their way": "shipped", "on the way": "shipped", "in transit": "shipped", "left our": "shipped", "left the warehouse": "shipped",
    "handed to": "shipped", "handed over to": "shipped", "with the courier": "shipped", "with the carrier": "shipped", "unterwegs": "shipped", "en route": "shipped", "onderweg": "shipped",
    "out for delivery": "out_for_delivery", "in zustellung": "out_for_delivery", "in stock": "in_stock", "out of stock": "out_of_stock", "sold out": "out_of_stock",
    "on backorder": "out_of_stock", "on back order": "out_of_stock", "en stock": "in_stock", "op voorraad": "in_stock", "auf lager": "in_stock", "on hold": "held",
    "being processed": "processing", "being prepared": "processing", "being packed": "processing", "in production": "processing", "awaiting dispatch": "processing", "not yet": "",
    "awaiting payment": "pending", "running late": "delayed", "behind schedule": "delayed", "went through": "paid", "gone through": "paid", "in bearbeitung": "processing",
    "ready for collection": "ready", "ready for pickup": "ready", "ready for pick-up": "ready", "ready to collect": "ready", "ready to be collected": "ready", "picked up": "collected",
    "handed to your": "delivered", "left with": "delivered", "left at": "delivered", "left in": "delivered", "under warranty": "warranty", "covered by": "warranty", "within warranty": "warranty", "signed for": "delivered", "handed to you": "delivered", "reached you": "delivered",
}  # fmt: skip
_PHRASE = re.compile("|".join(rf"\b{re.escape(p)}\b" for p in sorted(_PHRASES, key=len, reverse=True) if _PHRASES[p]))
_PHRASE_CUES = frozenset("way transit left handed courier carrier unterwegs route onderweg delivery zustellung stock sold backorder order voorraad lager hold being production awaiting late schedule through ready up warranty covered signed reached bearbeitung neighbour neighbor".split())  # fmt: skip

_BE = frozenset(
    "is are was were be been being has have had it's they're i've we've you've it’s they've that's there's order's isn't aren't wasn't weren't hasn't haven't hadn't got gets shows show marked listed says "
    "status now already just currently as still wurde wurden ist sind war hat haben worden wird a été est sont ont avons ai sido está ha han fue hemos è sono stato stata abbiamo werd zijn hebben heeft".split()
)
_SUBJECTS = frozenset("order orders parcel package shipment item items it they delivery product products refund payment goods letter replacement package consignment bestellung paket lieferung commande colis pedido paquete pakket bestelling ordine pacco we i".split())  # fmt: skip
_FUTURE = frozenset(
    "will 'll shall should would can could may might must going expected due wird werden sera seront será wird zal sarà we'll i'll it'll you'll they'll".split()
)
_NOT = frozenset(
    "not never no cannot neither nor without unable yet nicht kein keine nie noch pas ne jamais nunca niet geen nooit non mai ohne".split()
)
_DETERMINERS = frozenset("the a an your any all this that these those my our".split())
# What only counts when it is said of the goods, the money or the booking, for these words have courteous uses as well.
_OBJECTS: dict[str, re.Pattern[str]] = {
    "received": re.compile(r"\b(?:payment|return(?:ed)?(?: (?:item|parcel|package|goods))?|parcel|package|item|goods|product|device|deposit|transfer|refund)\b"),
    "available": re.compile(r"\b(?:item|product|size|colou?r|slot|appointment|stock|variant|model|in[- ]store|unit|version|seats?|room|table|it|they|mug|shirt)\b"),
    "sent": re.compile(r"\b(?:order|parcel|package|item|replacement|refund|label|voucher|code|invoice|receipt|confirmation|link|e-?mail|copy|reminder|it)\b"),
    "processed": re.compile(r"\b(?:order|refund|payment|return|cancell?ation|exchange|request|claim|it)\b"),
    "added": re.compile(r"\b(?:credit|voucher|discount|points|balance|account|basket|order|subscription|user|it)\b"),
    "created": re.compile(r"\b(?:label|account|order|voucher|code|refund|ticket|case|claim|replacement)\b"),
    "placed": re.compile(r"\b(?:new order|replacement|hold)\b"),
    "requested": re.compile(r"\b(?:we|i|have)\b.{0,30}\brequested\b.{0,40}\b(?:refund|replacement|carrier|courier|return|cancell?ation)\b"),
    "changed": re.compile(r"\b(?:address|date|order|appointment|booking|plan|subscription|details|size|colou?r|password|e-?mail|name)\b"),
    "closed": re.compile(r"\b(?:account|case|ticket|claim|order|subscription)\b"),
    "held": re.compile(r"\b(?:order|parcel|package|shipment|customs|payment|it)\b"),
    "missing": re.compile(r"\b(?:parcel|package|shipment|item|order|it)\b.{0,20}\b(?:is|are|was|were|went|gone|has been|marked|reported)\b.{0,12}missing"),
    "accepted": re.compile(r"\b(?:return|refund|claim|request|payment|order|application)\b"),
    "charged": re.compile(r"\b(?:card|account|you|payment|fee|amount)\b"),
    "prepared": re.compile(r"\b(?:order|parcel|package|shipment|label|it)\b"),
    "started": re.compile(r"\b(?:refund|return|replacement|investigation|claim|trace|process)\b"),
    "submitted": re.compile(r"\b(?:we|i)\b.{0,30}\bsubmitted\b"),
    "outstanding": re.compile(r"\b(?:balance|payment|invoice|amount)\b"),
    "extended": re.compile(r"\b(?:return|warranty|deadline|period|subscription|trial|reservation|window)\b"),
    "completed": re.compile(r"\b(?:order|refund|payment|return|repair|transfer|delivery|booking|it)\b"),
    "fixed": re.compile(r"\b(?:problem|issue|bug|fault|error|it)\b"),
    "picked": re.compile(r"\b(?:order|items?|parcel|warehouse)\b"),
    "applied": re.compile(r"\b(?:discount|credit|voucher|code|coupon|refund|payment|fee)\b"),
}  # fmt: skip


def statuses_in(sentence: Sentence) -> Iterator[Status]:
    """Statuses that one sentence states; questions, requests and conditions state none."""
    if sentence.question:
        return
    if not _PHRASE_CUES.isdisjoint(sentence.words) or "unterwegs" in sentence.words:
        for found in _PHRASE.finditer(sentence.lower):
            words = WORD.findall(sentence.lower, max(0, found.start() - 60), found.start())
            yield from _status(sentence, _PHRASES[found.group()], words, found.start(), found.end(), framed=True)
    if STATUS_WORDS.keys().isdisjoint(sentence.words):
        return
    before: list[str] = []
    for found in WORD.finditer(sentence.lower):
        word = found.group()
        family = STATUS_WORDS.get(word)
        if family and not (word in _OBJECTS and not _OBJECTS[word].search(sentence.lower)):
            yield from _status(
                sentence,
                family,
                before,
                found.start(),
                found.end(),
                framed=_framed(sentence, before, found.start(), family),
            )
        before.append(word)


def _framed(sentence: Sentence, before: list[str], at: int, family: str) -> bool:
    """Whether the word is said of something, rather than naming a kind of thing as in "a damaged item"."""
    near = before[-4:]
    if near and near[-1] in _DETERMINERS:
        return False
    if any(word in _BE or word.endswith(("'s", "'ve", "'re")) for word in near) or any(
        word in ("we", "i") for word in near[-3:]
    ):
        return True
    if family in ("shipped", "delivered", "refunded", "cancelled", "failed", "received") and any(
        word in _SUBJECTS for word in near[-2:]
    ):
        return True
    after = WORD.match(sentence.lower, at + len(_word_at(sentence.lower, at)) + 1)
    if (
        after
        and after.group() in _OBJECT_WORDS
        and near
        and "you" not in near[-3:]
        and near[-1] not in ("to", "and", "or", "be")
    ):
        return True  # somebody did it: "the manager approved it"
    lead = sentence.lower[max(0, at - 12) : at].rstrip()
    return lead.endswith(":") or not before


_OBJECT_WORDS = frozenset("it your this the them these him her".split())


def _word_at(text: str, at: int) -> str:
    found = WORD.match(text, at)
    return found.group() if found else ""


def _status(
    sentence: Sentence, family: str, before: list[str], start: int, end: int, *, framed: bool
) -> Iterator[Status]:
    at = sentence.start + start
    if not framed or sentence.conditional(at) or (sentence.request and not _TOLD.search(sentence.lower, 0, start)):
        return
    near = WORD.findall(sentence.lower, _clause(sentence.lower, start), start)[-6:]
    negative = (
        any(word in _NOT or word.endswith("n't") for word in near)
        or "yet to" in sentence.lower[max(0, start - 20) : start]
    )
    future = (
        any(word in _FUTURE or word.endswith("'ll") for word in near[-5:])
        or " to be " in sentence.lower[max(0, start - 24) : start]
    )
    if future and _perfect(near):
        future = False
    if "longer" in near[-3:] and "no" in near:
        negative = True
    yield Status(family, not negative, at, sentence.start + end, future)


_CLAUSE = re.compile(
    r"[,;:()–—]|\b(?:but|however|although|while|because|since)\b|\band (?=(?:it|we|i|the|your|is|has|was|will|they|now)\b)"
)


def _clause(text: str, at: int) -> int:
    """Where the clause begins in which the offset lies."""
    begin = max(0, at - 80)
    for bound in _CLAUSE.finditer(text, begin, at):
        begin = bound.end()
    return begin


_TOLD = re.compile(r"\b(?:that|as|because|since)\b")


def _perfect(near: list[str]) -> bool:
    """Whether "to" and the like stand before a finished action: "we are happy to say it has been shipped"."""
    marks = [n for n, word in enumerate(near) if word in _FUTURE or word.endswith("'ll")]
    done = [
        n
        for n, word in enumerate(near)
        if word in ("has", "have", "had", "was", "were", "hasn't", "haven't", "is", "are", "it's", "we've", "i've")
    ]
    return bool(done) and (not marks or done[-1] > marks[-1])


@lru_cache(maxsize=4096)
def status_of(value: str) -> tuple[str, bool] | None:
    """The status that a tool's field says, and whether it says that it is so; None when it says none."""
    plain = re.sub(r"[_\-]+", " ", value).lower().strip()
    if plain in _FIELD_VALUES:
        return _FIELD_VALUES[plain], True
    words = WORD.findall(plain)
    if not words or len(words) > 6:
        return None
    negative = any(word in _NOT or word.endswith("n't") for word in words)
    if found := _PHRASE.search(plain):
        return _PHRASES[found.group()], not negative
    for word in words:
        if word in STATUS_WORDS:
            return STATUS_WORDS[word], not negative
    return None


_FIELD_VALUES = {
    "open": "processing", "new": "processing", "in progress": "processing", "preparing": "processing", "processing": "processing", "packed": "processing", "packing": "processing", "unfulfilled": "processing",
    "being processed": "processing", "ready to ship": "processing", "label created": "processing", "awaiting shipment": "processing", "awaiting fulfillment": "processing", "partially shipped": "partly_shipped",
    "created": "processing", "accepted": "confirmed", "fulfilled": "shipped", "partially fulfilled": "partly_shipped", "complete": "completed", "done": "completed", "unpaid": "unpaid", "not paid": "unpaid", "captured": "paid", "succeeded": "paid",
    "settled": "paid", "authorized": "authorised", "authorised": "authorised", "overdue": "unpaid", "void": "cancelled", "voided": "cancelled", "exception": "delayed", "late": "delayed", "returned to sender": "returned", "return to sender": "returned",
    "delivery failed": "undelivered", "failed delivery": "undelivered", "failed attempt": "undelivered", "undelivered": "undelivered", "attempted": "undelivered", "active": "activated", "inactive": "deactivated", "rejected": "rejected", "denied": "rejected", "low stock": "in_stock",
    "no show": "missed", "tentative": "pending", "requested": "pending", "awaiting payment": "unpaid", "payment pending": "unpaid", "in customs": "held", "backorder": "out_of_stock", "preorder": "out_of_stock", "partially refunded": "partly_refunded",
}  # fmt: skip
