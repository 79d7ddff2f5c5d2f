"""RULE: card numbers and IBANs in a text, however they are broken up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from stdnum import iban, luhn

from apps.drafts.guardrails.splitting import words_of
from apps.drafts.guardrails.tables import row

Span = tuple[str, int, int]  # kind, start, end

# At most three of these between two digits: spaces, dots, dashes, a line break, and what people put in to hide them.
_SEP = r"[\s.\-_/,|:*~+()>]"
_RUN = re.compile(rf"\d(?:(?:{_SEP}{{0,3}}|[ \t]{{4,8}})\d){{11,}}")
_CARD_CUE = re.compile(
    r"\b(?:card|visa|master ?card|amex|american express|maestro|discover|credit|debit|cc|pan|karte"
    r"|kreditkarte|carte|tarjeta|carta)\b",
    re.I,
)
_PARCEL_CUE = re.compile(
    r"\b(?:track(?:ing)?|parcel|shipment|consignment|waybill|sendung\w*|imei|isbn|ean|gtin"
    r"|sku)\b[^\d]{0,24}$",
    re.I,
)
_CHECK_DIGITS = re.compile(r"\d(?=[ .\-_]?\d)")
_STATE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][ .\-]?[A-Za-z][ .\-_]{0,2}$")
_IBAN_CUE = re.compile(r"\biban\b[^\n]{0,20}$", re.I)
_WORDS = {w: str(n) for n, w in enumerate(row("zero one two three four five six seven eight nine"))} | {"oh": "0"}
_SPELLED = re.compile(rf"\b(?:{'|'.join(_WORDS)})(?:[\s,.\-]{{1,3}}(?:{'|'.join(_WORDS)})){{11,}}\b", re.I)

# Length of a whole IBAN by country (SWIFT's IBAN registry, release 99, and those who use one outside of it).
_LENGTHS = {
    code: int(length)
    for length, codes in {
        15: "NO",
        16: "BE",
        18: "DK FI FO GL NL FK",
        19: "MK SI",
        20: "AT BA EE KZ XK LT LU MN",
        21: "CH CR HR LI LV",
        22: "BG BH DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for code in codes.split()
}


def find_cards(text: str) -> Iterator[Span]:
    """Card numbers: of a brand, with its length and check digit; any 13 to 19 digits after a word for a card."""
    for run in _RUN.finditer(text) if most_digits(text) >= 12 else ():
        digits = [at for at in range(run.start(), run.end()) if text[at].isdigit()]
        before = text[max(0, run.start() - 48) : run.start()]
        if not _PARCEL_CUE.search(before):
            yield from _cards_in(text, digits, cued=bool(_CARD_CUE.search(before)))
    for spelled in _SPELLED.finditer(text) if len(words_of(text) & _WORDS.keys()) > 1 else ():
        number = "".join(_WORDS[w] for w in re.findall(r"[a-z]+", spelled.group().lower()))
        if len(number) <= 19 and _is_card(number):
            yield "card", spelled.start(), spelled.end()


@lru_cache(maxsize=32)
def most_digits(text: str) -> int:
    """The most digits that stand near each other, with at most eight other characters between any two."""
    return max((sum(map(str.isdigit, near.group())) for near in _NEAR.finditer(text)), default=0)


_NEAR = re.compile(r"\d(?:\D{0,8}\d){6,}")  # more than eight letters and separators in a row no IBAN has


def _cards_in(text: str, digits: list[int], *, cued: bool) -> Iterator[Span]:
    """Cards within one run of digits: each begins and ends where a group of the run does."""
    begins = [n for n, at in enumerate(digits) if n == 0 or digits[n - 1] != at - 1]
    ends = {n + 1 for n, at in enumerate(digits) if n + 1 == len(digits) or digits[n + 1] != at + 1}
    number = "".join(text[at] for at in digits)
    done = 0
    for begin in begins:
        if begin < done:
            continue
        for length in (16, 15, 19, 18, 17, 14, 13, 12):
            end = begin + length
            if end in ends and _is_card(number[begin:end], cued=cued):
                yield "card", digits[begin], digits[end - 1] + 1
                done = end
                break
    if not done and cued and 13 <= len(number) <= 19:
        yield "card", digits[0], digits[-1] + 1


def _is_card(number: str, *, cued: bool = False) -> bool:
    return len(number) in _lengths(number, cued=cued) and len(set(number)) > 1 and luhn.is_valid(number)


def _lengths(number: str, *, cued: bool) -> range | tuple[int, ...]:
    """The lengths which a card may have that begins so (ISO/IEC 7812 ranges as the schemes publish them)."""
    two, four = int(number[:2]), int(number[:4])
    if number[0] == "4":
        return (13, 16, 18, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720 or 2200 <= four <= 2205 or four == 9792:
        return (16, 17, 18, 19) if four <= 2205 else (16,)
    if two in (34, 37):
        return (15,)
    if two in (36, 38, 39) or 300 <= four // 10 <= 305 or four == 3095:
        return range(14, 20)
    if 3528 <= four <= 3589 or two in (62, 64, 65, 81, 82) or four == 6011:
        return range(16, 20)
    if two in (50, 56, 57, 58, 60, 61, 63, 66, 67, 68, 69):
        return range(12, 20) if cued else (16, 18, 19)
    return range(12, 20) if cued else ()


def find_ibans(text: str) -> Iterator[Span]:
    """IBANs by country, length, structure and check digits; after the word IBAN also those with a wrong digit."""
    done = 0
    for start in _iban_starts(text) if most_digits(text) >= 8 else ():
        if start < done:
            continue
        places = _compact_from(text, start)
        number = "".join(text[at] for at in places).upper()
        length = _LENGTHS.get(number[:2], 0)
        whole = number[:length]
        if not length or len(whole) < length:
            continue
        if number[length:] and places[length] == places[length - 1] + 1 and not number.startswith(_RUN_ON, length):
            continue
        cued = bool(_IBAN_CUE.search(text[max(0, start - 32) : start])) and sum(c.isdigit() for c in whole) >= 8
        if cued or _is_iban(whole):
            done = places[length - 1] + 1
            yield "iban", start, done


_RUN_ON = ("BIC", "SWIFT")  # what people write on without a space


def _iban_starts(text: str) -> Iterator[int]:
    """Where two letters stand before two digits."""
    for digits in _CHECK_DIGITS.finditer(text):
        at = digits.start()
        state = _STATE.search(text, max(0, at - 5), at) if at > 1 and not text[at - 1].isdigit() else None
        if state and "".join(filter(str.isalpha, state.group())).upper() in _LENGTHS:
            yield state.start()


def _is_iban(number: str) -> bool:
    """The check digits of ISO 13616 hold, and the structure where the country's is known."""
    if int("".join(str(int(c, 36)) for c in number[4:] + number[:4])) % 97 != 1:
        return False
    return number[:2] == "RU" or sum(c.isdigit() for c in number) >= 8 or iban.is_valid(number)


def _compact_from(text: str, start: int) -> list[int]:
    """Where the next 35 letters and digits stand, with at most two separators between any two of them."""
    places, gap = [], 0
    for at in range(start, min(len(text), start + 110)):
        c = text[at]
        if c.isascii() and c.isalnum():
            places.append(at)
            gap = 0
            if len(places) == 35:
                break
        elif c in " \t\n.-_/" and gap < 3:
            gap += 1
        else:
            break
    return places
