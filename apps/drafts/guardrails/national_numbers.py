"""RULE: numbers by which states and banks know a person, where their form or a word beside them leaves little doubt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

from apps.drafts.guardrails.splitting import long_words, words_of
from apps.drafts.guardrails.tables import table

Span = tuple[str, int, int]

_SSN = re.compile(
    r"(?<![\w-])(\d{3})[-–/](\d{2})[-–/](\d{4})(?![\w-])|(?<![\w-])(\d{3})([ .]{1,2})(\d{2})\5(\d{4})(?![\w-])"
)
_SSN_CUE = re.compile(
    r"\b(?:ssn|social(?: security)?(?: (?:number|no))?|soc sec|itin|tax(?:payer)? id\w*)\b[^\d\n]{0,24}$", re.I
)
_SSN_GLUED = re.compile(r"(?<![A-Za-z])(?:ssn|itin)[:#.=]?(?P<value>\d(?:[ .\-_/]?\d){8})(?!\d)", re.I)
_FISCAL = re.compile(r"(?<!\w)[A-Z]{3} [A-Z]{3} \d\d[A-EHLMPRST]\d\d [A-Z]\d{3}[A-Z](?!\w)", re.I)
_SSN_LOOSE = re.compile(r"(?<![\w-])\d(?:[ .\-_/]{0,3}\d){8}(?![\w-])")
# Groups behind the first have a digit, or are a letter at the end, as in "12345678 Z".
_CHUNK = re.compile(
    r"\d[\dA-Za-z]{0,20}(?:[ .\-/](?:[A-Za-z]{0,8}\d[\dA-Za-z]{0,20}|[A-Za-z]{1,2}(?!\w))){0,8}(?![\w@])"
)
_LEADING = re.compile(r"(?<![\w@/])(?:[A-Za-z]{1,6}|[A-Za-z]{1,4}[ -])?$")
_SSN_CUES = table("ssn social soc itin tax taxpayer")
_CUED = re.compile(
    r"\b(?:(?P<national_id>passport|passeport|reisepass|pasaporte|driv(?:er'?s?|ing) licen[cs]e"
    r"|national id(?:entity)?|identity (?:card|number)|id card|"
    r"personalausweis\w*|national insurance|nhs|medicare|steuer-?id\w*|steuernummer|bsn|burgerservicenummer"
    r"|cpf|pesel|sin|social insurance|tfn|aadhaar|pan|"
    r"nino|nir|dni|nie|codice fiscale|tax (?:id|number|file)\w*)|"
    r"(?P<account>(?:bank )?account|routing|sort code|bsb|aba|kontonummer|bic|swift))\b"
    r"(?: ?(?:number|no\.?|nr\.?|code|#))?[\s:#]{0,3}(?:is |was |ist "
    r"|: )?(?P<value>[A-Za-z]{0,3}\d(?:[ -]?(?:[A-Za-z]{0,2}\d|[A-Za-z](?![a-z]))){4,18})(?![\w])",
    re.I,
)
_BORN = re.compile(
    r"\b(?:date of birth|d\.?o\.?b\.?|born(?: on)?|birth ?da(?:y|te)(?: is)?|geboren(?: am)?|geburtsdatum"
    r"|n[ée]e? le|fecha de nacimiento)\b[\s:]{0,3}(?:is |on |the )?"
    r"(?P<value>\d{1,4}[-/. ]\d{1,2}[-/. ]\d{2,4}|\d{1,2}(?:st|nd|rd|th)? (?:of )?[A-Za-zäéû]{3,9},? \d{4}"
    r"|[A-Z][a-z]{2,8} \d{1,2}(?:st|nd|rd|th)?,? \d{4})",
    re.I,
)
_LEAD = re.compile(r"[A-Za-z]{1,4}[ -]")
_DIGITS = re.compile(r"\d+")
_DOTTED = re.compile(r"\d\.\d{1,3}\.\d")
_BIRTH_CUES = table("birth dob d born birthday birthdate geboren geburtsdatum né née nee ne nacimiento")
_CUES = table(
    """
    passport passeport reisepass pasaporte licence license national identity id personalausweis
    personalausweisnummer insurance nhs medicare steuer steueridnr steuernummer bsn burgerservicenummer cpf pesel
    sin social tfn aadhaar pan nino nir dni nie codice tax account routing sort bsb aba kontonummer bic swift
    steuerid
    """
)
_NINO = re.compile(r"(?:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])\d{6}[A-D]")
_WALLET = re.compile(r"(?<!\w)(?:bc1[a-z0-9]{25,59}|0x[a-fA-F0-9]{40}|[13][a-km-zA-HJ-NP-Z1-9]{25,34})(?!\w)")
_NETWORK = re.compile(
    r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]*\d)"
    r"|(?<![\w:])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:-])"
    r"|(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}(?![\w:])"
)

# By the form without separators (d a digit, a a letter): which rules may know such a number, and whether it must stand
# in groups. A rule whose check digit lets one number in ten pass is asked for grouped ones only.
_FORMS: dict[str, tuple[tuple[str, bool], ...]] = {
    "d8a": (("es.dni", False),),
    "ad7a": (("es.nie", False),),
    "a6d2ad2ad3a": (("it.codicefiscale", False),),
    "d15": (("fr.nir", True),),
    "d13": (("ro.cnp", True), ("za.idnr", True), ("si.emso", True)),
    "d11": (("br.cpf", True), ("be.nn", True)),
    "d12": (("in_.aadhaar", True),),
    "d9": (("ca.sin", True),),
    "d10": (("se.personnummer", True), ("dk.cpr", True), ("cz.rc", True), ("gb.nhs", True)),
    "d6ad3a": (("fi.hetu", False),),
    "d7ad2a": (("fi.hetu", False),),
    "a5d4a": (("in_.pan", False),),
    "a4d6a6d2": (("mx.curp", False),),
    "d17a": (("cn.ric", False),),
    "d18": (("cn.ric", False),),
    "a2d6a": (("nino", False),),
}
_GROUPS = {
    "br.cpf": "3.3.3-2",
    "be.nn": "2.2.2-3.2",
    "in_.aadhaar": "4 4 4",
    "ca.sin": "3-3-3",
    "se.personnummer": "6-4",
    "dk.cpr": "6-4",
    "cz.rc": "6/4",
    "gb.nhs": "3 3 4",
    "fr.nir": "1 2 2 2 3 3 2",
}
_AHV = re.compile(r"(?<!\d)756[. ]\d{4}[. ]\d{4}[. ]\d{2}(?!\d)")
_RRN = re.compile(r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-[1-8]\d{6}(?!\d)")


def find_national(text: str) -> Iterator[Span]:
    """US social security numbers, other states' numbers, bank accounts, dates of birth, wallets, network addresses."""
    runs = list(map(len, _DIGITS.findall(text)))
    if sum(runs) < 5:
        return
    words = words_of(text)
    yield from _ssns(text, runs, words)
    for start, end in _chunks(text):
        yield from _in_chunk(text[start:end], start)
    for kind, rule in _shaped(text, max(runs)):
        yield from ((kind, *found.span()) for found in rule.finditer(text))
    if not _BIRTH_CUES.isdisjoint(words):
        yield from (("birth_date", *found.span("value")) for found in _BORN.finditer(text))
    for found in _CUED.finditer(text) if not _CUES.isdisjoint(words) else ():
        if sum(c.isdigit() for c in found["value"]) >= 5:
            yield (_cue_kind(found), *found.span("value"))


def _shaped(text: str, longest: int) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Rules for numbers known by their form alone, where they may find one. longest: the most digits in a row."""
    if "756" in text:
        yield "national_id", _AHV
    if text.count(" ") >= 3:
        yield "national_id", _FISCAL
    if longest >= 7:
        yield "national_id", _RRN
    if any(len(word) >= 26 for word in long_words(text)):
        yield "account", _WALLET
    if text.count(":") >= 5 or text.count("-") >= 5 or _DOTTED.search(text):
        yield "network", _NETWORK


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """What begins with a digit, or with a few letters before one, at the beginning of a word."""
    at = 0
    while found := _CHUNK.search(text, at):
        start = found.start()
        lead = _LEADING.search(text, max(0, start - 8), start) if found.end() - start >= 5 else None
        if lead and lead.start() >= at and (lead.start() == 0 or lead.start() > start - 8):
            yield lead.start(), found.end()
            at = found.end()
        else:
            at = found.end() if found.end() - start < 5 else start + 1


def _in_chunk(text: str, start: int) -> Iterator[Span]:
    """The chunk as it is, or without the word before it: "is 12345678Z"."""
    lead = _LEAD.match(text)
    for skip in (0, lead.end()) if lead else (0,):
        if _SHORTEST <= len(text) - skip <= 40 and _is_national(text[skip:]):
            yield "national_id", start + skip, start + len(text)
            return
    if word := _WORD_BEHIND.search(text):
        yield from _in_chunk(text[: word.start()], start)


_WORD_BEHIND = re.compile(r" [a-z]{1,2}$")


def _cue_kind(found: re.Match[str]) -> str:
    return "account" if found["account"] else "national_id"


def _ssns(text: str, runs: list[int], words: frozenset[str]) -> Iterator[Span]:
    grouped = {2, 3, 4} <= set(runs) and any(
        three == (3, 2, 4) for three in zip(runs, runs[1:], runs[2:], strict=False)
    )
    for found in _SSN.finditer(text) if grouped else ():
        area, group, serial = (found[1], found[2], found[3]) if found[1] else (found[4], found[6], found[7])
        if found[1] or (area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"):
            yield "ssn", found.start(), found.end()
    if max(runs) >= 3 and ("ssn" in (lower := text.lower()) or "itin" in lower):
        yield from (("ssn", *found.span("value")) for found in _SSN_GLUED.finditer(text))
    for found in () if _SSN_CUES.isdisjoint(words) else _SSN_LOOSE.finditer(text):
        if _SSN_CUE.search(text[max(0, found.start() - 48) : found.start()].rpartition(" hidden]")[2]):
            yield "ssn", found.start(), found.end()


def _is_national(chunk: str) -> bool:
    compact = "".join(filter(str.isalnum, chunk.upper()))
    for rule, grouped in _SHAPES.get(compact.translate(_CLASSES), ()):
        if grouped and not _stands_in_groups(chunk, rule):
            continue
        if _rule(rule)(compact):
            return True
    return False


def _spelled_out(form: str) -> str:
    """Of a2d6a, aadddddda."""
    return "".join(kind * int(count or 1) for kind, count in re.findall(r"([ad])(\d*)", form))


_SHORTEST = 8  # characters of a national number
_SHAPES = {_spelled_out(form): rules for form, rules in _FORMS.items()}
_CLASSES = str.maketrans(dict.fromkeys("0123456789", "d") | dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a"))


def _stands_in_groups(chunk: str, rule: str) -> bool:
    groups = _GROUPS.get(rule)
    if groups is None:
        return False
    return "".join(str(len(part)) if part.isalnum() else part for part in re.split(r"([ .\-/])", chunk)) == groups


@cache
def _rule(name: str) -> Callable[[str], bool]:
    if name == "nino":
        return lambda compact: _NINO.fullmatch(compact) is not None
    return import_module(f"stdnum.{name}").is_valid
