"""RULE: what a text commits the business to: money back, a replacement, something for free, a delivery, a guarantee."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from apps.drafts.guardrails.sentences import Sentence


class Promise(NamedTuple):
    """category: refund | replacement | compensation | free | guarantee | delivery | cancel. Offsets of the text."""

    category: str
    start: int
    end: int


_WHO = (
    r"(?:we|i|our \w+(?: \w+)?|my \w+|the (?:team|shop|company|store|warehouse|courier|carrier|manager"
    r"|refund|amount|money|payment|replacement|order|parcel|package|item|delivery|credit|voucher|fee"
    r"|charge)s?|you|it|they|this|that|your (?:\w+ )?\w+)"
)
_WILL = (
    r"(?:'ll|’ll| will| shall| are going to| am going to| is going to| are about to| 're going to"
    r"|'re going to|'m going to)"
)
_OFFER = (
    r"(?: (?:can|could|may|are able to|am able to|are happy to|am happy to|are glad to|are pleased to"
    r"|am pleased to|are delighted to|am delighted to|would like to|want to|are willing to|have decided to"
    r"|have agreed to|agree to|are prepared to)|'d like to|'d be happy to| would be happy to)"
)
_GAP = r"(?:[^.!?\n]{0,60}?)"
_MONEY = r"(?:refund(?:ed)?|reimburse(?:d|ment)?|money back|pay (?:you )?back|credit(?:ed)?|chargeback)"
_NEW = (
    r"(?:replace(?:d)?|replacement|exchange(?:d)?|resend|re-send|reship|send (?:you )?(?:out )?(?:a "
    r"|an )?(?:new|another))"
)
_GIFT = (
    r"(?:compensat(?:e|ed|ion)|voucher|coupon|discount(?:ed)?|gift ?card|gift|store credit|goodwill|rebate"
    r"|cashback|loyalty points|bonus|upgrade)"
)
_MOVE = (
    r"(?:arrive|deliver(?:ed)?|be (?:with|at) you|reach you|ship(?:ped)?|dispatch(?:ed)?|leave our"
    r"|send (?:it|them|your \w+)|sent (?:out )?(?:today|tomorrow|on|by|this|next|within|soon))"
)
_OFF = (
    r"(?:waive(?:d)?|write off|cancel(?:led)?|lift|drop the|not charge|extend(?:ed)?|unlock(?:ed)?"
    r"|reactivate(?:d)?|upgrade you|prioriti[sz]e|expedite)"
)
_RULES: tuple[tuple[str, re.Pattern[str], frozenset[str]], ...] = tuple(
    (category, re.compile(pattern), frozenset(cues.split()))
    for category, pattern, cues in (
        (
            "refund",
            rf"\b{_WHO}(?:{_WILL}|{_OFFER}){_GAP}\b{_MONEY}\b",
            "refund refunded reimburse reimbursed reimbursement money credit credited back chargeback",
        ),
        (
            "replacement",
            rf"\b{_WHO}(?:{_WILL}|{_OFFER}){_GAP}\b{_NEW}\b",
            "replace replaced replacement exchange exchanged resend re-send reship new another",
        ),
        (
            "compensation",
            rf"\b{_WHO}(?:{_WILL}|{_OFFER}|(?: have|'ve|’ve)){_GAP}\b{_GIFT}\b",
            "compensate compensated compensation voucher coupon discount discounted gift giftcard goodwill rebate "
            "cashback points bonus upgrade credit card",
        ),
        (
            "delivery",
            rf"\b{_WHO}{_WILL}{_GAP}\b{_MOVE}\b",
            "arrive deliver delivered reach ship shipped dispatch dispatched leave send sent with",
        ),
        (
            "delivery",
            r"\b(?:(?:expect|receive) (?:it|your (?:\w+ )?(?:order|parcel|package|item|delivery)|delivery)|(?:is"
            r"|are) (?:due|expected|scheduled|estimated|set) (?:to (?:arrive|be delivered|ship)|for delivery)"
            r"|estimated (?:delivery|arrival)|you(?:'ll| will) (?:have|get|receive) (?:it|your (?:\w+ )?(?:order"
            r"|parcel|package|item)))\b",
            "expect receive due expected scheduled estimated set have get arrival",
        ),
        (
            "cancel",
            rf"\b{_WHO}(?:{_WILL}|{_OFFER}){_GAP}\b{_OFF}\b",
            "waive waived write cancel cancelled lift drop charge extend extended unlock unlocked reactivate "
            "reactivated upgrade prioritise prioritize expedite",
        ),
        (
            "refund",
            r"\b(?:you(?:'re| are) (?:\w+ )?(?:entitled to|eligible for|due|owed) (?:a |an "
            r"|your )?(?:\w+ ){0,2}(?:refund|reimbursement|credit)|(?:can|will|to|shall"
            r"|'ll) be (?:\w+ )?(?:refunded|reimbursed|credited)|(?:full|partial|complete|total) refund"
            r"|refund(?:ed)? in full|money[- ]back|you(?:'ll| will) (?:get|receive|have|see) (?:\w+ ){0,4}(?:refund"
            r"|money|reimbursement))\b",
            "refund refunded reimbursement reimbursed credit credited money money-back",
        ),
        (
            "replacement",
            r"\b(?:replacement|new one|exchange) (?:will|shall|is going to|is on|has been|is being|was)\b"
            r"|\b(?:you(?:'re| are) (?:entitled to|eligible for) (?:a |an )?(?:\w+ )?(?:replacement|exchange)"
            r"|you(?:'ll| will) (?:get|receive) (?:a |an )?(?:\w+ ){0,2}(?:replacement|new))\b",
            "replacement one exchange new",
        ),
        (
            "compensation",
            r"\b(?:as (?:a )?(?:compensation|goodwill|thank[- ]you|an apology)|gesture of goodwill|goodwill gesture"
            r"|(?:enjoy|here is|here's|use (?:the )?code)(?: \w+){0,4} (?:off|discount|voucher|coupon|code)|% off"
            r"|percent off|(?:discount|voucher|coupon|promo) code|additional discount|special discount"
            r"|extra discount|double (?:the )?points|entitled to (?:\w+ )?compensation)\b",
            "compensation goodwill apology off discount voucher coupon code points thank-you gesture promo",
        ),
        (
            "refund",
            rf"\b(?:we|i|our team)(?:'re|’re| are|'m|’m| am) (?:\w+ ){{0,2}}\w+ing{_GAP}\b{_MONEY}\b",
            "refund refunded refunding reimburse reimbursed reimbursement reimbursing money credit crediting credited",
        ),
        (
            "replacement",
            rf"\b(?:we|i|our team)(?:'re|’re| are|'m|’m| am) (?:\w+ ){{0,2}}(?:replacing|exchanging|resending"
            rf"|reshipping)\b|\b(?:we|i|our team)(?:'re|’re| are|'m|’m"
            rf"| am) (?:\w+ ){{0,2}}\w+ing{_GAP}\b(?:replacement|new one|another one)\b",
            "replacement replacing new another exchanging resending reshipping",
        ),
        (
            "compensation",
            rf"\b(?:we|i|our team)(?:'re|’re| are|'m|’m| am) (?:\w+ ){{0,2}}(?:offering|giving|sending|adding"
            rf"|issuing|applying|including){_GAP}\b{_GIFT}\b",
            "compensation voucher coupon discount gift goodwill rebate cashback points bonus upgrade credit",
        ),
        (
            "free",
            r"\b(?:(?:shipping|delivery|postage|returns?|replacement|repair|exchange|it|this|that|they) (?:is|are"
            r"|was|will be|'s) (?:now |always |completely |absolutely |totally |also )?free\b(?! (?:to|of (?!charge"
            r"|cost)))|free of charge|free of cost|(?:at )?no (?:\w+ )?(?:costs?|charges?|fees?)\b"
            r"|without (?:any )?(?:extra |additional )?(?:cost|charge)|at our (?:own )?(?:cost|expense)|for free"
            r"|completely free|complimentary|on the house|it(?:'s| is) on us|free (?:shipping|delivery|returns?"
            r"|replacement|repair|gift|upgrade|sample|month|year|item|express|exchange|installation|label|service"
            r"|trial)|kostenlos\w*|kostenfrei\w*|gratis|gratuit\w*|gratuito|gratuita|sans frais)\b",
            "free complimentary cost costs charge charges fee fees house us expense kostenlos kostenlose "
            "kostenloser kostenlosen kostenfrei gratis gratuit gratuite gratuitement gratuito gratuita frais",
        ),
        (
            "guarantee",
            r"\b(?:guarantee[sd]?|(?:i|we) (?:can )?(?:promise|assure you|commit|pledge|swear|vow)|you have (?:my"
            r"|our) word|without fail|100 ?% (?:sure|certain|satisf\w+)|lifetime warranty|definitely (?:be|arrive"
            r"|get|receive|ship)|no later than|at the latest|garantieren?|garantiert|garantissons|garanti[ez]?"
            r"|garantizamos|garantiamo|garanderen)\b",
            "guarantee guarantees guaranteed promise assure commit pledge swear vow word fail sure certain "
            "satisfaction lifetime definitely later latest garantieren garantiert garantissons garanti garantie "
            "garantizamos garantiamo garanderen",
        ),
        (
            "refund",
            r"\b(?:(?:wir|ich) (?:werden|werde|erstatten|erstatte|überweisen)\b[^.!?\n]{0,60}?\b(?:erstatt\w+"
            r"|rückerstatt\w+|zurück\w*|betrag)|(?:nous|je) (?:vous )?rembours\w+|vous serez remboursé\w*"
            r"|le (?:reembolsaremos|devolveremos)|(?:recibirá|obtendrá)[^.!?\n]{0,30}reembolso|la rimborseremo"
            r"|wij (?:betalen|storten)[^.!?\n]{0,40}terug)\b",
            "erstatten erstatte erstattet erstattung werden werde überweisen zurück nous je serez reembolsaremos "
            "devolveremos reembolso rimborseremo betalen storten terug",
        ),
        (
            "compensation",
            r"\b(?:gutschein|rabatt|entschädigung|bon d'achat|remise|réduction|dédommagement|descuento|cupón|vale"
            r"|sconto|buono|korting|tegoedbon)\b",
            "gutschein rabatt entschädigung bon remise réduction dédommagement descuento cupón vale sconto buono "
            "korting tegoedbon",
        ),
    )
)
_CUES = frozenset().union(*(cues for _, _, cues in _RULES))
_BY_CUE = {cue: tuple(n for n, (_, _, cues) in enumerate(_RULES) if cue in cues) for cue in _CUES}
_NOT = re.compile(
    r"\b(?:not|cannot|can't|won't|unable|never|no longer|nicht|kein\w*|pas|isn't|aren't|don't|couldn't|ne"
    r"|unfortunately)\b"
)
_ACCEPTED = re.compile(
    r"\b(?:keep you (?:posted|updated|informed)|let you know|get back to you|look into|help you|assist you"
    r"|contact you|ask (?:you|for)|check (?:whether|if|your))\b"
)
_ASSURANCE = re.compile(
    r"\b(?:assure you|promise|commit)\b[^.!?\n]{0,40}\b(?:take|taking|treat|will look|are (?:looking"
    r"|working|doing)|working|investigat\w+|doing (?:our|everything)|do (?:our|everything|all)"
    r"|that we understand|priority|seriously)\b"
)


def promises_in(sentence: Sentence) -> Iterator[Promise]:
    """What one sentence commits to; a question, a refusal and a bare condition commit to nothing."""
    if sentence.question or _CUES.isdisjoint(sentence.words):
        return
    seen: set[str] = set()
    for number in sorted({number for cue in sentence.words & _CUES for number in _BY_CUE[cue]}):
        category, rule, _ = _RULES[number]
        if category in seen:
            continue
        found = rule.search(sentence.lower)
        if found and not _excused(category, sentence, found):
            seen.add(category)
            yield Promise(category, sentence.start + found.start(), sentence.start + found.end())


def _excused(category: str, sentence: Sentence, found: re.Match[str]) -> bool:
    text = sentence.lower
    if _NOT.search(found.group()) or _NOT.search(text, max(0, found.start() - 25), found.start()):
        return True
    if category == "guarantee":
        return _ASSURANCE.search(text, found.start()) is not None or text[
            found.end() : found.end() + 12
        ].strip().startswith(("period", "claim", "terms"))
    if _ACCEPTED.search(found.group()):
        return True
    begin = found.start()
    return category in ("refund", "replacement", "cancel", "compensation") and text[:begin].rstrip().endswith(
        ("whether", " if", "if")
    )


# How a source speaks of a category, in a snippet or in the name or value of a tool's field.
SPEAKS = {
    "refund": re.compile(r"refund|reimburs|money.?back|credit|erstatt|rembours|reembols|rimbors|terugbet", re.I),
    "replacement": re.compile(r"replac|exchang|resend|reship|new (?:one|item)|ersatz|umtausch", re.I),
    "compensation": re.compile(
        r"compensat|voucher|coupon|discount|gift|goodwill|credit|rebate|points|% off|promo|upgrade|gutschein"
        r"|rabatt|remise|descuento|sconto|korting",
        re.I,
    ),
    "free": re.compile(
        r"free|no (?:\w+ )?(?:cost|charge|fee)|complimentary|without (?:extra |additional )?charge|our (?:cost"
        r"|expense)|kostenlos|gratis|gratuit|kostenfrei",
        re.I,
    ),
    "guarantee": re.compile(r"guarant|promise|lifetime|garant|at the latest|no later than", re.I),
    "delivery": re.compile(
        r"deliver|arriv|ship|dispatch|eta\b|expected|estimated|appointment|transit|liefer|versand|livr|entreg"
        r"|consegn|bezorg|lever",
        re.I,
    ),
    "cancel": re.compile(r"waive|cancel|extend|extension|unlock|reactivat|upgrade|priorit|expedit|storn|annul", re.I),
}
