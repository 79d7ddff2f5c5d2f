"""RULE: the words in which texts and tools say what happened, in several languages."""

from __future__ import annotations

import re

from apps.drafts.guardrails.splitting import WORD
from apps.drafts.guardrails.tables import table


def _families(table: dict[str, str]) -> dict[str, str]:
    return {word: family for family, words in table.items() for word in words.split()}


STATUS_WORDS = _families(
    {
        "shipped": "shipped dispatched despatched posted mailed versendet verschickt versandt expédié expédiée envoyé "
        "envoyée enviado enviada verzonden verstuurd spedito spedita partito partita",
        "delivered": "delivered arrived zugestellt geliefert angekommen livré livrée arrivé arrivée entregado "
        "entregada llegado geleverd bezorgd aangekomen consegnato consegnata arrivato arrivata",
        "cancelled": "cancelled canceled storniert annulliert abgesagt annulé annulée cancelado cancelada anulado "
        "anulada geannuleerd annullato annullata",
        "refunded": "refunded reimbursed credited erstattet zurückerstattet gutgeschrieben rückerstattet remboursé "
        "remboursée reembolsado reembolsada terugbetaald rimborsato rimborsata",
        "confirmed": "confirmed booked scheduled bestätigt gebucht confirmé confirmée confirmado confirmada bevestigd "
        "confermato confermata",
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
    }
)
TOLD_BY = frozenset(STATUS_WORDS)
PHRASES = {
    "on its way": "shipped",
    "on their way": "shipped",
    "on the way": "shipped",
    "in transit": "shipped",
    "left our": "shipped",
    "left the warehouse": "shipped",
    "handed to": "shipped",
    "handed over to": "shipped",
    "with the courier": "shipped",
    "with the carrier": "shipped",
    "unterwegs": "shipped",
    "en route": "shipped",
    "onderweg": "shipped",
    "out for delivery": "out_for_delivery",
    "in zustellung": "out_for_delivery",
    "in stock": "in_stock",
    "out of stock": "out_of_stock",
    "sold out": "out_of_stock",
    "on backorder": "out_of_stock",
    "on back order": "out_of_stock",
    "en stock": "in_stock",
    "op voorraad": "in_stock",
    "auf lager": "in_stock",
    "on hold": "held",
    "being processed": "processing",
    "being prepared": "processing",
    "being packed": "processing",
    "in production": "processing",
    "awaiting dispatch": "processing",
    "not yet": "",
    "awaiting payment": "pending",
    "running late": "delayed",
    "behind schedule": "delayed",
    "went through": "paid",
    "gone through": "paid",
    "in bearbeitung": "processing",
    "ready for collection": "ready",
    "ready for pickup": "ready",
    "ready for pick-up": "ready",
    "ready to collect": "ready",
    "ready to be collected": "ready",
    "abholbereit": "ready",
    "bereit zur abholung": "ready",
    "prête au retrait": "ready",
    "prêt au retrait": "ready",
    "klaar om op te halen": "ready",
    "pronto per il ritiro": "ready",
    "listo para recoger": "ready",
    "lista para recoger": "ready",
    "in productie": "processing",
    "in preparazione": "processing",
    "in lavorazione": "processing",
    "in vorbereitung": "processing",
    "en préparation": "processing",
    "en preparación": "processing",
    "in voorbereiding": "processing",
    "picked up": "collected",
    "handed to your": "delivered",
    "left with": "delivered",
    "left at": "delivered",
    "left in": "delivered",
    "under warranty": "warranty",
    "covered by": "warranty",
    "within warranty": "warranty",
    "signed for": "delivered",
    "handed to you": "delivered",
    "reached you": "delivered",
}
CUES_OF_PHRASES: dict[str, list[str]] = {}  # the longest word of each phrase: without it there is no such phrase
for _phrase in sorted(filter(PHRASES.get, PHRASES), key=len, reverse=True):
    CUES_OF_PHRASES.setdefault(max(WORD.findall(_phrase), key=len), []).append(_phrase)
PHRASE_CUES = frozenset(CUES_OF_PHRASES)

BEING = table(
    """
    is are was were be been being has have had it's they're i've we've you've it’s they've that's there's order's
    isn't aren't wasn't weren't hasn't haven't hadn't got gets shows show marked listed says status now already
    just currently as still wurde wurden ist sind war hat haben worden wird a été est sont ont avons ai sido está
    ha han fue hemos è sono stato stata abbiamo werd zijn hebben heeft
    """
)
SUBJECTS = table(
    """
    order orders parcel package shipment item items it they delivery product products refund payment goods letter
    replacement package consignment bestellung paket lieferung commande colis pedido paquete pakket bestelling
    ordine pacco we i
    """
)
FUTURE = table(
    """
    will 'll shall should would can could may might must going expected due wird werden sera seront será wird zal
    sarà we'll i'll it'll you'll they'll
    """
)
DETERMINERS = table("the a an your any all this that these those my our")
# What only counts when it is said of the goods, the money or the booking, for these words have courteous uses as well.
OBJECTS: dict[str, re.Pattern[str]] = {
    "received": re.compile(
        r"\b(?:payment|return(?:ed)?(?: (?:item|parcel|package|goods))?|parcel|package|item|goods|product"
        r"|device|deposit|transfer|refund)\b"
    ),
    "available": re.compile(
        r"\b(?:item|product|size|colou?r|slot|appointment|stock|variant|model|in[- ]store|unit|version|seats?"
        r"|room|table|it|they|mug|shirt)\b"
    ),
    "sent": re.compile(
        r"\b(?:order|parcel|package|item|replacement|refund|label|voucher|code|invoice|receipt|confirmation"
        r"|link|e-?mail|copy|reminder|it)\b"
    ),
    "processed": re.compile(r"\b(?:order|refund|payment|return|cancell?ation|exchange|request|claim|it)\b"),
    "added": re.compile(r"\b(?:credit|voucher|discount|points|balance|account|basket|order|subscription|user|it)\b"),
    "created": re.compile(r"\b(?:label|account|order|voucher|code|refund|ticket|case|claim|replacement)\b"),
    "placed": re.compile(r"\b(?:new order|replacement|hold)\b"),
    "requested": re.compile(
        r"\b(?:we|i|have)\b.{0,30}\brequested\b.{0,40}\b(?:refund|replacement|carrier|courier|return"
        r"|cancell?ation)\b"
    ),
    "changed": re.compile(
        r"\b(?:address|date|order|appointment|booking|plan|subscription|details|size|colou?r|password|e-?mail"
        r"|name)\b"
    ),
    "closed": re.compile(r"\b(?:account|case|ticket|claim|order|subscription)\b"),
    "held": re.compile(r"\b(?:order|parcel|package|shipment|customs|payment|it)\b"),
    "missing": re.compile(
        r"\b(?:parcel|package|shipment|item|order|it)\b.{0,20}\b(?:is|are|was|were|went|gone|has been|marked"
        r"|reported)\b.{0,12}missing"
    ),
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
}

FIELD_VALUES = {
    "open": "processing",
    "new": "processing",
    "in progress": "processing",
    "preparing": "processing",
    "processing": "processing",
    "packed": "processing",
    "packing": "processing",
    "unfulfilled": "processing",
    "being processed": "processing",
    "ready to ship": "processing",
    "label created": "processing",
    "awaiting shipment": "processing",
    "awaiting fulfillment": "processing",
    "partially shipped": "partly_shipped",
    "created": "processing",
    "accepted": "confirmed",
    "fulfilled": "shipped",
    "partially fulfilled": "partly_shipped",
    "complete": "completed",
    "done": "completed",
    "unpaid": "unpaid",
    "not paid": "unpaid",
    "captured": "paid",
    "succeeded": "paid",
    "settled": "paid",
    "authorized": "authorised",
    "authorised": "authorised",
    "overdue": "unpaid",
    "void": "cancelled",
    "voided": "cancelled",
    "exception": "delayed",
    "late": "delayed",
    "returned to sender": "returned",
    "return to sender": "returned",
    "delivery failed": "undelivered",
    "failed delivery": "undelivered",
    "failed attempt": "undelivered",
    "undelivered": "undelivered",
    "attempted": "undelivered",
    "active": "activated",
    "inactive": "deactivated",
    "rejected": "rejected",
    "denied": "rejected",
    "low stock": "in_stock",
    "no show": "missed",
    "tentative": "pending",
    "requested": "pending",
    "awaiting payment": "unpaid",
    "payment pending": "unpaid",
    "in customs": "held",
    "backorder": "out_of_stock",
    "preorder": "out_of_stock",
    "partially refunded": "partly_refunded",
}
