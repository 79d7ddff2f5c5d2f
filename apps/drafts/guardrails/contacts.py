"""RULE: e-mail addresses, phone numbers and postal addresses in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers

from apps.drafts.guardrails.splitting import words_of
from apps.drafts.guardrails.tables import row, table

Span = tuple[str, int, int]

_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+/=?^_`{|}~.-")
_DOMAIN = re.compile(r"[ \t\n]{0,2}((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}[^\W\d_]{2,24})")
_SPACED_DOMAIN = re.compile(
    r"\s{0,3}([A-Za-z0-9-]{1,63}(?:\s{0,2}\.\s{0,2}[A-Za-z0-9-]{1,63}){0,3}\s{0,2}\.\s{0,2}(?:com|net|org"
    r"|info|io|co|uk|de|fr|es|it|nl|be|at|ch|eu|us|ca|au|in|pt|pl|se|no|dk|fi|ie|example|test)\b)",
    re.I,
)
_SAID_AT = r"(?:\s{0,3}[\[({<]\s?(?:at|@|ät|arroba|chez)\s?[\])}>]\s{0,3}|\s{1,3}(?:at|arroba)\s{1,3})"
_SAID_DOT = (
    r"(?:\s{0,3}[\[({<]\s?(?:dot|\.|punkt|punto|point)\s?[\])}>]\s{0,3}|\s{1,3}(?:dot|punkt|punto|point)\s{1,3}|\.)"
)
_SAID = re.compile(
    rf"(?<![\w.+-])[A-Za-z0-9_+-]{{1,40}}(?:{_SAID_DOT}[A-Za-z0-9_+-]{{1,40}}){{0,3}}?{_SAID_AT}"
    rf"[A-Za-z0-9-]{{1,63}}(?:{_SAID_DOT}[A-Za-z0-9-]{{1,63}}){{0,3}}?{_SAID_DOT}[A-Za-z]{{2,12}}(?![\w-])",
    re.I,
)
_AT_IN_BRACKETS = re.compile(r"[\[({<]\s?(?:at|@|ät|arroba|chez)\s?[\])}>]", re.I)
_DOT_IN_BRACKETS = re.compile(r"[\[({<]\s?(?:dot|punkt|punto|point|\.)", re.I)
_DOT_WORDS = table("dot punkt punto point")

_PHONE = re.compile(r"\d(?<![\w.,/#-]\d)(?:[ \t\n.\-/()–]{0,3}\d){6,16}(?![\w])")
_JOINED = re.compile(r"[\w.,/#-]")
_NANP = re.compile(r"(?:\+?1[ .-]?)?(?:\([2-9]\d\d\)[ .-]?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b")
_PHONE_CUE = re.compile(
    r"(?:phone|tel(?:efon\w*|[ée]phone)?|mobile|cell|call(?: \w+)?(?: (?:on|at))?|ring|whats ?app|fax"
    r"|handy\w*|rufnummer|text (?:me|him|her|us)|reach\w* (?:\w+ )?(?:on|at)|sms|hotline|m[óo]vil|portable"
    r"|dial)[^\d+(]{0,18}$",
    re.I,
)
_OTHER_CUE = re.compile(
    r"(?:order|track\w*|invoice|ref(?:erence)?|ticket|case|sku|parcel|article|item|no|nr|number|id|account"
    r"|serial|imei|customer|rma|return|booking|bestell\w*|rechnung\w*|#)\s?(?:number|no|nr|id"
    r"|code)?\.?\s?(?:is|:|#|-)?\s{0,2}$",
    re.I,
)
_REGIONS = ("GB", "DE", "FR", "IT", "ES", "NL", "AU", "IN", "BR")

_STREET = re.compile(
    r"""\d(?<![\w-]\d)\d{0,4}[A-Za-z]?(?:[-/]\d{1,4}[A-Za-z]?)?,?\ (?:(?:[NSEW]\.?|North|South|East|West)\ )?
        (?:(?:[A-Z][\w'.-]{0,24}|\d{1,3}(?:st|nd|rd|th)|of|the|St\.?)\ ){1,4}
        (?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Way|Square|Sq|Terrace|Close|
           Crescent|Cres|Highway|Hwy|Parkway|Pkwy|Circle|Cir|Trail|Trl|Row|Gardens|Grove|Mews|Hill|Walk|Alley|Quay|
           Green|Park|Rise|View|Gate|Bridge|Plaza|Loop|Run|Pass|Pike|Point|Ridge|Heights|Valley|Turnpike)\b\.?""",
    re.VERBOSE,
)
_GERMANIC = re.compile(
    r"\b[A-ZÄÖÜ][\wäöüß.-]{0,30}?(?:stra(?:ß|ss)e|str\.|[ -]Str\.|[ -]Stra(?:ß|ss)e|weg|platz|allee|gasse"
    r"|ring|damm|ufer|"
    r"straat|laan|plein|gracht|kade|singel|vägen|gatan|vej|gade|gata|veien)\s\d{1,4}\s?[a-zA-Z]?\b"
)
_ROMANCE = re.compile(
    r"\b(?:\d{1,4}(?: ?(?:bis|ter))?,? )?(?:rue|avenue|boulevard|place|chemin|all[ée]e|impasse|quai|Calle"
    r"|C/|Avenida|Avda\.?|Plaza|"
    r"Paseo|Via|Viale|Piazza|Corso|Rua|Travessa|Praça)(?: (?:de|du|des|la|las|los|le|les|della|delle|dei|di"
    r"|do|da|dos|del|l'))*"
    r" ?(?:[A-ZÀ-Ý][\w'’.-]{1,24} ?){1,4},? ?(?:n[º°o]\.? ?)?\d{0,5}\b"
)
_BOX = re.compile(r"\b(?:P\.? ?O\.? ?Box|Postfach|Apartado|Postbus|Boîte postale|BP) \d{1,7}\b", re.I)
_TAIL = re.compile(
    r"(?:,?[ \n]{1,2}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|No)\.? ?#?\w{1,6})?"
    r"(?:,?[ \n]{1,2}(?:\d{4,5} ?)?[A-ZÀ-Ý][\w'.äöüéèß-]{1,24}(?: [A-ZÀ-Ý][\w'.äöüéèß-]{1,24}){0,3})?"
    r"(?:,?[ \n]{1,2}(?:[A-Z]{2}\.? ?\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
    r"|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4,5}(?: ?[A-Z]{2})?(?: [A-ZÀ-Ý][\w'äöüéèß-]{1,24})?)\b)?"
)
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
    if _may_spell(text):
        yield from (("email", *said.span()) for said in _SAID.finditer(text))


def _may_spell(text: str) -> bool:
    """Whether "at" stands in brackets, or is a word in a text that also spells out a dot."""
    if _AT_IN_BRACKETS.search(text):
        return True
    words = words_of(text)
    said = "at" in words or "arroba" in words
    return said and (not _DOT_WORDS.isdisjoint(words) or _DOT_IN_BRACKETS.search(text) is not None)


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
        if start and text[start - 1] in "+(" and not (start > 1 and _JOINED.match(text, start - 2)):
            start -= 1
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
_HOUSE = re.compile(r"\s\d")
_GERMANIC_ENDS = tuple(
    row(
        """
        straße strasse str. weg platz allee gasse ring damm ufer straat laan plein gracht kade singel vägen gatan
        vej gade gata veien
        """
    )
)
_ROMANCE_CUES = table(
    """
    rue avenue boulevard place chemin allée allee impasse quai calle c avenida avda plaza paseo via viale piazza
    corso rua travessa praça
    """
)
_BOX_CUES = table("box pobox postfach apartado postbus postale bp")


def _street_rules(text: str) -> Iterator[re.Pattern[str]]:
    """Those that may find anything: a look for their words costs far less than they do."""
    words = words_of(text)
    if _CAPITALS_AFTER.search(text):
        yield _STREET
    if any(text[max(0, m.start() - 8) : m.start()].lower().endswith(_GERMANIC_ENDS) for m in _HOUSE.finditer(text)):
        yield _GERMANIC
    if not _ROMANCE_CUES.isdisjoint(words):
        yield _ROMANCE
    if not _BOX_CUES.isdisjoint(words):
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
