"""RULE: e-mail addresses, phone numbers and postal addresses in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers

Span = tuple[str, int, int]

_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+/=?^_`{|}~.-")
_DOMAIN = re.compile(r"[ \t\n]{0,2}((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}[^\W\d_]{2,24})")
_SPACED_DOMAIN = re.compile(r"\s{0,3}([A-Za-z0-9-]{1,63}(?:\s{0,2}\.\s{0,2}[A-Za-z0-9-]{1,63}){0,3}\s{0,2}\.\s{0,2}(?:com|net|org|info|io|co|uk|de|fr|es|it|nl|be|at|ch|eu|us|ca|au|in|pt|pl|se|no|dk|fi|ie|example|test)\b)", re.I)  # fmt: skip
_SAID_AT = r"(?:\s{0,3}[\[({<]\s?(?:at|@|ät|arroba|chez)\s?[\])}>]\s{0,3}|\s{1,3}(?:at|arroba)\s{1,3})"
_SAID_DOT = (
    r"(?:\s{0,3}[\[({<]\s?(?:dot|\.|punkt|punto|point)\s?[\])}>]\s{0,3}|\s{1,3}(?:dot|punkt|punto|point)\s{1,3}|\.)"
)
_SAID = re.compile(
    rf"(?<![\w.+-])[A-Za-z0-9_+-]{{1,40}}(?:{_SAID_DOT}[A-Za-z0-9_+-]{{1,40}}){{0,3}}?{_SAID_AT}"
    rf"[A-Za-z0-9-]{{1,63}}(?:{_SAID_DOT}[A-Za-z0-9-]{{1,63}}){{0,3}}?{_SAID_DOT}[A-Za-z]{{2,12}}(?![\w-])", re.I,
)  # fmt: skip
_HINT = re.compile(r"[\[({<]\s?(?:at|@|ät|arroba|chez)\s?[\])}>]|\b(?:at|arroba)\s+[A-Za-z0-9-]{1,63}(?:\s+(?:dot|punkt|punto|point)\s|\s?[\[({<]\s?(?:dot|punkt|punto|point|\.))", re.I)  # fmt: skip

_PHONE = re.compile(r"(?<![\w.,/#-])(?:\+|\()?\d(?:[ \t\n.\-/()–]{0,3}\d){6,16}(?![\w])")
_NANP = re.compile(r"(?:\+?1[ .-]?)?(?:\([2-9]\d\d\)[ .-]?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b")
_PHONE_CUE = re.compile(r"(?:phone|tel(?:efon\w*|[ée]phone)?|mobile|cell|call(?: \w+)?(?: (?:on|at))?|ring|whats ?app|fax|handy\w*|rufnummer|text (?:me|him|her|us)|reach\w* (?:\w+ )?(?:on|at)|sms|hotline|m[óo]vil|portable|dial)[^\d+(]{0,18}$", re.I)  # fmt: skip
_OTHER_CUE = re.compile(r"(?:order|track\w*|invoice|ref(?:erence)?|ticket|case|sku|parcel|article|item|no|nr|number|id|account|serial|imei|customer|rma|return|booking|bestell\w*|rechnung\w*|#)\s?(?:number|no|nr|id|code)?\.?\s?(?:is|:|#|-)?\s{0,2}$", re.I)  # fmt: skip
_REGIONS = ("GB", "DE", "FR", "IT", "ES", "NL", "AU", "IN", "BR")

_STREET = re.compile(
    r"""\d(?<![\w-]\d)\d{0,4}[A-Za-z]?(?:[-/]\d{1,4}[A-Za-z]?)?,?\ (?:(?:[NSEW]\.?|North|South|East|West)\ )?
        (?:(?:[A-Z][\w'.-]{0,24}|\d{1,3}(?:st|nd|rd|th)|of|the|St\.?)\ ){1,4}
        (?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Way|Square|Sq|Terrace|Close|
           Crescent|Cres|Highway|Hwy|Parkway|Pkwy|Circle|Cir|Trail|Trl|Row|Gardens|Grove|Mews|Hill|Walk|Alley|Quay|
           Green|Park|Rise|View|Gate|Bridge|Plaza|Loop|Run|Pass|Pike|Point|Ridge|Heights|Valley|Turnpike)\b\.?""",
    re.VERBOSE,
)  # fmt: skip
_GERMANIC = re.compile(
    r"\b[A-ZÄÖÜ][\wäöüß.-]{0,30}?(?:stra(?:ß|ss)e|str\.|[ -]Str\.|[ -]Stra(?:ß|ss)e|weg|platz|allee|gasse|ring|damm|ufer|"
    r"straat|laan|plein|gracht|kade|singel|vägen|gatan|vej|gade|gata|veien)\s\d{1,4}\s?[a-zA-Z]?\b"
)
_ROMANCE = re.compile(
    r"\b(?:\d{1,4}(?: ?(?:bis|ter))?,? )?(?:rue|avenue|boulevard|place|chemin|all[ée]e|impasse|quai|Calle|C/|Avenida|Avda\.?|Plaza|"
    r"Paseo|Via|Viale|Piazza|Corso|Rua|Travessa|Praça)(?: (?:de|du|des|la|las|los|le|les|della|delle|dei|di|do|da|dos|del|l'))*"
    r" ?(?:[A-ZÀ-Ý][\w'’.-]{1,24} ?){1,4},? ?(?:n[º°o]\.? ?)?\d{0,5}\b"
)  # fmt: skip
_BOX = re.compile(r"\b(?:P\.? ?O\.? ?Box|Postfach|Apartado|Postbus|Boîte postale|BP) \d{1,7}\b", re.I)
_TAIL = re.compile(
    r"(?:,?[ \n]{1,2}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|No)\.? ?#?\w{1,6})?"
    r"(?:,?[ \n]{1,2}(?:\d{4,5} ?)?[A-ZÀ-Ý][\w'.äöüéèß-]{1,24}(?: [A-ZÀ-Ý][\w'.äöüéèß-]{1,24}){0,3})?"
    r"(?:,?[ \n]{1,2}(?:[A-Z]{2}\.? ?\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4,5}(?: ?[A-Z]{2})?(?: [A-ZÀ-Ý][\w'äöüéèß-]{1,24})?)\b)?"
)  # fmt: skip
_POSTCODE = re.compile(r"(?:[A-Z](?<![\w-][A-Z])[A-Z]?\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2})(?![\w-])")


def find_emails(text: str) -> Iterator[Span]:
    """E-mail addresses, also with spaces about them or with "at" and "dot" spelled out."""
    at, floor = text.find("@"), 0
    while at >= 0:
        found = _around(text, at, floor)
        if found:
            floor = found[1]
            yield "email", *found
        at = text.find("@", max(at + 1, floor))
    if _HINT.search(text):
        yield from (("email", *said.span()) for said in _SAID.finditer(text))


def _around(text: str, at: int, floor: int) -> tuple[int, int] | None:
    begin = at
    while begin > floor and at - begin < 3 and text[begin - 1] in " \t\n":
        begin -= 1
    spaced, stop = begin < at, begin
    while begin > floor and stop - begin < 64 and text[begin - 1] in _LOCAL:
        begin -= 1
    while begin < stop and text[begin] in ".'*`{|/":
        begin += 1
    domain = _DOMAIN.match(text, at + 1)
    if domain is None or spaced or domain.start(1) > at + 1:
        domain = _SPACED_DOMAIN.match(text, at + 1) or (None if spaced else domain)
    if domain is None or begin == stop:
        return None
    return begin, domain.end(1)


def find_phones(text: str) -> Iterator[Span]:
    """Phone numbers: with a country code, in a form that only phone numbers have, or after a word for one."""
    for found in _PHONE.finditer(text):
        start, end = found.span()
        if _is_phone(text, start, end):
            yield "phone", start, end


def _is_phone(text: str, start: int, end: int) -> bool:
    number = text[start:end]
    digits = "".join(c for c in number if c.isdigit())
    if not 7 <= len(digits) <= 15 or _DATE.search(number):
        return False
    before = text[max(0, start - 32) : start].rpartition(" hidden]")[2]  # a mask is no word for what follows it
    if _PHONE_CUE.search(before):
        return True
    if number[0] == "+" or (digits.startswith("00") and len(digits) >= 10):
        return _possible("+" + digits.removeprefix("00") if number[0] != "+" else "+" + digits)
    if _OTHER_CUE.search(before):
        return False
    if _NANP.fullmatch(number):
        return True
    if digits[0] != "0" or len(digits) < 9:
        return False
    return digits != number and any(_valid(digits, region) for region in _REGIONS[:7])


def _possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def _valid(number: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


_CAPITALS_AFTER = re.compile(r"\d[A-Za-z]?,? [A-Z\d]|\d[A-Za-z]?,? (?:of|the) |\d[-/]\d")
_GERMANIC_CUES = ("tra\u00dfe", "trasse", "tr.", "weg", "platz", "allee", "gasse", "ring", "damm", "ufer", "straat", "laan", "plein", "gracht", "kade", "singel", "v\u00e4gen", "gatan", "vej", "gade", "gata", "veien")  # fmt: skip
_ROMANCE_CUES = ("rue", "avenue", "boulevard", "place", "chemin", "all\u00e9e", "allee", "impasse", "quai", "Calle", "C/", "Avenida", "Avda", "Plaza", "Paseo", "Via", "Piazza", "Corso", "Rua", "Travessa", "Pra\u00e7a")  # fmt: skip
_BOX_CUES = ("box", "postfach", "apartado", "postbus", "postale", "bp ")


def _street_rules(text: str) -> Iterator[re.Pattern[str]]:
    """Those that may find anything: a look for their words costs far less than they do."""
    if _CAPITALS_AFTER.search(text):
        yield _STREET
    if any(map(text.__contains__, _GERMANIC_CUES)):
        yield _GERMANIC
    if any(map(text.__contains__, _ROMANCE_CUES)):
        yield _ROMANCE
    if any(map(text.lower().__contains__, _BOX_CUES)):
        yield _BOX


def find_postal(text: str) -> Iterator[Span]:
    """Streets with a house number, post boxes, and British postcodes, with the town that follows."""
    done = 0
    found = sorted(m.span() for rule in _street_rules(text) for m in rule.finditer(text))
    for start, end in found:
        if start >= done and any(c.isdigit() for c in text[start:end]):
            tail = _TAIL.match(text, end)
            done = tail.end() if tail else end
            yield "address", start, done
    yield from (("address", *m.span()) for m in _POSTCODE.finditer(text) if m.start() >= done)
